"""A table as read from a file, before anything in it is understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError, TableReason

ENCODINGS: Final = ("auto", "utf-8", "gb18030", "utf-16")
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
ROWS_MAX: Final = 200_000
CELLS_MAX: Final = 4_000_000
COLUMNS_MAX: Final = 256
CELL_CHARS_MAX: Final = 4_096


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a table is read: bytes of the file, rows below the header, cells in all.

    Empty rows and cells take time too: they count as cells.
    """

    file_bytes: int = FILE_BYTES_MAX
    rows: int = ROWS_MAX
    cells: int = CELLS_MAX

    def too_many_rows(self, line: int) -> FileRefusedError:
        """The refusal of a file with more rows."""
        return FileRefusedError(
            FileReason.TOO_MANY_ROWS, f"more than {self.rows} rows: split it", line
        )

    def too_many_cells(self, line: int | None) -> FileRefusedError:
        """The refusal of a file with more cells, the empty ones included."""
        return FileRefusedError(
            FileReason.TOO_MANY_CELLS,
            f"more than {self.cells} cells, counting empty ones: split it, and delete empty rows"
            " and columns",
            line,
        )


WIDEST: Final = Bounds()
"""The bounds where nobody else waits; a server sets its own."""


class CellKind(StrEnum):
    """What the file says a cell is."""

    TEXT = "text"
    NUMBER = "number"
    ROUNDED = "rounded"
    """A number with more than the 15 digits a spreadsheet keeps: what is stored is not exact."""
    DATE = "date"
    """A date cell of a workbook; its text is ``YYYY-MM-DD``."""
    ERROR = "error"
    NO_VALUE = "no_value"
    """A formula whose result the workbook does not hold."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, spaces around it removed, and its kind.

    ``clock`` is the time of day (``hh:mm:ss``) of a date cell that has one.
    """

    text: str
    kind: CellKind = CellKind.TEXT
    clock: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row with the line on which it begins (the first line of the file is 1).

    ``problem`` tells why the row can't be read as cells at all.
    """

    line: int
    cells: tuple[Cell, ...]
    problem: TableReason | None = None


class TableLayout(Protocol):
    """How a file is laid out: text encoding (or ``auto``), delimiter, worksheet (or the first)."""

    @property
    def encoding(self) -> str:
        """One of ``ENCODINGS``."""

    @property
    def delimiter(self) -> str:
        """One character."""

    @property
    def sheet(self) -> str | None:
        """The worksheet's name."""


class Table(Protocol):
    """A header and a stream of rows; reading rows may raise ``FileRefusedError``."""

    @property
    def header(self) -> tuple[str, ...]:
        """Column names, spaces around them removed."""

    def rows(self) -> Iterator[SourceRow]:
        """The rows below the header in order; rows without any content are left out."""


def check_header(names: list[str], line: int) -> tuple[str, ...]:
    """The column names without empty ones at the end; raises ``FileRefusedError``."""
    while names and not names[-1]:
        names = names[:-1]
    if not names:
        raise FileRefusedError(FileReason.HEADER_MISSING, "there is no row of column names", line)
    if len(names) > COLUMNS_MAX:
        raise FileRefusedError(
            FileReason.TOO_MANY_COLUMNS, f"{len(names)} columns; at most {COLUMNS_MAX}", line
        )
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if name and name in seen:
            raise FileRefusedError(
                FileReason.DUPLICATE_HEADER,
                f"columns {seen[name]} and {position} are both named {name[:60]!r}",
                line,
            )
        seen[name] = position
    return tuple(names)


def check_columns(header: tuple[str, ...], needed: tuple[str, ...]) -> None:
    """Refuse a file that lacks a column the mapping reads."""
    missing = [name for name in needed if name not in header]
    if missing:
        raise FileRefusedError(
            FileReason.MISSING_COLUMN,
            f"the column {missing[0]!r} of the mapping is missing;"
            f" the file has {', '.join(header)[:300]}",
        )
