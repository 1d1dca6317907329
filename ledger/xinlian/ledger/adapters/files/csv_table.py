"""CSV as a table: encodings, quoting, and the line of every row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError, TableReason
from xinlian.ledger.model.tables import (
    CELL_CHARS_MAX,
    COLUMNS_MAX,
    WIDEST,
    Bounds,
    Cell,
    SourceRow,
    TableLayout,
    check_header,
)

_BOMS: Final = (
    # The UTF-32 mark begins with the UTF-16 one and must be looked at first.
    (codecs.BOM_UTF32_LE, None),
    (codecs.BOM_UTF32_BE, None),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
RECORD_CHARS_MAX: Final = COLUMNS_MAX * CELL_CHARS_MAX
"""No record is handed to the parser that could hold more cells than fit a table."""
# GB18030 gives nearly every pair of bytes a meaning; text of another encoding read as GB18030
# lands among the private-use characters sooner or later.
_NOT_TEXT: Final = re.compile("[\ue000-\uf8ff\ufffe\uffff\U000f0000-\U0010ffff]")


def decode(data: bytes, encoding: str = "auto") -> str:
    """Text of UTF-8 (with or without mark), UTF-16 with mark, or GB18030; else refused.

    ``encoding`` other than ``auto`` takes that one alone.
    """
    marked = next((name for mark, name in _BOMS if data.startswith(mark)), "")
    if marked is None or (marked == "utf-16" and encoding not in ("auto", "utf-16")):
        raise _unknown("it begins with the mark of another encoding", None)
    if marked:
        tries = [marked]
    elif encoding == "auto":
        tries = ["utf-8", "gb18030"]
    elif encoding == "utf-16":
        raise _unknown("UTF-16 needs its mark (BOM) at the start", None)
    else:
        tries = [encoding]
    text, problem = None, ("", 0)
    for name in tries:
        try:
            text = data.decode("utf-8-sig" if name == "utf-8" else name)
            break
        except UnicodeDecodeError as exc:
            problem = (f"not {name}: {exc.reason}", data.count(b"\n", 0, exc.start) + 1)
    if text is None:
        raise _unknown(*problem)
    nul = text.find("\0")
    if nul >= 0:
        raise FileRefusedError(
            FileReason.NUL_CHARACTER,
            "a NUL character: the file is damaged, or UTF-16 without its mark",
            text.count("\n", 0, nul) + 1,
        )
    strange = _NOT_TEXT.search(text)
    if strange:
        raise _unknown(
            f"read as {tries[-1]} it holds a character without meaning",
            text.count("\n", 0, strange.start()) + 1,
        )
    return text


def _unknown(why: str, line: int | None) -> FileRefusedError:
    return FileRefusedError(
        FileReason.ENCODING_UNKNOWN,
        f"the text encoding is not UTF-8, UTF-16 or GB18030 ({why}): save the file as UTF-8",
        line,
    )


class CsvTable:
    """A CSV file after RFC 4180; the delimiter is the mapping's."""

    def __init__(self, text: str, delimiter: str, bounds: Bounds = WIDEST) -> None:
        self._lines = io.StringIO(text, newline="")
        self._bounds = bounds
        self._cells = 0
        self._record_line, self._record_chars = 1, 0
        self._last = ""
        self._reader = csv.reader(self._feed(), delimiter=delimiter, strict=True)
        header = next(self._records(), None)
        if header is None or header.problem is not None:
            raise FileRefusedError(FileReason.HEADER_MISSING, "there is no row of column names", 1)
        self.header = check_header([cell.text for cell in header.cells], header.line)

    @classmethod
    def open(cls, data: bytes, layout: TableLayout, bounds: Bounds = WIDEST) -> CsvTable:
        """Decode the bytes and read the header."""
        text = decode(data, layout.encoding)
        if text.lstrip().startswith("<"):
            raise FileRefusedError(
                FileReason.WRONG_KIND, "the file holds XML or HTML, not CSV", line=1
            )
        return cls(text, layout.delimiter, bounds)

    def rows(self) -> Iterator[SourceRow]:
        """The rows below the header; a row of the wrong width carries ``ragged_row``."""
        width = len(self.header)
        for count, row in enumerate(self._records()):
            if count >= self._bounds.rows:
                raise self._bounds.too_many_rows(row.line)
            if row.problem is None and len(row.cells) != width:
                yield SourceRow(row.line, row.cells, TableReason.RAGGED_ROW)
            else:
                yield row

    def _feed(self) -> Iterator[str]:
        while line := self._lines.readline(RECORD_CHARS_MAX + 1):
            self._record_chars += len(line)
            if self._record_chars > RECORD_CHARS_MAX:
                raise _too_wide(self._record_line)
            self._last = line
            yield line

    def _records(self) -> Iterator[SourceRow]:
        """Records with content, each with the line on which it begins."""
        while True:
            line = self._reader.line_num + 1
            self._record_line, self._record_chars = line, 0
            try:
                fields = next(self._reader)
            except StopIteration:
                return
            except csv.Error as exc:
                yield SourceRow(line, (), self._judge(exc, line))
                continue
            if len(fields) > COLUMNS_MAX:
                raise _too_wide(line)
            self._cells += max(1, len(fields))
            if self._cells > self._bounds.cells:
                raise self._bounds.too_many_cells(line)
            cells = tuple(Cell(field.strip()) for field in fields)
            if any(cell.text for cell in cells):
                yield SourceRow(line, cells)

    def _judge(self, exc: csv.Error, line: int) -> TableReason:
        """What a record that can't be read means.

        A quote that is never closed swallows the rows behind it: the file is refused, for else
        those rows would be missing from the account.
        """
        spans_lines = self._reader.line_num > line
        too_long = "field limit" in str(exc)
        if spans_lines or "end of data" in str(exc) or (too_long and self._last.count('"') % 2):
            raise FileRefusedError(
                FileReason.UNCLOSED_QUOTE, "a quote is opened here and not closed", line
            ) from exc
        return TableReason.CELL_TOO_LONG if too_long else TableReason.QUOTE_MALFORMED


def _too_wide(line: int) -> FileRefusedError:
    return FileRefusedError(
        FileReason.TOO_MANY_COLUMNS,
        f"more than {COLUMNS_MAX} columns, or {RECORD_CHARS_MAX} characters in one row",
        line,
    )
