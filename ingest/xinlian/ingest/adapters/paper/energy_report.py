"""The energy report of a year as PDF: A4, vector graphics, in Chinese or English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import numpy as np
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, LongTable, Spacer, TableStyle
from xinlian.ingest.adapters.paper.energy_charts import HeatMap, Lines, MonthBars
from xinlian.ingest.usecases.energy_tables import Table, report_tables
from xinlian.ingest.usecases.energy_year import YearReport
from xinlian.trace.adapters.fonts import FONT
from xinlian.trace.adapters.paper.dossier import build_document
from xinlian.trace.adapters.paper.ink import ACCENT, GREY, GRID, INK, LIGHT, PAGE_WIDTH, Ink
from xinlian.trace.adapters.paper.sections import heading
from xinlian.trace.model.dossier import Language, Words

__all__ = ["energy_pdf", "tables_pdf"]

_BARS: Final = Words("Energy by month, cost above", "各月电量（柱顶为电费）")
_TITLE: Final = Words("Energy report", "能源报告")
KEPT_ROWS: Final = 24
"""A table of no more rows stays on one page."""
_SHARES: Final[dict[str, tuple[float, ...]]] = {
    "overview": (34, 66),
    "months": (10, 14, 11, 10, 14, 13, 12, 15, 9),
    "fleet": (52, 48),
    "kinds": (32, 8, 15, 15, 19, 14),
    "lines": (26, 9, 17, 15, 19, 14),
    "series": (18, 14, 17, 17, 11, 11, 12),
    "baseline": (40, 20, 20, 20),
    "anomalies": (14, 11, 26, 13, 14, 10, 22),
    "carbon": (50, 25, 25),
    "balances": (28, 16, 16, 16, 10, 14),
    "alarms": (22, 42, 18, 18),
}


def energy_pdf(
    report: YearReport, language: Language, out: BinaryIO, beside: Sequence[Table] = ()
) -> int:
    """Write the report in ``language``, then what is known beside it; the number of its pages."""
    ink = Ink(language)
    tables = {table.name: table for table in report_tables(report)}
    load = report.load
    story: list[Flowable] = [
        ink.paragraph(f"{ink.words(_TITLE)}   {ink.other(_TITLE)}", 18, ACCENT),
        Spacer(0, 1.5 * mm),
        ink.paragraph(f"{load.name} · {load.first} – {load.last}", 10, GREY),
        *_section(ink, tables["overview"]),
        *heading(ink, Words("Load profile", "负荷曲线"), 70 * mm),
        HeatMap(
            ink, Words("Mean power by weekday and hour, kW", "各星期、各小时平均功率（kW）"),
            report.profile_kw,
        ),
        MonthBars(ink, _BARS, report.months),
        *_section(ink, tables["months"]),
        *_section(ink, tables["periods"]),
        *_section(ink, tables["peaks"]),
    ]  # fmt: skip
    story += _baseline(ink, report, tables)
    for name in ("anomalies", "carbon"):
        story += _section(ink, tables[name])
    for table in beside:
        story += _section(ink, table)
    foot = f"{ink.words(_TITLE)} · {load.name} · {load.first} – {load.last}"
    return build_document(story, out, ink, f"{_TITLE.en} {load.name}", foot)


def tables_pdf(
    title: Words, subtitle: str, tables: Sequence[Table], language: Language, out: BinaryIO
) -> int:
    """Write tables alone; the number of pages."""
    ink = Ink(language)
    story: list[Flowable] = [
        ink.paragraph(f"{ink.words(title)}   {ink.other(title)}", 18, ACCENT),
        Spacer(0, 1.5 * mm),
        ink.paragraph(subtitle, 10, GREY),
    ]
    for table in tables:
        story += _section(ink, table)
    foot = f"{ink.words(title)} · {subtitle}"
    return build_document(story, out, ink, title.en, foot)


def _baseline(ink: Ink, report: YearReport, tables: dict[str, Table]) -> list[Flowable]:
    baseline = report.baseline
    if baseline is None:
        return []
    half = (baseline.trained_to - report.load.first).days + 1
    return [
        *_section(ink, tables["baseline"], 80 * mm),
        Spacer(0, 3 * mm),
        Lines(
            ink,
            Words("Daily energy and what was expected", "日电量与预期"),
            report.load.first,
            [
                (Words("used", "实际"), baseline.actual_wh / 1_000),
                (Words("expected", "预期"), np.asarray(baseline.expected_wh) / 1_000),
            ],
            mark=baseline.trained_to,
        ),
        Lines(
            ink,
            Words("Savings since then (CUSUM)", "此后累计节能量（CUSUM）"),
            baseline.trained_to,
            [(Words("saved", "节约"), baseline.savings_wh[: report.load.days - half] / 1_000)],
        ),
    ]


def _section(ink: Ink, table: Table, room: float = 40 * mm) -> list[Flowable]:
    parts = [_table(ink, table)]
    if table.note is not None:
        parts += [Spacer(0, 1.5 * mm), ink.paragraph(ink.words(table.note), 7.5, GREY)]
    head = heading(ink, table.title, room)
    return [KeepTogether([*head[1:], *parts])] if len(table.rows) <= KEPT_ROWS else [*head, *parts]


def _table(ink: Ink, table: Table) -> Flowable:
    shares = _SHARES.get(table.name, (1.0,) * len(table.heads))
    width = PAGE_WIDTH if len(table.heads) > 4 or table.name in _SHARES else PAGE_WIDTH * 0.75
    widths = [width * share / sum(shares) for share in shares]
    size = 7.5 if len(table.heads) < 9 else 7.0
    lines = [
        [ink.glyphs.show(ink.words(cell)) for cell in row] for row in (table.heads, *table.rows)
    ]
    styles: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), FONT, size),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("TEXTCOLOR", (0, 0), (-1, 0), ACCENT),
        ("BACKGROUND", (0, 0), (-1, 0), LIGHT),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, GRID),
        ("LEFTPADDING", (0, 0), (-1, -1), 5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 1.8),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.8),
    ]
    styles += [("ALIGN", (column, 0), (column, -1), "RIGHT") for column in table.right]
    if table.total:
        styles += [
            ("LINEABOVE", (0, -1), (-1, -1), 0.8, INK),
            ("BACKGROUND", (0, -1), (-1, -1), LIGHT),
        ]
    made = LongTable(lines, colWidths=widths, repeatRows=1, hAlign="LEFT")
    made.setStyle(TableStyle(styles))
    return made
