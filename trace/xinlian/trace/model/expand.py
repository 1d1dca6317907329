"""From links to a tree: level by level within bounds, then in pre-order. Without recursion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Any, Generic, NamedTuple, TypeVar

from xinlian.trace.model.tree import Truncation

__all__ = ["Place", "expand", "truncations"]

_Link = TypeVar("_Link", bound=tuple[Any, ...])


class Place(NamedTuple, Generic[_Link]):
    """One place of an item in a tree; ``parent`` is the index of the place above, -1 at the top."""

    item: int
    parent: int
    depth: int
    link: _Link | None
    cut: Truncation | None


def expand(
    root: int,
    branches: Mapping[int, Sequence[_Link]],
    end: int,
    *,
    depth_max: int,
    nodes_max: int,
    hidden: Set[int] = frozenset(),
    unknown: Set[int] = frozenset(),
) -> list[Place[_Link]]:
    """The tree of ``root`` in pre-order. Upper levels come first when nodes run out.

    ``branches``: the links from an item, as tuples that name the item they lead to at place
    ``end``. ``hidden``: items of which something is not shown to the reader; ``unknown``: items of
    which not all was read. An item that is in itself is not entered again.
    """
    # A way longer than there are items goes in a circle: only then circles are looked for.
    longest = len(branches) + 1
    args = (root, branches, end, depth_max, nodes_max, hidden, unknown)
    found = _level_by_level(*args, longest=longest, circular=False)
    return _pre_order(*(found or _level_by_level(*args, longest=longest, circular=True) or ()))


_Levels = tuple[list[int], list[int], list[int], list[Any], list[Truncation | None]]


def _level_by_level(
    root: int,
    branches: Mapping[int, Sequence[_Link]],
    end: int,
    depth_max: int,
    nodes_max: int,
    hidden: Set[int],
    unknown: Set[int],
    *,
    longest: int,
    circular: bool,
) -> _Levels | None:
    items, parents, depths = [root], [-1], [0]
    links: list[Any] = [None]
    cuts: list[Truncation | None] = []
    at = 0
    while at < len(items):
        item = items[at]
        kids = branches.get(item)
        cut = Truncation.RIGHTS if item in hidden else None
        if item in unknown:
            cut = Truncation.NODES
        if kids:
            depth = depths[at]
            if depth >= longest and not circular:
                return None
            if depth == depth_max:
                kids, cut = (), Truncation.DEPTH
            elif len(items) + len(kids) > nodes_max:
                kids, cut = (), Truncation.NODES
            elif circular:
                above = _above(items, parents, at)
                free = [kid for kid in kids if kid[end] not in above]
                if len(free) < len(kids):
                    kids, cut = free, Truncation.CYCLE
            items += [kid[end] for kid in kids]
            parents += [at] * len(kids)
            depths += [depth + 1] * len(kids)
            links += kids
        cuts.append(cut)
        at += 1
    return items, parents, depths, links, cuts


def _above(items: Sequence[int], parents: Sequence[int], at: int) -> set[int]:
    found = set()
    while at >= 0:
        found.add(items[at])
        at = parents[at]
    return found


def _pre_order(
    items: Sequence[int],
    parents: Sequence[int],
    depths: Sequence[int],
    links: Sequence[Any],
    cuts: Sequence[Truncation | None],
) -> list[Place[Any]]:
    kids: list[list[int] | None] = [None] * len(items)
    for at in range(len(items) - 1, 0, -1):  # last first, as a stack wants them
        above = parents[at]
        known = kids[above]
        if known is None:
            kids[above] = [at]
        else:
            known.append(at)
    order: list[int] = []
    stack = [0]
    while stack:
        at = stack.pop()
        order.append(at)
        below = kids[at]
        if below is not None:
            stack += below
    place_of = [0] * (len(items) + 1)
    for place, at in enumerate(order):
        place_of[at] = place
    place_of[-1] = -1  # what the root's -1 leads to
    return [
        Place(items[at], place_of[parents[at]], depths[at], links[at], cuts[at]) for at in order
    ]


def truncations(places: Sequence[Place[Any]]) -> tuple[tuple[Truncation, int], ...]:
    """How often a tree ends early, by reason."""
    counts = Counter(place.cut for place in places if place.cut is not None)
    return tuple(sorted(counts.items()))
