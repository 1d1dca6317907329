"""Where a thing came from and where it went, as a reader may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any, Final

from xinlian.trace.model.circles import circular
from xinlian.trace.model.collecting import collector_paused
from xinlian.trace.model.expand import expand, truncations
from xinlian.trace.model.facts import Gap, GapKind
from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.limits import DEPTH_MAX, NODES_MAX
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.readers import home_of
from xinlian.trace.model.records import item_of
from xinlian.trace.model.stored import Doubts, ItemFacts
from xinlian.trace.model.tree import Direction, Node, Tree
from xinlian.trace.usecases.branches import Branches, LinkReader
from xinlian.trace.usecases.ports import Edge, Seen, TraceSite, Visibility

__all__ = ["Genealogy"]

DOUBT_ITEMS_MAX: Final = 3_000
"""Items below another that are asked what speaks against it, the nearest first."""
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

    def doubts(self, reader: int, item: ItemId, at_ms: int | None = None) -> Doubts | None:
        """What speaks against an item, far cheaper than its tree with all facts; ``None`` if the
        reader knows nothing of it."""
        with self._site.read() as store:
            root = store.items.numbers([item]).get(item)
            seen = self.seen(store, reader)
            if root is None or not self._visible(store, root, seen):
                return None
            with collector_paused():
                return _Walk(store, reader, seen, Direction.DOWN, at_ms).doubts(root)

    def recalled(self, recalls: Sequence[str]) -> set[ItemId]:
        """The items that recalls start from, whoever may see them."""
        found: set[ItemId] = set()
        with self._site.read() as store:
            for name in store.causes_named(recalls):
                found.update(store.items.find(name))
                with suppress(ValueError):
                    found.add(item_of(name))
        return found

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
        self._direction = direction
        self._at_ms = at_ms
        self._links = LinkReader(store, self._reader, seen, direction, at_ms)

    def tree(self, root: int, depth_max: int, nodes_max: int) -> Tree:
        """Read, choose, expand."""
        found = self._links.read(root, 2 * nodes_max + 1_000)
        within = found.within(root, depth_max)
        items = self._store.items.get(within, self._reader, self._seen)
        _sort(found, items)
        places = expand(
            root,
            found.links,
            1 if self._direction is Direction.DOWN else 0,
            depth_max=depth_max,
            nodes_max=nodes_max,
            hidden=found.hidden,
            unknown=found.unknown,
        )
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
        gaps = self._gaps({place.item: items[place.item] for place in places})
        return Tree(self._direction, self._at_ms, nodes, gaps, truncations(places))

    def doubts(self, root: int) -> Doubts:
        """Ask for what speaks against the item alone."""
        found = self._links.read(root, 2 * DOUBT_ITEMS_MAX + 1_000)
        within = found.within(root, DEPTH_MAX)[:DOUBT_ITEMS_MAX]
        edges = [edge for at in within for edge in found.links.get(at, ())]
        return Doubts(
            facts=self._store.doubtful(within, self._seen, reader=self._reader),
            unsure=len({e.group or str(e.child) for e in edges if _CERTAINTIES[e.certainty]
                        is Certainty.CANDIDATE}),
            gaps=self._store.lacking(within, self._seen),
            circle=circular((edge.parent, edge.child) for edge in edges),
        )  # fmt: skip

    def _gaps(self, items: Mapping[int, tuple[Item, bool]]) -> tuple[Gap, ...]:
        found = [each.fact for each in self._store.gaps(list(items), self._seen)]
        missing = [
            Gap(item.id, GapKind.MISSING_ITEM, "nobody described this item")
            for item, described in items.values()
            if not described
        ]
        found.sort(key=attrgetter("item", "kind", "what"))
        return (*found, *sorted(missing, key=attrgetter("item")))


def _sort(branches: Branches, items: Mapping[int, tuple[Item, bool]]) -> None:
    """Siblings by what people read of them, never by numbers, which each database gives anew.

    Two links of the same two items never stand beside each other.
    """
    keys = {
        number: (item.id.type, item.name, item.part_number, item.id.id, item.id.owner)
        for number, (item, _) in items.items()
    }
    end = branches.end
    for several in branches.links.values():
        if len(several) > 1:
            several.sort(key=lambda edge: keys.get(end(edge), ()))


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
