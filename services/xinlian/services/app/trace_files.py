"""Files of traceability become rows: what kind a file is, and who reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.imports import Upload
from xinlian.trace.adapters.catenax import catenax_rows
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.model.capture import Row
from xinlian.trace.model.sources import SourceError

__all__ = ["KINDS", "file_rows", "kind_of"]

KINDS: Final = ("epcis", "catena-x", "table")
_EPCIS: Final = re.compile(rb"EPCIS|epcis|eventTime")
_CATENA_X: Final = re.compile(rb"catenax|catenaXId|io\.catenax|bamm:")
_LOOK_BYTES: Final = 1 << 16


def kind_of(data: bytes, *, mapped: bool) -> str:
    """What kind of file this is, by its content; with a mapping it is a table."""
    if mapped:
        return "table"
    start = data[:_LOOK_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<":
        return "epcis"
    if start[:1] in b"{[" and start:
        return "catena-x" if _CATENA_X.search(start) and not _EPCIS.search(start) else "epcis"
    return "table"


def file_rows(upload: Upload, mapping: Upload | None, owner: int) -> Iterator[Row]:
    """The rows of a file. ``RefusedError`` (``INVALID``) where the file as a whole is no good."""
    kind = kind_of(upload.data, mapped=mapping is not None)
    if kind == "table":
        raise RefusedError(
            Code.INVALID,
            "a table needs a mapping that names its columns: send it beside the file",
            field="mapping",
        )
    read = epcis_rows if kind == "epcis" else catenax_rows
    try:
        yield from read(upload.data, owner)
    except SourceError as exc:
        raise RefusedError(
            Code.INVALID,
            f"the file cannot be taken in: {exc.path}: {exc.why}",
            field="file",
            path=exc.path,
            why_zh=exc.why_zh,
        ) from exc
