"""Rules that tell a pattern on a control chart from chance: Western Electric and Nelson.

Western Electric, Statistical Quality Control Handbook (1956); L. S. Nelson, Journal of Quality
Technology 16 (1984) 237. A signal stands at the point that completes its pattern.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from xinlian.trace.model.quality.arrays import Bools, Floats
from xinlian.trace.model.quality.charts import Chart, ChartKind, Panel

__all__ = [
    "MEMORY",
    "NELSON",
    "PATTERNS",
    "WESTERN_ELECTRIC",
    "Pattern",
    "Rule",
    "Shape",
    "Signal",
    "chart_signals",
    "panel_signals",
]


class Rule(StrEnum):
    """Rules under their usual numbers."""

    WE1 = "western-electric-1"
    WE2 = "western-electric-2"
    WE3 = "western-electric-3"
    WE4 = "western-electric-4"
    N1 = "nelson-1"
    N2 = "nelson-2"
    N3 = "nelson-3"
    N4 = "nelson-4"
    N5 = "nelson-5"
    N6 = "nelson-6"
    N7 = "nelson-7"
    N8 = "nelson-8"
    LIMIT = "limit"
    """A point outside the chart's own limits (EWMA, CUSUM, counts, ranges)."""


class Shape(StrEnum):
    """What a pattern looks for."""

    LIMIT = "limit"
    """A point outside the control limits."""
    BEYOND = "beyond"
    """``least`` of ``window`` points beyond ``zone`` σ on one side, the last among them."""
    TREND = "trend"
    """``window`` points steadily rising or falling."""
    ALTERNATING = "alternating"
    """``window`` points up and down in turn."""
    WITHIN = "within"
    """``window`` points all within ``zone`` σ."""
    OUTSIDE = "outside"
    """``window`` points all beyond ``zone`` σ, on either side."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule's pattern: its shape, how many points of how many, beyond or within how many σ."""

    shape: Shape
    least: int
    window: int
    zone: float = 0.0


PATTERNS: Final = {
    Rule.WE1: Pattern(Shape.LIMIT, 1, 1, 3.0),
    Rule.WE2: Pattern(Shape.BEYOND, 2, 3, 2.0),
    Rule.WE3: Pattern(Shape.BEYOND, 4, 5, 1.0),
    Rule.WE4: Pattern(Shape.BEYOND, 8, 8, 0.0),
    Rule.N1: Pattern(Shape.LIMIT, 1, 1, 3.0),
    Rule.N2: Pattern(Shape.BEYOND, 9, 9, 0.0),
    Rule.N3: Pattern(Shape.TREND, 6, 6),
    Rule.N4: Pattern(Shape.ALTERNATING, 14, 14),
    Rule.N5: Pattern(Shape.BEYOND, 2, 3, 2.0),
    Rule.N6: Pattern(Shape.BEYOND, 4, 5, 1.0),
    Rule.N7: Pattern(Shape.WITHIN, 15, 15, 1.0),
    Rule.N8: Pattern(Shape.OUTSIDE, 8, 8, 1.0),
    Rule.LIMIT: Pattern(Shape.LIMIT, 1, 1, 3.0),
}
WESTERN_ELECTRIC: Final = (Rule.WE1, Rule.WE2, Rule.WE3, Rule.WE4)
NELSON: Final = (Rule.N1, Rule.N2, Rule.N3, Rule.N4, Rule.N5, Rule.N6, Rule.N7, Rule.N8)
MEMORY: Final = max(pattern.window for pattern in PATTERNS.values())
"""No pattern looks back over more points than this."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A pattern that was found. ``points`` are the indices that form it, the last completes it;
    ``statistic`` is the value of the last one and ``z`` its distance in standard errors."""

    rule: Rule
    panel: str
    points: tuple[int, ...]
    statistic: float
    z: float

    @property
    def at(self) -> int:
        """Index of the point that completed the pattern."""
        return self.points[-1]


def _windowed(flags: Bools, window: int) -> np.ndarray:
    """How many of the last ``window`` flags are set, at every point."""
    total = np.concatenate(([0], np.cumsum(flags)))
    ends = np.arange(1, flags.size + 1)
    return np.asarray(total[ends] - total[np.maximum(ends - window, 0)])


def _members(flags: Bools, at: int, window: int) -> tuple[int, ...]:
    start = max(0, at - window + 1)
    return tuple((start + np.flatnonzero(flags[start : at + 1])).tolist())


def _beyond(z: Floats, pattern: Pattern) -> list[tuple[int, ...]]:
    found = []
    for side in (z > pattern.zone, z < -pattern.zone):
        hits = side & (_windowed(side, pattern.window) >= pattern.least)
        found += [_members(side, at, pattern.window) for at in np.flatnonzero(hits).tolist()]
    return found


def _all_of(flags: Bools, window: int) -> list[tuple[int, ...]]:
    hits = _windowed(flags, window) == window
    return [tuple(range(at - window + 1, at + 1)) for at in np.flatnonzero(hits).tolist()]


def _runs(steps: Bools, window: int) -> list[tuple[int, ...]]:
    """Windows of points whose ``window`` - 1 steps are all set; step i leads to point i + 1."""
    hits = _windowed(steps, window - 1) == window - 1
    return [tuple(range(at + 2 - window, at + 2)) for at in np.flatnonzero(hits).tolist()]


def _alternating(values: Floats, window: int) -> list[tuple[int, ...]]:
    steps = np.sign(np.diff(values))
    turns = steps[1:] * steps[:-1] < 0
    hits = _windowed(turns, window - 2) == window - 2
    return [tuple(range(at + 3 - window, at + 3)) for at in np.flatnonzero(hits).tolist()]


def _found(pattern: Pattern, panel: Panel, z: Floats) -> list[tuple[int, ...]]:
    match pattern.shape:
        case Shape.LIMIT:
            outside = (panel.values > panel.upper) | (panel.values < panel.lower)
            return [(at,) for at in np.flatnonzero(outside).tolist()]
        case Shape.BEYOND:
            return _beyond(z, pattern)
        case Shape.TREND:
            steps = np.diff(panel.values)
            return _runs(steps > 0, pattern.window) + _runs(steps < 0, pattern.window)
        case Shape.ALTERNATING:
            return _alternating(panel.values, pattern.window)
        case Shape.WITHIN:
            return _all_of(np.abs(z) < pattern.zone, pattern.window)
        case Shape.OUTSIDE:
            return _all_of(np.abs(z) > pattern.zone, pattern.window)


def panel_signals(panel: Panel, rules: Iterable[Rule]) -> list[Signal]:
    """Every pattern of ``rules`` on one panel, in the order of the points that complete them."""
    z = panel.z()
    signals = [
        Signal(rule, panel.name, points, float(panel.values[points[-1]]), float(z[points[-1]]))
        for rule in rules
        for points in _found(PATTERNS[rule], panel, z)
    ]
    return sorted(signals, key=lambda signal: (signal.at, list(Rule).index(signal.rule)))


def chart_signals(chart: Chart, rules: Iterable[Rule] = NELSON) -> list[Signal]:
    """Signals of a chart: ``rules`` on the location panel, the limits alone on the others.

    The zones of the rules assume a symmetric, independent statistic: ranges, deviations, moving
    ranges (which overlap), EWMA, CUSUM and counts are judged by their own limits.
    """
    shewhart = chart.kind in {ChartKind.XBAR_R, ChartKind.XBAR_S, ChartKind.I_MR}
    signals = []
    for at, panel in enumerate(chart.panels):
        signals += panel_signals(panel, rules if at == 0 and shewhart else (Rule.LIMIT,))
    return sorted(signals, key=lambda signal: signal.at)
