"""Where readings behind a claim are missing; a proof states it, or no verifier passes it.

A **silence** is a time in the span without a good reading of a claimed tag and without a cycle that
deadband held back, longer than two of the tag's periods and ``SLACK_US``. A **loss** is numbers of
segments that no record holds, among the records about the span and those beside them: a segment
was made, and was destroyed or hidden before its window was recorded (docs/evidence.md, step 17).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xinlian.ingest.model.telemetry_proof import ClaimError

__all__ = [
    "Gaps",
    "Loss",
    "Numbered",
    "Silence",
    "Unseen",
    "losses",
    "one_at_a_time",
    "silences",
]

SLACK_US: Final = 5_000_000
"""As long a silence is usual between segments, beside two periods."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing was heard of a tag in [start, end)."""

    device: str
    tag: str
    start_us: int
    end_us: int

    def to_json(self) -> dict[str, Any]:
        """The member of a proof."""
        return {
            "device": self.device,
            "tag": self.tag,
            "start_us": self.start_us,
            "end_us": self.end_us,
        }


@dataclass(frozen=True, slots=True)
class Loss:
    """Of the segments that a collector numbered ``first`` to ``last`` so many are in no record."""

    collector: str
    first: int
    last: int
    segments: int

    def to_json(self) -> dict[str, Any]:
        """The member of a proof."""
        return {
            "collector": self.collector,
            "first": self.first,
            "last": self.last,
            "segments": self.segments,
        }


@dataclass(frozen=True, slots=True)
class Unseen:
    """Windows of a device, from the first to the last of them, shown without their readings: what
    a counter did in them nobody looked at."""

    device: str
    windows: int
    start_us: int
    end_us: int

    def to_json(self) -> dict[str, Any]:
        """The member of a proof."""
        return {
            "device": self.device,
            "windows": self.windows,
            "start_us": self.start_us,
            "end_us": self.end_us,
        }


@dataclass(frozen=True, slots=True)
class Gaps:
    """Everything missing that a proof states."""

    silent: tuple[Silence, ...] = ()
    lost: tuple[Loss, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.silent or self.lost or self.unseen)

    def to_json(self) -> dict[str, Any]:
        """The member of a proof; there is none where nothing is missing."""
        return {
            "silent": [each.to_json() for each in self.silent],
            "lost": [each.to_json() for each in self.lost],
            "unseen": [each.to_json() for each in self.unseen],
        }


@dataclass(frozen=True, slots=True)
class Numbered:
    """The segments of a window record: their numbers lie from ``first`` to ``last``."""

    collector: str
    first: int
    last: int
    segments: int


def silences(
    pair: tuple[str, str],
    span: tuple[int, int],
    period_us: int,
    heard: Iterable[tuple[int, int]],
) -> list[Silence]:
    """Of a device's tag in [start, end); ``heard``: times from the first to the last reading of
    what was read or held back."""
    begin, end = span
    found, at = [], begin
    for low, high in [*sorted(heard), (end, end)]:
        until = min(low, end)
        if until - at > 2 * period_us + SLACK_US:
            found.append(Silence(*pair, at, until))
        at = max(at, high)
    return found


def one_at_a_time(device: str, tag: str, spans: Iterable[tuple[int, int, str]]) -> None:
    """``ClaimError`` where two collectors tell of a tag at once: it would count twice. ``spans``:
    first and last reading of each segment, and its collector."""
    until, last = -1, ""
    for start, end, collector in sorted(spans):
        if start <= until and collector != last:
            raise ClaimError(
                f"two collectors, {last} and {collector}, tell of {device}/{tag} at once: no "
                "number follows from both; collect a device once",
                f"采集器 {last} 与 {collector} 同时采集 {device}/{tag}，无法据此得出数值；"
                "同一设备只应采集一次",
            )
        until, last = max(until, end), collector


def losses(records: Sequence[Numbered], about: Sequence[Numbered]) -> list[Loss]:
    """``records``: all of the days concerned; ``about``: those with readings in the span.
    ``ClaimError`` where two records count the same segments."""
    found: list[Loss] = []
    for collector in sorted({each.collector for each in about}, key=str.encode):
        firsts = [each.first for each in about if each.collector == collector]
        runs = _runs(each for each in records if each.collector == collector)
        low = sum(run.first <= min(firsts) for run in runs)
        high = sum(run.first <= max(firsts) for run in runs)
        before: Numbered | None = None
        for run in runs[max(low - 2, 0) : high + 1]:
            if before is not None and run.first > before.last + 1:
                first, last = before.last + 1, run.first - 1
                found.append(Loss(collector, first, last, last - first + 1))
            lost = run.last - run.first + 1 - run.segments
            if lost:
                found.append(Loss(collector, run.first, run.last, lost))
            before = run
    return found


def _runs(records: Iterable[Numbered]) -> list[Numbered]:
    """Records whose numbers overlap as one, in order."""
    runs: list[Numbered] = []
    for each in sorted(records, key=lambda one: (one.first, one.last, one.segments)):
        if runs and each.first <= runs[-1].last:
            last = runs.pop()
            each = Numbered(
                each.collector, last.first, max(last.last, each.last), last.segments + each.segments
            )
        if each.segments > each.last - each.first + 1:
            raise ClaimError(
                f"numbers of segments of the collector {each.collector} repeat in its records: "
                f"{each.first} to {each.last}",
                f"采集器 {each.collector} 的记录中数据段编号重复：{each.first} 至 {each.last}",
            )
        runs.append(each)
    return runs
