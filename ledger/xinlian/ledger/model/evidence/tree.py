"""The growing tree of RFC 9162, section 2.1, over leaf hashes: roots, proofs, shared proofs.

Proofs are made from perfect subtrees: ``Nodes.node(level, position)`` is the hash over the
2**level leaf hashes from ``position << level`` on. How a store keeps them is its affair.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, Protocol

SIZE_MAX: Final = (1 << 62) - 1

NodeHash = Callable[[bytes, bytes], bytes]
"""Hash of an inner node from its two children."""


def node_sha256(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\1" + left + right).digest()


def node_sm3(left: bytes, right: bytes) -> bytes:
    """The same with SM3 (GB/T 32905)."""
    return hashlib.new("sm3", b"\1" + left + right).digest()


def leaf_sm3(data: bytes) -> bytes:
    """The leaf hash with SM3."""
    return hashlib.new("sm3", b"\0" + data).digest()


class Nodes(Protocol):
    """Where the hashes of perfect subtrees come from."""

    def node(self, level: int, position: int) -> bytes:
        """Hash over the 2**level leaves from ``position << level`` on."""


class MemoryNodes:
    """Every node of a tree in memory; for tests, vectors and small trees."""

    def __init__(self, leaves: Sequence[bytes], hash_pair: NodeHash = node_sha256) -> None:
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            self._levels.append(pair_up(below, hash_pair))

    def node(self, level: int, position: int) -> bytes:
        """Hash over the 2**level leaves from ``position << level`` on."""
        return self._levels[level][position]


def pair_up(hashes: Sequence[bytes], hash_pair: NodeHash = node_sha256) -> list[bytes]:
    """The parents of hashes that stand side by side; one left over at the end is left out."""
    if hash_pair is node_sha256:
        return [
            sha256(b"\1" + left + right).digest()
            for left, right in zip(hashes[::2], hashes[1::2], strict=False)
        ]
    return [hash_pair(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=False)]


def fold(hashes: bytes, hash_pair: NodeHash = node_sha256) -> bytes:
    """The root of a perfect subtree from its hashes of one level, end to end."""
    while len(hashes) > 32:
        if hash_pair is node_sha256:
            pairs = [
                sha256(b"\1" + hashes[at : at + 64]).digest() for at in range(0, len(hashes), 64)
            ]
        else:
            pairs = [
                hash_pair(hashes[at : at + 32], hashes[at + 32 : at + 64])
                for at in range(0, len(hashes), 64)
            ]
        hashes = b"".join(pairs)
    return hashes


def split(count: int) -> int:
    """The largest power of two below ``count`` (``count`` at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def empty_root(algorithm: str = "sha256") -> bytes:
    """The root of a tree without leaves."""
    return hashlib.new(algorithm).digest()


def subtree(nodes: Nodes, low: int, high: int, hash_pair: NodeHash = node_sha256) -> bytes:
    """MTH over the leaves ``low`` to ``high`` (not included), as the recursion of the RFC has it.

    ``low`` is a multiple of the smallest power of two that is not below ``high - low``.
    """
    result: bytes | None = None
    at = high
    while at > low:
        level = (at & -at).bit_length() - 1
        while at - (1 << level) < low:
            level -= 1
        at -= 1 << level
        part = nodes.node(level, at >> level)
        result = part if result is None else hash_pair(part, result)
    if result is None:
        raise ValueError("a subtree has at least one leaf")
    return result


def root_of(nodes: Nodes, size: int, hash_pair: NodeHash = node_sha256) -> bytes:
    """The root over the first ``size`` leaves."""
    if size:
        return subtree(nodes, 0, size, hash_pair)
    return empty_root("sha256" if hash_pair is node_sha256 else "sm3")


def inclusion(
    nodes: Nodes, index: int, size: int, hash_pair: NodeHash = node_sha256
) -> list[bytes]:
    """PATH(index, D[size]) of the RFC: the hashes beside the way from the leaf to the root."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            path.append(subtree(nodes, middle, high, hash_pair))
            high = middle
        else:
            path.append(subtree(nodes, low, middle, hash_pair))
            low = middle
    return path[::-1]


def consistency(
    nodes: Nodes, old: int, size: int, hash_pair: NodeHash = node_sha256
) -> list[bytes]:
    """PROOF(old, D[size]) of the RFC; empty where ``old`` is 0 or the whole tree."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {old} leaves is no beginning of one of {size}")
    if old in (0, size):
        return []
    proof: list[bytes] = []
    low, high, whole = 0, size, True
    while old != high:
        middle = low + split(high - low)
        if old <= middle:
            proof.append(subtree(nodes, middle, high, hash_pair))
            high = middle
        else:
            proof.append(subtree(nodes, low, middle, hash_pair))
            low, whole = middle, False
    if not whole:
        proof.append(subtree(nodes, low, high, hash_pair))
    return proof[::-1]


def multiproof(
    nodes: Nodes, indices: Sequence[int], size: int, hash_pair: NodeHash = node_sha256
) -> list[bytes]:
    """The hashes of the largest subtrees without a shown leaf, from left to right.

    ``indices`` rise strictly. Together with the shown leaf hashes they give the root.
    """
    if not indices:
        return [root_of(nodes, size, hash_pair)] if size else []
    if indices[-1] >= size:
        raise ValueError(f"leaf {indices[-1]} is not in a tree of {size}")
    proof: list[bytes] = []
    # Ranges still to be looked at, the leftmost on top: (low, high, first shown, behind the last).
    stack = [(0, size, 0, len(indices))]
    while stack:
        low, high, first, last = stack.pop()
        if first == last:
            proof.append(subtree(nodes, low, high, hash_pair))
        elif high - low > 1:
            middle = low + split(high - low)
            at = _first_not_below(indices, middle, first, last)
            stack.append((middle, high, at, last))
            stack.append((low, middle, first, at))
    return proof


def root_from_multiproof(
    shown: Mapping[int, bytes],
    size: int,
    proof: Sequence[bytes],
    hash_pair: NodeHash = node_sha256,
) -> bytes:
    """The root that leaf hashes and a shared proof give; ``ValueError`` if they do not fit."""
    indices = sorted(shown)
    if indices and (indices[0] < 0 or not indices[-1] < size <= SIZE_MAX):
        raise ValueError("a leaf is not in the tree")
    hashes = iter(proof)

    def climb(low: int, high: int, first: int, last: int) -> bytes:
        if first == last:
            return _next(hashes)
        if high - low == 1:
            return shown[low]
        middle = low + split(high - low)
        at = _first_not_below(indices, middle, first, last)
        return hash_pair(climb(low, middle, first, at), climb(middle, high, at, last))

    root = climb(0, size, 0, len(indices)) if size else empty_root()
    if next(hashes, None) is not None:
        raise ValueError("the proof has hashes too many")
    return root


def verify_inclusion(
    index: int,
    size: int,
    leaf: bytes,
    proof: Sequence[bytes],
    root: bytes,
    hash_pair: NodeHash = node_sha256,
) -> bool:
    """Whether the proof puts the leaf hash at ``index`` of the tree with this root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = hash_pair(sibling, result)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = hash_pair(result, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def verify_consistency(
    old: int,
    old_root: bytes,
    size: int,
    root: bytes,
    proof: Sequence[bytes],
    hash_pair: NodeHash = node_sha256,
) -> bool:
    """Whether the proof shows the old tree to be the beginning of the new one (2.1.4.2)."""
    if not 0 <= old <= size or old in (0, size):
        return old in (0, size) and not proof and (old == 0 or old_root == root)
    hashes = list(proof)
    if old & old - 1 == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = hash_pair(sibling, first), hash_pair(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = hash_pair(second, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == root


def _next(hashes: Iterator[bytes]) -> bytes:
    found = next(hashes, None)
    if found is None:
        raise ValueError("the proof has hashes too few")
    return found


def _first_not_below(indices: Sequence[int], bound: int, low: int, high: int) -> int:
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low
