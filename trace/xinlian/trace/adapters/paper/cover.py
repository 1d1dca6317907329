"""The cover of a dossier: what it is, the verdict, the reasons, the code to scan."""

from __future__ import annotations

from collections.abc import Iterator

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Spacer
from xinlian.trace.adapters.fonts import FONT, text_width
from xinlian.trace.adapters.labels.symbols import Surface, Symbology, make_symbol
from xinlian.trace.adapters.paper.ink import (
    ACCENT,
    GREY,
    INK,
    LIGHT,
    PAGE_WIDTH,
    PROOF_MARKS,
    VERDICT_COLOURS,
    Ink,
)
from xinlian.trace.adapters.paper.numbering import Numbering
from xinlian.trace.adapters.paper.proofs import counts
from xinlian.trace.adapters.paper.tree_picture import short_code
from xinlian.trace.adapters.paper.words import TEXT, words_of
from xinlian.trace.model.dossier import Dossier, ProofState, Verdict
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.items import Scheme

__all__ = ["REASONS_MAX", "Tiles", "cover"]

REASONS_MAX = 12
_CODE = 38 * mm
_KNOWN_SCHEMES = frozenset({Scheme.VIN, Scheme.SGTIN, Scheme.LGTIN, Scheme.SSCC, Scheme.CPI})
# A shape beside the colour: prints are black and white.
_VERDICT_MARKS = {
    Verdict.AFFECTED: "×",
    Verdict.SUSPECT: "?",
    Verdict.INCOMPLETE: "…",
    Verdict.CONFORMING: "✓",
}


class _Head(Flowable):
    """Title, id and the code."""

    def __init__(self, dossier: Dossier, ink: Ink) -> None:
        super().__init__()
        self.dossier, self.ink = dossier, ink

    def wrap(self, *_available: float) -> tuple[float, float]:
        return PAGE_WIDTH, 58 * mm

    def draw(self) -> None:
        page: Canvas = self.canv
        ink, item = self.ink, self.dossier.item
        top = 58 * mm
        room = PAGE_WIDTH - _CODE - 6 * mm
        page.setFillColor(ACCENT)
        page.setFont(FONT, 11)
        words = TEXT["dossier"]
        page.drawString(0, top - 5 * mm, f"{ink.words(words)}   {ink.other(words)}")
        page.setFillColor(INK)
        name = ink.name(item)
        page.setFont(FONT, 22)
        page.drawString(0, top - 18 * mm, ink.glyphs.fit(name, 22, room))
        code = ink.glyphs.show(short_code(item.id.id))
        size = 15.0
        while size > 6 and text_width(code, size) > room:
            size -= 0.5
        page.setFont(FONT, size)
        page.drawString(0, top - 28 * mm, ink.glyphs.fit(code, size, room))
        page.setFont(FONT, 8.5)
        page.setFillColor(GREY)
        for place, line in enumerate(self._lines()):
            page.drawString(0, top - (36 + 5 * place) * mm, ink.glyphs.fit(line, 8.5, room))
        self._code(page, top)

    def _lines(self) -> Iterator[str]:
        dossier, ink, item = self.dossier, self.ink, self.dossier.item
        names = dict(dossier.party_names)
        scheme = item.scheme.value.upper() if item.scheme in _KNOWN_SCHEMES else ""
        kind = ink.of(item.id.type)
        yield " · ".join(part for part in (kind, scheme, item.part_number) if part)
        if item.maker:
            yield f"{ink.text('maker')}: {names.get(item.maker, item.maker)}"
        at = dossier.tree.at_ms
        as_of = ink.text("as_built") if at is None else ink.minute(at)
        yield f"{ink.text('as_of')}: {as_of} · {ink.of(dossier.tree.direction)}"
        made = f"{ink.text('made')}: {ink.time(dossier.made_at_ms)}"
        by = f"{ink.text('made_by')}: {dossier.made_by}" if dossier.made_by else ""
        yield " · ".join(part for part in (made, by) if part)

    def _code(self, page: Canvas, top: float) -> None:
        symbol = make_symbol(self.dossier.link, Symbology.QR, Surface.PAPER)
        unit = _CODE / symbol.side
        left, high = PAGE_WIDTH - _CODE, top - 1 * mm
        path = page.beginPath()
        for x, y, length in symbol.runs():
            path.rect(left + x * unit, high - (y + 1) * unit, length * unit, unit)
        page.setFillGray(0)
        page.drawPath(path, stroke=0, fill=1)
        page.linkURL(
            self.dossier.link, (left, high - _CODE, PAGE_WIDTH, high), relative=1, thickness=0
        )
        page.setFillColor(GREY)
        page.setFont(FONT, 7)
        words = self.ink.text("scan")
        page.drawCentredString(left + _CODE / 2, high - _CODE - 3 * mm, words)


class _Badge(Flowable):
    """The verdict in its colour, with a mark that shows without colour, too."""

    def __init__(self, dossier: Dossier, ink: Ink) -> None:
        super().__init__()
        self.dossier, self.ink = dossier, ink

    def wrap(self, *_available: float) -> tuple[float, float]:
        return PAGE_WIDTH, 18 * mm

    def draw(self) -> None:
        page: Canvas = self.canv
        verdict = self.dossier.verdict
        words = words_of(verdict)
        page.setFillColor(VERDICT_COLOURS[verdict])
        page.roundRect(0, 2 * mm, PAGE_WIDTH, 14 * mm, 2 * mm, stroke=0, fill=1)
        page.setFillColorRGB(1, 1, 1)
        page.setFont(FONT, 18)
        mark = _VERDICT_MARKS[verdict]
        page.drawString(5 * mm, 6.6 * mm, f"{mark}  {self.ink.words(words)}")
        page.setFont(FONT, 11)
        page.drawRightString(PAGE_WIDTH - 5 * mm, 7 * mm, self.ink.other(words))


class Tiles(Flowable):
    """Figures at a glance."""

    def __init__(self, tiles: list[tuple[str, str]], ink: Ink) -> None:
        super().__init__()
        self.tiles, self.ink = tiles, ink

    def wrap(self, *_available: float) -> tuple[float, float]:
        """The room that they take."""
        return PAGE_WIDTH, 22 * mm

    def draw(self) -> None:
        """Paint them side by side."""
        page: Canvas = self.canv
        gap = 3 * mm
        step = (PAGE_WIDTH + gap) / len(self.tiles)
        for place, (figure, words) in enumerate(self.tiles):
            left = place * step
            page.setFillColor(LIGHT)
            page.roundRect(left, 2 * mm, step - gap, 18 * mm, 1.5 * mm, stroke=0, fill=1)
            page.setFillColor(INK)
            page.setFont(FONT, 16)
            page.drawString(left + 3 * mm, 11.5 * mm, figure)
            page.setFillColor(GREY)
            page.setFont(FONT, 7.5)
            page.drawString(left + 3 * mm, 5.5 * mm, self.ink.glyphs.fit(words, 7.5, step - 8 * mm))


def cover(dossier: Dossier, ink: Ink, numbers: Numbering) -> list[Flowable]:
    """The first page."""
    story: list[Flowable] = [_Head(dossier, ink), Spacer(0, 2 * mm), _Badge(dossier, ink)]
    story += [
        ink.paragraph(f"•  {ink.words(reason)}", 10, after=1.5 * mm)
        for reason in dossier.reasons[:REASONS_MAX]
    ]
    if len(dossier.reasons) > REASONS_MAX:
        left = len(dossier.reasons) - REASONS_MAX
        story.append(ink.paragraph(ink.text("left_rows", count=left), 8, GREY))
    if dossier.affected_by:
        named = f"{ink.text('recalls')}: {', '.join(dossier.affected_by[:20])}"
        story.append(ink.paragraph(named, 9, GREY))
    story.append(Spacer(0, 4 * mm))
    story.append(Tiles(_figures(dossier, ink, numbers), ink))
    return story


def _figures(dossier: Dossier, ink: Ink, numbers: Numbering) -> list[tuple[str, str]]:
    results = [
        record.fact.result for record in dossier.facts if isinstance(record.fact, Inspection)
    ]
    failed = sum(result is Result.FAILED for result in results)
    proved = counts(dossier, numbers)
    fixed = proved[ProofState.FIXED]
    return [
        (str(len(dossier.tree.nodes)), ink.text("parts")),
        (f"{len(results)} / {failed}", f"{ink.text('inspections')} / {ink.text('failed')}"),
        (str(len(dossier.tree.gaps)), ink.text("gaps")),
        (str(len(dossier.certificates)), ink.text("certificates")),
        (
            f"{fixed} / {proved.total()}",
            f"{PROOF_MARKS[ProofState.FIXED]} {ink.of(ProofState.FIXED)}",
        ),
    ]
