"""Which links a tree is made of: read for one reader, and one chosen where several say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from xinlian.trace.model.tree import Direction
from xinlian.trace.usecases.ports import Edge, Seen

__all__ = ["Branches", "LinkReader", "replacements"]

_PARENT: Final = attrgetter("parent")
_CHILD: Final = attrgetter("child")


@dataclass(frozen=True, slots=True)
class Branches:
    """Links by the item that they lead from; ``end`` gives the one that they lead to.

    ``hidden``: items of which something is not shown to the reader; ``unknown``: items of which not
    all was read."""

    links: dict[int, list[Edge]]
    end: Callable[[Edge], int]
    hidden: set[int]
    unknown: set[int]

    def within(self, root: int, depth_max: int) -> list[int]:
        """The root and what is at most so many links away, nearest first."""
        depths = {root: 0}
        found = [root]
        for at in found:
            depth = depths[at] + 1
            if depth <= depth_max:
                for edge in self.links.get(at, ()):
                    item = self.end(edge)
                    if item not in depths:
                        depths[item] = depth
                        found.append(item)
        return found


class LinkReader:
    """Reads links for one reader, in one direction, as built (``at_ms`` is ``None``) or as they
    held at a time."""

    def __init__(
        self, store: Any, reader: int, seen: Seen, direction: Direction, at_ms: int | None
    ) -> None:
        self._store = store
        self._reader = reader
        self._seen = seen
        self._down = direction is Direction.DOWN
        self._at_ms = at_ms

    def read(self, root: int, limit: int) -> Branches:
        """The links of a tree, ``limit`` at most."""
        read = self._store.below if self._down else self._store.above
        found: list[Edge] = read([root], limit + 1, self._at_ms)
        unknown = self._unknown(found, limit)
        edges = [edge for edge in found if not edge.withdrawn]
        shown = [edge for edge in edges if self._seen is None or edge.party in self._seen]
        hidden = self._hidden(edges, shown)
        if self._at_ms is None:
            replaced = self._replaced(shown)
            shown = [edge for edge in shown if edge not in replaced]
        branches: dict[int, list[Edge]] = defaultdict(list)
        start, end = (_PARENT, _CHILD) if self._down else (_CHILD, _PARENT)
        for edge in _one_per_pair(shown, self._reader):
            branches[start(edge)].append(edge)
        return Branches(branches, end, hidden, unknown)

    def _hidden(self, edges: Sequence[Edge], shown: Sequence[Edge]) -> set[int]:
        if len(edges) == len(shown):
            return set()
        pairs = {(edge.parent, edge.child) for edge in shown}
        return {
            edge.parent if self._down else edge.child
            for edge in edges
            if (edge.parent, edge.child) not in pairs
        }

    def _unknown(self, found: list[Edge], limit: int) -> set[int]:
        """Items whose links were not all read, because there are more than ``limit``: that of the
        first link too many, which is left out, and those that have links but no turn came."""
        if len(found) <= limit:
            return set()
        ways = [(e.parent, e.child) if self._down else (e.child, e.parent) for e in found]
        del found[limit:]
        rest = {end for _, end in ways} - {start for start, _ in ways}
        side = "parent" if self._down else "child"
        return {ways[-1][0]} | set(self._store.having(side, rest))

    def _replaced(self, edges: Sequence[Edge]) -> set[Edge]:
        parents = {edge.parent for edge in edges}
        if self._down:
            ended = [edge for edge in edges if edge.valid_to is not None]
        else:
            ended = [
                edge
                for edge in self._store.ended_in(parents)
                if self._seen is None or edge.party in self._seen
            ]
        if not ended:
            return set()
        touched = {edge.parent for edge in ended}
        doubtful = [edge for edge in edges if edge.parent in touched]
        children = {edge.child for edge in (*doubtful, *ended)}
        items = self._store.items.get(children, self._reader, self._seen)
        parts = {number: item.part_number for number, (item, _) in items.items()}
        return replacements(doubtful, ended, parts)


def replacements(
    edges: Iterable[Edge], ended: Iterable[Edge], parts: Mapping[int, str]
) -> set[Edge]:
    """The links that began when or after another one had ended in the same parent with a child of
    the same part number. Of a child without one nobody knows what it replaced, and what replaced
    it: leaving it out would hide a part."""
    first: dict[tuple[int, str], int] = {}
    for edge in ended:
        if edge.valid_to is not None and parts[edge.child]:
            key = edge.parent, parts[edge.child]
            first[key] = min(first.get(key, edge.valid_to), edge.valid_to)
    return {
        edge
        for edge in edges
        if (end := first.get((edge.parent, parts[edge.child]))) is not None
        and edge.valid_from >= end
    }


def _one_per_pair(edges: Iterable[Edge], reader: int) -> list[Edge]:
    """Of links of the same two items the reader's own, then the earliest."""
    best: dict[tuple[int, int], Edge] = {}
    for edge in edges:
        old = best.setdefault((edge.parent, edge.child), edge)
        if old is not edge and _before(edge, reader) < _before(old, reader):
            best[edge.parent, edge.child] = edge
    return list(best.values())


def _before(edge: Edge, reader: int) -> tuple[bool, int, int]:
    return edge.party != reader, edge.valid_from, edge.party
