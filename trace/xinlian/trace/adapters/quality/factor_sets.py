"""Bitmaps of vehicles per factor: those the store keeps, or reckoned from links and facts.

The kept ones are those of the reader's own view. While there is none, or it is far behind, they are
reckoned anew: ordinals flow from vehicles down to what they hold or ever held, and a factor is the
union over the items that met it (of parties that spoke of a few million things at most).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain
from typing import Any, Final

from pyroaring import BitMap
from sqlalchemy import Connection, func, select
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.codes import ITEM_TYPES, LINK_KINDS
from xinlian.trace.adapters.sql.factors import Key
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import descriptions, items, links, touched, vehicles
from xinlian.trace.adapters.sql.views import SetViews
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.links import LinkKind
from xinlian.trace.model.quality.enrichment import FactorKey
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.usecases.ports import Seen

__all__ = ["TOUCHED_MAX", "factor_sets", "vehicles_above"]

TOUCHED_MAX: Final = 1_000_000
"""Things that the parties spoke of, beyond which causes are taken from the kept sets alone."""
_PACKED: Final = LINK_KINDS.number[LinkKind.PACKED]
_NOTHING: Final = BitMap()


def vehicles_above(connection: Connection, seen: Seen) -> dict[int, BitMap]:
    """Vehicle ordinals by item number, for every item that is or ever was in a vehicle."""
    below: dict[int, list[int]] = defaultdict(list)
    waits: dict[int, int] = defaultdict(int)
    query = select(links.c.parent, links.c.child)
    query = query.where(links.c.withdrawn == 0, links.c.kind != _PACKED)
    if seen is not None:
        query = query.where(links.c.party.in_(sorted(seen)))
    for parent, child in connection.execute(query.distinct()):
        below[parent].append(child)
        waits[child] += 1
    found = {
        item: BitMap([ordinal])
        for ordinal, item in connection.execute(select(vehicles.c.ordinal, vehicles.c.item))
    }
    ready = [parent for parent in below if parent not in waits]
    while ready:  # every item once, after all that it is in; what lies on a circle is never ready
        item = ready.pop()
        above = found.get(item, _NOTHING)
        for child in below.get(item, ()):
            if above:
                if child in found:
                    found[child] |= above
                else:
                    found[child] = BitMap(above)
            waits[child] -= 1
            if waits[child] == 0:
                ready.append(child)
    return found


def factor_sets(
    connection: Connection, kinds: Collection[str], seen: Seen
) -> dict[FactorKey, BitMap]:
    """The bitmaps of factors of ``kinds``; factors that no vehicle met are left out."""
    for kind in kinds:
        if kind not in _SOURCES:
            raise QualityError(f"{kind!r} is no kind of factor: {', '.join(_SOURCES)}")
    kept = SetViews(connection).fresh_all_sets(seen, [FactorKind(kind) for kind in kinds])
    if kept is not None:
        return _kept(connection, kept)
    if _touched(connection, seen) > TOUCHED_MAX:
        raise QualityError("the sets of vehicles are still being made: ask again in some minutes")
    return _reckoned(connection, kinds, seen)


def _touched(connection: Connection, seen: Seen) -> int:
    """How many things parties spoke of, as often as they did; not counted on beyond the limit."""
    some = select(touched.c.seq).limit(TOUCHED_MAX + 1)
    if seen is not None:
        some = some.where(touched.c.party.in_(sorted(seen)))
    return connection.scalar(select(func.count()).select_from(some.subquery())) or 0


def _kept(connection: Connection, kept: Mapping[Key, BitMap]) -> dict[FactorKey, BitMap]:
    """The sets as the store keeps them; batches are named by number there."""
    numbers = [int(name) for kind, name in kept if kind is FactorKind.BATCH]
    names = ItemTable(connection).ids(numbers)
    found: dict[FactorKey, BitMap] = {}
    for (kind, name), held in kept.items():
        key = FactorKey(kind.value, names[int(name)].id if kind is FactorKind.BATCH else name)
        # Batches of several owners may go by one id.
        found[key] = found[key] | held if key in found else held
    return found


def _reckoned(
    connection: Connection, kinds: Collection[str], seen: Seen
) -> dict[FactorKey, BitMap]:
    above = vehicles_above(connection, seen)
    sets: dict[FactorKey, BitMap] = {}
    for kind in kinds:
        for name, item in _SOURCES[kind](connection, seen):
            held = above.get(item)
            if held and name:
                key = FactorKey(kind, name)
                if key in sets:
                    sets[key] |= held
                else:
                    sets[key] = BitMap(held)
    return sets


_Named = Iterable[Any]
"""Rows of (name of a factor, number of an item)."""


def _batches(connection: Connection, _: Seen) -> _Named:
    kind = ITEM_TYPES.number[ItemType.BATCH]
    return connection.execute(select(items.c.id, items.c.item).where(items.c.type == kind))


def _suppliers(connection: Connection, seen: Seen) -> _Named:
    return _rows(connection, descriptions, "maker", seen)


def _gauges(connection: Connection, seen: Seen) -> _Named:
    return _rows(connection, t.inspections, "gauge", seen)


def _both(column: str) -> Callable[[Connection, Seen], _Named]:
    """Named by process records and inspections alike."""

    def rows(connection: Connection, seen: Seen) -> _Named:
        tables = (t.processes, t.inspections)
        return chain.from_iterable(_rows(connection, one, column, seen) for one in tables)

    return rows


def _rows(connection: Connection, table: Any, column: str, seen: Seen) -> _Named:
    query = select(table.c[column], table.c.item).where(table.c[column] != "")
    if "withdrawn" in table.c:
        query = query.where(table.c.withdrawn == 0)
    if seen is not None:
        query = query.where(table.c.party.in_(sorted(seen)))
    return connection.execute(query.distinct())


_SOURCES: Final = {
    "batch": _batches,
    "machine": _both("machine"),
    "shift": _both("shift"),
    "gauge": _gauges,
    "supplier": _suppliers,
    "station": _both("station"),
}
