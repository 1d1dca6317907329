"""What the analysis of quality reads from the store of traceability."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from pyroaring import BitMap
from sqlalchemy import Connection, Select, select
from xinlian.trace.adapters.quality.factor_sets import factor_sets
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.codes import RESULTS
from xinlian.trace.adapters.sql.graph import Graph
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.specs import SPECS
from xinlian.trace.adapters.sql.views import SetViews
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.quality.enrichment import FactorKey
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.usecases.ports import Seen, Visibility
from xinlian.trace.usecases.quality.ports import INSPECTIONS_MAX, QualityReader

__all__ = ["SqlQuality"]

_FIELDS: Final = SPECS[Inspection].fields
EDGES_MAX: Final = 2_000_000
_SEEDS: Final = 1_000
_FAILED: Final = RESULTS.number[Result.FAILED]


class SqlQuality(QualityReader):
    """The reader over one SQL transaction. What a party may see is what ``visibility`` says, and
    what it said itself; withdrawn facts are left out."""

    def __init__(self, connection: Connection, visibility: Visibility) -> None:
        self._connection = connection
        self._visibility = visibility
        self._items = ItemTable(connection)

    def _seen(self, owner: int) -> Seen:
        others = self._visibility.parties(self._connection, owner)
        return None if others is None else others | {owner}

    def inspections(
        self,
        owner: int,
        *,
        characteristic: str = "",
        gauge: str = "",
        station: str = "",
        machine: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = INSPECTIONS_MAX,
    ) -> Iterable[Inspection]:
        """Inspections in the order of time; with more than ``limit`` the latest ones."""
        columns = t.inspections.c
        wanted = {
            "characteristic": characteristic,
            "gauge": gauge,
            "station": station,
            "machine": machine,
        }
        query = select(columns.inspection_id, *(columns[name] for name in _FIELDS))
        query = _visible(query, t.inspections, self._seen(owner))
        for name, text in wanted.items():
            if text:
                query = query.where(columns[name] == text)
        query = _within(query, columns.time_ms, since_ms, until_ms)
        latest = query.order_by(columns.time_ms.desc(), columns.inspection.desc()).limit(limit)
        rows = list(self._connection.execute(latest))[::-1]
        ids = self._items.ids({row[1] for row in rows})
        return [SPECS[Inspection].fact(row[0], row[1:], ids) for row in rows]

    def factors(self, owner: int, kinds: Collection[str]) -> Mapping[FactorKey, BitMap]:
        """Vehicle ordinals per factor."""
        return factor_sets(self._connection, kinds, self._seen(owner))

    def failures(
        self,
        owner: int,
        *,
        code: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> BitMap:
        """Ordinals of vehicles with a claim of ``code``, or without one with any claim or failed
        inspection, of themselves or of what is or was in them."""
        seen = self._seen(owner)
        claims = _visible(select(t.claims.c.item), t.claims, seen)
        claims = _within(claims, t.claims.c.time_ms, since_ms, until_ms)
        if code:
            claims = claims.where(t.claims.c.code == code)
        numbers = set(self._connection.scalars(claims))
        if not code:
            failed = _visible(select(t.inspections.c.item), t.inspections, seen)
            failed = failed.where(t.inspections.c.result == _FAILED)
            failed = _within(failed, t.inspections.c.time_ms, since_ms, until_ms)
            numbers |= set(self._connection.scalars(failed))
        held = self._holding(sorted(numbers), seen).values()
        return BitMap.union(BitMap(), BitMap(), *held)

    def population(self, owner: int) -> int:
        """How many vehicles there are of which the parties spoke that the reader may see."""
        return len(SetViews(self._connection).spoken(self._seen(owner)))

    def vehicles(self, owner: int, ordinals: Sequence[int]) -> Sequence[str]:  # noqa: ARG002
        """Ids of vehicles by ordinal, in the order of ordinals."""
        return [item.id for _, _, item in self._items.vehicles(ordinals)]

    def vehicles_of(self, owner: int, items: Sequence[ItemId]) -> Mapping[ItemId, Sequence[str]]:
        """Ids of the vehicles that hold or held each item; a vehicle holds itself."""
        numbers = self._items.numbers(items)
        held = self._holding(sorted(numbers.values()), self._seen(owner))
        names = {
            ordinal: item.id
            for ordinal, _, item in self._items.vehicles(
                sorted({ordinal for each in held.values() for ordinal in each})
            )
        }
        return {item: [names[one] for one in held.get(numbers.get(item, -1), ())] for item in items}

    def _holding(self, numbers: Sequence[int], seen: Seen) -> dict[int, BitMap]:
        """Ordinals of the vehicles over items, by item number; upwards from the items alone."""
        graph, found = Graph(self._connection), dict[int, BitMap]()
        for at in range(0, len(numbers), _SEEDS):
            seeds = numbers[at : at + _SEEDS]
            edges = graph.above(seeds, EDGES_MAX + 1)
            if len(edges) > EDGES_MAX:
                raise QualityError(f"more than {EDGES_MAX} links lie over these items")
            over: dict[int, set[int]] = defaultdict(set)
            for edge in edges:
                if not edge.withdrawn and (seen is None or edge.party in seen):
                    over[edge.child].add(edge.parent)
            reached = set(seeds).union(*over.values())
            ordinals = self._items.ordinals(sorted(reached))
            for seed in seeds:
                found[seed] = BitMap(
                    ordinals[one] for one in _upwards(seed, over) if one in ordinals
                )
        return found


def _upwards(seed: int, over: Mapping[int, set[int]]) -> set[int]:
    """The item and everything above it."""
    reached, waiting = {seed}, [seed]
    while waiting:
        for parent in over.get(waiting.pop(), ()):
            if parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    return reached


def _visible(query: Select[Any], table: Any, seen: Seen) -> Select[Any]:
    query = query.where(table.c.withdrawn == 0)
    return query if seen is None else query.where(table.c.party.in_(sorted(seen)))


def _within(
    query: Select[Any], column: Any, since_ms: int | None, until_ms: int | None
) -> Select[Any]:
    if since_ms is not None:
        query = query.where(column >= since_ms)
    return query if until_ms is None else query.where(column < until_ms)
