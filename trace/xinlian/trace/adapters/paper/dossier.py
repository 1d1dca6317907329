"""The dossier of an item as PDF: A4, vector graphics, its font embedded, bounded in length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Spacer
from xinlian.trace.adapters.fonts import FONT
from xinlian.trace.adapters.paper.cover import cover
from xinlian.trace.adapters.paper.ink import (
    GREY,
    GRID,
    PAGE_WIDTH,
    PROOF_COLOURS,
    PROOF_MARKS,
    RED,
    Ink,
)
from xinlian.trace.adapters.paper.numbering import Numbering
from xinlian.trace.adapters.paper.proofs import proof_section
from xinlian.trace.adapters.paper.sections import Sections, heading
from xinlian.trace.adapters.paper.tables import Cell, grid
from xinlian.trace.adapters.paper.tree_picture import TreeRows, choose_rows, short_code
from xinlian.trace.adapters.paper.words import TEXT
from xinlian.trace.model.dossier import Dossier, Language, ProofState
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.tree import Node

__all__ = ["APPENDIX_ROWS", "PaperReport", "build_document", "dossier_pdf"]

APPENDIX_ROWS: Final = 3_000
"""Places of the tree listed after the drawn ones: some forty pages."""
MARGIN: Final = 16 * mm
CHART_ROOM: Final = 75 * mm
"""A heading and a chart below it."""


@dataclass(frozen=True, slots=True)
class PaperReport:
    """What became of a document. ``missing`` are characters that the font lacks;
    ``left_out`` counts nodes, rows and charts that were not printed (the document tells)."""

    pages: int
    missing: tuple[str, ...]
    nodes_drawn: int
    left_out: int


class _Pages(Canvas):
    """A canvas that knows the number of pages before it writes the feet."""

    def __init__(self, *args: Any, foot: str = "", page_words: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self._kept: list[dict[str, Any]] = []
        self._foot, self._page_words = foot, page_words

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        self._kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        pages = len(self._kept)
        for number, state in enumerate(self._kept, 1):
            self.__dict__.update(state)
            self.setStrokeColor(GRID)
            self.setLineWidth(0.4)
            self.line(MARGIN, 13 * mm, A4[0] - MARGIN, 13 * mm)
            self.setFont(FONT, 7)
            self.setFillColor(GREY)
            self.drawString(MARGIN, 9.5 * mm, self._foot)
            words = self._page_words.format(page=number, pages=pages)
            self.drawRightString(A4[0] - MARGIN, 9.5 * mm, words)
            super().showPage()
        super().save()


def build_document(
    story: Sequence[Flowable], out: BinaryIO, ink: Ink, title: str, foot: str
) -> int:
    """Write a document of flowing parts on A4 pages with feet; the number of its pages."""
    shown = ink.glyphs.fit(foot, 7, PAGE_WIDTH * 0.75)
    page_words = TEXT["page"].of(ink.language)
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        title=title,
        author="Xinlian",
        lang="zh-CN" if ink.language is Language.ZH else "en",
        invariant=True,
    )
    frame = Frame(
        MARGIN, 16 * mm, PAGE_WIDTH, A4[1] - 30 * mm, 0, 0, 0, 0, showBoundary=0, id="page"
    )
    document.addPageTemplates([PageTemplate("page", [frame])])

    def canvas(*args: Any, **more: Any) -> _Pages:
        return _Pages(*args, foot=shown, page_words=page_words, **more)

    document.build(list(story), canvasmaker=canvas)
    return int(document.page)


def dossier_pdf(dossier: Dossier, language: Language, out: BinaryIO) -> PaperReport:
    """Write the dossier in ``language`` (headings in both) and tell what became of it."""
    ink = Ink(language)
    numbers = Numbering(dossier.tree, ink)
    sections = Sections(dossier, ink, numbers)
    suspects = set(dossier.suspects)
    rows, shown = choose_rows(dossier.tree, suspects=suspects)
    story = cover(dossier, ink, numbers)
    states = {described.item: described.proof.state for described in dossier.item_proofs}
    names = dict(dossier.party_names)
    story += heading(ink, TEXT["tree"])
    story.append(TreeRows(dossier.tree, rows, ink, states, names, suspects))
    story += [Spacer(0, 2 * mm), *_cuts(dossier, ink)]
    for name, parts in (
        ("gaps", sections.gaps),
        ("inspections", sections.inspections),
        ("charts", sections.charts),
        ("process", sections.processes),
        ("telemetry", sections.telemetry),
        ("certificates", sections.certificates),
        ("events", sections.events),
    ):
        found = list(parts())
        if found:
            room = CHART_ROOM if name in ("charts", "telemetry") else 30 * mm
            story += [*heading(ink, TEXT[name], room), *found]
    proofs, left = proof_section(dossier, ink, numbers)
    story += [*heading(ink, TEXT["proof"]), *proofs]
    listed = _appendix(dossier, ink, shown, states, story)
    nodes_left = len(dossier.tree.nodes) - len(shown) - listed
    story += _notes(ink, nodes_left)
    item = dossier.item
    foot = f"{ink.name(item)} {short_code(item.id.id)} · {ink.text('zone')}"
    pages = build_document(story, out, ink, f"{TEXT['dossier'].en} {item.id.id}", foot)
    return PaperReport(
        pages,
        ink.glyphs.missing,
        len(shown) + listed,
        nodes_left + sections.left_out + left,
    )


def _cuts(dossier: Dossier, ink: Ink) -> list[Flowable]:
    return [
        ink.paragraph(f"{ink.of(reason)}: {count}", 8, GREY)
        for reason, count in dossier.tree.truncations
    ]


def _appendix(
    dossier: Dossier,
    ink: Ink,
    shown: set[int],
    states: dict[ItemId, ProofState],
    story: list[Flowable],
) -> int:
    """List the places that the picture leaves out; how many are listed."""
    names = dict(dossier.party_names)
    suspects = set(dossier.suspects)
    rest = [index for index in range(len(dossier.tree.nodes)) if index not in shown]
    kept = rest[:APPENDIX_ROWS]
    if kept:
        nodes = dossier.tree.nodes
        rows = [_appendix_row(nodes[at], at, ink, names, states, suspects) for at in kept]
        story += heading(ink, TEXT["appendix"])
        heads = ("number", "link", "name", "id", "maker", "mark")
        story.append(grid(ink, heads, rows, (13, 26, 40, 58, 38, 11), size=6.5))
    return len(kept)


def _appendix_row(
    node: Node,
    index: int,
    ink: Ink,
    names: dict[str, str],
    states: dict[ItemId, ProofState],
    suspects: set[ItemId],
) -> tuple[str | Cell, ...]:
    link = node.link
    kind = "" if link is None else ink.of(link.kind)
    maker = names.get(node.item.maker, node.item.maker)
    place = f"{kind} → #{node.parent + 1}"
    state = states.get(node.item.id, ProofState.NONE)
    mark = Cell(PROOF_MARKS[state], PROOF_COLOURS[state])
    name: str | Cell = ink.name(node.item)
    code: str | Cell = short_code(node.item.id.id)
    if node.item.id in suspects:
        name, code = Cell(f"{ink.name(node.item)} {ink.text('suspect')}", RED), Cell(str(code), RED)
    return f"#{index + 1}", place, name, code, maker, mark


def _notes(ink: Ink, nodes_left: int) -> list[Flowable]:
    story = [*heading(ink, TEXT["notes"]), ink.paragraph(ink.text("zone"), 8.5)]
    if nodes_left:
        story.append(ink.paragraph(ink.text("left_nodes", count=nodes_left), 8.5))
    missing = ink.glyphs.missing
    if missing:
        chars = " ".join(f"U+{ord(char):04X}" for char in missing[:100])
        story.append(ink.paragraph(ink.text("missing", chars=chars), 8.5))
    return story
