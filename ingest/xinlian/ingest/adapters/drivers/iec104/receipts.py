"""Frames that came, until they may be acknowledged: the station keeps what is not."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

__all__ = ["Receipt", "Receipts"]


class Receipt:
    """An ASDU that came. ``taken``: its rows have room; ``safe`` is called once they lie on disk,
    and then it may be acknowledged."""

    __slots__ = ("_done", "taken")

    def __init__(self, done: Callable[[], None]) -> None:
        self._done: Callable[[], None] | None = done
        self.taken = False

    def safe(self) -> None:
        """It may be acknowledged."""
        done, self._done = self._done, None
        if done is not None:
            done()

    @property
    def open(self) -> bool:
        """Whether it may not be acknowledged yet."""
        return self._done is not None


class Receipts:
    """Those of one link, in order; its length is that of what may not be acknowledged. ``changed``
    is called, from the loop, when some became safe after they had been told."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._all: deque[Receipt] = deque()
        self._telling = False
        self._soon: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._all)

    def tell(self, told: Callable[[Receipt], None]) -> None:
        """Give a new receipt to who takes the frame."""
        receipt = Receipt(self._safe)
        self._all.append(receipt)
        self._telling = True
        try:
            told(receipt)
        finally:
            self._telling = False
        self.sort()

    def sort(self, taken: bool = False) -> None:
        """Let go of the first ones as far as they are safe, or ``taken``."""
        while self._all and (not self._all[0].open or (taken and self._all[0].taken)):
            self._all.popleft()

    def clear(self) -> None:
        """The link is gone."""
        self._all.clear()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    def _safe(self) -> None:
        """Many become safe at once, when a segment lies on disk."""
        if not self._telling and self._soon is None and self._all:
            self._soon = asyncio.get_running_loop().call_soon(self._later)

    def _later(self) -> None:
        self._soon = None
        self.sort()
        self._changed()
