"""Files of traceability become rows: what kind a file is, and who reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from xinlian.ledger.model.sections import MappingError
from xinlian.ledger.model.table_reasons import FileRefusedError
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.imports import Upload
from xinlian.trace.adapters.catenax import catenax_rows
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.adapters.files import FileContent, parse_mapping_text, table_rows
from xinlian.trace.model.capture import Row
from xinlian.trace.model.json_rows import control_point_rows, rows_from_json, rows_from_json_file
from xinlian.trace.model.sources import SourceError

__all__ = ["fact_rows", "file_rows", "kind_of", "point_rows"]

_EPCIS: Final = re.compile(rb"EPCIS|epcis|eventTime")
_FACTS: Final = re.compile(rb'\{\s*"facts"')
_CATENA_X: Final = re.compile(rb"catenax|catenaXId|io\.catenax|bamm:")
_LOOK_BYTES: Final = 1 << 16
_JSON_READERS: Final = {"epcis": epcis_rows, "catena-x": catenax_rows}
MAPPING_BYTES_MAX: Final = 1 << 16


def kind_of(data: bytes, *, mapped: bool) -> str:
    """What kind of file this is, by its content; with a mapping it is a table."""
    if mapped:
        return "table"
    start = data[:_LOOK_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"<":
        return "epcis"
    if start[:1] not in (b"{", b"["):
        return "table"
    if _FACTS.match(start):
        return "facts"
    return "catena-x" if _CATENA_X.search(start) and not _EPCIS.search(start) else "epcis"


def file_rows(upload: Upload, mapping: Upload | None, owner: int) -> Iterator[Row]:
    """The rows of a file. ``RefusedError`` (``INVALID``) where the file as a whole is no good."""
    kind = kind_of(upload.data, mapped=mapping is not None)
    try:
        if kind == "table":
            yield from _table(upload, mapping, owner)
        elif kind == "facts":
            yield from rows_from_json_file(upload.data, owner)
        else:
            yield from _JSON_READERS[kind](upload.data, owner)
    except SourceError as exc:
        raise _refused(exc) from exc
    except FileRefusedError as exc:
        raise RefusedError(Code.INVALID, str(exc), field="file", reason=exc.reason) from exc
    except MappingError as exc:
        raise RefusedError(Code.INVALID, str(exc), field="mapping") from exc


def fact_rows(facts: list[dict[str, Any]], owner: int) -> Iterator[Row]:
    """The rows of facts that came as JSON."""
    try:
        yield from rows_from_json({"facts": facts}, owner)
    except SourceError as exc:
        raise _refused(exc) from exc


def point_rows(point: str, rows: list[dict[str, Any]], owner: int) -> Iterator[Row]:
    """The rows of a part of a control point's stream."""
    try:
        yield from control_point_rows({"control_point": point, "rows": rows}, owner)
    except SourceError as exc:
        raise _refused(exc) from exc


def _table(upload: Upload, mapping: Upload | None, owner: int) -> Iterator[Row]:
    if mapping is None:
        raise RefusedError(
            Code.INVALID,
            "a table needs a mapping that names its columns: send it beside the file",
            field="mapping",
        )
    if len(mapping.data) > MAPPING_BYTES_MAX:
        raise MappingError(f"a mapping has at most {MAPPING_BYTES_MAX} bytes")
    try:
        plan = parse_mapping_text(mapping.data.decode("utf-8-sig"))
    except UnicodeDecodeError as exc:
        raise MappingError("the mapping is not UTF-8 text") from exc
    yield from table_rows(FileContent(upload.name, upload.data, upload.sha256), plan, owner)


def _refused(exc: SourceError) -> RefusedError:
    return RefusedError(
        Code.INVALID,
        f"the file cannot be taken in: {exc.path}: {exc.why}",
        field="file",
        path=exc.path,
        why_zh=exc.why_zh,
    )
