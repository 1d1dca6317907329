"""Bringing the stored subject index to the newest state of a log, when a head is cut.

The index hangs its entries in buckets by the first bits of the tag; a tag is an HMAC, so that
buckets fill evenly. Only buckets with changes are read and written. When they grow beyond 64
entries on average, each is cut in four.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from sqlalchemy import Connection
from xinlian.ledger.model.evidence.buckets import bucket_of, count, merge, split
from xinlian.ledger.model.evidence.index import (
    EMPTY,
    EMPTY_HASH,
    Node,
    SubjectState,
    join_level,
)
from xinlian.ledger.usecases.evidence.ports import LogRow, Store, Tree

BUCKET_MEAN_MAX: Final = 64
GROW_BITS: Final = 2
TILE_BITS: Final = 8
NODE_BYTES: Final = 33
_AT_ONCE: Final = 1_024


@dataclass(frozen=True, slots=True)
class Indexed:
    """The index after an update."""

    root: bytes
    subjects: int
    bits: int


def pack_nodes(nodes: Sequence[Node]) -> bytes:
    """A tile of the index: for each node 0, 1 or 2 (keys below it) and its hash."""
    return b"".join([bytes((node.keys,)) + node.hash for node in nodes])


def unpack_nodes(data: bytes) -> list[Node]:
    """The reverse of ``pack_nodes``."""
    return [
        Node(data[at], data[at + 1 : at + NODE_BYTES]) for at in range(0, len(data), NODE_BYTES)
    ]


def update(
    conn: Connection, store: Store, row: LogRow, changes: Mapping[bytes, tuple[int, int, bytes]]
) -> Indexed:
    """Write the new state of subjects; returns the root over all."""
    ordered = sorted(changes.items())
    fresh, nodes = _buckets(conn, store, row, ordered)
    subjects, bits = row.subjects + fresh, row.index_bits
    if subjects > BUCKET_MEAN_MAX << bits:
        wanted = bits
        while subjects > BUCKET_MEAN_MAX << wanted:
            wanted += GROW_BITS
        nodes = _rebuild(conn, store, row, wanted)
        bits = wanted
    return Indexed(_upper(conn, store, row.id, bits, nodes), subjects, bits)


def _buckets(
    conn: Connection,
    store: Store,
    row: LogRow,
    ordered: Sequence[tuple[bytes, tuple[int, int, bytes]]],
) -> tuple[int, dict[int, Node]]:
    """Write the buckets with changes; the number of new subjects, and the new nodes by number."""
    bits = row.index_bits
    groups = [
        (number, [(tag, SubjectState(*state)) for tag, state in group])
        for number, group in groupby(ordered, key=lambda item: bucket_of(item[0], bits))
    ]
    fresh = 0
    nodes: dict[int, Node] = {}
    for at in range(0, len(groups), _AT_ONCE):
        part = groups[at : at + _AT_ONCE]
        held = store.buckets(conn, row.id, bits, [number for number, _ in part])
        written = []
        for number, changed in part:
            before = held.get(number, b"")
            after, nodes[number] = merge(before, changed, bits)
            fresh += count(after) - count(before)
            written.append((number, after))
        store.put_buckets(conn, row.id, bits, written)
    return fresh, nodes


def _rebuild(conn: Connection, store: Store, row: LogRow, bits: int) -> dict[int, Node]:
    """Hang all entries into more buckets."""
    nodes: dict[int, Node] = {}
    for at in range(0, 1 << row.index_bits, _AT_ONCE):
        numbers = range(at, min(at + _AT_ONCE, 1 << row.index_bits))
        held = store.buckets(conn, row.id, row.index_bits, numbers)
        written = []
        for number, data, node in split(held, bits):
            nodes[number] = node
            written.append((number, data))
        store.put_buckets(conn, row.id, bits, written)
    store.drop_index(conn, row.id, row.index_bits)
    return nodes


def _upper(conn: Connection, store: Store, log: int, bits: int, nodes: Mapping[int, Node]) -> bytes:
    """Write the tiles above changed buckets; returns the root."""
    changed = dict(nodes)
    depth = bits
    while True:
        level = max(0, (depth - 1) // TILE_BITS)
        width = depth - level * TILE_BITS
        numbers = sorted({number >> width for number in changed})
        held = store.tiles(conn, log, Tree.INDEX, level, numbers)
        written, above = [], {}
        by_tile: dict[int, list[int]] = {}
        for number in changed:
            by_tile.setdefault(number >> width, []).append(number)
        for tile in numbers:
            data = held.get(tile, b"")
            row = unpack_nodes(data) if len(data) == NODE_BYTES << width else []
            row = row or [EMPTY] * (1 << width)
            for number in by_tile[tile]:
                row[number & (1 << width) - 1] = changed[number]
            written.append((level, tile, pack_nodes(row)))
            while len(row) > 1:
                row = join_level(row)
            above[tile] = row[0]
        store.put_tiles(conn, log, Tree.INDEX, written)
        if not level:
            return above.get(0, Node(0, EMPTY_HASH)).hash
        changed, depth = above, level * TILE_BITS
