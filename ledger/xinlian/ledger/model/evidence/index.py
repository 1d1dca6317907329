"""The subject index: a sparse Merkle tree of depth 256 over the subjects of a log.

Key is the subject's tag, value SHA-256(0x20 ‖ count ‖ last leaf hash). A subtree without a key is
32 zero bytes, one with exactly one key SHA-256(0x21 ‖ tag ‖ value) at whatever depth, any other
SHA-256(0x22 ‖ left ‖ right); bit 0 of a tag is its most significant. The root of a set of keys is
unique.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

EMPTY_HASH: Final = bytes(32)
KEY_BITS: Final = 256
ENTRY: Final = struct.Struct(">32sQQ32s32s")
"""A subject in its bucket: tag, count, index and hash of its last leaf, hash of its index leaf."""
_ENTRY_BYTES: Final = ENTRY.size
_NODE_AT: Final = _ENTRY_BYTES - 32

Token = str | list[str]
"""One step of an index proof; see ``tokens``."""


class SubjectState(NamedTuple):
    """What the index holds of a subject."""

    records: int
    last_index: int
    last_leaf: bytes


class Node(NamedTuple):
    """A subtree: how many keys (0, 1, or 2 for more) and its hash."""

    keys: int
    hash: bytes


EMPTY: Final = Node(0, EMPTY_HASH)


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject that a proof covers. ``state`` is None if nothing is recorded about it."""

    tag: bytes
    state: SubjectState | None


class IndexView(Protocol):
    """A stored index: ``bucket_bits`` levels of nodes, below them buckets of entries."""

    @property
    def bucket_bits(self) -> int:
        """Depth at which the buckets hang."""

    def upper(self, depth: int, prefix: int) -> Node:
        """The subtree whose ``depth`` first bits are ``prefix``; ``depth`` up to bucket_bits."""

    def bucket(self, prefix: int) -> list[bytes]:
        """The packed entries of a bucket, sorted by tag."""


def value_of(state: SubjectState) -> bytes:
    """The value of a key."""
    return sha256(b"\x20" + state.records.to_bytes(8, "big") + state.last_leaf).digest()


def leaf_node(tag: bytes, value: bytes) -> bytes:
    """The hash of a subtree with this one key."""
    return sha256(b"\x21" + tag + value).digest()


def join(left: Node, right: Node) -> Node:
    """The subtree above two."""
    keys = left.keys + right.keys
    if keys < 2:
        return left if left.keys else right
    return Node(2, sha256(b"\x22" + left.hash + right.hash).digest())


def join_level(nodes: Sequence[Node]) -> list[Node]:
    """The parents of nodes that stand side by side."""
    return [join(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=True)]


def entry(tag: bytes, state: SubjectState) -> bytes:
    """The packed entry of a subject."""
    count, last_index, last_leaf = state
    value = sha256(b"\x20" + count.to_bytes(8, "big") + last_leaf).digest()
    node = sha256(b"\x21" + tag + value).digest()
    return ENTRY.pack(tag, count, last_index, last_leaf, node)


def subtree_node(entries: Sequence[bytes], depth: int) -> Node:
    """The subtree at ``depth`` that holds exactly these packed entries, sorted by tag.

    One pass from left to right: a subtree is finished as soon as the next tag leaves it.
    """
    if not entries:
        return EMPTY
    node = entries[0][_NODE_AT:]
    if len(entries) == 1:
        return Node(1, node)
    tag = int.from_bytes(entries[0][:32], "big")
    # Left halves that wait for their right one: (depth of the parent, hash).
    waiting: list[tuple[int, bytes]] = []
    at = KEY_BITS  # a single key is at any depth it is wanted at
    for packed in entries[1:]:
        following = int.from_bytes(packed[:32], "big")
        shared = KEY_BITS - (tag ^ following).bit_length()
        while waiting and waiting[-1][0] > shared:
            parent, left = waiting.pop()
            if parent + 1 < at < KEY_BITS:
                node = _lift(node, tag, at, parent + 1)
            node = sha256(b"\x22" + left + node).digest()
            at = parent
        if shared + 1 < at < KEY_BITS:
            node = _lift(node, tag, at, shared + 1)
        waiting.append((shared, node))
        node, tag, at = packed[_NODE_AT:], following, KEY_BITS
    while waiting:
        parent, left = waiting.pop()
        if parent + 1 < at < KEY_BITS:
            node = _lift(node, tag, at, parent + 1)
        node = sha256(b"\x22" + left + node).digest()
        at = parent
    return Node(2, _lift(node, tag, at, depth))


def _lift(node: bytes, tag: int, depth: int, to: int) -> bytes:
    """The hash of the subtree at depth ``to`` that holds only the keys of one at ``depth``."""
    for bit in range(depth - 1, to - 1, -1):
        if tag >> KEY_BITS - 1 - bit & 1:
            node = sha256(b"\x22" + EMPTY_HASH + node).digest()
        else:
            node = sha256(b"\x22" + node + EMPTY_HASH).digest()
    return node


def root_of(subjects: Iterable[tuple[bytes, SubjectState]]) -> bytes:
    """The root over subjects, from nothing but them."""
    return subtree_node([entry(tag, state) for tag, state in sorted(subjects)], 0).hash


def tokens(view: IndexView, subjects: Sequence[Subject]) -> list[Token]:
    """The index proof of subjects, sorted by tag: the tree from the root, left before right.

    ``"i"`` an inner node, its two children follow; ``"e"`` an empty subtree; hex digits: the hash
    of a subtree in which no subject of the proof lies; ``["l", tag, value]`` the leaf of another
    subject; ``"s"`` the leaf of the next subject of the proof that has records.
    """
    return _Prover(view, subjects).run()


class _Prover:
    def __init__(self, view: IndexView, subjects: Sequence[Subject]) -> None:
        self._view = view
        self._tags = [subject.tag for subject in subjects]
        self._out: list[Token] = []

    def run(self) -> list[Token]:
        self._upper(0, 0, 0, len(self._tags))
        return self._out

    def _upper(self, depth: int, prefix: int, first: int, last: int) -> None:
        node = self._view.upper(depth, prefix)
        bits = self._view.bucket_bits
        if node.keys == 0:
            self._out.append("e")
        elif first == last:
            self._out.append(node.hash.hex())
        elif node.keys == 1:
            while depth < bits:
                prefix, depth = prefix << 1, depth + 1
                if not self._view.upper(depth, prefix).keys:
                    prefix += 1
            self._leaf(self._view.bucket(prefix)[0], first, last)
        elif depth == bits:
            self._bucket(self._view.bucket(prefix), depth, first, last)
        else:
            middle = self._middle(depth, first, last)
            self._out.append("i")
            self._upper(depth + 1, prefix << 1, first, middle)
            self._upper(depth + 1, prefix << 1 | 1, middle, last)

    def _bucket(self, entries: list[bytes], depth: int, first: int, last: int) -> None:
        if not entries:
            self._out.append("e")
        elif first == last:
            self._out.append(subtree_node(entries, depth).hash.hex())
        elif len(entries) == 1:
            self._leaf(entries[0], first, last)
        else:
            tag = entries[0][:32]
            at = bisect_left(entries, _with_bit(tag, depth), key=lambda packed: packed[:32])
            middle = self._middle(depth, first, last, tag)
            self._out.append("i")
            self._bucket(entries[:at], depth + 1, first, middle)
            self._bucket(entries[at:], depth + 1, middle, last)

    def _leaf(self, packed: bytes, first: int, last: int) -> None:
        tag = packed[:32]
        at = bisect_left(self._tags, tag, first, last)
        if at < last and self._tags[at] == tag:
            self._out.append("s")
        else:
            state = SubjectState(*ENTRY.unpack(packed)[1:4])
            self._out.append(["l", tag.hex(), value_of(state).hex()])

    def _middle(self, depth: int, first: int, last: int, tag: bytes = b"") -> int:
        """The first subject of the right half at this depth."""
        return bisect_left(self._tags, _with_bit(tag or self._tags[first], depth), first, last)


def _with_bit(tag: bytes, depth: int) -> bytes:
    """The smallest tag of the right half of the subtree at ``depth`` in which ``tag`` lies."""
    shift = KEY_BITS - 1 - depth
    return (int.from_bytes(tag, "big") >> shift | 1).__lshift__(shift).to_bytes(32, "big")
