"""A recall list as PDF: bounds first, then vehicles, certain ones before possible ones."""

from __future__ import annotations

from typing import BinaryIO, Final

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer
from xinlian.trace.adapters.exports.lines import RECALL_WORDS, RecallWords, bounds, recall_rows
from xinlian.trace.adapters.exports.spreadsheets import summary_rows
from xinlian.trace.adapters.paper.cover import Tiles
from xinlian.trace.adapters.paper.dossier import PaperReport, build_document
from xinlian.trace.adapters.paper.ink import GREY, RED, Ink
from xinlian.trace.adapters.paper.tables import Cell, grid
from xinlian.trace.adapters.paper.tree_picture import short_code
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.recall import Finding, RecallList, Whereabouts

__all__ = ["PDF_ROWS", "recall_pdf"]

PDF_ROWS: Final = 5_000
"""Vehicles printed: some 250 pages; CSV and XLSX have them all."""
_CHUNK: Final = 500
_HEADS: Final = ("vehicle", "finding", "where", "why", "change")


def recall_pdf(recall: RecallList, language: Language, out: BinaryIO) -> PaperReport:
    """Write the list in ``language`` and tell what became of it."""
    ink = Ink(language)
    words = RecallWords(language)
    title = RECALL_WORDS["list"]
    story: list[Flowable] = [
        ink.paragraph(f"{ink.words(title)}   {ink.other(title)}", 11, GREY),
        ink.paragraph(recall.recall_id, 20, after=3 * mm),
        Tiles(_tiles(recall, words), ink),
        Spacer(0, 2 * mm),
    ]
    story += [
        ink.paragraph(f"{name}: {value}", 9)
        for name, value in list(summary_rows(recall, words))[1:]
    ]
    story.append(Spacer(0, 4 * mm))
    rows = sorted(
        recall_rows(recall, words),
        key=lambda row: (row[0] != words.text("vehicle"), _RANK.get(row[2], 9)),
    )
    ranks = [_row(row, words) for row in rows[:PDF_ROWS]]
    for start in range(0, len(ranks), _CHUNK):
        # In pieces: the layout of one very long table takes time that grows with its square.
        chunk = ranks[start : start + _CHUNK]
        story.append(
            grid(ink, _HEADS, chunk, (38, 22, 20, 76, 22), wrapped={"vehicle", "why", "change"})
        )
    left = len(rows) - len(ranks)
    if left:
        story.append(ink.paragraph(ink.text("left_rows_files", count=left), 9, RED))
    foot = f"{recall.recall_id} · {ink.text('zone')}"
    pages = build_document(story, out, ink, f"{title.en} {recall.recall_id}", foot)
    return PaperReport(pages, ink.glyphs.missing, 0, left)


_RANK: Final = {
    RecallWords(language).of(finding): rank
    for language in Language
    for rank, finding in enumerate(Finding)
}


def _tiles(recall: RecallList, words: RecallWords) -> list[tuple[str, str]]:
    least, most = bounds(recall)
    stop = sum(
        line.whereabouts is Whereabouts.STOPPABLE and line.finding is not Finding.EXCLUDED
        for line in recall.lines
    )
    field = sum(
        line.whereabouts is Whereabouts.FIELD and line.finding is not Finding.EXCLUDED
        for line in recall.lines
    )
    return [
        (f"{least} – {most}", words.text("bounds")),
        (str(stop), words.of(Whereabouts.STOPPABLE)),
        (str(field), words.of(Whereabouts.FIELD)),
        (str(recall.gaps), words.text("gaps")),
        (str(recall.population), words.text("population")),
    ]


def _row(row: tuple[str, ...], words: RecallWords) -> tuple[str | Cell, ...]:
    kind, name, finding, reason, _, where, path, change, earlier, told = row
    vehicle = name if kind == words.text("vehicle") else f"{kind}: {short_code(name)}"
    loud = finding == words.of(Finding.CERTAIN)
    places = path.split(" > ")
    if places[-1] == name:
        places.pop()
    steps = " > ".join(short_code(step) for step in places)
    why = f"{reason}: {steps}" if steps else reason
    moved = f"{change} ({earlier})" if earlier else change
    if told:
        moved = f"{moved} {words.text('notified')}".strip()
    return vehicle, Cell(finding, RED if loud else GREY), where, why, moved
