"""The stored trees as the makers of proofs want them; each tile is read once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection
from xinlian.ledger.model.evidence.buckets import bucket_of, entries_of, find
from xinlian.ledger.model.evidence.frontier import (
    HALF_LEVELS,
    HASH_BYTES,
    TILE_BYTES,
    TILE_LEVELS,
    TILE_WIDTH,
)
from xinlian.ledger.model.evidence.index import EMPTY, Node, SubjectState, join_level
from xinlian.ledger.model.evidence.tree import NodeHash, fold, node_sha256
from xinlian.ledger.usecases.evidence.indexing import TILE_BITS, unpack_nodes
from xinlian.ledger.usecases.evidence.ports import LogRow, Store, Tree

_LEVEL_MASK: Final = TILE_LEVELS - 1


class TileNodes:
    """Nodes of a log's tree."""

    def __init__(
        self,
        conn: Connection,
        store: Store,
        log: int,
        tree: Tree = Tree.SHA256,
        hash_pair: NodeHash = node_sha256,
    ) -> None:
        self._conn, self._store, self._log = conn, store, log
        self._tree, self._pair = tree, hash_pair
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._folded: dict[tuple[int, int], bytes] = {}

    def load(self, indices: Iterable[int], size: int) -> None:
        """Read at once what a proof of these leaves will need most of."""
        numbers = set(indices)
        level = 0
        while size >> TILE_LEVELS * level:
            numbers = {number >> TILE_LEVELS for number in numbers}
            numbers.add(size >> TILE_LEVELS * (level + 1))
            wanted = sorted(numbers - {number for at, number in self._tiles if at == level})
            self._read(level, wanted)
            level += 1

    def node(self, level: int, position: int) -> bytes:
        """Hash over the 2**level leaves from ``position << level`` on."""
        up = level & _LEVEL_MASK
        if up == 0:
            return self._hash(level // TILE_LEVELS, position)
        key = (level, position)
        found = self._folded.get(key)
        if found is None:
            found = self._folded[key] = self._fold(level, position, up)
        return found

    def _fold(self, level: int, position: int, up: int) -> bytes:
        tile_level, first = level // TILE_LEVELS, position << up
        number, at = first >> TILE_LEVELS, first & TILE_WIDTH - 1
        data = self._tile(tile_level, number)
        if up >= HALF_LEVELS and len(data) == TILE_BYTES:
            up -= HALF_LEVELS
            at = TILE_WIDTH + (at >> HALF_LEVELS)
        start = HASH_BYTES * at
        return fold(data[start : start + (HASH_BYTES << up)], self._pair)

    def _hash(self, tile_level: int, position: int) -> bytes:
        at = HASH_BYTES * (position & TILE_WIDTH - 1)
        return self._tile(tile_level, position >> TILE_LEVELS)[at : at + HASH_BYTES]

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._tiles:
            self._read(level, [number])
        return self._tiles[level, number]

    def _read(self, level: int, numbers: list[int]) -> None:
        for number, data in self._store.tiles(
            self._conn, self._log, self._tree, level, numbers
        ).items():
            self._tiles[level, number] = data


class StoredIndex:
    """The subject index of a log as of its newest head."""

    def __init__(self, conn: Connection, store: Store, row: LogRow) -> None:
        self._conn, self._store, self._row = conn, store, row
        self._tiles: dict[tuple[int, int], list[list[Node]]] = {}
        self._buckets: dict[int, bytes] = {}

    @property
    def bucket_bits(self) -> int:
        """Depth at which the buckets hang."""
        return self._row.index_bits

    def load(self, numbers: Iterable[int]) -> None:
        """Read buckets at once."""
        wanted = sorted(set(numbers) - self._buckets.keys())
        if not wanted:
            return
        found = self._store.buckets(self._conn, self._row.id, self._row.index_bits, wanted)
        for number in wanted:
            self._buckets[number] = found.get(number, b"")

    def bucket(self, prefix: int) -> list[bytes]:
        """The packed entries of a bucket."""
        if prefix not in self._buckets:
            self.load([prefix])
        return entries_of(self._buckets[prefix])

    def find(self, tag: bytes) -> SubjectState | None:
        """What the index holds of a subject."""
        number = bucket_of(tag, self.bucket_bits)
        self.load([number])
        return find(self._buckets[number], tag)

    def upper(self, depth: int, prefix: int) -> Node:
        """The subtree whose ``depth`` first bits are ``prefix``."""
        level = max(0, (depth - 1) // TILE_BITS)
        inside = depth - level * TILE_BITS
        rows = self._tile(level, prefix >> inside)
        row = rows[inside]
        return row[prefix & (1 << inside) - 1]

    def _tile(self, level: int, number: int) -> list[list[Node]]:
        """The rows of a tile from its root downwards."""
        key = (level, number)
        rows = self._tiles.get(key)
        if rows is None:
            data = self._store.tiles(self._conn, self._row.id, Tree.INDEX, level, [number])
            width = min(TILE_BITS, self.bucket_bits - level * TILE_BITS)
            rows = [unpack_nodes(data[number]) if data else [EMPTY] * (1 << width)]
            while len(rows[0]) > 1:
                rows.insert(0, join_level(rows[0]))
            self._tiles[key] = rows
        return rows
