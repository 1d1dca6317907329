"""Control charts of a characteristic on paper: panels, signals, capability."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import BinaryIO, Final

import numpy as np
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether
from xinlian.trace.adapters.paper.charts import ChartDrawing
from xinlian.trace.adapters.paper.dossier import PaperReport, build_document
from xinlian.trace.adapters.paper.ink import GREY, RED, Ink
from xinlian.trace.adapters.paper.sections import heading
from xinlian.trace.adapters.paper.tables import Cell, grid
from xinlian.trace.adapters.paper.tree_picture import short_code
from xinlian.trace.adapters.paper.words import TEXT
from xinlian.trace.model.dossier import Chart, ChartPoint, Language, Words
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.quality.capability import Capability, Index
from xinlian.trace.model.quality.charts import Panel
from xinlian.trace.model.quality.rules import Rule
from xinlian.trace.model.quality.words import RULE_WORDS
from xinlian.trace.usecases.quality.charting import ChartReport

__all__ = ["SIGNALS_MAX", "drawn_charts", "spc_pdf"]

SIGNALS_MAX: Final = 80
_PANELS: Final[Mapping[str, Words]] = {
    "value": Words("individuals", "单值"),
    "moving range": Words("moving range", "移动极差"),
    "mean": Words("means", "均值"),
    "range": Words("ranges", "极差"),
    "deviation": Words("standard deviations", "标准差"),
}
_SHORT: Final[Mapping[Rule, str]] = {
    rule: "!" if rule is Rule.LIMIT else rule.value.rsplit("-", 1)[-1] for rule in Rule
}


def drawn_charts(report: ChartReport, own: Collection[ItemId] = ()) -> tuple[Chart, ...]:
    """A chart for every panel, ready to be drawn; points of items in ``own`` are marked."""
    return tuple(_panel(report, panel, set(own)) for panel in report.chart.panels)


def _panel(report: ChartReport, panel: Panel, own: set[ItemId]) -> Chart:
    broken: dict[int, list[str]] = defaultdict(list)
    for signal in report.signals:
        if signal.panel == panel.name and signal.points:
            broken[signal.points[-1]].append(_SHORT[signal.rule])
    # The first moving range belongs to the second value.
    late = len(report.point_times_ms) - panel.values.size
    levels = (panel.lower, panel.centre, panel.upper)
    flat = all(one.size == 0 or np.ptp(one) == 0 for one in levels)
    points = tuple(
        ChartPoint(
            report.point_times_ms[at + late],
            float(value),
            tuple(dict.fromkeys(broken.get(at, ()))),
            not own.isdisjoint(report.point_items[at + late]),
            None if flat else tuple(float(one[at]) for one in levels),  # type: ignore[arg-type]
        )
        for at, value in enumerate(panel.values)
    )
    lower, centre, upper = (float(one[0]) if flat and one.size else None for one in levels)
    words = _PANELS.get(panel.name, Words(panel.name, panel.name))
    ability = report.capability if panel.name == "value" else None
    return Chart(
        Words(f"{report.characteristic} · {words.en}", f"{report.characteristic} · {words.zh}"),
        report.unit,
        points,
        centre,
        upper,
        lower,
        None if ability is None else ability.upper,
        None if ability is None else ability.lower,
        Words(
            f"{report.chart.kind.value}; baseline: {report.phase_one} points",
            f"{report.chart.kind.value}；基线：{report.phase_one} 点",
        ),
    )


def spc_pdf(report: ChartReport, language: Language, out: BinaryIO) -> PaperReport:
    """Write charts, capability and signals of one characteristic."""
    ink = Ink(language)
    story: list[Flowable] = [
        ink.paragraph(f"{ink.text('spc')}   {ink.other(TEXT['spc'])}", 11, GREY),
        ink.paragraph(report.characteristic, 18, after=3 * mm),
    ]
    story += [KeepTogether([ChartDrawing(chart, ink)]) for chart in drawn_charts(report)]
    if report.left_out:
        story.append(ink.paragraph(ink.text("left_values", count=report.left_out), 8, GREY))
    if report.capability is not None:
        story += [*heading(ink, TEXT["capability"]), *_capability(ink, report.capability)]
    story += heading(ink, TEXT["signals"])
    rows = [_signal(ink, report, at) for at in range(min(len(report.signals), SIGNALS_MAX))]
    if rows:
        heads = ("time", "rule", "value", "concerned")
        story.append(grid(ink, heads, rows, (28, 58, 22, 70), wrapped={"rule", "concerned"}))
    else:
        story.append(ink.paragraph(ink.text("no_signals"), 9, GREY))
    left = len(report.signals) - len(rows)
    if left:
        story.append(ink.paragraph(ink.text("left_rows", count=left), 8, RED))
    foot = f"{report.characteristic} · {ink.text('zone')}"
    pages = build_document(story, out, ink, f"SPC {report.characteristic}", foot)
    return PaperReport(pages, ink.glyphs.missing, 0, left)


def _signal(ink: Ink, report: ChartReport, at: int) -> tuple[str | Cell, ...]:
    signal = report.signals[at]
    panel = next(one for one in report.chart.panels if one.name == signal.panel)
    late = len(report.point_times_ms) - panel.values.size
    english, chinese = RULE_WORDS[signal.rule]
    words = chinese if ink.language is Language.ZH else english
    items = report.items_of(signal)
    named = ", ".join(short_code(item.id) for item in items[-3:])
    more = f" (+{len(items) - 3})" if len(items) > 3 else ""
    time = ink.minute(report.point_times_ms[signal.points[-1] + late])
    return (
        time,
        Cell(f"{_SHORT[signal.rule]}  {words}", RED),
        f"{signal.statistic:.5g}",
        named + more,
    )


def _capability(ink: Ink, one: Capability) -> list[Flowable]:
    def shown(index: Index | None) -> str:
        return "—" if index is None else f"{index.value:.2f} ({index.low:.2f} … {index.high:.2f})"

    row = (shown(one.cp), shown(one.cpk), shown(one.pp), shown(one.ppk))
    figures = (f"{one.mean:.5g}", f"{one.sigma_within:.3g}", f"{one.outside_ppm:.4g}")
    heads = ("cp", "cpk", "pp", "ppk", "mean", "sigma", "ppm")
    return [grid(ink, heads, [(*row, *figures)], (30, 30, 30, 30, 18, 18, 22))]
