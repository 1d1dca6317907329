"""What statements make of the sets of vehicles, as the parties of one view tell it; only reads.

What a vehicle meets is what links of these parties lead down to. So what somebody else says changes
nothing and costs nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from pyroaring import BitMap
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.codes import ITEM_TYPES
from xinlian.trace.adapters.sql.factors import Change, Key
from xinlian.trace.adapters.sql.graph import Graph
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import descriptions, items
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.recall import Whereabouts
from xinlian.trace.model.whereabouts import told_by
from xinlian.trace.usecases.ports import Edge, Seen

__all__ = ["Brought", "Changes", "FactorChanges", "Whereabout"]

_BATCH: Final = ITEM_TYPES.number[ItemType.BATCH]
_CLOCKS_MS: Final = 300_000
_HAPPENED: Final = (
    "t.withdrawn = 0 AND t.is_correction = 0 AND t.event_time <= ? + COALESCE("
    "(SELECT r.captured_ms FROM trace_records r WHERE r.record = t.record), t.event_time)"
)
_ANY, _ALIVE, _SURE = 0, 1, 2
"""By any link; by links that were not withdrawn; by known links that hold."""
_Reach = dict[int, list[tuple[int, int]]]
"""Item → the items one link away, and how far the link is to be trusted."""
_Closures = tuple[set[int], set[int], set[int]]
Changes = dict[Key, Change]


class Brought(NamedTuple):
    """What items that were touched make of the sets, and the vehicles to be reckoned anew."""

    changes: Changes
    anew: BitMap


class Whereabout:
    """Where items are; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def whereabouts(self, numbers: Iterable[int], seen: Seen = None) -> dict[int, Whereabouts]:
        """Where items are by their last event that tells, of the parties in ``seen``.

        An event that is dated after its capture, clocks that differ apart, tells nothing: it would
        be the last one for as long as it likes.
        """
        pairs = list(bulk.by_keys(self._connection, t.event_items, "item event", "item", numbers))
        events = {
            event: (time, event, told)
            for event, party, time, disposition in bulk.by_keys(
                *(self._connection, t.events, "event party event_time disposition", "event"),
                {event for _, event in pairs},
                where=_HAPPENED,
                values=(_CLOCKS_MS,),
            )
            if (seen is None or party in seen) and (told := told_by(disposition)) is not None
        }
        last: dict[int, tuple[int, int, Whereabouts]] = {}
        for item, event in pairs:
            if event in events and (item not in last or events[event][:2] > last[item][:2]):
                last[item] = events[event]
        return {item: found[2] for item, found in last.items()}


class FactorChanges:
    """Reckons changes for the parties in ``seen``; within the owner's transaction."""

    def __init__(self, connection: Connection, seen: Seen) -> None:
        self._connection = connection
        self._seen = seen
        self._graph = Graph(connection)
        self._items = ItemTable(connection)

    def bring(self, touched: Mapping[int, int], links_max: int) -> Brought | None:
        """What items that were touched make of the sets; with a number above 0 something of them
        ended or was withdrawn. ``None`` if more than ``links_max`` links lie over or under them."""
        numbers = list(touched)
        up = self._graph.went_into(numbers, links_max + 1, self._seen)
        down = self._graph.made_of(numbers, links_max + 1, self._seen)
        if max(len(up), len(down)) > links_max:
            return None
        above, below = _reach(up, upward=True), _reach(down, upward=False)
        ordinals = self._items.ordinals({*numbers, *(edge.parent for edge in up)})
        own, _ = self._own({*numbers, *(edge.child for edge in down)})
        changes: Changes = defaultdict(Change)
        anew = BitMap()
        for item, shrinks in touched.items():
            over = [_ordinals(each, ordinals) for each in _closures(item, above)]
            if not over[_ANY]:
                continue
            if shrinks:
                anew |= over[_ANY]
            _add(changes, own, _closures(item, below), over)
        self._place([item for item in numbers if item in ordinals], ordinals, changes)
        return Brought(changes, anew)

    def whole(self, vehicles: Mapping[int, int]) -> Changes:
        """Vehicles from scratch: item → ordinal. What they no longer meet is gone."""
        changes: Changes = defaultdict(Change)
        down = self._graph.made_of(list(vehicles), seen=self._seen)
        below = _reach(down, upward=False)
        own, was = self._own({*vehicles, *(edge.child for edge in down)})
        for item, ordinal in vehicles.items():
            reached = _closures(item, below)
            met, surely = (_keys(own, reached[level]) for level in (_ALIVE, _SURE))
            ever = _keys(own, reached[_ANY])
            for key in ever | _keys(was, reached[_ANY]):
                change = changes[key]
                (change.ever if key in met else change.gone).add(ordinal)
                (change.sure if key in surely else change.unsure).add(ordinal)
            for kind, name in ever - met:
                if kind is FactorKind.BATCH:
                    changes[FactorKind.WITHDRAWN, name].ever.add(ordinal)
        self._place(list(vehicles), vehicles, changes)
        return changes

    def _own(self, numbers: Iterable[int]) -> tuple[dict[int, set[Key]], dict[int, set[Key]]]:
        """The factors of items themselves, and those that were withdrawn."""
        wanted = list(numbers)
        found: dict[int, set[Key]] = defaultdict(set)
        was: dict[int, set[Key]] = defaultdict(set)
        for item, kind in bulk.by_keys(self._connection, items, "item type", "item", wanted):
            if kind == _BATCH:
                found[item].add((FactorKind.BATCH, str(item)))
        for item, party, maker in bulk.by_keys(
            self._connection, descriptions, "item party maker", "item", wanted
        ):
            if maker and self._sees(party):
                found[item].add((FactorKind.SUPPLIER, maker))
        means = (FactorKind.MACHINE, FactorKind.STATION, FactorKind.SHIFT, FactorKind.GAUGE)
        for table, kinds in ((t.processes, means[:3]), (t.inspections, means)):
            columns = " ".join(kind.value for kind in kinds)
            for item, party, gone, *names in bulk.by_keys(
                self._connection, table, f"item party withdrawn {columns}", "item", wanted
            ):
                if self._sees(party):
                    keys = {(kind, name) for kind, name in zip(kinds, names, strict=True) if name}
                    (was if gone else found)[item] |= keys
        return found, was

    def _sees(self, party: int) -> bool:
        return self._seen is None or party in self._seen

    def _place(
        self, vehicles: Sequence[int], ordinals: Mapping[int, int], changes: Changes
    ) -> None:
        where = Whereabout(self._connection).whereabouts(vehicles, self._seen)
        for item in vehicles:
            for place in (Whereabouts.FIELD, Whereabouts.STOPPABLE):
                change = changes[FactorKind.WHEREABOUTS, place.value]
                here = where.get(item) is place
                (change.ever if here else change.gone).add(ordinals[item])


def _add(
    changes: Changes, own: Mapping[int, set[Key]], under: _Closures, over: Sequence[BitMap]
) -> None:
    """What lies under an item, to the vehicles over it."""
    for each in under[_ANY]:
        for key in own.get(each, ()):
            past = over[_ANY]
            if each in under[_ALIVE]:
                changes[key].ever |= over[_ALIVE]
                past = past - over[_ALIVE]
            if each in under[_SURE]:
                changes[key].sure |= over[_SURE]
            if past and key[0] is FactorKind.BATCH:
                changes[FactorKind.WITHDRAWN, key[1]].ever |= past


def _keys(own: Mapping[int, set[Key]], numbers: Iterable[int]) -> set[Key]:
    return {key for each in numbers for key in own.get(each, ())}


def _ordinals(numbers: Iterable[int], ordinals: Mapping[int, int]) -> BitMap:
    return BitMap([ordinals[each] for each in numbers if each in ordinals])


def _reach(edges: Iterable[Edge], *, upward: bool) -> _Reach:
    found: _Reach = defaultdict(list)
    for edge in edges:
        if edge.withdrawn:
            trust = _ANY
        else:
            trust = _SURE if edge.certainty == 0 and edge.valid_to is None else _ALIVE
        if upward:
            found[edge.child].append((edge.parent, trust))
        else:
            found[edge.parent].append((edge.child, trust))
    return found


def _closures(start: int, ways: _Reach) -> _Closures:
    """What is reached from an item, itself included: by any link, by those that were not withdrawn,
    and by sure ones alone."""
    found = []
    for least in (_ANY, _ALIVE, _SURE):
        reached, waiting = {start}, [start]
        while waiting:
            for end, trust in ways.get(waiting.pop(), ()):
                if trust >= least and end not in reached:
                    reached.add(end)
                    waiting.append(end)
        found.append(reached)
    return found[0], found[1], found[2]
