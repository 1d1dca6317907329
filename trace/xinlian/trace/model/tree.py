"""Trees as they are shown: where a thing came from, and where it went."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from xinlian.trace.model.facts import Gap
from xinlian.trace.model.items import Item
from xinlian.trace.model.links import Link

__all__ = ["Direction", "Node", "Tree", "Truncation"]


class Direction(StrEnum):
    """Down: what is in it. Up: what it is in."""

    DOWN = "down"
    UP = "up"


class Truncation(StrEnum):
    """Why a tree ends before its leaves."""

    DEPTH = "depth"
    NODES = "nodes"
    CYCLE = "cycle"
    RIGHTS = "rights"
    """What follows belongs to a party that does not show it to the reader."""


class Node(NamedTuple):
    """One place of an item in a tree. ``parent`` is the index of the node above (-1: the root).

    A batch that is in many items has a node at each place. ``cut`` says why its children are not
    listed, if some are left out.
    """

    item: Item
    parent: int
    depth: int
    link: Link | None
    cut: Truncation | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes in pre-order, so that node 0 is the root and every subtree is one slice.

    ``at_ms`` is the date at which links had to be valid (``None``: as built, that is every first
    fit); ``gaps`` are those of all its items; ``truncations`` counts by reason.
    """

    direction: Direction
    at_ms: int | None
    nodes: tuple[Node, ...]
    gaps: tuple[Gap, ...] = ()
    truncations: tuple[tuple[Truncation, int], ...] = ()
