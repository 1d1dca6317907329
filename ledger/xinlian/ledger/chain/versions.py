"""Rows with a history, as they are built up while blocks are applied."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Final

from xinlian.ledger.adapters.sql.tables import OPEN

KEY: Final = 0
FROM: Final = 1
TO: Final = 2


class VersionedRows:
    """The open rows of one table of versions that are in memory, and what a range changed.

    A row is a list ``[key, from_block, to_block, …]`` in the order of the table's columns. Within a
    block a row is changed in place; the first change in a later block closes it and opens a copy.
    """

    __slots__ = ("closes", "first", "inserts", "open")

    def __init__(self) -> None:
        self.open: dict[Any, list[Any]] = {}
        self.inserts: list[list[Any]] = []
        self.closes: list[tuple[int, Any, int]] = []
        self.first = 0

    def begin(self, first_block: int) -> None:
        """Start a range; what the last one changed must have been written."""
        self.first = first_block
        self.inserts = []
        self.closes = []

    def touch(self, key: Hashable, block: int) -> list[Any]:
        """The row of a key, ready to be changed in this block. ``KeyError`` if there is none."""
        row = self.open[key]
        if row[FROM] == block:
            return row
        fresh = row.copy()
        if row[FROM] >= self.first:
            row[TO] = block
        else:
            self.closes.append((block, key, row[FROM]))
        fresh[FROM] = block
        self.open[key] = fresh
        self.inserts.append(fresh)
        return fresh

    def add(self, key: Hashable, block: int, *values: Any) -> list[Any]:
        """A new row that begins in this block."""
        row = [key, block, OPEN, *values]
        self.open[key] = row
        self.inserts.append(row)
        return row

    def load(self, rows: Iterable[Iterable[Any]]) -> None:
        """Take over rows read from the store."""
        for row in rows:
            fresh = list(row)
            self.open[fresh[KEY]] = fresh

    def missing(self, keys: Iterable[Hashable]) -> list[Any]:
        """Those of the keys that are not in memory, sorted."""
        return sorted(set(keys).difference(self.open))

    def shrink(self, most: int) -> None:
        """Drop the rows that came first until at most ``most`` are left."""
        for key in list(self.open)[: max(0, len(self.open) - most)]:
            del self.open[key]
