"""How often a token may ask: a bucket that fills at a steady rate and holds a burst."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

__all__ = ["STRANGERS", "RateLimit", "VisitorRate"]

STRANGERS: Final = "nobody"
"""The one bucket of all who show no good token."""
_BUCKETS_MAX: Final = 10_000
_ALL_TIMES: Final = 8
"""How much more all strangers on pages may ask than one of them."""


class RateLimit:
    """Token buckets by name; those unused longest are forgotten beyond 10,000.

    ``now_ns`` is a clock that never goes backwards. Counting is in nano-requests: no fractions.
    """

    def __init__(self, per_second: int, burst: int, now_ns: Callable[[], int]) -> None:
        self._per_second = per_second
        self._full = burst * 1_000_000_000
        self._now_ns = now_ns
        self._buckets: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, count: int = 1) -> int:
        """Take ``count`` requests, or a whole burst if that is less; gives 0, or the seconds
        (rounded up) until there are so many again."""
        now = self._now_ns()
        wanted = min(self._full, count * 1_000_000_000)
        with self._lock:
            level, since = self._buckets.pop(name, (self._full, now))
            level = min(self._full, level + (now - since) * self._per_second)
            wait = 0
            if level >= wanted:
                level -= wanted
            else:
                missing_ns = -(-(wanted - level) // self._per_second)
                wait = max(1, -(-missing_ns // 1_000_000_000))
            self._buckets[name] = (level, now)
            while len(self._buckets) > _BUCKETS_MAX:
                self._buckets.popitem(last=False)
            return wait


class VisitorRate:
    """How often strangers may ask for pages: a bucket for each client, and a larger one for all."""

    def __init__(self, per_second: int, burst: int, now_ns: Callable[[], int]) -> None:
        self._each = RateLimit(per_second, burst, now_ns)
        self._all = RateLimit(_ALL_TIMES * per_second, _ALL_TIMES * burst, now_ns)

    def take(self, place: str, client: str, count: int = 1) -> int:
        """Take so many requests of a ``client`` at a ``place``; gives 0 or the seconds to wait.

        A client beyond its own rate takes nothing from the others."""
        return self._each.take(f"{place} {client}", count) or self._all.take(place, count)
