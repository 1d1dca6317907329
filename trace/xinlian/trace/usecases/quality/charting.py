"""Charts and capability of a characteristic, from inspections on record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.quality.arrays import Floats, measurable, plain
from xinlian.trace.model.quality.capability import Capability, Index, capability
from xinlian.trace.model.quality.charts import (
    ATTRIBUTE_KINDS,
    Chart,
    ChartKind,
    attribute_baseline,
    attribute_chart,
    choose_kind,
    subgroups_of,
    variable_baseline,
    variable_chart,
)
from xinlian.trace.model.quality.errors import NothingMeasuredError, QualityError
from xinlian.trace.model.quality.rules import NELSON, WESTERN_ELECTRIC, Signal, chart_signals
from xinlian.trace.model.quality.weighted import cusum_chart, ewma_chart
from xinlian.trace.model.quality.words import RULE_WORDS
from xinlian.trace.usecases.quality.ports import INSPECTIONS_MAX, QualityReader

__all__ = ["RULE_SETS", "ChartReport", "Measured", "chart", "chart_of", "measured"]

RULE_SETS: Final = {"nelson": NELSON, "western-electric": WESTERN_ELECTRIC}
_WEIGHTED: Final = frozenset({ChartKind.EWMA, ChartKind.CUSUM})


@dataclass(frozen=True, slots=True)
class Measured:
    """Columns of inspections in the order of time. ``values`` are measurements; for attributes
    they are counts, and ``sizes`` the units looked at. ``left_out`` were not measured."""

    items: tuple[ItemId, ...]
    times_ms: tuple[int, ...]
    values: Floats
    sizes: Floats | None
    lower: float | None
    upper: float | None
    unit: str
    left_out: int

    @property
    def attribute(self) -> bool:
        """Counted, not measured."""
        return self.sizes is not None


@dataclass(frozen=True, slots=True)
class ChartReport:
    """A chart with its signals. ``point_items`` and ``point_times_ms`` belong to the points of the
    first panel; ``phase_one`` points of it made the baseline."""

    characteristic: str
    unit: str
    chart: Chart
    signals: tuple[Signal, ...]
    phase_one: int
    point_items: tuple[tuple[ItemId, ...], ...]
    point_times_ms: tuple[int, ...]
    capability: Capability | None
    left_out: int

    def items_of(self, signal: Signal) -> tuple[ItemId, ...]:
        """What was measured at the points of a signal, each once."""
        points = signal.points
        if signal.panel == "moving range":  # its point i is the step from value i to value i + 1
            points = tuple(sorted({one for at in points for one in (at, at + 1)}))
        return tuple(dict.fromkeys(item for at in points for item in self.point_items[at]))

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        baseline = self.chart.baseline
        return {
            "characteristic": self.characteristic,
            "unit": self.unit,
            "kind": self.chart.kind.value,
            "phase_one": self.phase_one,
            "baseline": {
                "mean": baseline.mean,
                "sigma": baseline.sigma,
                "size": baseline.size,
                "points": baseline.points,
            },
            "points": [
                {"time_ms": time, "items": [item.id for item in items]}
                for time, items in zip(self.point_times_ms, self.point_items, strict=True)
            ],
            "panels": [
                {
                    "name": panel.name,
                    "values": plain(panel.values),
                    "centre": plain(panel.centre),
                    "lower": plain(panel.lower),
                    "upper": plain(panel.upper),
                }
                for panel in self.chart.panels
            ],
            "signals": [self._signal(one) for one in self.signals],
            "capability": None if self.capability is None else _capability(self.capability),
            "left_out": self.left_out,
        }

    def _signal(self, one: Signal) -> dict[str, Any]:
        english, chinese = RULE_WORDS[one.rule]
        return {
            "rule": one.rule.value,
            "panel": one.panel,
            "points": list(one.points),
            "statistic": one.statistic,
            "z": plain(one.z),
            "items": [item.id for item in self.items_of(one)],
            "text": english,
            "text_zh": chinese,
        }


def _capability(one: Capability) -> dict[str, Any]:
    def index(value: Index | None) -> dict[str, float] | None:
        if value is None:
            return None
        return {"value": value.value, "low": value.low, "high": value.high}

    return dict(
        plain(
            {
                "count": one.count,
                "mean": one.mean,
                "sigma_within": one.sigma_within,
                "sigma_overall": one.sigma_overall,
                "lower": one.lower,
                "upper": one.upper,
                "confidence": one.confidence,
                "cp": index(one.cp),
                "cpk": index(one.cpk),
                "pp": index(one.pp),
                "ppk": index(one.ppk),
                "outside_ppm": one.outside_ppm,
                "observed_ppm": one.observed_ppm,
            }
        )
    )


def measured(inspections: Iterable[Inspection]) -> Measured:
    """Columns of inspections of one characteristic.

    Measured values win: counted ones are taken only where nothing was measured. What was not
    measured, or cannot be, is left out and counted. Limits and unit are those of the latest
    inspection that has them; values in another unit are refused, since nothing here converts.
    """
    seen = list(inspections)
    values = [one for one in seen if one.result is not _NOT and measurable(one.value)]
    counted = [one for one in seen if one.sample_size and one.result is not _NOT]
    chosen = values or counted
    if not chosen:
        raise NothingMeasuredError("there is no measurement of this characteristic")
    units = {one.unit for one in chosen}
    if values and len(units) > 1:
        raise QualityError(f"measurements in different units: {', '.join(sorted(units))}")
    if values:
        numbers = [float(one.value or "nan") for one in chosen]
    else:
        numbers = [float(one.defects or 0) for one in chosen]
    lower, upper = (_latest([getattr(one, side) for one in chosen]) for side in ("lower", "upper"))
    return Measured(
        items=tuple(one.item for one in chosen),
        times_ms=tuple(one.time_ms for one in chosen),
        values=np.array(numbers),
        sizes=None if values else np.array([float(one.sample_size or 0) for one in chosen]),
        lower=lower,
        upper=upper,
        unit=chosen[-1].unit,
        left_out=len(seen) - len(chosen),
    )


_NOT: Final = Result.NOT_MEASURED


def _latest(texts: Sequence[str | None]) -> float | None:
    return next((float(text) for text in reversed(texts) if text is not None), None)


def chart(
    reader: QualityReader,
    owner: int,
    characteristic: str,
    *,
    kind: ChartKind | None = None,
    size: int = 1,
    rules: str = "nelson",
    learn: int | None = None,
    machine: str = "",
    since_ms: int | None = None,
    until_ms: int | None = None,
    limit: int = INSPECTIONS_MAX,
) -> ChartReport:
    """The chart of a characteristic on record; parameters as ``chart_of``."""
    found = reader.inspections(
        owner,
        characteristic=characteristic,
        machine=machine,
        since_ms=since_ms,
        until_ms=until_ms,
        limit=limit,
    )
    return chart_of(characteristic, measured(found), kind=kind, size=size, rules=rules, learn=learn)


def chart_of(
    characteristic: str,
    data: Measured,
    *,
    kind: ChartKind | None = None,
    size: int = 1,
    rules: str = "nelson",
    learn: int | None = None,
) -> ChartReport:
    """Draw measurements. ``kind``: chosen by the characteristic where not given; ``size``:
    measurements of a subgroup; ``rules``: "nelson" or "western-electric"; ``learn``: points of
    phase I, all of them where not given. Raises ``QualityError``."""
    if rules not in RULE_SETS:
        raise QualityError(f"{rules!r} is no set of rules: {', '.join(RULE_SETS)}")
    if kind is None:
        kind = _kind(data, size)
    if (kind in ATTRIBUTE_KINDS) is not data.attribute:
        what = "counts" if data.attribute else "measurements"
        raise QualityError(f"a {kind.value} chart does not show {what}")
    if learn is not None and learn < 2:
        raise QualityError(f"phase I needs at least 2 points, not {learn}")
    drawn, groups = _draw(data, kind, size, learn)
    points = drawn.panels[0].values.size
    ability = _ability(data, drawn) if not data.attribute else None
    return ChartReport(
        characteristic=characteristic,
        unit=data.unit,
        chart=drawn,
        signals=tuple(chart_signals(drawn, RULE_SETS[rules])),
        phase_one=points if learn is None else min(learn, points),
        point_items=tuple(
            tuple(dict.fromkeys(data.items[at : at + groups]))
            for at in range(0, points * groups, groups)
        ),
        point_times_ms=tuple(
            data.times_ms[at + groups - 1] for at in range(0, points * groups, groups)
        ),
        capability=ability,
        left_out=data.left_out + len(data.items) - points * groups,
    )


def _kind(data: Measured, size: int) -> ChartKind:
    if data.sizes is None:
        return choose_kind(attribute=False, size=size)
    return choose_kind(
        attribute=True,
        size=int(data.sizes.max()),
        constant_size=bool(np.ptp(data.sizes) == 0),
        defects=bool((data.values > data.sizes).any()),
    )


def _draw(data: Measured, kind: ChartKind, size: int, learn: int | None) -> tuple[Chart, int]:
    """The chart, and how many measurements make a point of it."""
    if data.sizes is not None:
        sizes = data.sizes
        if learn is None:
            learned = attribute_baseline(kind, data.values, sizes)
        else:
            learned = attribute_baseline(kind, data.values[:learn], sizes[:learn])
        return attribute_chart(learned, data.values, sizes), 1
    if kind in {ChartKind.XBAR_R, ChartKind.XBAR_S}:
        rows = subgroups_of(data.values, max(2, size))
        baseline = variable_baseline(kind, rows if learn is None else rows[:learn])
        return variable_chart(baseline, rows), max(2, size)
    first = data.values if learn is None else data.values[:learn]
    baseline = variable_baseline(ChartKind.I_MR, first)
    if kind is ChartKind.EWMA:
        return ewma_chart(data.values, target=baseline.mean, sigma=baseline.sigma), 1
    if kind is ChartKind.CUSUM:
        return cusum_chart(data.values, target=baseline.mean, sigma=baseline.sigma), 1
    return variable_chart(baseline, data.values), 1


def _ability(data: Measured, drawn: Chart) -> Capability | None:
    if (data.lower is None and data.upper is None) or data.values.size < 2:
        return None
    sigma = drawn.baseline.sigma
    if sigma <= 0 or float(np.ptp(data.values)) == 0:
        return None
    return capability(data.values, lower=data.lower, upper=data.upper, sigma_within=sigma)
