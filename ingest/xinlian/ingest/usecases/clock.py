"""The collector's clock: monotonic, and yet it follows the wall clock.

Times of readings must ascend, whatever is done to the wall clock. Small corrections are followed
at once; a jump is told at once, believed when it has stood for some seconds, and then forwards
taken at one go, backwards by letting time pass at half speed until the wall clock is reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["Clock"]

_SMALL_US: Final = 5_000
"""Followed at once (forwards); backwards as every other gap, at half speed."""
_JUMP_US: Final = 200_000
_BELIEVED_S: Final = 5.0
_TOLD_S: Final = 60.0
"""How long a jump is told after it is over."""


class Clock:
    """Times in UTC microseconds. ``base_us`` + monotonic microseconds = now."""

    def __init__(
        self,
        wall_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall_us = wall_us
        self.monotonic = monotonic
        self._followed = monotonic()
        self.base_us = wall_us() - int(self._followed * 1e6)
        self.offset_us = 0
        """How far the wall clock is ahead of this one."""
        self.jumps = 0
        self._odd_since: float | None = None
        self._odd_until = float("-inf")

    def now_us(self) -> int:
        """Ascends, as long as ``follow`` is called from the same thread."""
        return self.base_us + int(self.monotonic() * 1e6)

    @property
    def jumped(self) -> bool:
        """Whether the wall clock jumped lately, or is still being caught up with."""
        return self._odd_since is not None or self._followed < self._odd_until

    def follow(self) -> None:
        """Compare with the wall clock; call a few times a second."""
        at = self.monotonic()
        passed_us = int((at - self._followed) * 1e6)
        self._followed = at
        gap = self._wall_us() - (self.base_us + int(at * 1e6))
        self.offset_us = gap
        if abs(gap) < _JUMP_US:
            if self._odd_since is not None:
                self._odd_since, self._odd_until = None, at + _TOLD_S
        elif self._odd_since is None:
            self._odd_since = at
            self.jumps += 1
        believed = self._odd_since is None or at - self._odd_since >= _BELIEVED_S
        if gap > 0 and (gap <= _SMALL_US or believed):
            self.base_us += gap
        elif gap < 0 and believed:
            self.base_us += max(gap, -passed_us // 2)
        if self._odd_since is not None and believed and gap > 0:
            self._odd_since, self._odd_until = None, at + _TOLD_S
