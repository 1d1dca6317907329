"""Opens a file as a table: kind by content, text encoding, CSV and Excel."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xinlian.ledger.adapters.files.csv_table import CsvTable
from xinlian.ledger.adapters.files.xlsx_table import XlsxTable
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError
from xinlian.ledger.model.tables import FILE_BYTES_MAX, WIDEST, Bounds, Table, TableLayout

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN: Final = {b"%PDF": "a PDF", b"\x1f\x8b": "a gzip archive", b"Rar!": "a RAR archive"}
_WORKBOOK_SUFFIXES: Final = (".xlsx", ".xlsm")


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file's name, bytes and SHA-256 digest, read once."""

    name: str
    data: bytes
    sha256: str


def read_file(path: Path) -> FileContent:
    """Read a regular file of at most ``FILE_BYTES_MAX``; raises ``FileRefusedError``."""
    try:
        info = path.stat()
        if not stat.S_ISREG(info.st_mode):
            raise FileRefusedError(FileReason.NOT_A_FILE, f"{path} is not a file")
        if info.st_size > FILE_BYTES_MAX:
            raise FileRefusedError(
                FileReason.FILE_TOO_LARGE,
                f"{path} has {info.st_size} bytes; at most {FILE_BYTES_MAX} are read: split it",
            )
        with path.open("rb") as stream:
            data = stream.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as exc:
        if isinstance(exc, FileRefusedError):
            raise
        raise FileRefusedError(FileReason.NOT_A_FILE, f"{path} can't be read: {exc}") from exc
    if len(data) > FILE_BYTES_MAX:
        raise FileRefusedError(FileReason.FILE_TOO_LARGE, f"{path} grew while it was read")
    # A name may hold bytes that are no text; what is kept and shown has to be.
    name = path.name.encode("utf-8", "replace").decode()
    return FileContent(name, data, hashlib.sha256(data).hexdigest())


def open_table(content: FileContent, layout: TableLayout, bounds: Bounds = WIDEST) -> Table:
    """The table in a file; its kind is told by its content and must agree with its name."""
    data, suffix = content.data, Path(content.name).suffix.lower()
    if len(data) > bounds.file_bytes:
        raise FileRefusedError(
            FileReason.FILE_TOO_LARGE,
            f"{content.name} has {len(data)} bytes; at most {bounds.file_bytes} are read: split it",
        )
    if not data:
        raise FileRefusedError(FileReason.EMPTY_FILE, f"{content.name} is empty")
    if data.startswith(_OLE):
        raise FileRefusedError(
            FileReason.OLD_EXCEL,
            f"{content.name} is an old .xls workbook or protected by a password:"
            " save it as an open .xlsx or as CSV",
        )
    if data.startswith(_ZIP):
        if suffix not in _WORKBOOK_SUFFIXES:
            raise FileRefusedError(
                FileReason.WRONG_KIND,
                f"{content.name} holds a zip archive: a workbook is named .xlsx",
            )
        return XlsxTable.open(data, layout, bounds)
    for mark, what in _FOREIGN.items():
        if data.startswith(mark):
            raise FileRefusedError(FileReason.WRONG_KIND, f"{content.name} is {what}")
    if suffix in (*_WORKBOOK_SUFFIXES, ".xls"):
        raise FileRefusedError(
            FileReason.WRONG_KIND, f"{content.name} is named like a workbook but holds none"
        )
    return CsvTable.open(data, layout, bounds)
