"""A segment: what the devices of a group told in about a second, as one run of bytes.

Little-endian. The head:

| bytes | content |
| --- | --- |
| 8 | ``XLSEGM`` ‖ 0x00 ‖ version 0x01 |
| 4 | party |
| 4 | length of an evidence window in seconds |
| 8 | sequence in the stream and group |
| 8, 8 | earliest and latest reading, UTC microseconds since 1970 |
| 4 | blocks |
| 4 | leaves |
| 32 | secret of the salts |
| 32 | root over the leaves; zeros if it is still to be reckoned |
| 2 | length g of the group's id |
| g | group's id, UTF-8 |
| 32 | SHA-256 of the head up to here |

Then each block: 4 bytes length of its header, 4 bytes length of its body, header, body
(``xinlian.ingest.model.segments.block``). Nothing follows the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from struct import Struct
from typing import Final

from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.segments.block import Block
from xinlian.ingest.model.segments.layout import (
    BLOCKS_MAX,
    LEAVES_MAX,
    SEGMENT_BYTES_MAX,
    SegmentError,
)
from xinlian.ingest.model.segments.leaves import SegmentTree, leaf_count
from xinlian.ingest.model.segments.summary import Summary
from xinlian.ingest.model.tags import TagTable

__all__ = ["Head", "Segment", "decode", "read_head"]

_MAGIC: Final = b"XLSEGM\0\x01"
_FIXED: Final = Struct("<8sIIQqqII32s32sH")
_LENGTHS: Final = Struct("<II")
_NO_ROOT: Final = bytes(32)
GROUP_BYTES_MAX: Final = 256


@dataclass(frozen=True)
class Segment:
    """Blocks of one device group. ``summary`` reckons the tree unless the root came with it."""

    party: int
    group: str
    window_s: int
    sequence: int
    start_us: int
    end_us: int
    blocks: tuple[Block, ...]
    secret: bytes
    root: bytes | None = None
    """As told by the bytes that it was read from."""
    _made: dict[str, SegmentTree] = field(default_factory=dict, repr=False, compare=False)

    @property
    def frames(self) -> list[Frame]:
        """The readings."""
        return [block.frame for block in self.blocks]

    @property
    def tree(self) -> SegmentTree:
        """The tree over the columns, reckoned once."""
        if "tree" not in self._made:
            self._made["tree"] = SegmentTree(self.blocks, self.secret)
        return self._made["tree"]

    @property
    def summary(self) -> Summary:
        """What goes into the window's tree."""
        return Summary(
            self.party, self.group, self.window_s, self.sequence, self.start_us, self.end_us,
            leaf_count(self.blocks), self.root or self.tree.root,
        )  # fmt: skip

    def check(self) -> None:
        """Reckon the tree and hold it against the root told; ``SegmentError``."""
        if self.root is not None and self.tree.root != self.root:
            raise SegmentError(f"segment {self.sequence} of {self.group!r} was altered")

    def encode(self, *, seal: bool = True) -> bytes:
        """The bytes. With ``seal`` the root is reckoned now, else by who reads them first."""
        group = self.group.encode()
        if not self.blocks or len(self.blocks) > BLOCKS_MAX or len(group) > GROUP_BYTES_MAX:
            raise SegmentError(f"{len(self.blocks)} blocks, a group of {len(group)} bytes")
        leaves = leaf_count(self.blocks)
        if leaves > LEAVES_MAX:
            raise SegmentError(f"{leaves} columns are too many for a segment")
        root = self.root or (self.tree.root if seal else _NO_ROOT)
        head = _FIXED.pack(
            _MAGIC, self.party, self.window_s, self.sequence, self.start_us, self.end_us,
            len(self.blocks), leaves, self.secret, root, len(group),
        ) + group  # fmt: skip
        parts = [head, sha256(head).digest()]
        for block in self.blocks:
            header, body = block.header, block.body()
            parts += (_LENGTHS.pack(len(header), len(body)), header, body)
        data = b"".join(parts)
        if len(data) > SEGMENT_BYTES_MAX:
            raise SegmentError(f"a segment of {len(data)} bytes is too large")
        return data


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a segment alone; ``size`` in bytes."""

    party: int
    group: str
    window_s: int
    sequence: int
    start_us: int
    end_us: int
    blocks: int
    leaves: int
    secret: bytes
    root: bytes | None
    size: int


def read_head(data: bytes | memoryview) -> Head:
    """The head of a segment's bytes; ``SegmentError``."""
    view = memoryview(data)
    if len(view) < _FIXED.size or bytes(view[:8]) != _MAGIC:
        raise SegmentError("these bytes are no segment of a version known here")
    (_, party, window_s, sequence, start_us, end_us, blocks, leaves, secret, root, length) = (
        _FIXED.unpack_from(view)
    )
    end = _FIXED.size + length
    if length > GROUP_BYTES_MAX or len(view) < end + 32:
        raise SegmentError("a segment's head ends too early")
    if sha256(view[:end]).digest() != bytes(view[end : end + 32]):
        raise SegmentError("a segment's head was altered")
    if not 1 <= blocks <= BLOCKS_MAX or leaves > LEAVES_MAX or window_s < 1:
        raise SegmentError("a segment's head has numbers that cannot be")
    try:
        group = str(view[_FIXED.size : end], "utf-8")
    except UnicodeDecodeError as exc:
        raise SegmentError("a segment's group is no text") from exc
    told = None if root == _NO_ROOT else root
    return Head(
        party, group, window_s, sequence, start_us, end_us, blocks, leaves, secret, told, end + 32
    )


def decode(
    data: bytes | memoryview, tables: Mapping[str, TagTable], *, verify: bool = False
) -> Segment:
    """A segment from its bytes; columns are views into them. ``verify`` reckons the tree.

    ``tables`` by digest. ``SegmentError`` for anything that is no segment, was altered (as far as
    looked at), or has a table that is not given.
    """
    view = memoryview(data).toreadonly()
    head = read_head(view)
    at = head.size
    blocks = []
    for _ in range(head.blocks):
        if len(view) - at < _LENGTHS.size:
            raise SegmentError("a segment ends too early")
        header_size, body_size = _LENGTHS.unpack_from(view, at)
        at += _LENGTHS.size
        if header_size + body_size > len(view) - at:
            raise SegmentError("a segment ends too early")
        header = bytes(view[at : at + header_size])
        at += header_size
        blocks.append(Block.read(header, view[at : at + body_size], tables))
        at += body_size
    if at != len(view):
        raise SegmentError("a segment has bytes too many")
    made = Segment(
        head.party, head.group, head.window_s, head.sequence, head.start_us, head.end_us,
        tuple(blocks), head.secret, head.root,
    )  # fmt: skip
    if leaf_count(blocks) != head.leaves:
        raise SegmentError("a segment has another number of columns than its head says")
    if verify:
        made.check()
    return made
