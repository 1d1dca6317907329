"""Charts of a dossier: an item's measurements among those of its neighbours in time."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from sqlalchemy import Connection, Engine, select
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.trace.adapters.sql.tables_facts import inspections as table
from xinlian.trace.model.dossier import Chart, ChartPoint, Words
from xinlian.trace.model.facts import Inspection
from xinlian.trace.model.quality.charts import ChartKind, variable_baseline, variable_chart
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.rules import WESTERN_ELECTRIC, chart_signals
from xinlian.trace.model.stored import ItemFacts, Stored
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.ports import Seen

__all__ = ["charts_of", "run_chart"]

CHARTS_MAX: Final = 4
AROUND: Final = 60
"""Measurements of neighbours before and after."""
LEARN_MIN: Final = 20


def charts_of(
    engine: Engine, genealogy: Genealogy, reader: int, facts: ItemFacts
) -> tuple[Chart, ...]:
    """Charts of the item's characteristics that were measured: failed and key ones first."""
    measured: dict[str, list[Stored[Inspection]]] = {}
    for each in facts.inspections:
        if each.fact.value is not None and not each.withdrawn:
            measured.setdefault(each.fact.characteristic, []).append(each)
    names = sorted(measured, key=lambda name: _weight(measured[name]))[:CHARTS_MAX]
    found = []
    with begin_read(engine) as connection:
        seen = genealogy.seen(_Connected(connection), reader)
        for name in names:
            own = {each.fact.inspection_id for each in measured[name]}
            sample = measured[name][0].fact
            rows = _around(connection, sample, seen)
            chart = run_chart(Words(name, name), sample, rows, own)
            if chart is not None:
                found.append(chart)
    return tuple(found)


class _Connected:
    """What ``Genealogy.seen`` asks of a store."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


def _weight(rows: Sequence[Stored[Inspection]]) -> tuple[bool, bool, str]:
    return (
        not any(each.fact.result.value == "failed" for each in rows),
        not any(each.fact.key for each in rows),
        rows[0].fact.characteristic,
    )


def _around(connection: Connection, sample: Inspection, seen: Seen) -> list[tuple[str, int, str]]:
    """Id, time and value of measurements around one, in the order of time."""
    columns = select(table.c.inspection_id, table.c.time_ms, table.c.value).where(
        table.c.characteristic == sample.characteristic,
        table.c.unit == sample.unit,
        table.c.value.is_not(None),
        table.c.withdrawn == 0,
    )
    if seen is not None:
        columns = columns.where(table.c.party.in_(seen))
    before = columns.where(table.c.time_ms <= sample.time_ms)
    after = columns.where(table.c.time_ms > sample.time_ms)
    newest = before.order_by(table.c.time_ms.desc(), table.c.inspection.desc()).limit(AROUND)
    next_ones = after.order_by(table.c.time_ms, table.c.inspection).limit(AROUND)
    rows = [*reversed(connection.execute(newest).all()), *connection.execute(next_ones).all()]
    return [(row.inspection_id, row.time_ms, row.value) for row in rows]


def run_chart(
    title: Words, sample: Inspection, rows: Sequence[tuple[str, int, str]], own: set[str]
) -> Chart | None:
    """The chart of single values with the limits of all of them; without limits below 20 values."""
    points = [(name, at, _float(text)) for name, at, text in rows]
    good = [(name, at, value) for name, at, value in points if value is not None]
    if not good:
        return None
    values = [value for _, _, value in good]
    rules: dict[int, list[str]] = {}
    limits: tuple[float | None, float | None, float | None] = (None, None, None)
    if len(values) >= LEARN_MIN:
        try:
            baseline = variable_baseline(ChartKind.I_MR, values)
            chart = variable_chart(baseline, values)
        except QualityError:
            chart = None
        if chart is not None:
            panel = chart.panels[0]
            limits = (float(panel.centre[0]), float(panel.upper[0]), float(panel.lower[0]))
            for signal in chart_signals(chart, WESTERN_ELECTRIC):
                if signal.panel == panel.name:
                    rules.setdefault(signal.points[-1], []).append(signal.rule.value)
    return Chart(
        title=title,
        unit=sample.unit,
        points=tuple(
            ChartPoint(at, value, tuple(rules.get(place, ())), name in own)
            for place, (name, at, value) in enumerate(good)
        ),
        center=limits[0],
        upper_limit=limits[1],
        lower_limit=limits[2],
        upper_tolerance=_float(sample.upper),
        lower_tolerance=_float(sample.lower),
        note=Words(
            "single values of neighbours in time; limits from all that are drawn",
            "相邻各件单值；控制限由图中全部数据计算",
        ),
    )


def _float(text: str | None) -> float | None:
    try:
        return None if text is None else float(Decimal(text))
    except (InvalidOperation, OverflowError):
        return None
