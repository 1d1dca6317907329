"""Buckets of the stored subject index: the subjects whose tags begin with the same bits.

A bucket is one row of bytes: for each of its 16 cells (the next four bits) how many entries it has,
then for each the hash of its subtree, then the entries sorted by tag. A change costs the hashes of
its cell and not of the whole bucket.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import accumulate, groupby
from typing import Final

from xinlian.ledger.model.evidence.index import (
    EMPTY_HASH,
    ENTRY,
    Node,
    SubjectState,
    entry,
    subtree_node,
)

CELL_BITS: Final = 4
CELLS: Final = 1 << CELL_BITS
_SIZES: Final = struct.Struct(f">{CELLS}H")
HEADER_BYTES: Final = _SIZES.size + CELLS * 32
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
    sizes, hashes, bodies = [0] * CELLS, [EMPTY_HASH] * CELLS, []
    for cell, group in groupby(entries, key=lambda packed: bucket_of(packed, shift) & CELLS - 1):
        part = list(group)
        sizes[cell], hashes[cell] = len(part), subtree_node(part, shift).hash
        bodies += part
    return _pack(sizes, hashes, bodies)


def merge(data: bytes, changes: Sequence[Change], bits: int) -> tuple[bytes, Node]:
    """A bucket at depth ``bits`` after changes sorted by tag, and its subtree."""
    shift = bits + CELL_BITS
    if not data:
        return build([entry(tag, state) for tag, state in changes], bits)
    sizes = list(_SIZES.unpack_from(data))
    hashes = [data[at : at + 32] for at in range(_SIZES.size, HEADER_BYTES, 32)]
    ends = [HEADER_BYTES + _ENTRY_BYTES * until for until in accumulate(sizes)]
    bodies: list[bytes] = []
    copied = HEADER_BYTES
    down = 64 - shift
    at = 0
    while at < len(changes):
        cell = int.from_bytes(changes[at][0][:8], "big") >> down & CELLS - 1
        end = ends[cell]
        start = end - sizes[cell] * _ENTRY_BYTES
        entries = {
            data[place : place + 32]: data[place : place + _ENTRY_BYTES]
            for place in range(start, end, _ENTRY_BYTES)
        }
        while at < len(changes):
            tag, state = changes[at]
            if int.from_bytes(tag[:8], "big") >> down & CELLS - 1 != cell:
                break
            entries[tag] = entry(tag, state)
            at += 1
        ordered = [entries[tag] for tag in sorted(entries)]
        sizes[cell], hashes[cell] = len(ordered), subtree_node(ordered, shift).hash
        bodies.append(data[copied:start])
        bodies += ordered
        copied = end
    bodies.append(data[copied:])
    return _pack(sizes, hashes, bodies)


def split(held: Mapping[int, bytes], bits: int) -> Iterator[tuple[int, bytes, Node]]:
    """The same entries in the deeper buckets at depth ``bits``."""
    for number in sorted(held):
        entries = entries_of(held[number])
        for child, group in groupby(entries, key=lambda packed: bucket_of(packed, bits)):
            yield child, *build(group, bits)


def _pack(
    sizes: Sequence[int], hashes: Sequence[bytes], bodies: Iterable[bytes]
) -> tuple[bytes, Node]:
    data = b"".join((_SIZES.pack(*sizes), *hashes, *bodies))
    while len(hashes) > 1:
        # What ``join`` does, in one go because this is done for every changed bucket.
        hashes = [
            sha256(b"\x22" + left + right).digest() if a + b > 1 else left if a else right
            for left, right, a, b in zip(
                hashes[::2], hashes[1::2], sizes[::2], sizes[1::2], strict=True
            )
        ]
        sizes = [a + b for a, b in zip(sizes[::2], sizes[1::2], strict=True)]
    return data, Node(min(sizes[0], 2), hashes[0])
