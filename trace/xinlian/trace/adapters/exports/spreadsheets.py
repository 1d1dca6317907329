"""Recall lists for spreadsheets: CSV and XLSX, without anything that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from itertools import chain
from typing import BinaryIO, Final

from xinlian.trace.adapters.exports.lines import (
    HEADS,
    RecallWords,
    bounds,
    cause_text,
    hidden_text,
    note_rows,
    placed,
    plain_text,
    recall_rows,
    safe_text,
)
from xinlian.trace.adapters.paper.ink import Ink
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.recall import RecallList, Whereabouts
from xinlian.trace.model.standing import Standing
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

__all__ = ["named_rows", "recall_csv", "recall_xlsx", "summary_rows"]

_SHEET_ROWS: Final = 1_000_000
"""A sheet takes 1,048,576; what is over goes to a further sheet."""
_CELL_MAX: Final = 32_767
"""Characters that a cell of XLSX takes."""
_WIDTHS: Final = (14, 28, 14, 48, 20, 14, 60, 14, 14, 10)


def recall_csv(recall: RecallList, language: Language, out: BinaryIO) -> int:
    """Write CSV (UTF-8 with a byte order mark, as Excel wants it); the number of rows."""
    words = RecallWords(language)
    out.write(b"\xef\xbb\xbf")
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([head.of(language) for head in HEADS])
    count = 0
    for row in chain(recall_rows(recall, words), note_rows(recall, words)):
        writer.writerow([safe_text(cell) for cell in row])
        count += 1
    text.flush()
    text.detach()
    return count


def recall_xlsx(
    recall: RecallList, language: Language, out: BinaryIO, standing: Standing | None = None
) -> int:
    """Write XLSX: a summary and the list, row by row; the number of rows.

    Figures of the summary are numbers. Every other cell is a text (never a formula or a link), with
    blanks for control characters.
    """
    words = RecallWords(language)
    book = Workbook(out, {"constant_memory": True})
    bold = book.add_format({"bold": True})
    left = book.add_format({"align": "left", "num_format": "#,##0"})
    summary = book.add_worksheet(words.text("list"))
    summary.set_column(0, 0, 28)
    summary.set_column(1, 1, 90)
    for place, (name, value) in enumerate(summary_rows(recall, words, standing)):
        summary.write_string(place, 0, name, bold)
        if isinstance(value, int):
            summary.write_number(place, 1, value, left)
        else:
            summary.write_string(place, 1, plain_text(value)[:_CELL_MAX])
    count = 0
    for count, row in enumerate(chain(recall_rows(recall, words), note_rows(recall, words)), 1):
        number, place = divmod(count - 1, _SHEET_ROWS)
        if place == 0:
            sheet = _sheet(book, words, number + 1, bold)
        for column, text in enumerate(row):
            sheet.write_string(place + 1, column, plain_text(text)[:_CELL_MAX])
    if count == 0:
        _sheet(book, words, 1, bold)
    book.close()
    return count


def summary_rows(
    recall: RecallList, words: RecallWords, standing: Standing | None = None
) -> Iterable[tuple[str, str | int]]:
    """What a recall list says of itself."""
    yield from named_rows(recall, words, standing)
    least, most = bounds(recall)
    yield words.text("population"), recall.population
    yield words.text("least"), least
    yield words.text("most"), words.text("no_bound") if recall.hidden else most
    if recall.hidden:
        yield words.text("hidden"), hidden_text(recall, words)
    yield words.text("excluded"), recall.excluded
    yield words.text("in_field"), placed(recall, Whereabouts.FIELD)
    yield words.text("stoppable"), placed(recall, Whereabouts.STOPPABLE)
    yield words.text("in_stock"), len(recall.stock)
    yield words.text("notified"), len(recall.notified)
    yield words.text("gaps"), recall.gaps
    if recall.diff is not None:
        yield words.text("earlier"), recall.diff.earlier_id


def named_rows(
    recall: RecallList, words: RecallWords, standing: Standing | None
) -> Iterable[tuple[str, str]]:
    """What a recall is called, how far it has come, from what it starts."""
    ink = Ink(words.language)
    if standing is not None:
        yield words.text("name"), f"{standing.number} {standing.title}".strip()
        step = standing.steps[-1]
        why = f" · {step.reason}" if step.reason else ""
        yield words.text("state"), f"{words.of(step.state)} · {ink.time(step.at_ms)}{why}"
    yield words.text("id"), recall.recall_id
    yield words.text("made"), f"{ink.time(recall.made_at_ms)} (UTC+8)"
    for cause in recall.causes:
        times = {at: ink.time(at) for at in (cause.from_ms, cause.to_ms) if at is not None}
        yield words.text("cause"), cause_text(cause, words, times)


def _sheet(book: Workbook, words: RecallWords, number: int, bold: Format) -> Worksheet:
    title = "车辆" if words.language is Language.ZH else "Vehicles"
    sheet = book.add_worksheet(title if number == 1 else f"{title} {number}")
    sheet.freeze_panes(1, 0)
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width)
    for place, head in enumerate(HEADS):
        sheet.write_string(0, place, head.of(words.language), bold)
    return sheet
