"""What the collector measures about its own service, per device."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, Final

import numpy as np

__all__ = ["Figures", "percentile", "summed"]

_KEPT: Final = 512
"""Latest measurements that percentiles are reckoned from."""


_SUMMED: Final = ("expected", "received", "missed", "suppressed", "bad", "rows", "values", "lost")
"""Counts that may be added over devices."""


class _Recent:
    """The latest measurements (seconds), in a ring."""

    __slots__ = ("_at", "_values")

    def __init__(self) -> None:
        self._values = array("d")  # a quarter of what a list of floats would hold for each device
        self._at = 0

    def extend(self, seconds: Iterable[float]) -> None:
        values, at = self._values, self._at
        for each in seconds:
            if len(values) < _KEPT:
                values.append(each)
            else:
                values[at] = each
                at = (at + 1) % _KEPT
        self._at = at

    @property
    def values(self) -> array[float]:
        return self._values


def percentile(seconds: array[float], part: float) -> float | None:
    """In milliseconds, to the microsecond; ``None`` without measurements."""
    if not seconds:
        return None
    return round(float(np.percentile(seconds, part)) * 1e3, 3)


class Figures:
    """Counts since the collector started, and the latest latencies and delays of one device."""

    __slots__ = (
        "attempts", "bad", "connected", "expected", "late", "latency", "lost", "missed", "received",
        "rows", "since", "suppressed", "up_s", "values",
    )  # fmt: skip

    def __init__(self, since: float) -> None:
        self.since = since
        self.expected = self.received = self.missed = self.suppressed = self.bad = 0
        self.rows = self.values = self.lost = 0
        self.attempts = self.connected = 0
        self.up_s = 0.0
        self.latency, self.late = _Recent(), _Recent()

    def snapshot(self, now: float, up_since: float | None) -> dict[str, Any]:
        """Plain members: shares from 0 to 1, times in milliseconds; ``None``: not measured."""
        up_s = self.up_s + (now - up_since if up_since is not None else 0.0)
        passed = now - self.since
        latency, late = self.latency.values, self.late.values
        return {
            "availability": round(min(1.0, up_s / passed), 6) if passed > 0 else None,
            "connection_rate": round(self.connected / self.attempts, 6) if self.attempts else None,
            "attempts": self.attempts,
            "connected": self.connected,
            "expected": self.expected,
            "received": self.received,
            "missed": self.missed,
            "suppressed": self.suppressed,
            "bad": self.bad,
            "rows": self.rows,
            "values": self.values,
            "no_room": self.lost,
            "loss": round(self.missed / self.expected, 6) if self.expected else None,
            "latency_p50_ms": percentile(latency, 50),
            "latency_p99_ms": percentile(latency, 99),
            "jitter_p50_ms": percentile(late, 50),
            "jitter_p99_ms": percentile(late, 99),
        }


def summed(all_of_them: Iterable[Figures]) -> dict[str, int]:
    """Counts added over devices."""
    sums = dict.fromkeys(_SUMMED, 0)
    for figures in all_of_them:
        for name in _SUMMED:
            sums[name] += getattr(figures, name)
    return sums
