"""Buckets of the stored subject index: the subjects whose tags begin with the same bits.

A bucket is one row of bytes: for each of its 16 cells (the next four bits) how many entries it has
and the hash of its subtree, then the entries sorted by tag. A change costs the hashes of its cell
and not of the whole bucket.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Final

from xinlian.ledger.model.evidence.index import (
    ENTRY,
    Node,
    SubjectState,
    entry,
    subtree_node,
)

CELL_BITS: Final = 4
CELLS: Final = 1 << CELL_BITS
_CELL: Final = struct.Struct(">H32s")
HEADER_BYTES: Final = CELLS * _CELL.size
_ENTRY_BYTES: Final = ENTRY.size

Change = tuple[bytes, SubjectState]
"""A subject's tag and its new state."""


def bucket_of(tag: bytes, bits: int) -> int:
    """Number of the bucket in which a tag lies."""
    return int.from_bytes(tag[:8], "big") >> 64 - bits


def find(data: bytes, tag: bytes) -> SubjectState | None:
    """What a bucket holds of a subject."""
    at = data.find(tag, HEADER_BYTES)
    while at >= 0:
        if (at - HEADER_BYTES) % _ENTRY_BYTES == 0:
            return SubjectState(*ENTRY.unpack_from(data, at)[1:4])
        at = data.find(tag, at + 1)
    return None


def count(data: bytes) -> int:
    """How many subjects a bucket holds; a bucket without any has no bytes."""
    return max(0, len(data) - HEADER_BYTES) // _ENTRY_BYTES


def entries_of(data: bytes) -> list[bytes]:
    """The packed entries of a bucket."""
    return [data[at : at + _ENTRY_BYTES] for at in range(HEADER_BYTES, len(data), _ENTRY_BYTES)]


def build(entries: Iterable[bytes], bits: int) -> tuple[bytes, Node]:
    """A bucket at depth ``bits`` from packed entries sorted by tag, and its subtree."""
    shift = bits + CELL_BITS
    parts: dict[int, list[bytes]] = {
        cell: list(group)
        for cell, group in groupby(entries, key=lambda packed: bucket_of(packed, shift) & CELLS - 1)
    }
    cells = [
        (len(part), subtree_node(part, shift))
        for part in (parts.get(at, []) for at in range(CELLS))
    ]
    return _pack(cells, [b"".join(part) for _, part in sorted(parts.items())])


def merge(data: bytes, changes: Sequence[Change], bits: int) -> tuple[bytes, Node]:
    """A bucket at depth ``bits`` after changes sorted by tag, and its subtree."""
    shift = bits + CELL_BITS
    if not data:
        return build([entry(tag, state) for tag, state in changes], bits)
    cells: list[tuple[int, Node]] = []
    bodies: list[bytes] = []
    start = HEADER_BYTES
    for size, digest in _CELL.iter_unpack(data[:HEADER_BYTES]):
        end = start + size * _ENTRY_BYTES
        cells.append((size, Node(min(size, 2), digest)))
        bodies.append(data[start:end])
        start = end
    for cell, group in groupby(changes, key=lambda item: bucket_of(item[0], shift) & CELLS - 1):
        body = bodies[cell]
        entries = {
            body[at : at + 32]: body[at : at + _ENTRY_BYTES]
            for at in range(0, len(body), _ENTRY_BYTES)
        }
        for tag, state in group:
            entries[tag] = entry(tag, state)
        ordered = [entries[tag] for tag in sorted(entries)]
        cells[cell] = (len(ordered), subtree_node(ordered, shift))
        bodies[cell] = b"".join(ordered)
    return _pack(cells, bodies)


def split(held: Mapping[int, bytes], bits: int) -> Iterator[tuple[int, bytes, Node]]:
    """The same entries in the deeper buckets at depth ``bits``."""
    for number in sorted(held):
        entries = entries_of(held[number])
        for child, group in groupby(entries, key=lambda packed: bucket_of(packed, bits)):
            yield child, *build(group, bits)


def _pack(cells: Sequence[tuple[int, Node]], bodies: Sequence[bytes]) -> tuple[bytes, Node]:
    header = b"".join([_CELL.pack(size, node.hash) for size, node in cells])
    sizes = [size for size, _ in cells]
    hashes = [node.hash for _, node in cells]
    while len(hashes) > 1:
        # What ``join`` does, in one go because this is done for every changed bucket.
        hashes = [
            sha256(b"\x22" + left + right).digest() if a + b > 1 else left if a else right
            for left, right, a, b in zip(
                hashes[::2], hashes[1::2], sizes[::2], sizes[1::2], strict=True
            )
        ]
        sizes = [a + b for a, b in zip(sizes[::2], sizes[1::2], strict=True)]
    return header + b"".join(bodies), Node(min(sizes[0], 2), hashes[0])
