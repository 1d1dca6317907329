"""Where block times come from."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Unix time in whole seconds."""

    def now(self) -> int:
        """The time that the next block should carry."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())


class ControlledClock:
    """A clock that stands until it is set, for demonstrations and tests; kept across restarts."""

    def __init__(self, path: Path, start: int) -> None:
        self._path = path
        self._now = start
        if path.exists():
            self._now = max(start, int(path.read_text(encoding="ascii")))

    def now(self) -> int:
        """Unix seconds, as last set."""
        return self._now

    def set(self, now: int) -> None:
        """Move forward, durably. Raises ValueError for a time in the past of this clock."""
        if now < self._now:
            raise ValueError(f"time only moves forward: {now} lies before {self._now}")
        partial = self._path.with_suffix(".partial")
        with partial.open("w", encoding="ascii") as file:
            file.write(str(now))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
        self._now = now
