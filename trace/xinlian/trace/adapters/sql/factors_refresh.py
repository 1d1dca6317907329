"""Brings the sets of vehicles up to date with what was captured since: incrementally, or anew.

A capture notes in its own transaction which items it touched (``trace_dirty``); bringing up to date
takes notes away in the transaction that writes the sets. So a crash loses nothing, and the sets are
exact as soon as no note is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pyroaring import BitMap
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.codes import ITEM_TYPES
from xinlian.trace.adapters.sql.factors import Change, FactorTable, Key
from xinlian.trace.adapters.sql.graph import Graph
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import descriptions, items, links
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.recall import Whereabouts
from xinlian.trace.model.whereabouts import told_by
from xinlian.trace.usecases.ports import Edge, Seen

__all__ = ["FactorRefresh"]

_ITEMS_AT_ONCE: Final = 2_000
_VEHICLES_AT_ONCE: Final = 1_000
_BATCH: Final = ITEM_TYPES.number[ItemType.BATCH]
_WHERE: Final = FactorKind.WHEREABOUTS
_CLOCKS_MS: Final = 300_000
_HAPPENED: Final = (
    "t.withdrawn = 0 AND t.is_correction = 0 AND t.event_time <= ? + COALESCE("
    "(SELECT r.captured_ms FROM trace_records r WHERE r.record = t.record), t.event_time)"
)
_Reach = dict[int, list[tuple[int, bool]]]
"""Item → the items one link away, and whether the link is known and holds."""


class FactorRefresh:
    """Keeps the sets; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._links_graph = Graph(connection)
        self._item_table = ItemTable(connection)
        self._factor_table = FactorTable(connection)

    def refresh(self) -> int:
        """Bring the sets up to date; how many items had been touched."""
        done = 0
        while True:
            rows = bulk.run(
                self._connection,
                "SELECT item, max(shrinks) FROM trace_dirty GROUP BY item ORDER BY item LIMIT ?",
                _ITEMS_AT_ONCE,
            )
            if not rows:
                return done
            self._bring(dict(rows))
            mark = "?" if bulk.is_sqlite(self._connection) else "%s"
            bulk.driver(self._connection).cursor().executemany(
                f"DELETE FROM trace_dirty WHERE item = {mark}",  # noqa: S608
                [(row[0],) for row in rows],
            )
            done += len(rows)

    def rebuild(self) -> int:
        """Forget the sets and make them from the facts; how many vehicles there are."""
        self._factor_table.clear_factors()
        bulk.driver(self._connection).execute("DELETE FROM trace_dirty")
        after, count = -1, 0
        while True:
            rows = bulk.run(
                self._connection,
                "SELECT ordinal, item FROM trace_vehicles WHERE ordinal > ?"
                " ORDER BY ordinal LIMIT ?",
                *(after, _VEHICLES_AT_ONCE),
            )
            if not rows:
                return count
            changes: dict[Key, Change] = defaultdict(Change)
            self._whole({item: ordinal for ordinal, item in rows}, changes)
            self._seen([row[1] for row in rows], dict(_swap(rows)), changes)
            self._factor_table.apply(changes)
            after, count = rows[-1][0], count + len(rows)

    def _bring(self, touched: Mapping[int, int]) -> None:
        numbers = list(touched)
        up = self._links_graph.went_into(numbers)
        down = self._links_graph.made_of(numbers)
        above, below = _reach(up, upward=True), _reach(down, upward=False)
        ordinals = self._item_table.ordinals({*numbers, *(edge.parent for edge in up)})
        own = self._own({*numbers, *(edge.child for edge in down)})
        changes: dict[Key, Change] = defaultdict(Change)
        shrunk: dict[int, int] = {}
        for item, shrinks in touched.items():
            over, sure_over = _closure(item, above)
            ever = BitMap([ordinals[each] for each in over if each in ordinals])
            if not ever:
                continue
            if shrinks:
                shrunk |= {each: ordinals[each] for each in over if each in ordinals}
            sure = BitMap([ordinals[each] for each in sure_over if each in ordinals])
            under, sure_under = _closure(item, below)
            for each in under:
                for key in own.get(each, ()):
                    changes[key].ever |= ever
                    if each in sure_under:
                        changes[key].sure |= sure
        vehicles = [item for item in numbers if item in ordinals]
        self._seen(vehicles, ordinals, changes)
        self._factor_table.apply(changes)
        pairs = list(shrunk.items())
        for at in range(0, len(pairs), _VEHICLES_AT_ONCE):
            again: dict[Key, Change] = defaultdict(Change)
            self._whole(dict(pairs[at : at + _VEHICLES_AT_ONCE]), again)
            self._factor_table.apply(again)

    def _whole(self, vehicles: Mapping[int, int], changes: dict[Key, Change]) -> None:
        """Vehicles from scratch: item → ordinal."""
        down = self._links_graph.made_of(list(vehicles))
        below = _reach(down, upward=False)
        own = self._own({*vehicles, *(edge.child for edge in down)})
        for item, ordinal in vehicles.items():
            under, sure_under = _closure(item, below)
            sure = {key for each in sure_under for key in own.get(each, ())}
            for key in {key for each in under for key in own.get(each, ())}:
                change = changes[key]
                change.ever.add(ordinal)
                (change.sure if key in sure else change.unsure).add(ordinal)

    def _own(self, numbers: Iterable[int]) -> dict[int, list[Key]]:
        """The factors of items themselves."""
        wanted = list(numbers)
        found: dict[int, set[Key]] = defaultdict(set)
        for item, kind in bulk.by_keys(self._connection, items, "item type", "item", wanted):
            if kind == _BATCH:
                found[item].add((FactorKind.BATCH, str(item)))
        for item, maker in bulk.by_keys(
            self._connection, descriptions, "item maker", "item", wanted
        ):
            if maker:
                found[item].add((FactorKind.SUPPLIER, maker))
        means = (FactorKind.MACHINE, FactorKind.STATION, FactorKind.SHIFT, FactorKind.GAUGE)
        for table, kinds in ((t.processes, means[:3]), (t.inspections, means)):
            columns = " ".join(kind.value for kind in kinds)
            for item, *names in bulk.by_keys(
                *(self._connection, table, f"item {columns}", "item", wanted),
                where="t.withdrawn = 0",
            ):
                for kind, name in zip(kinds, names, strict=True):
                    if name:
                        found[item].add((kind, name))
        return {item: sorted(keys) for item, keys in found.items()}

    def _seen(
        self, vehicles: Sequence[int], ordinals: Mapping[int, int], changes: dict[Key, Change]
    ) -> None:
        """Which parties spoke of vehicles, and where these are."""
        for table, key in ((descriptions, "item"), (links, "parent")):
            for item, party in bulk.by_keys(self._connection, table, f"{key} party", key, vehicles):
                changes[FactorKind.PARTY, str(party)].ever.add(ordinals[item])
        where = self.whereabouts(vehicles)
        for item in vehicles:
            for place in (Whereabouts.FIELD, Whereabouts.STOPPABLE):
                change = changes[_WHERE, place.value]
                here = where.get(item) is place
                (change.ever if here else change.gone).add(ordinals[item])

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


def _swap(rows: Iterable[Sequence[int]]) -> Iterable[tuple[int, int]]:
    return ((row[1], row[0]) for row in rows)


def _reach(edges: Iterable[Edge], *, upward: bool) -> _Reach:
    found: _Reach = defaultdict(list)
    for edge in edges:
        sure = edge.certainty == 0 and edge.valid_to is None and not edge.withdrawn
        if upward:
            found[edge.child].append((edge.parent, sure))
        else:
            found[edge.parent].append((edge.child, sure))
    return found


def _closure(start: int, ways: _Reach) -> tuple[set[int], set[int]]:
    """What is reached from an item, itself included: by any link, and by sure ones alone."""
    reached, sure = {start}, {start}
    waiting = [start]
    while waiting:
        for end, _ in ways.get(waiting.pop(), ()):
            if end not in reached:
                reached.add(end)
                waiting.append(end)
    waiting = [start]
    while waiting:
        for end, known in ways.get(waiting.pop(), ()):
            if known and end not in sure:
                sure.add(end)
                waiting.append(end)
    return reached, sure
