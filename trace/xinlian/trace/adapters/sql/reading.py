"""Facts read back, each with who said it and where its evidence stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.certificates import certificates_of
from xinlian.trace.adapters.sql.codes import CERTAINTIES, GAP_KINDS, LINK_KINDS, RESULTS
from xinlian.trace.adapters.sql.items import DESCRIBED, ItemTable, item_of_row
from xinlian.trace.adapters.sql.specs import SPECS, Spec
from xinlian.trace.adapters.sql.tables import descriptions, links, records
from xinlian.trace.model.facts import Claim, Event, Gap, Inspection, ProcessRecord, Result
from xinlian.trace.model.items import Item
from xinlian.trace.model.links import Link
from xinlian.trace.model.recall import CauseKind
from xinlian.trace.model.stored import ItemFacts, Stored
from xinlian.trace.usecases.ports import Edge, Seen

__all__ = ["FactTable", "link_of"]

_Fact = TypeVar("_Fact")
_LINK: Final = (
    "parent child valid_from party valid_to kind certainty withdrawn quantity unit candidate_group"
    " record"
)
_PASSED: Final = RESULTS.number[Result.PASSED]

_SPOKEN: Final = (
    "trace_descriptions x WHERE x.item = ?",
    "trace_links x WHERE x.parent = ?",
    "trace_inspections x WHERE x.item = ?",
    "trace_processes x WHERE x.item = ?",
    "trace_claims x WHERE x.item = ?",
    "trace_gaps x WHERE x.item = ?",
    "trace_certificates x WHERE x.item = ?",
    "trace_event_items i JOIN trace_events x ON x.event = i.event WHERE i.item = ?",
    # A batch may be in a million things: this comes last.
    "trace_links x WHERE x.child = ?",
)
"""Where parties say something of an item."""


def link_of(edge: Edge, ids: Any) -> Link:
    """A stored link as a fact; ``ids`` gives identities by number."""
    return Link(
        ids[edge.child],
        ids[edge.parent],
        LINK_KINDS.word[edge.kind],
        None if edge.valid_from < 0 else edge.valid_from,
        edge.valid_to,
        edge.quantity,
        edge.unit,
        CERTAINTIES.word[edge.certainty],
        edge.group,
    )


class FactTable:
    """Reads facts; within the owner's transaction. ``seen`` is as ``Visibility.parties`` gives it,
    the reader included."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def item_facts(
        self, numbers: Iterable[int], seen: Seen, *, reader: int = 0, with_links: bool
    ) -> ItemFacts:
        """Everything about items; links only if asked for (a batch may have very many)."""
        wanted = list(dict.fromkeys(numbers))
        connection = self._connection
        found = ItemFacts(
            items=self._items(wanted, seen),
            links=self._links(wanted, seen) if with_links else (),
            events=self._events(wanted, seen),
            inspections=self._by_item(Inspection, wanted, seen),
            processes=self._by_item(ProcessRecord, wanted, seen),
            claims=self._by_item(Claim, wanted, seen),
            gaps=self.gaps(wanted, seen),
        )
        groups: list[Sequence[Stored[Any]]] = [
            *(found.items, found.links, found.events, found.inspections),
            *(found.processes, found.claims, found.gaps),
        ]
        numbers_of = {each.record for group in groups for each in group}
        leaves = {
            row[0]: row[1:]
            for row in bulk.by_keys(
                connection, records, "record leaf leaf_hash captured_ms", "record", numbers_of
            )
        }
        rows: list[Any] = [tuple(_with(each, leaves) for each in group) for group in groups]
        papers = certificates_of(connection, wanted, seen, reader)
        return replace(ItemFacts(*rows), certificates=papers)

    def doubtful(self, wanted: Sequence[int], seen: Seen, *, reader: int) -> ItemFacts:
        """What may speak against items: claims that stand, certificates, and every inspection of
        items that failed one or were not measured (a later look may say otherwise)."""
        failed = {
            item
            for item, party in bulk.by_keys(
                *(self._connection, t.inspections, "item party", "item", wanted),
                f"t.result <> {_PASSED} AND t.withdrawn = 0",
            )
            if seen is None or party in seen
        }
        return ItemFacts(
            inspections=self._by_item(Inspection, sorted(failed), seen),
            claims=tuple(each for each in self._by_item(Claim, wanted, seen) if not each.withdrawn),
            certificates=certificates_of(self._connection, wanted, seen, reader),
        )

    def lacking(self, wanted: Sequence[int], seen: Seen) -> int:
        """How many gaps items have: those that parties in ``seen`` stated, and items that nobody
        described."""
        rows = bulk.by_keys(
            *(self._connection, t.gaps, "party", "item", wanted),
            "t.withdrawn = 0",
        )
        stated = sum(seen is None or party in seen for (party,) in rows)
        told = {
            row[0] for row in bulk.by_keys(self._connection, descriptions, "item", "item", wanted)
        }
        return stated + len(set(wanted)) - len(told)

    def causes_named(self, recalls: Iterable[str]) -> list[str]:
        """The items that recalls start from, as their causes name them."""
        rows = bulk.by_keys(self._connection, t.recalls, "causes", "recall", recalls)
        return [
            name
            for (causes,) in rows
            for cause in orjson.loads(causes)
            if cause["kind"] == CauseKind.ITEMS.value
            for name in cause["names"]
        ]

    def speakers(self, number: int) -> set[int]:
        """The parties that said something of an item."""
        queries = [f"SELECT DISTINCT x.party FROM {each}" for each in _SPOKEN]  # noqa: S608
        rows = bulk.run(self._connection, " UNION ".join(queries), *[number] * len(queries))
        return {row[0] for row in rows}

    def known_to(self, number: int, seen: Seen) -> bool:
        """Whether one of the parties said something of an item."""
        if seen is None:
            return True
        listed = ", ".join(str(int(party)) for party in sorted(seen)) or "-1"
        queries = [f"SELECT 1 FROM {each} AND x.party IN ({listed})" for each in _SPOKEN]  # noqa: S608
        rows = bulk.run(
            self._connection,
            f"SELECT 1 WHERE EXISTS ({' UNION ALL '.join(queries)})",
            *[number] * len(queries),
        )
        return bool(rows)

    def _items(self, wanted: list[int], seen: Seen) -> tuple[Stored[Item], ...]:
        ids = ItemTable(self._connection).ids(wanted)
        rows = bulk.by_keys(self._connection, descriptions, f"{DESCRIBED} record", "item", wanted)
        return tuple(
            Stored(item_of_row(ids[row[0]], row[:-1]), row[1], row[-1])
            for row in sorted(rows)
            if seen is None or row[1] in seen
        )

    def _links(self, wanted: list[int], seen: Seen) -> tuple[Stored[Link], ...]:
        rows = {
            (row[0], row[1], row[2], row[3]): row
            for side in ("parent", "child")
            for row in bulk.by_keys(self._connection, links, _LINK, side, wanted)
            if seen is None or row[3] in seen
        }
        ids = ItemTable(self._connection).ids({end for key in rows for end in key[:2]})
        return tuple(
            Stored(link_of(Edge(*row[:-1]), ids), row[3], row[-1], bool(row[7]))
            for row in sorted(rows.values(), key=lambda row: (row[2], row[0], row[1], row[3]))
        )

    def gaps(self, wanted: Sequence[int], seen: Seen) -> tuple[Stored[Gap], ...]:
        """Gaps of items, those withdrawn left out."""
        rows = [
            row
            for row in bulk.by_keys(
                *(self._connection, t.gaps, "item kind what party record since_ms"),
                *("item", wanted, "t.withdrawn = 0"),
            )
            if seen is None or row[3] in seen
        ]
        ids = ItemTable(self._connection).ids({row[0] for row in rows})
        return tuple(
            Stored(Gap(ids[item], GAP_KINDS.word[kind], what, since), party, record)
            for item, kind, what, party, record, since in sorted(rows, key=lambda row: row[:4])
        )

    def _events(self, wanted: list[int], seen: Seen) -> tuple[Stored[Event], ...]:
        numbers = {
            row[0] for row in bulk.by_keys(self._connection, t.event_items, "event", "item", wanted)
        }
        return self.events("event", numbers, seen)

    def events(self, key: str, keys: Iterable[Any], seen: Seen) -> tuple[Stored[Event], ...]:
        """Events whose column ``key`` is among ``keys``, by time."""
        spec = SPECS[Event]
        names = " ".join(spec.fields)
        rows = [
            row
            for row in bulk.by_keys(
                *(self._connection, spec.table),
                f"event party event_id is_correction record withdrawn {names}",
                *(key, keys),
            )
            if seen is None or row[1] in seen
        ]
        place = 6 + spec.fields.index("items")
        ids = ItemTable(self._connection).ids(
            {int(number) for row in rows for number in row[place].split(",") if number}
        )
        time = 6 + spec.fields.index("event_time")
        return tuple(
            Stored(
                replace(spec.fact(row[2], row[6:], ids), is_correction=bool(row[3])),
                *(row[1], row[4], bool(row[5])),
            )
            for row in sorted(rows, key=lambda row: (row[time], row[0]))
        )

    def _by_item(
        self, kind: Callable[..., _Fact], wanted: Sequence[int], seen: Seen
    ) -> tuple[Stored[_Fact], ...]:
        return self.facts(SPECS[kind], "item", wanted, seen)  # type: ignore[index]

    def facts(
        self, spec: Spec, key: str, keys: Iterable[Any], seen: Seen
    ) -> tuple[Stored[Any], ...]:
        """Inspections, process records or claims whose column ``key`` is among ``keys``."""
        names = " ".join(spec.fields)
        rows = [
            row
            for row in bulk.by_keys(
                *(self._connection, spec.table),
                f"{spec.number} party {spec.id_column} record withdrawn {names}",
                *(key, keys),
            )
            if seen is None or row[1] in seen
        ]
        ids = ItemTable(self._connection).ids({row[5] for row in rows})
        when = 5 + next(spec.fields.index(n) for n in ("time_ms", "start_ms") if n in spec.fields)
        return tuple(
            Stored(spec.fact(row[2], row[5:], ids), row[1], row[3], bool(row[4]))
            for row in sorted(rows, key=lambda row: (row[when], row[0]))
        )


def _with(stored: Stored[_Fact], leaves: dict[int, tuple[Any, ...]]) -> Stored[_Fact]:
    found = leaves.get(stored.record)
    if found is None:
        return stored
    return replace(stored, leaf=found[0], leaf_hash=bytes(found[1]).hex(), captured_ms=found[2])
