"""An .xlsx worksheet as a table.

Numbers are taken from the file's own text, never through a binary float: a spreadsheet keeps 15
significant digits, so a number is rounded to 15 and is then the decimal that the user sees.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final
from xml.etree.ElementTree import Element

from xinlian.ledger.adapters.files.xlsx_package import XlsxPackage, damaged, local
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError, TableReason
from xinlian.ledger.model.tables import (
    COLUMNS_MAX,
    WIDEST,
    Bounds,
    Cell,
    CellKind,
    SourceRow,
    TableLayout,
    check_header,
)

ELEMENTS_PER_CELL: Final = 4
"""A cell with its formula and value, or its text, and its part of a row."""
STYLES_MAX: Final = 200_000
SHEETS_MAX: Final = 10_000
SHEET_LINES_MAX: Final = 1_048_576
_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
_DIGITS = Context(prec=15, rounding=ROUND_HALF_EVEN)
_EXACT_BELOW = Decimal(10) ** 15
_BUILTIN_DATES = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})
_FORMAT_NOISE = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_EMPTY = Cell("")


class XlsxTable:
    """One worksheet; the first, or the one the mapping names."""

    def __init__(self, package: XlsxPackage, sheet: str | None, bounds: Bounds = WIDEST) -> None:
        self._package = package
        self._bounds = bounds
        self._count = 0
        self._part, self._epoch = _find_sheet(package, sheet)
        self._strings = _shared_strings(package, bounds)
        self._date_styles = _date_styles(package)
        self._stream = self._lines()
        first = next(self._stream, None)
        if first is None:
            raise FileRefusedError(FileReason.HEADER_MISSING, "the worksheet is empty", 1)
        self.header = check_header([cell.text for cell in first.cells], first.line)

    @classmethod
    def open(cls, data: bytes, layout: TableLayout, bounds: Bounds = WIDEST) -> XlsxTable:
        """Open the workbook in ``data``; raises ``FileRefusedError``."""
        package = XlsxPackage(data)
        if not package.has("xl/workbook.xml"):
            raise FileRefusedError(FileReason.WRONG_KIND, "the zip archive is no .xlsx workbook")
        return cls(package, layout.sheet, bounds)

    def rows(self) -> Iterator[SourceRow]:
        """The rows below the header; a row wider than the header carries ``ragged_row``."""
        width = len(self.header)
        for count, row in enumerate(self._stream):
            if count >= self._bounds.rows:
                raise self._bounds.too_many_rows(row.line)
            if any(cell.text for cell in row.cells[width:]):
                yield SourceRow(row.line, row.cells, TableReason.RAGGED_ROW)
            else:
                padding = (_EMPTY,) * (width - len(row.cells))
                yield SourceRow(row.line, row.cells[:width] + padding)

    def _lines(self) -> Iterator[SourceRow]:
        line, most = 0, self._bounds.cells * ELEMENTS_PER_CELL
        for _, row in self._package.elements(self._part, frozenset({"row"}), most):
            stated = _small(row.get("r", str(line + 1)))
            if stated is None or not line < stated <= SHEET_LINES_MAX:
                raise damaged(f"behind row {line} stands one numbered {row.get('r', '')[:20]!r}")
            line = stated
            cells = self._cells(row, line)
            self._count += max(1, len(cells))
            if self._count > self._bounds.cells:
                raise self._bounds.too_many_cells(line)
            if any(cell.text or cell.kind is CellKind.NO_VALUE for cell in cells):
                yield SourceRow(line, cells)

    def _cells(self, row: Element, line: int) -> tuple[Cell, ...]:
        cells: list[Cell] = []
        for element in row:
            if local(element) != "c":
                continue
            column = _column(element.get("r"), len(cells))
            if column < len(cells):
                raise damaged(f"row {line} holds a cell twice or out of order")
            if column >= COLUMNS_MAX:
                raise FileRefusedError(
                    FileReason.TOO_MANY_COLUMNS, f"more than {COLUMNS_MAX} columns", line
                )
            cells += [_EMPTY] * (column - len(cells))
            cells.append(self._cell(element))
        return tuple(cells)

    def _cell(self, element: Element) -> Cell:
        parts = {local(child): child for child in element}
        kind, value = element.get("t", "n"), parts.get("v")
        if kind == "inlineStr":
            return Cell(_text(parts["is"]).strip()) if "is" in parts else _EMPTY
        if value is None or value.text is None:
            unfilled = "f" in parts and kind != "str"
            return Cell("formula", CellKind.NO_VALUE) if unfilled else _EMPTY
        text = value.text.strip()
        if kind == "s":
            index = _small(text)
            if index is None or index >= len(self._strings):
                raise damaged(f"a cell names the shared text {text[:20]!r}")
            return self._strings[index]
        if kind == "e":
            return Cell(text, CellKind.ERROR)
        if kind == "d":
            return Cell(text[:10], CellKind.DATE, text[11:19])
        if kind == "b":
            return Cell("TRUE" if text == "1" else "FALSE")
        return self._number(text, element.get("s", "0")) if kind == "n" else Cell(text)

    def _number(self, text: str, style: str) -> Cell:
        if _NUMBER.fullmatch(text) is None:
            return Cell(text, CellKind.ERROR)
        value = _DIGITS.create_decimal(text)
        if style in self._date_styles:
            return _date(value, self._epoch)
        if abs(value) >= _EXACT_BELOW:
            return Cell(text, CellKind.ROUNDED)
        plain = format(value, "f")
        return Cell(plain.rstrip("0").rstrip(".") if "." in plain else plain, CellKind.NUMBER)


def _small(text: str) -> int | None:
    """A whole number of at most nine digits, or None."""
    return int(text) if len(text) <= 9 and text.isascii() and text.isdigit() else None


def _date(serial: Decimal, epoch: date) -> Cell:
    seconds = round(serial % 1 * 86_400)
    try:
        day = epoch + timedelta(days=int(serial) + seconds // 86_400)
        clock = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return Cell(day.isoformat(), CellKind.DATE, clock if seconds % 86_400 else "")
    except OverflowError:
        return Cell(str(serial), CellKind.ERROR)


def _column(reference: str | None, following: int) -> int:
    if reference is None:
        return following
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise damaged(f"a cell is named {reference[:20]!r}")
    column = 0
    for letter in match.group(1):
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _text(element: Element) -> str:
    """Text of plain or rich runs; phonetic hints (rPh) stand beside the text and are left out."""
    parts = []
    for child in element:
        name = local(child)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += [run.text or "" for run in child if local(run) == "t"]
    return "".join(parts)


def _shared_strings(package: XlsxPackage, bounds: Bounds) -> list[Cell]:
    if not package.has("xl/sharedStrings.xml"):
        return []
    most = bounds.cells * ELEMENTS_PER_CELL
    found = package.elements("xl/sharedStrings.xml", frozenset({"si"}), most)
    return [Cell(_text(element).strip()) for _, element in found]


def _date_styles(package: XlsxPackage) -> frozenset[str]:
    """Style numbers whose format shows a day."""
    if not package.has("xl/styles.xml"):
        return frozenset()
    formats, styles = set(_BUILTIN_DATES), set()
    wanted = frozenset({"numFmts", "cellXfs"})
    for name, element in package.elements("xl/styles.xml", wanted, STYLES_MAX, STYLES_MAX):
        for index, child in enumerate(element):
            number = _small(child.get("numFmtId", "0")) or 0
            if name == "numFmts":
                code = _FORMAT_NOISE.sub("", child.get("formatCode", "")).lower()
                shows_day = "y" in code or "d" in code
                (formats.add if shows_day else formats.discard)(number)
            elif number in formats:
                styles.add(str(index))
    return frozenset(styles)


def _find_sheet(package: XlsxPackage, wanted: str | None) -> tuple[str, date]:
    """The part of the worksheet and the day from which its dates count."""
    targets = {}
    links = frozenset({"Relationship"})
    for _, rel in package.elements("xl/_rels/workbook.xml.rels", links, SHEETS_MAX):
        if rel.get("Type", "").endswith("/worksheet"):
            target = rel.get("Target", "")
            targets[rel.get("Id")] = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
    # In the 1900 system day 60 is a 29 February that never was; dates after it count from here.
    epoch, names = date(1899, 12, 30), []
    wanted_parts = frozenset({"workbookPr", "sheet"})
    for kind, element in package.elements("xl/workbook.xml", wanted_parts, SHEETS_MAX):
        if kind == "workbookPr":
            if element.get("date1904") in ("1", "true"):
                epoch = date(1904, 1, 1)
            continue
        name = element.get("name", "")
        ids = [value for key, value in element.attrib.items() if key.endswith("}id")]
        part = targets.get(ids[0]) if ids else None
        if part is not None and wanted in (None, name):
            return part, epoch
        names.append(name)
    raise FileRefusedError(
        FileReason.SHEET_MISSING,
        f"there is no worksheet {wanted or ''}; the workbook has {', '.join(names)[:200]}",
    )
