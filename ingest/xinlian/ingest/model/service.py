"""Service figures that the collection measures of itself, per window and over any span.

========== ======== ==========================================================================
figure     target   how it is reckoned
========== ======== ==========================================================================
available  99.9 %   time of the windows less outages: stretches of more than ``SLACK_US`` in which
                    no device of the group told anything
connected  95 %     key devices (all, if none are named) that answered at least once, by window
loss       0.1 %    missed cycles of those due; what deadband held back is not lost
latency    60 ms    95th percentile of receive time less source time, where devices tell one
jitter              99th percentile of how far a reading is off its period
========== ======== ==========================================================================

Delays are kept as histograms of fixed steps, so that figures of windows can be added up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.frames import Counts, Frame

__all__ = ["SLACK_US", "TARGETS", "Delays", "Judged", "Service", "delays_of", "outage_us"]

SLACK_US: Final = 5_000_000
"""A silence up to this long is the usual distance between segments."""

STEPS_US: Final = tuple(
    step * scale
    for scale in (100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
    for step in (1, 2, 3, 4, 5, 6, 8)
)
"""Upper ends of the steps of a histogram; what is above the last counts as the last."""


@dataclass(frozen=True)
class Delays:
    """How many delays fell into each of ``STEPS_US``."""

    counts: tuple[int, ...] = (0,) * len(STEPS_US)

    def __add__(self, other: Delays) -> Delays:
        return Delays(tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    @property
    def total(self) -> int:
        """How many delays."""
        return sum(self.counts)

    def percentile_us(self, per_mille: int) -> int | None:
        """Upper end of the step in which so many of 1,000 are reached; ``None`` without delays."""
        if not self.total:
            return None
        wanted, seen = -(-self.total * per_mille // 1000), 0
        for end, count in zip(STEPS_US, self.counts, strict=True):
            seen += count
            if seen >= wanted:
                return end
        return STEPS_US[-1]

    @classmethod
    def of(cls, delays_us: npt.NDArray[np.int64]) -> Delays:
        """From delays in microseconds; negative ones (a clock ahead) count as none."""
        at = np.minimum(np.searchsorted(STEPS_US, np.maximum(delays_us, 0)), len(STEPS_US) - 1)
        return cls(tuple(int(n) for n in np.bincount(at, minlength=len(STEPS_US))))

    def to_text(self) -> str:
        """``step:count`` of those that are not empty."""
        told = zip(STEPS_US, self.counts, strict=True)
        return " ".join(f"{step}:{count}" for step, count in told if count)

    @classmethod
    def from_text(cls, text: str) -> Delays:
        """The reverse; ``ValueError``."""
        counts = [0] * len(STEPS_US)
        for pair in text.split():
            step, count = (int(number) for number in pair.split(":"))
            counts[bisect_left(STEPS_US, step, hi=len(STEPS_US) - 1)] += count
        return cls(tuple(counts))


@dataclass(frozen=True)
class Service:
    """Figures of a window, or of several added up."""

    span_us: int = 0
    outage_us: int = 0
    keys_known: int = 0
    """Key devices, once for each window."""
    keys_connected: int = 0
    counts: Counts = field(default=Counts())
    latency: Delays = Delays()
    jitter: Delays = Delays()

    def __add__(self, other: Service) -> Service:
        return Service(
            self.span_us + other.span_us,
            self.outage_us + other.outage_us,
            self.keys_known + other.keys_known,
            self.keys_connected + other.keys_connected,
            self.counts + other.counts,
            self.latency + other.latency,
            self.jitter + other.jitter,
        )

    @property
    def available_ppm(self) -> int | None:
        """Millionths of the time in which the group told something."""
        return _ppm(self.span_us - self.outage_us, self.span_us)

    @property
    def connected_ppm(self) -> int | None:
        """Millionths of the key devices that answered."""
        return _ppm(self.keys_connected, self.keys_known)

    @property
    def loss_ppm(self) -> int | None:
        """Millionths of the cycles due that brought nothing."""
        return _ppm(self.counts.missed, self.counts.expected)

    def to_record(self) -> dict[str, Any]:
        """The members of a window record; what is not known is left out."""
        made: dict[str, Any] = {
            "outage_us": self.outage_us,
            "keys_known": self.keys_known,
            "keys_connected": self.keys_connected,
            "available_ppm": self.available_ppm,
            "connected_ppm": self.connected_ppm,
            "loss_ppm": self.loss_ppm,
            "latency": self.latency.to_text(),
            "latency_p50_us": self.latency.percentile_us(500),
            "latency_p95_us": self.latency.percentile_us(950),
            "latency_p99_us": self.latency.percentile_us(990),
            "jitter": self.jitter.to_text(),
            "jitter_p99_us": self.jitter.percentile_us(990),
        }
        return {name: value for name, value in made.items() if value not in (None, "")}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Service:
        """The reverse, from a whole window record."""
        told = record["service"]
        return cls(
            record["window_end_us"] - record["window_start_us"],
            told["outage_us"],
            told["keys_known"],
            told["keys_connected"],
            Counts(**record["counts"]),
            Delays.from_text(told.get("latency", "")),
            Delays.from_text(told.get("jitter", "")),
        )

    def judged(self) -> list[Judged]:
        """The figures beside their targets, in the order of the table above."""
        latency = self.latency.percentile_us(950)
        found = (self.available_ppm, self.connected_ppm, self.loss_ppm, latency)
        return [
            Judged(name, value, target, None if value is None else (value >= target) is upward)
            if value != target
            else Judged(name, value, target, True)
            for value, (name, target, upward) in zip(found, TARGETS, strict=True)
        ]


TARGETS: Final = (
    ("available_ppm", 999_000, True),
    ("connected_ppm", 950_000, True),
    ("loss_ppm", 1_000, False),
    ("latency_p95_us", 60_000, False),
)
"""Name, target, and whether more is better."""


@dataclass(frozen=True)
class Judged:
    """A figure, its target, and whether it is kept; ``None`` where nothing was measured."""

    name: str
    value: int | None
    target: int
    kept: bool | None


def outage_us(spans: Iterable[tuple[int, int]], start_us: int, end_us: int) -> int:
    """Time of a window in silences longer than ``SLACK_US``. ``spans``: first and last reading of
    each segment."""
    lost, at = 0, start_us
    for low, high in [*sorted(spans), (end_us, end_us)]:
        silence = min(low, end_us) - at
        lost += silence if silence > SLACK_US else 0
        at = max(at, high)
    return lost


def delays_of(frames: Sequence[Frame]) -> tuple[Delays, Delays]:
    """Latency and jitter of frames. Jitter is left out where deadband holds readings back, because
    then the distance of two rows says nothing."""
    latency, jitter = Delays(), Delays()
    for frame in frames:
        if frame.source_us is not None and len(frame):
            latency += Delays.of(frame.received_us - frame.source_us)
        if len(frame) > 2 and not frame.counts.suppressed:
            period_us = 1000 * frame.table.periods[frame.group]
            steps = np.diff(frame.received_us)
            jitter += Delays.of(
                np.abs(
                    steps - period_us * np.maximum(1, np.rint(steps / period_us)).astype(np.int64)
                )
            )
    return latency, jitter


def _ppm(part: int, whole: int) -> int | None:
    return 1_000_000 * part // whole if whole else None
