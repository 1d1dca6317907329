"""Flags: what does not add up in readings, when, by how much; and the bands of what is usual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum, unique
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["Band", "Flag", "FlagKind", "Severity", "Steps", "Values", "band_of", "number_text"]

Values = npt.NDArray[np.float64]
FLAGS_MAX: Final = 100
"""Flags of one check; a device that goes on and on is one matter."""
_SIGMA: Final = 1.4826
"""Median absolute deviation to standard deviation, for a normal distribution."""
_LEARN_MIN: Final = 20
"""Steps of history below which there is no band."""


@unique
class FlagKind(StrEnum):
    """What does not add up."""

    BALANCE = "energy-balance"
    OUTPUT = "output-against-energy"
    RUN_TIME = "run-time-against-output"
    BACKWARDS = "counter-backwards"
    POWER = "impossible-power"
    FROZEN = "frozen-value"
    DEMAND = "demand-near-contract"
    FACTOR = "low-power-factor"


@unique
class Severity(StrEnum):
    """How much is to be made of it."""

    NOTICE = "notice"
    """Odd; look when there is time."""
    WARNING = "warning"
    """Unlikely: somebody should look before evidence rests on it."""
    CRITICAL = "critical"
    """Impossible as it stands."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that does not add up in [start_us, end_us) at a device or node of the tree.

    ``numbers`` are those behind it, as decimal texts; ``reason`` and ``reason_zh`` for people.
    """

    kind: FlagKind
    machine: str
    start_us: int
    end_us: int
    severity: Severity
    reason: str
    reason_zh: str
    numbers: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Canonical members."""
        return {
            "kind": self.kind.value,
            "machine": self.machine,
            "start_us": self.start_us,
            "end_us": self.end_us,
            "severity": self.severity.value,
            "reason": {"en": self.reason, "zh": self.reason_zh},
            "numbers": dict(self.numbers),
        }


@dataclass(frozen=True, slots=True)
class Steps:
    """A series of steps of equal length; NaN where nothing is known."""

    machine: str
    start_us: int
    step_us: int

    def spans(self, odd: npt.NDArray[np.bool_]) -> list[tuple[int, int, slice]]:
        """Stretches of odd steps: beginning, end, and where they lie in the arrays."""
        edges = np.flatnonzero(np.diff(np.concatenate(([False], odd, [False])).astype(np.int8)))
        return [
            (
                self.start_us + int(low) * self.step_us,
                self.start_us + int(high) * self.step_us,
                slice(int(low), int(high)),
            )
            for low, high in zip(edges[::2], edges[1::2], strict=True)
        ][:FLAGS_MAX]


@dataclass(frozen=True, slots=True)
class Band:
    """Where a ratio usually lies."""

    center: float
    low: float
    high: float


def band_of(history: Values, *, widths: float = 6.0, floor: float = 0.10) -> Band | None:
    """The band of a ratio from its history: median plus and minus ``widths`` robust standard
    deviations, at least ``floor`` of the median; ``None`` from fewer than 20 steps."""
    known = history[np.isfinite(history)]
    if len(known) < _LEARN_MIN:
        return None
    center = float(np.median(known))
    spread = _SIGMA * float(np.median(np.abs(known - center)))
    half = max(widths * spread, floor * abs(center))
    return Band(center, max(0.0, center - half), center + half)


def number_text(value: float) -> str:
    """A decimal text of six significant digits: flags are records, which hold no fractions."""
    return format(Decimal(f"{value:.6g}"), "f")
