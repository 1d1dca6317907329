"""One instance per data folder, held by a lock of the kernel."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from xinlian.services.settings import keep_private

__all__ = ["DataLock", "DataLockedError"]


class DataLockedError(RuntimeError):
    """Another process uses the data folder; the message names it and its process."""


class DataLock:
    """Holds ``<data>/<name>`` locked while open; let go by the kernel however the process ends."""

    def __init__(self, data: Path, name: str = "services.lock") -> None:
        self._path = data / name
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock or raise ``DataLockedError`` at once; the folder is made private first."""
        keep_private(self._path.parent)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise DataLockedError(
                f"the data folder {self._path.parent} is in use by process {holder}: stop that "
                "one first, or choose another folder with XINLIAN_DATA"
            ) from exc
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Let the lock go; nothing happens if it is not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> DataLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
