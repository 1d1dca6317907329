"""Where a thing came from and where it went, as a reader may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from xinlian.trace.model.collecting import collector_paused
from xinlian.trace.model.expand import expand, truncations
from xinlian.trace.model.facts import Gap, GapKind
from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.limits import DEPTH_MAX, NODES_MAX
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.readers import home_of
from xinlian.trace.model.stored import ItemFacts
from xinlian.trace.model.tree import Direction, Node, Tree
from xinlian.trace.usecases.ports import Edge, Seen, TraceSite, Visibility

__all__ = ["Genealogy", "replacements"]

_PARENT: Final = attrgetter("parent")
_CHILD: Final = attrgetter("child")
_KINDS: Final = (LinkKind.ASSEMBLED, LinkKind.CONSUMED, LinkKind.PACKED)
_CERTAINTIES: Final = (Certainty.KNOWN, Certainty.CANDIDATE)


class Genealogy:
    """Trees and facts of items. Every answer is of one moment."""

    def __init__(self, site: TraceSite, visibility: Visibility) -> None:
        self._site = site
        self._visibility = visibility

    def seen(self, store: Any, reader: int) -> Seen:
        """The parties whose records a reader sees, itself included; ``None``: everyone's."""
        others = self._visibility.parties(store.connection, reader)
        return None if others is None else others | {reader}

    def find(self, reader: int, text: str) -> list[Item]:
        """Items with this id or scanned text of which the reader may see something."""
        with self._site.read() as store:
            seen = self.seen(store, reader)
            numbers = store.items.numbers(store.items.find(text))
            shown = [n for n in numbers.values() if self._visible(store, n, seen)]
            return [item for item, _ in store.items.get(shown, reader, seen).values()]

    def _visible(self, store: Any, number: int, seen: Seen) -> bool:
        return bool(store.known_to(number, seen))

    def tree(
        self,
        reader: int,
        item: ItemId,
        direction: Direction,
        *,
        at_ms: int | None = None,
        depth_max: int = DEPTH_MAX,
        nodes_max: int = NODES_MAX,
    ) -> Tree | None:
        """The tree of an item as built (``at_ms`` is ``None``) or as maintained at a time; ``None``
        if the reader knows nothing of the item.

        As built: links that replaced nothing. A link replaces another if it began when or after
        that one had ended in the same parent, and both children have the same part number, which
        is known. Siblings stand by type, name, part number and id.
        """
        with self._site.read() as store:
            root = store.items.numbers([item]).get(item)
            seen = self.seen(store, reader)
            if root is None or not self._visible(store, root, seen):
                return None
            walk = _Walk(store, reader, seen, direction, at_ms)
            with collector_paused():
                return walk.tree(root, depth_max, nodes_max)

    def facts(self, reader: int, items: Sequence[ItemId], *, with_links: bool = True) -> ItemFacts:
        """What the reader may see of items: descriptions, links, events, inspections, process
        records, claims, gaps, certificates, each with its place in the evidence log."""
        with self._site.read() as store:
            seen = self.seen(store, reader)
            numbers = store.items.numbers(items).values()
            found: ItemFacts = store.item_facts(numbers, seen, reader=reader, with_links=with_links)
            return found


class _Walk:
    """One tree under way."""

    def __init__(
        self, store: Any, reader: int, seen: Seen, direction: Direction, at_ms: int | None
    ) -> None:
        self._store = store
        self._reader = home_of(reader)
        self._seen = seen
        self._down = direction is Direction.DOWN
        self._direction = direction
        self._at_ms = at_ms

    def tree(self, root: int, depth_max: int, nodes_max: int) -> Tree:
        """Read, choose, expand."""
        limit = 2 * nodes_max + 1_000
        read = self._store.below if self._down else self._store.above
        found: list[Edge] = read([root], limit + 1, self._at_ms)
        unknown = self._unknown(found, limit)
        edges = [edge for edge in found if not edge.withdrawn]
        shown = [edge for edge in edges if self._seen is None or edge.party in self._seen]
        hidden = self._hidden(edges, shown)
        if self._at_ms is None:
            replaced = self._replaced(shown)
            shown = [edge for edge in shown if edge not in replaced]
        chosen = _one_per_pair(shown, self._reader)
        branches: dict[int, list[Edge]] = defaultdict(list)
        start, end = (_PARENT, _CHILD) if self._down else (_CHILD, _PARENT)
        for edge in chosen:
            branches[start(edge)].append(edge)
        within = _within(root, branches, end, depth_max)
        items = self._store.items.get(within, self._reader, self._seen)
        _sort(branches, end, items)
        places = expand(
            root,
            branches,
            1 if self._down else 0,
            depth_max=depth_max,
            nodes_max=nodes_max,
            hidden=hidden,
            unknown=unknown,
        )
        shown_items = {place.item: items[place.item] for place in places}
        nodes = tuple(
            Node(
                items[place.item][0],
                place.parent,
                place.depth,
                None if place.link is None else _link(place.link, items),
                place.cut,
            )
            for place in places
        )
        gaps = self._gaps(shown_items)
        return Tree(self._direction, self._at_ms, nodes, gaps, truncations(places))

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

    def _gaps(self, items: Mapping[int, tuple[Item, bool]]) -> tuple[Gap, ...]:
        found = [each.fact for each in self._store.gaps(list(items), self._seen)]
        missing = [
            Gap(item.id, GapKind.MISSING_ITEM, "nobody described this item")
            for item, described in items.values()
            if not described
        ]
        found.sort(key=attrgetter("item", "kind", "what"))
        return (*found, *sorted(missing, key=attrgetter("item")))


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


def _within(
    root: int, branches: Mapping[int, Sequence[Edge]], end: Callable[[Edge], int], depth_max: int
) -> list[int]:
    """The root and what is at most so many links away."""
    depths = {root: 0}
    found = [root]
    for at in found:
        depth = depths[at] + 1
        if depth <= depth_max:
            for edge in branches.get(at, ()):
                item = end(edge)
                if item not in depths:
                    depths[item] = depth
                    found.append(item)
    return found


def _sort(
    branches: Mapping[int, list[Edge]],
    end: Callable[[Edge], int],
    items: Mapping[int, tuple[Item, bool]],
) -> None:
    """Siblings by what people read of them, never by numbers, which each database gives anew.

    Two links of the same two items never stand beside each other (``_one_per_pair``).
    """
    keys = {
        number: (item.id.type.value, item.name, item.part_number, item.id.id, item.id.owner)
        for number, (item, _) in items.items()
    }
    for several in branches.values():
        if len(several) > 1:
            several.sort(key=lambda edge: keys.get(end(edge), ()))


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


def _link(edge: Edge, items: Mapping[int, tuple[Item, bool]]) -> Link:
    return Link(
        items[edge.child][0].id,
        items[edge.parent][0].id,
        _KINDS[edge.kind],
        None if edge.valid_from < 0 else edge.valid_from,
        edge.valid_to,
        edge.quantity,
        edge.unit,
        _CERTAINTIES[edge.certainty],
        edge.group,
    )
