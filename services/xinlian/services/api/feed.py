"""Wakes those who wait for signals: one look at the newest number for all readers together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from fastapi.concurrency import run_in_threadpool
from xinlian.services.app.errors import Code, RefusedError

__all__ = ["READERS_MAX", "READERS_OF_TOKEN_MAX", "Feed", "Source"]

READERS_MAX: Final = 64
READERS_OF_TOKEN_MAX: Final = 4
LOOK_SECONDS: Final = 0.2
_WAIT_SECONDS: Final = 5


class Source(Protocol):
    """Where signals are kept."""

    def newest(self) -> int:
        """The number of the newest signal of all; 0 before the first."""

    def after(self, number: int, party: int | None, limit: int) -> list[dict[str, Any]]:
        """Signals beyond a number in their order: ``signal`` (number), ``kind`` and the rest."""


@dataclass
class Feed:
    """Wakes readers when something new is there. One per server process."""

    source: Source
    readers: Counter[str] = field(default_factory=Counter)
    newest: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def check(self, token: str) -> None:
        """Refuse a reader beyond the bounds, with ``RATE_LIMITED``."""
        if self.readers.total() >= READERS_MAX or self.readers[token] >= READERS_OF_TOKEN_MAX:
            raise RefusedError(
                Code.RATE_LIMITED,
                f"too many streams of signals are open: try again in {_WAIT_SECONDS} s",
                retry_after_seconds=_WAIT_SECONDS,
            )

    @contextmanager
    def place(self, token: str) -> Iterator[None]:
        """A place among the readers."""
        self.readers[token] += 1
        try:
            yield
        finally:
            self.readers[token] -= 1
            if not self.readers[token]:
                del self.readers[token]

    async def wait(self, seen: int, seconds: float) -> None:
        """Until something beyond a number is there, or the time is over."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        changed = self._changed
        if self.newest <= seen:
            try:
                await asyncio.wait_for(changed.wait(), seconds)
            except TimeoutError:
                return

    async def _look(self) -> None:
        while self.readers:
            found = await run_in_threadpool(self.source.newest)
            if found > self.newest:
                self.newest = found
                changed, self._changed = self._changed, asyncio.Event()
                changed.set()
            await asyncio.sleep(LOOK_SECONDS)
