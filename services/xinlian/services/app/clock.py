"""The time, passed in: the system's clock, or a file with one Unix second for rehearsals."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Protocol

__all__ = ["Clock", "FileClock", "SystemClock"]


class Clock(Protocol):
    """Gives the time."""

    def now(self) -> int:
        """Unix seconds."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())


class FileClock:
    """A clock that reads one Unix second from a file at every look."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> int:
        """Unix seconds, as the file says."""
        return int(self._path.read_text("ascii").strip())
