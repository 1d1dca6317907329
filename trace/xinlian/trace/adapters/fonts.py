"""The one font of documents and labels, and what becomes of characters that it lacks."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

__all__ = [
    "FONT",
    "LINE_CHARS_MAX",
    "Glyphs",
    "font_file",
    "register_fonts",
    "text_width",
    "wrap_text",
]

FONT: Final = "XinlianSans"
LINE_CHARS_MAX: Final = 1_000
"""No line of a document holds more; what is longer is cut before it is measured."""
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})


@cache
def font_file() -> Path:
    """The TrueType file (Noto Sans SC, see the README beside it)."""
    with as_file(files("xinlian.trace.data") / "fonts" / "NotoSansSC-Regular.ttf") as path:
        return path


@cache
def _font() -> TTFont:
    font = TTFont(FONT, str(font_file()))
    pdfmetrics.registerFont(font)
    return font


@cache
def _characters() -> frozenset[int]:
    return frozenset(_font().face.charToGlyph)


def register_fonts() -> None:
    """Make the font known to reportlab; later calls do nothing."""
    _font()


def text_width(text: str, size: float) -> float:
    """Width in points of a line set in the font."""
    register_fonts()
    return float(pdfmetrics.stringWidth(text, FONT, size))


def wrap_text(text: str, size: float, width: float) -> list[str]:
    """Break a line to ``width`` points: at blanks and between Chinese characters where it can, else
    anywhere. Nothing is lost but blanks."""
    out: list[str] = []
    rest = text.strip()
    while rest:
        if text_width(rest, size) <= width:
            return [*out, rest]
        count = 1
        while count < len(rest) and text_width(rest[: count + 1], size) <= width:
            count += 1
        cut = rest.rfind(" ", 0, count + 1)
        if cut <= count // 3 or ord(rest[count - 1]) > 0x2E7F:
            cut = count
        out.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return out or [""]


class Glyphs:
    """Makes texts printable and remembers what the font could not show.

    Control and invisible characters (also those that turn the writing direction) become spaces:
    what is printed must read as it is stored. Characters without a glyph become ``[U+1F697]``.
    """

    def __init__(self) -> None:
        self._missing: set[str] = set()

    @property
    def missing(self) -> tuple[str, ...]:
        """The characters that the font lacks, in order of their code."""
        return tuple(sorted(self._missing))

    def show(self, text: str) -> str:
        """The text as it can be printed on one line."""
        known = _characters()
        out: list[str] = []
        for char in unicodedata.normalize("NFC", text):
            if unicodedata.category(char) in _INVISIBLE:
                out.append(" ")
            elif ord(char) in known:
                out.append(char)
            else:
                self._missing.add(char)
                out.append(f"[U+{ord(char):04X}]")
        return "".join(out)

    def fit(self, text: str, size: float, width: float) -> str:
        """The text as it can be printed within ``width`` points; an ellipsis tells of a cut."""
        shown = self.show(text[:LINE_CHARS_MAX])
        if text_width(shown, size) <= width and len(text) <= LINE_CHARS_MAX:
            return shown
        low, high = 0, len(shown)
        while low < high:
            middle = (low + high + 1) // 2
            if text_width(shown[:middle] + "…", size) <= width:
                low = middle
            else:
                high = middle - 1
        return shown[:low] + "…"
