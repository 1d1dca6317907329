"""Attempts to connect: when they are due, and no more of them at once than is good."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque

from xinlian.ingest.usecases.links import Link, LinkState

__all__ = ["Openings"]


class Openings:
    """Links that wait to be opened. Times are monotonic seconds."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: list[tuple[float, int, Link]] = []
        self._ready: deque[Link] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0

    @property
    def next(self) -> float:
        """When the next attempt is due; infinite without any."""
        return self._waiting[0][0] if self._waiting else float("inf")

    def soon(self, link: Link, at: float) -> None:
        """Try a link then."""
        self._number += 1
        heapq.heappush(self._waiting, (at, self._number, link))

    def step(self, now: float) -> None:
        """Begin the attempts that are due, as far as others have ended."""
        while self._waiting and self._waiting[0][0] <= now:
            self._ready.append(heapq.heappop(self._waiting)[2])
        while self._ready and len(self._tasks) < self._at_once:
            link = self._ready.popleft()
            if link.state is LinkState.WAITING:
                task = asyncio.get_running_loop().create_task(link.open())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End what is under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
