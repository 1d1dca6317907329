"""Back-dating: how far the time of an event lies before the time its record was fixed on chain.

Gaps are counted in steps of a quarter octave, so that the counts of many heads add up and a
percentile is right to a fifth of its value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

_STEPS_PER_OCTAVE: Final = 4
_STEPS: Final = _STEPS_PER_OCTAVE * 48
_LAYOUT: Final = struct.Struct(f">qQ{_STEPS}I")
_BOUNDS: Final = np.array(
    [((step % _STEPS_PER_OCTAVE + 5) << step // _STEPS_PER_OCTAVE) - 5 for step in range(_STEPS)],
    np.int64,
)
"""The largest gap of each step."""

Times = npt.NDArray[np.int64]


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


def count_gaps(event_times_ms: Sequence[int] | Times, fixed_ms: int) -> bytes:
    """The counts of one head, for ``report``."""
    gaps = fixed_ms - np.asarray(event_times_ms, np.int64)
    past = gaps[gaps >= 0]
    steps = np.searchsorted(_BOUNDS, past)
    counts = np.bincount(np.minimum(steps, _STEPS - 1), minlength=_STEPS)
    most = int(past.max()) if past.size else -1
    return _LAYOUT.pack(most, len(gaps) - len(past), *counts.tolist())


def report(heads: Iterable[bytes], alarm_ms: int) -> GapReport:
    """The gaps of all heads together; ``late`` counts whole steps and errs by a fifth at most."""
    counts = [0] * _STEPS
    most, future = -1, 0
    for data in heads:
        head_most, head_future, *head = _LAYOUT.unpack(data)
        most, future = max(most, head_most), future + head_future
        counts = [left + right for left, right in zip(counts, head, strict=True)]
    total = sum(counts)
    late = sum(counts[int(np.searchsorted(_BOUNDS, alarm_ms)) + 1 :])
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


def _percentile(counts: list[int], total: int, percent: int) -> int:
    left = -(-total * percent // 100)
    for step, count in enumerate(counts):
        left -= count
        if left <= 0 < total:
            return int(_BOUNDS[step])
    return 0
