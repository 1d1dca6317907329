"""Tables of documents: one line a row, cut with an ellipsis where a column is too narrow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportlab.lib.colors import Color
from reportlab.platypus import Flowable, LongTable, TableStyle
from xinlian.trace.adapters.fonts import FONT
from xinlian.trace.adapters.paper.ink import ACCENT, GRID, INK, LIGHT, PAGE_WIDTH, SMALL, Ink

__all__ = ["Cell", "grid"]

_PAD: Final = 3.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with a colour of its own."""

    text: str
    colour: Color


def grid(
    ink: Ink,
    heads: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    shares: Sequence[float],
    *,
    size: float = SMALL,
    width: float = PAGE_WIDTH,
) -> Flowable:
    """A table over ``width``; ``heads`` are names of fixed texts, ``shares`` of the width."""
    widths = [width * share / sum(shares) for share in shares]
    styles: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), FONT, size),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("TEXTCOLOR", (0, 0), (-1, 0), ACCENT),
        ("BACKGROUND", (0, 0), (-1, 0), LIGHT),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, GRID),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LEFTPADDING", (0, 0), (-1, -1), _PAD),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PAD),
        ("TOPPADDING", (0, 0), (-1, -1), 1.6),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
    ]
    lines = [[_fit(ink, ink.text(head), size, at) for head, at in zip(heads, widths, strict=True)]]
    for number, row in enumerate(rows, 1):
        line: list[str] = []
        for column, (cell, at) in enumerate(zip(row, widths, strict=True)):
            if isinstance(cell, Cell):
                place = (column, number), (column, number)
                styles.append(("TEXTCOLOR", *place, cell.colour))
                cell = cell.text
            line.append(_fit(ink, cell, size, at))
        lines.append(line)
    table = LongTable(lines, colWidths=widths, repeatRows=1, hAlign="LEFT")
    table.setStyle(TableStyle(styles))
    return table


def _fit(ink: Ink, text: str, size: float, width: float) -> str:
    return ink.glyphs.fit(text, size, width - 2 * _PAD)
