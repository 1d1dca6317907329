"""Numbers, bounds and the order of columns that segments, leaves and proofs share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from struct import Struct
from typing import Any, Final

import numpy as np
from xinlian.ingest.model.tags import TagTable, ValueType

__all__ = [
    "BLOCKS_MAX",
    "COLUMN",
    "HEADER",
    "LEAVES_MAX",
    "LEAVES_OF_BLOCK",
    "ROWS_MAX",
    "SEGMENT_BYTES_MAX",
    "TIME_CODE",
    "TYPE_CODES",
    "Layout",
    "SegmentError",
    "UnknownTableError",
    "column_head",
    "layout",
]

SEGMENT_BYTES_MAX: Final = 256 << 20
BLOCKS_MAX: Final = 1 << 20
LEAVES_MAX: Final = 1 << 23
ROWS_MAX: Final = 1 << 24
"""Rows of one block."""

HEADER: Final = b"\x01"
"""First byte of the leaf that holds a block's header."""
COLUMN: Final = b"\x02"
"""First byte of the leaf that holds a column."""
LEAVES_OF_BLOCK: Final = 3
"""Leaves of a block before its tags: header, ``@received``, ``@source``."""

TYPE_CODES: Final = {kind: code for code, kind in enumerate(ValueType, 1)}
"""A type's number in hashed bytes: 1 ``bool`` to 11 ``float64``, in the order of ``ValueType``."""
TIME_CODE: Final = TYPE_CODES[ValueType.INT64]
_HEAD: Final = Struct("<cBBBI")
_LAYOUTS_MAX: Final = 4096


class SegmentError(ValueError):
    """Bytes are no segment, or a segment cannot be made of what was given."""


class UnknownTableError(SegmentError):
    """A block's tag table, ``digest``, was not given."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"the tag table {digest!r} is not known")
        self.digest = digest


def column_head(code: int, rows: int, *, quality: bool = False) -> bytes:
    """The 8 bytes before a column's quality bytes and values."""
    return _HEAD.pack(COLUMN, code, quality, 0, rows)


@dataclass(frozen=True)
class Layout:
    """The columns of a rate group of a table, in order."""

    dtypes: tuple[np.dtype[Any], ...]
    codes: tuple[int, ...]
    row_bytes: int
    runs: list[list[Any]]
    """``[["uint16", 100], ["float32", 2]]``: as written in a block's header."""
    single: np.dtype[Any] | None
    """The type of all columns if they have but one."""

    def __len__(self) -> int:
        return len(self.dtypes)


_layouts: dict[tuple[str, int], Layout] = {}


def layout(table: TagTable, group: int) -> Layout:
    """The layout of a rate group; ``SegmentError`` if the table has no such group."""
    key = (table.digest, group)
    found = _layouts.get(key)
    if found is None:
        if not 0 <= group < len(table.groups):
            raise SegmentError(f"table {table.name!r} has no rate group {group}")
        types = [tag.type for tag in table.groups[group]]
        dtypes = tuple(kind.dtype for kind in types)
        found = Layout(
            dtypes,
            tuple(TYPE_CODES[kind] for kind in types),
            sum(dtype.itemsize for dtype in dtypes),
            [[kind.value, len(list(row))] for kind, row in groupby(types)],
            dtypes[0] if len(set(types)) == 1 else None,
        )
        if len(_layouts) >= _LAYOUTS_MAX:
            _layouts.clear()
        _layouts[key] = found
    return found
