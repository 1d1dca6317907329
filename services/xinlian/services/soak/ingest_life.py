"""One life of a process that is killed, and what it told of itself."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from typing import Final

__all__ = ["life"]

_READY_SECONDS: Final = 60.0


def life(module: str, arguments: list[str], seconds: float) -> list[str]:
    """Start a module of this folder, kill it so long after it says ``ready``; the lines it told."""
    child = subprocess.Popen(
        [sys.executable, "-m", f"xinlian.services.soak.{module}", *arguments],
        stdout=subprocess.PIPE,
    )
    try:
        pipe = _Pipe(child)
        pipe.until(b"ready\n", _READY_SECONDS)
        # Its lines are read meanwhile: a child that waits for its pipe would be a quiet one.
        pipe.listen(seconds)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        return pipe.rest()
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


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
