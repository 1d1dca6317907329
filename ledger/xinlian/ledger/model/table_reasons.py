"""Why a file of rows is refused, or a row of it cannot be read, as stable codes.

Where several reasons hold, the first in the enum is the one reported.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FileReason", "FileRefusedError", "TableReason"]


class FileReason(StrEnum):
    """Why a whole file is refused; nothing of it is taken."""

    NOT_A_FILE = "not_a_file"
    EMPTY_FILE = "empty_file"
    FILE_TOO_LARGE = "file_too_large"
    OLD_EXCEL = "old_excel"
    WRONG_KIND = "wrong_kind"
    ENCODING_UNKNOWN = "encoding_unknown"
    NUL_CHARACTER = "nul_character"
    WORKBOOK_DAMAGED = "workbook_damaged"
    WORKBOOK_TOO_LARGE = "workbook_too_large"
    WORKBOOK_UNSAFE = "workbook_unsafe"
    SHEET_MISSING = "sheet_missing"
    UNCLOSED_QUOTE = "unclosed_quote"
    HEADER_MISSING = "header_missing"
    DUPLICATE_HEADER = "duplicate_header"
    MISSING_COLUMN = "missing_column"
    TOO_MANY_COLUMNS = "too_many_columns"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_CELLS = "too_many_cells"
    NO_ROWS = "no_rows"
    XML_MALFORMED = "xml_malformed"
    XML_UNSAFE = "xml_unsafe"
    XML_NOT_AN_INVOICE = "xml_not_an_invoice"


class TableReason(StrEnum):
    """Why a row cannot be read as cells."""

    RAGGED_ROW = "ragged_row"
    CELL_TOO_LONG = "cell_too_long"
    QUOTE_MALFORMED = "quote_malformed"


class FileRefusedError(ValueError):
    """A whole file is refused; ``line`` is the place, where there is one (the first line is 1)."""

    def __init__(self, reason: FileReason, message: str, line: int | None = None) -> None:
        place = "" if line is None else f" (line {line})"
        super().__init__(f"{message}{place}")
        self.reason = reason
        self.line = line
