"""One life of a process that is killed, and what it told of itself."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import Final

__all__ = ["Life", "life"]

_READY_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05


class Life:
    """A module of this folder that runs until it is killed. Its lines are read all the while: a
    child that waits for its pipe would be a quiet one."""

    def __init__(self, module: str, arguments: list[str]) -> None:
        """Returns once it says ``ready``."""
        self._child = subprocess.Popen(
            [sys.executable, "-m", f"xinlian.services.soak.{module}", *arguments],
            stdout=subprocess.PIPE,
        )
        self._stop = threading.Event()
        self._failed: Exception | None = None
        try:
            self._pipe = _Pipe(self._child)
            self._pipe.until(b"ready\n", _READY_SECONDS)
        except BaseException:
            self._end()
            raise
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        try:
            while not self._stop.is_set():
                self._pipe.listen(_LOOK_SECONDS)
        except RuntimeError as exc:
            self._failed = exc

    def kill(self) -> list[str]:
        """kill -9; the lines that it told. ``RuntimeError`` if it had ended by itself."""
        self._stop.set()
        self._thread.join()
        try:
            if self._failed is not None:
                raise self._failed
            os.kill(self._child.pid, signal.SIGKILL)
            self._child.wait()
            return self._pipe.rest()
        finally:
            self._end()

    def _end(self) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()


def life(module: str, arguments: list[str], seconds: float) -> list[str]:
    """Start a module of this folder, kill it so long after it says ``ready``; the lines it told."""
    begun = Life(module, arguments)
    time.sleep(seconds)
    return begun.kill()


class _Pipe:
    """Lines of a child; the last one may be cut off by its death and then counts for nothing."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None  # noqa: S101
        self._child = child
        self._descriptor = child.stdout.fileno()
        self._data = bytearray()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._descriptor, selectors.EVENT_READ)

    def until(self, line: bytes, seconds: float) -> None:
        end = time.monotonic() + seconds
        while line not in self._data:
            if not self._selector.select(max(0.0, end - time.monotonic())):
                raise TimeoutError("the collector did not begin")
            self._read()

    def listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._selector.select(left):
                self._read()

    def _read(self) -> None:
        got = os.read(self._descriptor, 1 << 16)
        if not got:
            raise RuntimeError(f"the collector ended with {self._child.wait()}")
        self._data += got

    def rest(self) -> list[str]:
        while got := os.read(self._descriptor, 1 << 16):
            self._data += got
        self._selector.close()
        whole = self._data[: self._data.rfind(b"\n") + 1].decode().splitlines()
        return [line for line in whole if line != "ready"]
