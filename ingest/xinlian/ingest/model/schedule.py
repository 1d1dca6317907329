"""When what is due: rings of equal periods, and back-off of what does not answer.

Every member of a ring has the same period and its own phase, so the order in which members become
due never changes: a poll costs a step along a list, whatever their number.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final, Generic, TypeVar

__all__ = ["Backoff", "Ring", "phase"]

_T = TypeVar("_T")
_STEPS_MAX: Final = 16


def phase(key: str) -> float:
    """0 to 1, evenly spread over keys and the same each time: start-up jitter."""
    digest = hashlib.blake2b(key.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


class Ring(Generic[_T]):
    """Members due once every ``period_s``, each at its phase. Times are monotonic seconds."""

    def __init__(self, period_s: float, now: float) -> None:
        self.period_s = period_s
        self._turn = now
        self._members: list[_T] = []
        self._phases: list[float] = []
        self._at = 0

    def __len__(self) -> int:
        return len(self._members)

    @property
    def members(self) -> tuple[_T, ...]:
        """In the order of their phases."""
        return tuple(self._members)

    def rearrange(self, members: list[tuple[float, _T]], now: float) -> None:
        """Take other members, as (phase 0 to 1, member). None is due twice within a period for
        it, nor before ``now``."""
        ordered = sorted(members, key=lambda pair: pair[0])
        self._phases = [each * self.period_s for each, _ in ordered]
        self._members = [member for _, member in ordered]
        self._turn += (now - self._turn) // self.period_s * self.period_s
        self._at = bisect_left(self._phases, now - self._turn)
        self._wrap()

    def _wrap(self) -> None:
        if self._at >= len(self._members):
            self._at = 0
            self._turn += self.period_s

    @property
    def next(self) -> float:
        """When a member is due next; infinite for an empty ring."""
        if not self._members:
            return float("inf")
        return self._turn + self._phases[self._at]

    def due(self, now: float, skipped: Callable[[_T, int], None]) -> Iterator[tuple[_T, float]]:
        """Members that are due, and since when. Whole turns that were slept through are not caught
        up with: ``skipped`` is told how many cycles each member lost."""
        if not self._members:
            return
        turns = int((now - self.next) // self.period_s)
        if turns > 0:
            self._turn += turns * self.period_s
            for member in self._members:
                skipped(member, turns)
        members, phases = self._members, self._phases
        while (since := self._turn + phases[self._at]) <= now:
            member = members[self._at]
            self._at += 1
            if self._at >= len(members):
                self._at = 0
                self._turn += self.period_s
            yield member, since


class Backoff:
    """Waits that double from ``first_s`` to ``most_s``, spread by a quarter by ``share``."""

    def __init__(self, first_s: float, most_s: float, share: float) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._spread = 0.75 + share / 2
        self.failures = 0

    def failed(self) -> float:
        """Count a failure; how long to wait."""
        wait = self._first_s * float(1 << min(self.failures, _STEPS_MAX))
        self.failures += 1
        return min(wait, self._most_s) * self._spread

    def succeeded(self) -> None:
        """Begin anew."""
        self.failures = 0
