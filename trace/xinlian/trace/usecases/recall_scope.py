"""One recall list under way: from seeds to lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from xinlian.trace.model.collecting import collector_paused
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.model.items import ItemId, ItemType
from xinlian.trace.model.recall import (
    Cause,
    CauseKind,
    Finding,
    Reason,
    RecallLine,
    RecallList,
    Whereabouts,
)
from xinlian.trace.model.recompute import path_of
from xinlian.trace.model.spread import Seed, Verdict, Way, spread
from xinlian.trace.usecases.ports import Edge, Seen
from xinlian.trace.usecases.recall_seeds import seeds_of

__all__ = ["WALKED_MAX", "Scope", "are_plain"]

WALKED_MAX: Final = 2_000
"""Scopes of more vehicles are taken from the bitmaps; their paths show only cause and vehicle."""
_LIST: Final = (Finding.CERTAIN, Finding.POSSIBLE, Finding.EXCLUDED)
_PLACE: Final = {finding: place for place, finding in enumerate(_LIST)}
_PLACES: Final = {
    place: (FactorKind.WHEREABOUTS, place.value)
    for place in (Whereabouts.FIELD, Whereabouts.STOPPABLE)
}
_PACKED: Final = 2
"""Code of ``LinkKind.PACKED`` in the store."""


class _Sets(NamedTuple):
    """Vehicles, as sets of ordinals: surely affected, ever touched, and where they are."""

    sure: Any
    ever: Any
    places: dict[Whereabouts, Any]


def are_plain(causes: Iterable[Cause]) -> bool:
    """Whether causes are things that are named without a window, as sets of vehicles can tell."""
    return all(
        cause.kind is CauseKind.ITEMS and cause.from_ms is None and cause.to_ms is None
        for cause in causes
    )


class Scope:
    """One list under way."""

    def __init__(self, store: Any, seen: Seen, causes: tuple[Cause, ...], now_ms: int) -> None:
        self._store = store
        self._seen = seen
        self._causes = causes
        self._now_ms = now_ms
        self._seeds: dict[int, tuple[Seed, ...]] = seeds_of(store, causes, seen)
        self._edges: list[Edge] = []

    def build(self, *, with_stock: bool) -> RecallList:
        """The whole list."""
        with collector_paused():
            return self._build(with_stock=with_stock)

    def _build(self, *, with_stock: bool) -> RecallList:
        large = self._large()
        if large is None:
            verdicts = self._spread(self._over(list(self._seeds)))
            lines = self._lines(verdicts, ItemType.VEHICLE)
        else:
            doubtful = self._doubtful_lines(large.ever - large.sure)
            lines = [*self._sure_lines(large), *doubtful]
            verdicts = self._spread(self._over(list(self._seeds))) if with_stock else {}
        stock = self._stock(verdicts) if with_stock else []
        lines.sort(key=_order)
        counts = [sum(line.finding is finding for line in lines) for finding in _LIST]
        population = len(self._store.spoken(self._seen))
        gaps = self._store.gap_count([line.vehicle for line in lines if line.path], self._seen)
        certain, possible, excluded = counts
        return RecallList(
            *("", self._causes, self._now_ms, tuple(lines)),
            population=population,
            certain=certain,
            possible=possible,
            excluded=excluded,
            gaps=gaps,
            stock=tuple(stock),
            hidden=self._hidden(verdicts),
        )

    def _hidden(self, verdicts: Mapping[int, Verdict[int]]) -> int:
        """How many things that may be affected went into what the reader may not see."""
        if self._seen is None:
            return 0
        safe = {n for n, verdict in verdicts.items() if verdict.finding is Finding.EXCLUDED}
        reached = (verdicts.keys() | self._seeds.keys()) - safe
        things = reached - self._store.items.ordinals(reached).keys()
        return int(self._store.leading_out(things, self._seen))

    def walked(self) -> tuple[set[int], list[Edge]]:
        """Every item and link that the list rests on."""
        self._spread(self._over(list(self._seeds)))
        ends = {end for edge in self._edges for end in (edge.parent, edge.child)}
        # A cause that is in nothing is known by what it consists of.
        alone = self._store.children_of(self._seeds.keys() - ends)
        known = [*self._edges, *(edge for edge in alone if self._sees(edge))]
        return ends | set(self._seeds), known

    def _large(self) -> _Sets | None:
        """The sets of batches that are named without a window, if they are of many vehicles."""
        if not self._seeds or not are_plain(self._causes):
            return None
        if not self._store.are_batches(self._seeds):
            return None
        kinds = (FactorKind.BATCH, FactorKind.WITHDRAWN)
        batches = [(kind, str(number)) for number in self._seeds for kind in kinds]
        found = self._store.fresh_sets(self._seen, [*batches, *_PLACES.values()])
        if found is None:
            return None
        sets = [found[key] for key in batches if key in found]
        if not sets:
            return None
        ever = sets[0][0].union(*(each[0] for each in sets))
        if len(ever) <= WALKED_MAX:
            return None
        sure = sets[0][1].union(*(each[1] for each in sets))
        places = {place: found[key][0] for place, key in _PLACES.items() if key in found}
        return _Sets(sure, ever, places)

    def _over(self, seeds: Sequence[int]) -> list[Edge]:
        found: list[Edge] = self._store.went_into(seeds, seen=self._seen)
        return found

    def _sees(self, edge: Edge) -> bool:
        return self._seen is None or edge.party in self._seen

    def _spread(self, edges: Iterable[Edge]) -> dict[int, Verdict[int]]:
        """Findings by the rules of ``spread``, with what these need besides the links given."""
        known = set(edges)
        doubtful = {edge.parent for edge in known if edge.certainty}
        known |= {
            edge
            for edge in self._store.children_of(doubtful)
            if edge.certainty and self._sees(edge)
        }
        candidates = {edge.child for edge in known if edge.certainty}
        singles = self._store.singles(candidates)
        fitted = {edge for edge in self._store.parents_of(singles) if self._sees(edge)}
        # A part may be told of at two levels: what lies over its parents tells.
        known |= fitted | set(self._over(sorted({edge.parent for edge in fitted})))
        self._edges = [edge for edge in known if edge.kind != _PACKED]
        ways = (
            Way(
                *(edge.parent, edge.child, edge.valid_from, edge.valid_to),
                *(not edge.certainty, bool(edge.withdrawn), edge.group),
            )
            for edge in sorted(self._edges)
        )
        return spread(self._seeds, ways, singles.__contains__, self._now_ms)

    def _lines(
        self, verdicts: Mapping[int, Verdict[int]], kind: ItemType, only: Any = None
    ) -> list[RecallLine]:
        ids: dict[int, ItemId] = self._store.items.ids(verdicts)
        wanted = [n for n in verdicts if ids[n].type is kind and (only is None or n in only)]
        where = self._store.whereabouts(wanted, self._seen)
        return [
            RecallLine(
                ids[number],
                verdicts[number].finding,
                verdicts[number].reason,
                tuple(ids[each].id for each in path_of(number, verdicts)),
                where.get(number, Whereabouts.UNKNOWN),
            )
            for number in wanted
        ]

    def _sure_lines(self, large: _Sets) -> list[RecallLine]:
        sure, places = large.sure, large.places
        names = self._store.items.ids(self._seeds)
        cause = tuple(names[number].id for number in self._seeds) if len(names) == 1 else ()
        certain, contains, unknown = Finding.CERTAIN, Reason.CONTAINS, Whereabouts.UNKNOWN
        where = {ordinal: place for place, bitmap in places.items() for ordinal in bitmap & sure}
        return [
            RecallLine(
                vehicle, certain, contains, (*cause, vehicle.id), where.get(ordinal, unknown)
            )
            for ordinal, _, vehicle in self._store.items.vehicles(sure)
        ]

    def _doubtful_lines(self, doubtful: Any) -> list[RecallLine]:
        if not doubtful:
            return []
        numbers = {number for _, number, _ in self._store.items.vehicles(doubtful)}
        below = self._store.made_of(list(numbers), seen=self._seen)
        return self._lines(self._spread(below), ItemType.VEHICLE, numbers)

    def _stock(self, verdicts: Mapping[int, Verdict[int]]) -> list[RecallLine]:
        """What is affected and in nothing yet."""
        fitted = {edge.child for edge in self._edges if not edge.withdrawn}
        loose = {number: verdict for number, verdict in verdicts.items() if number not in fitted}
        ids = self._store.items.ids(loose)
        where = self._store.whereabouts(loose, self._seen)
        found = [
            RecallLine(
                ids[number],
                verdict.finding,
                verdict.reason,
                tuple(
                    each.id for each in self._store.items.ids(path_of(number, verdicts)).values()
                ),
                where.get(number, Whereabouts.UNKNOWN),
            )
            for number, verdict in loose.items()
            if ids[number].type is not ItemType.VEHICLE
        ]
        return sorted(found, key=_order)


def _order(line: RecallLine) -> tuple[int, str, int]:
    return _PLACE[line.finding], line.vehicle.id, line.vehicle.owner
