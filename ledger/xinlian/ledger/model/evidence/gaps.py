"""Back-dating: how far the time of an event lies before the time its record was fixed on chain.

Gaps are counted in steps of a quarter octave, so that the counts of many heads add up and a
percentile is right to a fifth of its value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_STEPS_PER_OCTAVE: Final = 4
_STEPS: Final = _STEPS_PER_OCTAVE * 48
_LAYOUT: Final = struct.Struct(f">qQ{_STEPS}I")


@dataclass(frozen=True, slots=True)
class GapReport:
    """Gaps of a log in milliseconds. ``late`` of ``count`` exceed ``alarm_ms``.

    ``future`` events claim a time after the block that fixed them.
    """

    count: int
    future: int
    p50_ms: int
    p95_ms: int
    max_ms: int
    late: int
    alarm_ms: int

    @property
    def alarm(self) -> bool:
        """Whether any record was fixed too late, or claims the future."""
        return self.late > 0 or self.future > 0


def count_gaps(event_times_ms: Iterable[int], fixed_ms: int) -> bytes:
    """The counts of one head, for ``report``."""
    counts = [0] * _STEPS
    most, future = -1, 0
    for event in event_times_ms:
        gap = fixed_ms - event
        if gap < 0:
            future += 1
            continue
        most = max(most, gap)
        counts[_step(gap)] += 1
    return _LAYOUT.pack(most, future, *counts)


def report(heads: Iterable[bytes], alarm_ms: int) -> GapReport:
    """The gaps of all heads together; ``late`` counts whole steps and errs by a fifth at most."""
    counts = [0] * _STEPS
    most, future = -1, 0
    for data in heads:
        head_most, head_future, *head = _LAYOUT.unpack(data)
        most, future = max(most, head_most), future + head_future
        counts = [left + right for left, right in zip(counts, head, strict=True)]
    total = sum(counts)
    late = sum(counts[_step(alarm_ms) + 1 :])
    if most > alarm_ms:
        late = max(late, 1)
    return GapReport(
        total + future,
        future,
        min(_percentile(counts, total, 50), max(most, 0)),
        min(_percentile(counts, total, 95), max(most, 0)),
        max(most, 0),
        late,
        alarm_ms,
    )


def _step(gap_ms: int) -> int:
    """Number of the step: octave by the leading bit, quarter by the two bits behind it."""
    value = gap_ms + 4
    octave = value.bit_length() - 3
    return min(_STEPS - 1, octave * _STEPS_PER_OCTAVE + (value >> octave) - 4)


def _upper_bound(step: int) -> int:
    octave, quarter = divmod(step, _STEPS_PER_OCTAVE)
    return ((quarter + 5) << octave) - 5


def _percentile(counts: list[int], total: int, percent: int) -> int:
    left = -(-total * percent // 100)
    for step, count in enumerate(counts):
        left -= count
        if left <= 0 < total:
            return _upper_bound(step)
    return 0
