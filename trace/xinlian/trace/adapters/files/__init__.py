"""Takes in CSV and Excel files by a mapping, a row of the file at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from xinlian.ledger.adapters.files.table_files import FileContent, open_table, read_file
from xinlian.ledger.adapters.files.yaml_file import parse_yaml, read_yaml
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError
from xinlian.ledger.model.tables import Bounds, check_columns
from xinlian.trace.adapters.files.cells import row_of
from xinlian.trace.model.capture import Row
from xinlian.trace.model.mapping import TraceMapping, parse_trace_mapping

__all__ = [
    "TRACE_BOUNDS",
    "FileContent",
    "parse_mapping_text",
    "read_file",
    "read_mapping",
    "table_rows",
]

TRACE_BOUNDS: Final = Bounds(rows=1_000_000, cells=20_000_000)


def table_rows(
    content: FileContent, mapping: TraceMapping, owner: int, bounds: Bounds = TRACE_BOUNDS
) -> Iterator[Row]:
    """A row per row of the file: its fact, or its problem with the column.

    ``owner`` is the party in whose number space plain codes lie. Raises ``FileRefusedError`` where
    the file as a whole cannot be taken, which may turn out in the middle (a bound is passed, a
    quote is never closed).
    """
    table = open_table(content, mapping, bounds)
    check_columns(table.header, mapping.needed_columns)
    number = 0
    for row in table.rows():
        number += 1
        yield row_of(number, row, table.header, mapping, owner)
    if not number:
        raise FileRefusedError(FileReason.NO_ROWS, "there is no row below the column names")


def read_mapping(path: Path) -> TraceMapping:
    """The mapping in a YAML file; raises ``MappingError`` naming file and key."""
    return read_yaml(path, parse_trace_mapping)


def parse_mapping_text(text: str) -> TraceMapping:
    """The mapping in a YAML text; raises ``MappingError``."""
    return parse_yaml(text, parse_trace_mapping)
