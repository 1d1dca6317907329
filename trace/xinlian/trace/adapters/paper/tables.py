"""Tables of documents: cut with an ellipsis where a column is too narrow for its text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportlab.lib.colors import Color
from reportlab.platypus import Flowable, LongTable, TableStyle
from xinlian.trace.adapters.fonts import FONT, LINE_CHARS_MAX, wrap_text
from xinlian.trace.adapters.paper.ink import ACCENT, GRID, INK, LIGHT, PAGE_WIDTH, SMALL, Ink

__all__ = ["Cell", "grid"]

_PAD: Final = 3.0
_LINES_MAX: Final = 4


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
    wrapped: Collection[str] = (),
) -> Flowable:
    """A table over ``width``; ``heads`` are names of fixed texts, ``shares`` of the width.

    Columns named in ``wrapped`` go on over up to four lines.
    """
    widths = [width * share / sum(shares) for share in shares]
    styles: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), FONT, size),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("TEXTCOLOR", (0, 0), (-1, 0), ACCENT),
        ("BACKGROUND", (0, 0), (-1, 0), LIGHT),
        ("LINEBELOW", (0, 0), (-1, -1), 0.3, GRID),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEADING", (0, 0), (-1, -1), size * 1.3),
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
            if heads[column] in wrapped:
                line.append(_wrap(ink, cell, size, at))
            else:
                line.append(_fit(ink, cell, size, at))
        lines.append(line)
    table = LongTable(lines, colWidths=widths, repeatRows=1, hAlign="LEFT")
    table.setStyle(TableStyle(styles))
    return table


def _wrap(ink: Ink, text: str, size: float, width: float) -> str:
    cut = text if len(text) <= LINE_CHARS_MAX else text[:LINE_CHARS_MAX] + "…"
    lines = wrap_text(ink.glyphs.show(cut), size, width - 2 * _PAD)
    if len(lines) > _LINES_MAX:
        last = _fit(ink, " ".join(lines[_LINES_MAX - 1 :]), size, width)
        lines = [*lines[: _LINES_MAX - 1], last]
    return "\n".join(lines)


def _fit(ink: Ink, text: str, size: float, width: float) -> str:
    return ink.glyphs.fit(text, size, width - 2 * _PAD)
