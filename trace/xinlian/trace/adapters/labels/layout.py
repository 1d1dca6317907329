"""Where symbol and words stand on a label. Lengths in millimetres, y downwards from the top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xinlian.trace.adapters.fonts import Glyphs, wrap_text
from xinlian.trace.adapters.labels.symbols import (
    LabelError,
    Surface,
    Symbol,
    Symbology,
    make_symbol,
)

__all__ = ["MM", "Arrangement", "Label", "Line", "arrange"]

MM: Final = 72 / 25.4
"""Points in a millimetre."""

MARGIN_MM: Final = 1.5
"""Kept free at the edge: cutting and feeding are never exact."""
MARGIN_WIDE_MM: Final = 3.5
"""On labels that have room for it: sheets without a margin end where printers can't print."""
ROOMY_MM: Final = 30.0
MODULE_MM_MIN: Final = {
    Symbology.QR: 0.25,
    Symbology.DATA_MATRIX: 0.2,
    Symbology.GS1_DATA_MATRIX: 0.2,
}
"""Smaller modules are not read reliably by phones (QR) and hand scanners (Data Matrix)."""
TITLE_PT: Final = 9.0
HUMAN_PT: Final = 8.0
LINE_PT: Final = 7.0
PT_MIN: Final = 4.0
WORDS_MAX: Final = 600
LEADING: Final = 1.25
WIDE: Final = 1.35
"""A label this much wider than high has its words beside the symbol, else below."""


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on a label.

    ``code`` is what a reader gets. ``human`` is the id in clear text (never cut: it is what one
    types when the code is scratched), ``title`` and ``lines`` are further words.
    """

    code: str
    human: str = ""
    title: str = ""
    lines: tuple[str, ...] = ()
    symbology: Symbology = Symbology.QR
    surface: Surface = Surface.PAPER


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: left end of its baseline, size in points."""

    x: float
    y: float
    size: float
    text: str


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A label ready to be painted: the symbol's upper left corner and module, and the lines.

    ``missing`` are characters that the font lacks; they stand as ``[U+…]``.
    """

    width: float
    height: float
    symbol: Symbol
    x: float
    y: float
    module: float
    lines: tuple[Line, ...]
    missing: tuple[str, ...]


def arrange(label: Label, width: float, height: float) -> Arrangement:
    """Lay a label out on ``width`` × ``height`` mm; raises ``LabelError`` if that can't be read."""
    symbol = make_symbol(label.code, label.symbology, label.surface)
    glyphs = Glyphs()
    margin = MARGIN_WIDE_MM if min(width, height) >= ROOMY_MM else MARGIN_MM
    inner_width, inner_height = width - 2 * margin, height - 2 * margin
    beside = width >= WIDE * height
    words = bool(label.human or label.title or any(label.lines))
    lines: tuple[Line, ...] = ()
    if not words:
        side = min(inner_width, inner_height)
        x, y = (width - side) / 2, (height - side) / 2
    elif beside:
        side = min(inner_height, inner_width * 0.6)
        x, y = margin, (height - side) / 2
        left = x + side + 1.0
        lines = _set(label, glyphs, left, margin, width - margin - left, inner_height, beside=True)
    else:
        side = min(inner_width, inner_height * 0.72)
        x, y = (width - side) / 2, margin
        top = y + side + 0.5
        lines = _set(label, glyphs, margin, top, inner_width, height - margin - top)
    module = side / symbol.side
    smallest = MODULE_MM_MIN[label.symbology]
    if module < smallest:
        need = symbol.side * smallest
        raise LabelError(
            f"the code has {symbol.side} modules a side and needs {need:.1f} mm; "
            f"{max(side, 0):.1f} mm are there: take a larger label or a shorter code",
            f"该码每边 {symbol.side} 个模块，至少需要 {need:.1f} mm，而可用 {max(side, 0):.1f} mm："
            "请换更大的标签或缩短内容",
        )
    return Arrangement(width, height, symbol, x, y, module, lines, glyphs.missing)


def _set(
    label: Label,
    glyphs: Glyphs,
    left: float,
    top: float,
    width: float,
    height: float,
    *,
    beside: bool = False,
) -> tuple[Line, ...]:
    """Set the words into a box, smaller until they fit."""
    if len(label.title) + len(label.human) + sum(map(len, label.lines)) > WORDS_MAX:
        raise LabelError(
            f"a label takes at most {WORDS_MAX} characters of text",
            f"标签文字最多 {WORDS_MAX} 个字符",
        )
    parts = [(label.title, TITLE_PT), (label.human, HUMAN_PT)]
    parts += [(line, LINE_PT) for line in label.lines]
    shown = [(glyphs.show(text), size) for text, size in parts if text.strip()]
    for step in range(20):
        scale = 1 - 0.03 * step
        lines: list[Line] = []
        y = top
        for text, size in shown:
            points = max(PT_MIN, size * scale)
            for piece in wrap_text(text, points, width * MM):
                y += points * LEADING / MM
                lines.append(Line(left, y - points * (LEADING - 1) / MM, points, piece))
        if y <= top + height + 0.01 and lines:
            free = (top + height - y) / 2 if beside else 0.0
            return tuple(Line(at.x, at.y + free, at.size, at.text) for at in lines)
    raise LabelError(
        "the words don't fit beside the code: take a larger label or fewer words",
        "文字放不下：请换更大的标签或减少文字",
    )
