"""A recall list as PDF: bounds first, then vehicles, certain ones before possible ones."""

from __future__ import annotations

from typing import BinaryIO, Final

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer
from xinlian.trace.adapters.exports.lines import (
    RECALL_WORDS,
    RecallWords,
    bounds,
    hidden_text,
    placed,
    recall_rows,
)
from xinlian.trace.adapters.exports.spreadsheets import named_rows
from xinlian.trace.adapters.paper.cover import Tiles
from xinlian.trace.adapters.paper.dossier import PaperReport, build_document
from xinlian.trace.adapters.paper.ink import AMBER, GREY, RED, Ink
from xinlian.trace.adapters.paper.tables import Cell, grid
from xinlian.trace.adapters.paper.tree_picture import short_code
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.recall import Finding, RecallList, Whereabouts
from xinlian.trace.model.standing import RecallState, Standing

__all__ = ["PDF_ROWS", "recall_pdf"]

PDF_ROWS: Final = 5_000
"""Vehicles printed: some 250 pages; CSV and XLSX have them all."""
_CHUNK: Final = 500
_HEADS: Final = ("vehicle", "finding", "where", "why", "change")
_WIDTHS: Final = (38, 22, 20, 76, 22)
_WRAPPED: Final = frozenset({"vehicle", "why", "change"})
_SHORT_CHARS: Final = 8


def recall_pdf(
    recall: RecallList, language: Language, out: BinaryIO, standing: Standing | None = None
) -> PaperReport:
    """Write the list in ``language`` and tell what became of it."""
    ink = Ink(language)
    words = RecallWords(language)
    title = RECALL_WORDS["list"]
    story: list[Flowable] = [
        ink.paragraph(f"{ink.words(title)}   {ink.other(title)}", 11, GREY),
        *_heading(recall, standing, words, ink),
        Tiles(_tiles(recall, words), ink),
        Spacer(0, 2 * mm),
    ]
    if recall.hidden:
        story.append(ink.paragraph(hidden_text(recall, words), 10, RED, after=2 * mm))
    # The heading has its name.
    told: list[tuple[str, str | int]] = [*named_rows(recall, words, standing)]
    if standing is not None:
        del told[0]  # the heading has its name
    told.append((words.text("in_stock"), len(recall.stock)))
    told.append((words.text("notified"), len(recall.notified)))
    if recall.diff is not None:
        told.append((words.text("earlier"), recall.diff.earlier_id))
    story += [ink.paragraph(f"{name}: {value}", 9) for name, value in told]
    story.append(Spacer(0, 4 * mm))
    rows = sorted(
        recall_rows(recall, words),
        key=lambda row: (row[0] != words.text("vehicle"), _RANK.get(row[2], 9)),
    )
    ranks = [_row(row, words) for row in rows[:PDF_ROWS]]
    # Without an earlier list and before anybody was told the last column has nothing to say.
    shown = len(_HEADS) if any(row[-1] for row in ranks) else len(_HEADS) - 1
    for start in range(0, len(ranks), _CHUNK):
        # In pieces: the layout of one very long table takes time that grows with its square.
        chunk = [row[:shown] for row in ranks[start : start + _CHUNK]]
        story.append(grid(ink, _HEADS[:shown], chunk, _WIDTHS[:shown], wrapped=_WRAPPED))
    left = len(rows) - len(ranks)
    if left:
        story.append(ink.paragraph(ink.text("left_rows_files", count=left), 9, RED))
    foot = f"{_called(recall, standing, words)} · {recall.recall_id} · {ink.text('zone')}"
    pages = build_document(story, out, ink, f"{title.en} {recall.recall_id}", foot)
    return PaperReport(pages, ink.glyphs.missing, 0, left)


def _called(recall: RecallList, standing: Standing | None, words: RecallWords) -> str:
    if standing is None:
        return recall.recall_id[:_SHORT_CHARS]
    return f"{words.text('recall', number=standing.number)} {standing.title}".strip()


def _heading(
    recall: RecallList, standing: Standing | None, words: RecallWords, ink: Ink
) -> list[Flowable]:
    """Its name large; in red that it warns nobody, if it does not."""
    name = ink.paragraph(_called(recall, standing, words), 20, after=3 * mm)
    if standing is None or standing.state is RecallState.PUBLISHED:
        return [name]
    return [name, ink.paragraph(words.of(standing.state), 13, RED, after=3 * mm)]


_RANK: Final = {
    RecallWords(language).of(finding): rank
    for language in Language
    for rank, finding in enumerate(Finding)
}


def _tiles(recall: RecallList, words: RecallWords) -> list[tuple[str, str]]:
    least, most = bounds(recall)
    return [
        (f"{least:,} – {'?' if recall.hidden else f'{most:,}'}", words.text("bounds")),
        *(
            (f"{placed(recall, where):,}", words.of(where))
            for where in (Whereabouts.STOPPABLE, Whereabouts.FIELD)
        ),
        (f"{recall.gaps:,}", words.text("gaps")),
        (f"{recall.population:,}", words.text("population")),
    ]


def _row(row: tuple[str, ...], words: RecallWords) -> tuple[str | Cell, ...]:
    kind, name, finding, reason, _, where, path, change, earlier, told = row
    vehicle = name if kind == words.text("vehicle") else f"{kind}: {short_code(name)}"
    colours = {words.of(Finding.CERTAIN): RED, words.of(Finding.POSSIBLE): AMBER}
    places = path.split(" > ")
    if places[-1] == name:
        places.pop()
    steps = " > ".join(short_code(step) for step in places)
    why = f"{reason}: {steps}" if steps else reason
    moved = f"{change} ({earlier})" if earlier else change
    if told:
        moved = f"{moved} {words.text('notified')}".strip()
    return vehicle, Cell(finding, colours.get(finding, GREY)), where, why, moved
