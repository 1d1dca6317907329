"""The tree over a segment: a leaf per column and one per block header, salted.

Leaves of a block stand one after the other: header, ``@received``, ``@source``, each tag of the
rate group in the table's order. Blocks stand in the segment's order. Little-endian:

| leaf | bytes that follow ``0x00 ‖ salt (32)`` and are hashed with SHA-256 |
| --- | --- |
| header | ``0x01`` ‖ canonical JSON of the block's header |
| column | ``0x02`` ‖ type 1 ‖ quality 1 ‖ 0 ‖ rows n 4 ‖ n codes if quality is 1 ‖ n values |

``quality`` is 0 where all values are good. ``@received`` and ``@source`` are int64 and never have
quality; ``@source`` has n = 0 where the device tells no time. Inner nodes are those of RFC 9162.

The salt of leaf i is bytes 32 i to 32 i + 31 of SHAKE-256(``XINLIAN-SALT`` ‖ 0x01 ‖ secret): who is
shown some columns with their salts learns nothing that would help to guess those beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import numpy as np
from xinlian.ingest.model.segments.block import Block, marked_columns
from xinlian.ingest.model.segments.layout import (
    HEADER,
    LEAVES_OF_BLOCK,
    TIME_CODE,
    SegmentError,
    column_head,
)
from xinlian.ledger.model.evidence.tree import MemoryNodes, multiproof, root_of

__all__ = ["SegmentTree", "leaf_bodies", "leaf_count", "leaf_hash", "salts"]

_SALT: Final = b"XINLIAN-SALT\x01"
_RECEIVED: Final = "@received"
_SOURCE: Final = "@source"


def salts(secret: bytes, count: int) -> bytes:
    """The salts of the first ``count`` leaves, end to end."""
    return hashlib.shake_256(_SALT + secret).digest(32 * count)


def leaf_hash(salt: bytes, body: bytes) -> bytes:
    """SHA-256(0x00 ‖ salt ‖ body)."""
    return sha256(b"\0" + salt + body).digest()


def leaf_count(blocks: Sequence[Block]) -> int:
    """Leaves of blocks."""
    return sum(LEAVES_OF_BLOCK + len(block.frame.columns) for block in blocks)


def leaf_bodies(block: Block) -> list[bytes]:
    """What is hashed after the salt, for each leaf of a block."""
    frame, order = block.frame, block.layout
    rows = len(frame)
    source = b"" if frame.source_us is None else np.asarray(frame.source_us, "<i8").tobytes()
    bodies = [
        HEADER + block.header,
        column_head(TIME_CODE, rows) + np.asarray(frame.received_us, "<i8").tobytes(),
        column_head(TIME_CODE, len(source) // 8) + source,
    ]
    marked = marked_columns(frame)
    at, values = 0, block.values
    for place, (dtype, code) in enumerate(zip(order.dtypes, order.codes, strict=True)):
        size = dtype.itemsize * rows
        head = column_head(code, rows, quality=bool(marked[place]))
        if marked[place] and frame.quality is not None:
            head += np.ascontiguousarray(frame.quality[place], np.uint8).tobytes()
        bodies.append(head + values[at : at + size])
        at += size
    return bodies


def _hashes(block: Block, salted: memoryview) -> list[bytes]:
    """The leaf hashes of a block from the salts of its leaves."""
    frame, order = block.frame, block.layout
    if order.single is None or frame.quality is not None or len(frame) > 4096:
        return [
            sha256(b"".join((b"\0", salted[at : at + 32], body))).digest()
            for at, body in zip(range(0, len(salted), 32), leaf_bodies(block), strict=True)
        ]
    # One type and all good, the usual case: all leaves are laid out in one matrix.
    rows = len(frame)
    wide = 41 + rows * order.single.itemsize
    matrix = np.empty((len(order), wide), np.uint8)
    matrix[:, 0] = 0
    matrix[:, 1:33] = np.frombuffer(salted[96:], np.uint8).reshape(-1, 32)
    matrix[:, 33:41] = np.frombuffer(column_head(order.codes[0], rows), np.uint8)
    matrix[:, 41:] = np.frombuffer(block.values, np.uint8).reshape(len(order), -1)
    data = matrix.tobytes()
    source = b"" if frame.source_us is None else np.asarray(frame.source_us, "<i8").tobytes()
    received = np.asarray(frame.received_us, "<i8").tobytes()
    first = (
        HEADER + block.header,
        column_head(TIME_CODE, rows) + received,
        column_head(TIME_CODE, len(source) // 8) + source,
    )
    return [
        sha256(b"".join((b"\0", salted[32 * at : 32 * at + 32], body))).digest()
        for at, body in enumerate(first)
    ] + [sha256(data[at : at + wide]).digest() for at in range(0, len(data), wide)]


class SegmentTree:
    """The leaf hashes of blocks, their root, and proofs. Reckoned when made."""

    def __init__(self, blocks: Sequence[Block], secret: bytes) -> None:
        self.size = leaf_count(blocks)
        """Leaves."""
        self._blocks = blocks
        self._starts: list[int] = []
        self._salts = salts(secret, self.size)
        salted = memoryview(self._salts)
        hashes: list[bytes] = []
        for block in blocks:
            self._starts.append(len(hashes))
            count = LEAVES_OF_BLOCK + len(block.frame.columns)
            hashes += _hashes(block, salted[32 * len(hashes) : 32 * (len(hashes) + count)])
        self._nodes = MemoryNodes(hashes)
        self.root = root_of(self._nodes, self.size)
        """RFC 9162 root over all leaves."""

    def blocks_of(self, device: str) -> list[int]:
        """The numbers of the device's blocks."""
        return [at for at, block in enumerate(self._blocks) if block.frame.device == device]

    def place(self, block: int, name: str = "") -> int:
        """Index of a leaf of a block: of the header, or of ``@received``, ``@source`` or a tag."""
        start = self._starts[block]
        if not name:
            return start
        if name in (_RECEIVED, _SOURCE):
            return start + 1 + (name == _SOURCE)
        for number, tag in enumerate(self._blocks[block].frame.tags):
            if tag.name == name:
                return start + LEAVES_OF_BLOCK + number
        raise SegmentError(f"rate group {self._blocks[block].frame.group} has no tag {name!r}")

    def leaf(self, block: int, index: int) -> tuple[bytes, bytes]:
        """Salt and body of the leaf at ``index``, which is one of the block's."""
        body = leaf_bodies(self._blocks[block])[index - self._starts[block]]
        return self._salts[32 * index : 32 * index + 32], body

    def proof(self, indices: Sequence[int]) -> list[bytes]:
        """What must be known besides the leaves at ``indices`` (rising) to reckon the root."""
        return multiproof(self._nodes, indices, self.size)
