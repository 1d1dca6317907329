"""Colours, sizes, and the writer's hand of one document: its language, its font, its clock."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph
from xinlian.trace.adapters.fonts import FONT, Glyphs, register_fonts
from xinlian.trace.adapters.paper.words import TEXT, words_of
from xinlian.trace.model.dossier import Language, ProofState, Verdict, Words
from xinlian.trace.model.items import Item

__all__ = [
    "ACCENT",
    "GREY",
    "GRID",
    "INK",
    "LIGHT",
    "MARKED",
    "PAGE_WIDTH",
    "PROOF_COLOURS",
    "PROOF_MARKS",
    "RED",
    "SMALL",
    "VERDICT_COLOURS",
    "Ink",
]

INK: Final = HexColor("#1d2733")
GREY: Final = HexColor("#66717e")
LIGHT: Final = HexColor("#f1f4f7")
GRID: Final = HexColor("#ccd3da")
ACCENT: Final = HexColor("#14507a")
MARKED: Final = HexColor("#fbe9e7")
RED: Final = HexColor("#b3261e")
AMBER: Final = HexColor("#95600a")
GREEN: Final = HexColor("#1b7546")
PAGE_WIDTH: Final = 178 * mm
"""Between the margins of an A4 page."""
SMALL: Final = 7.0

VERDICT_COLOURS: Final[dict[Verdict, Color]] = {
    Verdict.AFFECTED: RED,
    Verdict.SUSPECT: AMBER,
    Verdict.INCOMPLETE: HexColor("#44597a"),
    Verdict.CONFORMING: GREEN,
}
PROOF_COLOURS: Final[dict[ProofState, Color]] = {
    ProofState.FIXED: GREEN,
    ProofState.WAITING: AMBER,
    ProofState.MISSED: RED,
    ProofState.ERASED: GREY,
    ProofState.NONE: GREY,
}
# Told apart without colour, too: prints are black and white.
PROOF_MARKS: Final[dict[ProofState, str]] = {
    ProofState.FIXED: "●",
    ProofState.WAITING: "△",
    ProofState.MISSED: "▲",
    ProofState.ERASED: "□",
    ProofState.NONE: "○",
}
_PARAGRAPH_MAX: Final = 3_000
_CJK_FROM: Final = 0x2E7F
_BEIJING: Final = timezone(timedelta(hours=8))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=_BEIJING) + timedelta(hours=8)


class Ink:
    """Writes texts of one document in one language."""

    def __init__(self, language: Language) -> None:
        register_fonts()
        self.language = language
        self.glyphs = Glyphs()

    def text(self, name: str, **values: object) -> str:
        """A fixed text in the document's language."""
        return TEXT[name].of(self.language).format(**values)

    def words(self, words: Words) -> str:
        """Given words in the document's language."""
        return words.of(self.language)

    def of(self, value: StrEnum) -> str:
        """An enumeration's value in words."""
        return words_of(value).of(self.language)

    def other(self, words: Words) -> str:
        """The words in the other language, for headings in both."""
        return words.zh if self.language is Language.EN else words.en

    def name(self, item: Item) -> str:
        """The item's name: in the document's language where the source gives it (attributes
        ``name_en``, ``name_zh``), else as given, else its kind."""
        given = item.attributes.get(f"name_{self.language.value}") or item.name
        return given or self.of(item.id.type)

    def time(self, time_ms: int | None) -> str:
        """A moment of Beijing's clock, to the second; empty for none."""
        return self._moment(time_ms, "%Y-%m-%d %H:%M:%S")

    def minute(self, time_ms: int | None) -> str:
        """A moment to the minute."""
        return self._moment(time_ms, "%Y-%m-%d %H:%M")

    def day(self, time_ms: int | None) -> str:
        """The day of a moment."""
        return self._moment(time_ms, "%Y-%m-%d")

    def _moment(self, time_ms: int | None, pattern: str) -> str:
        if time_ms is None:
            return ""
        try:
            return (_EPOCH + timedelta(milliseconds=time_ms)).strftime(pattern)
        except OverflowError:
            return f"{time_ms} ms"

    def paragraph(
        self,
        text: str,
        size: float = 9.0,
        colour: Color = INK,
        *,
        after: float = 0.0,
    ) -> Paragraph:
        """Running text; broken between Chinese characters too."""
        cut = text if len(text) <= _PARAGRAPH_MAX else text[:_PARAGRAPH_MAX] + "…"
        shown = self.glyphs.show(cut)
        chinese = any(ord(char) > _CJK_FROM for char in shown)
        style = ParagraphStyle(
            "text",
            fontName=FONT,
            fontSize=size,
            leading=size * 1.42,
            textColor=colour,
            wordWrap="CJK" if chinese else None,
            spaceAfter=after,
        )
        return Paragraph(escape(shown), style)
