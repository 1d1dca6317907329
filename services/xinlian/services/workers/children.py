"""Child processes that cannot outlive their parent: the node and the API under ``xinlian up``."""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = ["Child"]

STOP_SECONDS: Final = 30
_LOG_BYTES_SHOWN: Final = 4_000
_PR_SET_PDEATHSIG: Final = 1


class Child:
    """One module run as a process of its own; its output goes to a log file.

    Start it from the main thread: the kernel ties its life to the thread that made it.
    """

    def __init__(self, name: str, module: str, arguments: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = [sys.executable, "-m", __name__, str(os.getpid()), module, *arguments]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code once it has ended; ``None`` while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Start it; an older run must have ended."""
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                # Ctrl-C reaches the parent alone, which ends its children in their order.
                start_new_session=True,
            )

    def stop(self) -> int | None:
        """Ask it to end, wait, and end it by force if it does not; its exit code."""
        process = self._process
        if process is None:
            return None
        if process.poll() is None:
            process.terminate()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        try:
            return self.log.read_bytes()[-_LOG_BYTES_SHOWN:].decode("utf-8", "replace")
        except OSError:
            return ""


def main(arguments: Sequence[str]) -> None:
    """The child: tie this life to the parent's, then be the module.

    Whatever it makes is for its owner alone, as in ``settings.keep_private``.
    """
    os.umask(0o077)
    parent, module = int(arguments[1]), arguments[2]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)
    sys.argv = [module, *arguments[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv)
