"""The right edge of a growing tree: all that is needed to append, and what becomes final by it.

Finished nodes are kept in tiles of eight levels: the 256 hashes of the tile's lowest level, then
the 16 of the level four above, so that one hash costs 15 others and not 255. A tile of level 0
covers 256 leaves, one of level 1 65,536, and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from xinlian.ledger.model.evidence.tree import (
    NodeHash,
    empty_root,
    node_sha256,
    pair_up,
)

TILE_LEVELS: Final = 8
TILE_WIDTH: Final = 1 << TILE_LEVELS
HALF_LEVELS: Final = TILE_LEVELS // 2
HALF_WIDTH: Final = 1 << HALF_LEVELS
HASH_BYTES: Final = 32
TILE_BYTES: Final = (TILE_WIDTH + HALF_WIDTH) * HASH_BYTES


@dataclass(slots=True)
class Tile:
    """Hashes of one tile: those of its lowest level, and once it is full those half-way up."""

    level: int
    number: int
    hashes: list[bytes]
    half: list[bytes] = field(default_factory=list)

    def pack(self) -> bytes:
        """The bytes that are stored."""
        return b"".join(self.hashes) + b"".join(self.half)


@dataclass(slots=True)
class Frontier:
    """The unfinished tiles at the right edge, from level 0 upwards.

    ``edges[level]`` holds the hashes of the unfinished tile of that level; the number of hashes is
    the digit of the size to the base 256, so that size and edges always agree.
    """

    size: int = 0
    edges: list[list[bytes]] = field(default_factory=list)

    def extend(self, hashes: Sequence[bytes], hash_pair: NodeHash = node_sha256) -> list[Tile]:
        """Append leaf hashes; returns the tiles that became full."""
        done: list[Tile] = []
        before = self.size
        self.size += len(hashes)
        level, fresh = 0, list(hashes)
        while fresh:
            if level == len(self.edges):
                self.edges.append([])
            edge = self.edges[level]
            edge.extend(fresh)
            fresh = []
            at, number = 0, before >> TILE_LEVELS * (level + 1)
            while len(edge) - at >= TILE_WIDTH:
                part = edge[at : at + TILE_WIDTH]
                half = _up(part, hash_pair)
                done.append(Tile(level, number, part, half))
                fresh.append(_up(half, hash_pair)[0])
                number += 1
                at += TILE_WIDTH
            del edge[:at]
            level += 1
        return done

    def open_tiles(self) -> list[Tile]:
        """The unfinished tiles as they stand, empty ones left out."""
        return [
            Tile(level, self.size >> TILE_LEVELS * (level + 1), list(edge))
            for level, edge in enumerate(self.edges)
            if edge
        ]

    def root(self, hash_pair: NodeHash = node_sha256) -> bytes:
        """The root over everything appended."""
        result: bytes | None = None
        for edge in self.edges:
            level = edge
            # Pairs go up; what stands alone at the right waits and is joined from below.
            for _ in range(TILE_LEVELS):
                if len(level) % 2:
                    result = level[-1] if result is None else hash_pair(level[-1], result)
                level = pair_up(level, hash_pair)
        if result is None:
            return empty_root("sha256" if hash_pair is node_sha256 else "sm3")
        return result


def _up(hashes: Sequence[bytes], hash_pair: NodeHash) -> list[bytes]:
    level = list(hashes)
    for _ in range(HALF_LEVELS):
        level = pair_up(level, hash_pair)
    return level
