"""Control charts fed one measurement at a time, with bounded memory.

A stream gives exactly the signals that the chart of all its points gives, each at the moment its
pattern is complete; it remembers only the points that a pattern can still need.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple

import numpy as np
from xinlian.trace.model.quality.charts import (
    FAR,
    Baseline,
    ChartKind,
    Panel,
    variable_baseline,
    variable_chart,
)
from xinlian.trace.model.quality.constants import d2, d3
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.live_patterns import FINDERS, Point, Thing
from xinlian.trace.model.quality.rules import MEMORY, NELSON, PATTERNS, Rule
from xinlian.trace.model.quality.weighted import ewma_error

__all__ = ["LEARN_MIN", "Stream", "StreamPlan", "StreamSignal"]

LEARN_MIN: Final = 20
"""Fewer points than this make a poor phase I."""
_SUBGROUP_MAX: Final = 100
_PATIENCE: Final = 4
_WIDTH: Final = 3.0
_D2, _D3 = d2(2), d3(2)


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """How a stream is judged.

    ``size``: measurements of one point (1: individuals and moving range). ``baseline``: from phase
    I; without it the first ``learn`` points become phase I and only later ones are judged.
    ``ewma`` is (weight, width), ``cusum`` (slack, decision) in σ of a plotted point; both watch
    the same points.
    """

    size: int = 1
    baseline: Baseline | None = None
    learn: int = 25
    rules: tuple[Rule, ...] = NELSON
    ewma: tuple[float, float] | None = None
    cusum: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.size <= _SUBGROUP_MAX:
            raise QualityError(f"a subgroup has 1 to {_SUBGROUP_MAX} values, not {self.size}")
        if self.baseline is None and self.learn < LEARN_MIN:
            raise QualityError(f"phase I needs {LEARN_MIN} points or more, not {self.learn}")

    @property
    def kind(self) -> ChartKind:
        """The chart of the points."""
        if self.baseline is not None:
            return self.baseline.kind
        if self.size == 1:
            return ChartKind.I_MR
        return ChartKind.XBAR_R if self.size <= 8 else ChartKind.XBAR_S


@dataclass(frozen=True, slots=True)
class StreamSignal(Generic[Thing]):
    """A pattern that has just been completed. ``points`` are numbers of points since judging began
    (phase I is not counted); ``items`` are what was measured at them, each once."""

    rule: Rule
    panel: str
    points: tuple[int, ...]
    items: tuple[Thing, ...]
    statistic: float
    z: float


class _Reading(NamedTuple):
    """One point of one panel."""

    name: str
    value: float
    centre: float
    lower: float
    upper: float
    sigma: float


class Stream(Generic[Thing]):
    """State of one characteristic. ``feed`` in the order of time."""

    def __init__(self, plan: StreamPlan) -> None:
        self.plan = plan
        self.baseline = plan.baseline
        self._learning: list[tuple[float, ...]] = []
        self._open: list[tuple[Thing, float]] = []
        self._points: deque[Point[Thing]] = deque(maxlen=MEMORY)
        self._number = 0
        self._last: tuple[float, tuple[Thing, ...]] | None = None
        self._ewma: float | None = None
        self._sums = [0.0, 0.0]

    @property
    def learning(self) -> bool:
        """Phase I is not yet over: nothing is judged."""
        return self.baseline is None

    def feed(self, item: Thing, value: float) -> list[StreamSignal[Thing]]:
        """One measurement of an item; the signals it completes. Raises ``QualityError``."""
        if not math.isfinite(value):
            raise QualityError(f"the measurement of {item} is not a finite number")
        self._open.append((item, float(value)))
        if len(self._open) < self.plan.size:
            return []
        values = tuple(one for _, one in self._open)
        items = tuple(dict.fromkeys(one for one, _ in self._open))
        self._open.clear()
        if self.baseline is None:
            self._learn(values)
            return []
        return self._judge(self.baseline, values, items)

    def _learn(self, values: tuple[float, ...]) -> None:
        self._learning.append(values)
        if len(self._learning) < self.plan.learn:
            return
        rows = self._learning if self.plan.size > 1 else [one for (one,) in self._learning]
        found = variable_baseline(self.plan.kind, rows)
        if found.sigma > 0:
            self.baseline, self._learning = found, []
        elif len(self._learning) >= _PATIENCE * self.plan.learn:
            del self._learning[: self.plan.learn]  # without variation there is nothing to learn

    def _judge(
        self, baseline: Baseline, values: tuple[float, ...], items: tuple[Thing, ...]
    ) -> list[StreamSignal[Thing]]:
        number, self._number = self._number, self._number + 1
        panels = self._panels(baseline, values)
        location = _point(panels[0], number, items)
        self._points.append(location)
        recent = list(self._points)
        signals = [
            _signal(rule, panels[0].name, members)
            for rule in self.plan.rules
            for members in FINDERS[PATTERNS[rule].shape](recent, PATTERNS[rule])
        ]
        if len(panels) > 1:
            signals += self._spread(baseline, panels[1], number, items)
        self._last = (values[-1], items)
        if self.plan.ewma is not None:
            signals += self._average(baseline, location, panels[0].sigma)
        if self.plan.cusum is not None:
            signals += self._cumulate(baseline, location, panels[0].sigma)
        return signals

    def _panels(self, baseline: Baseline, values: tuple[float, ...]) -> list[_Reading]:
        if baseline.kind is not ChartKind.I_MR:
            return [_first(panel) for panel in variable_chart(baseline, [values]).panels]
        # As ``variable_chart`` reckons, number by number: this is where streams spend their time.
        mean, sigma = baseline.mean, baseline.sigma
        width = _WIDTH * sigma
        value = _Reading("value", values[0], mean, mean - width, mean + width, sigma)
        if self._last is None:
            return [value]
        centre, error = _D2 * sigma, _D3 * sigma
        step, reach = abs(values[0] - self._last[0]), _WIDTH * error
        low = max(centre - reach, 0.0)
        return [value, _Reading("moving range", step, centre, low, centre + reach, error)]

    def _spread(
        self, baseline: Baseline, panel: _Reading, number: int, items: tuple[Thing, ...]
    ) -> list[StreamSignal[Thing]]:
        if baseline.kind is ChartKind.I_MR and self._last is not None:
            items = tuple(dict.fromkeys((*self._last[1], *items)))
            number -= 1  # the moving range has a point fewer than there are values
        point = _point(panel, number, items)
        return [_signal(Rule.LIMIT, panel.name, [point])] if point.outside else []

    def _average(
        self, baseline: Baseline, point: Point[Thing], sigma: float
    ) -> list[StreamSignal[Thing]]:
        weight, width = self.plan.ewma or (1.0, 3.0)
        before = baseline.mean if self._ewma is None else self._ewma
        self._ewma = weight * point.value + (1 - weight) * before
        error = float(ewma_error(sigma, weight, np.array([point.number + 1]))[0])
        away = self._ewma - baseline.mean
        if baseline.mean - width * error <= self._ewma <= baseline.mean + width * error:
            return []
        z = _over(away, error)
        return [StreamSignal(Rule.LIMIT, "ewma", (point.number,), point.items, self._ewma, z)]

    def _cumulate(
        self, baseline: Baseline, point: Point[Thing], sigma: float
    ) -> list[StreamSignal[Thing]]:
        slack, decision = self.plan.cusum or (0.5, 5.0)
        k, target, value = slack * sigma, baseline.mean, point.value
        self._sums[0] = max(0.0, self._sums[0] + value - target - k)
        self._sums[1] = max(0.0, self._sums[1] + target - k - value)
        return [
            StreamSignal(
                Rule.LIMIT,
                name,
                (point.number,),
                point.items,
                total,
                total / sigma if sigma else FAR,
            )
            for name, total in zip(("upper sum", "lower sum"), self._sums, strict=True)
            if total > decision * sigma
        ]


def _first(panel: Panel) -> _Reading:
    arrays = (panel.values, panel.centre, panel.lower, panel.upper, panel.sigma)
    return _Reading(panel.name, *(float(array[0]) for array in arrays))


def _point(panel: _Reading, number: int, items: tuple[Thing, ...]) -> Point[Thing]:
    away = panel.value - panel.centre
    z = away / panel.sigma if panel.sigma > 0 else math.copysign(FAR, away) * (away != 0)
    outside = panel.value > panel.upper or panel.value < panel.lower
    return Point(number, panel.value, z, outside, items)


def _signal(rule: Rule, panel: str, members: list[Point[Thing]]) -> StreamSignal[Thing]:
    items = tuple(dict.fromkeys(item for point in members for item in point.items))
    last = members[-1]
    return StreamSignal(
        rule, panel, tuple(point.number for point in members), items, last.value, last.z
    )


def _over(value: float, sigma: float) -> float:
    return value / sigma if sigma > 0 else math.copysign(FAR, value)
