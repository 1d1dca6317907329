"""Takes a chunk of facts: compares with what is known, then writes what is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.codes import GAP_KINDS, SCHEMES
from xinlian.trace.adapters.sql.items import ItemTable, json_text
from xinlian.trace.adapters.sql.specs import SPECS, difference
from xinlian.trace.adapters.sql.tables import descriptions, touched
from xinlian.trace.adapters.sql.writer_links import LinkWriter
from xinlian.trace.adapters.sql.writer_withdraw import Withdrawals
from xinlian.trace.model.facts import Correction, Event, Fact, Gap, Inspection, ProcessRecord
from xinlian.trace.model.items import Item, ItemId, ItemType
from xinlian.trace.model.links import Link

__all__ = ["FactWriter", "items_of"]

_WORK: Final = (Inspection, ProcessRecord)
"""Facts that matter to whatever their item went into; others to vehicles alone."""
_ITEM_FIELDS: Final = ("scheme", "scanned", "name", "maker", "part_number", "made_at", "attributes")


def items_of(fact: Fact) -> tuple[ItemId, ...]:
    """The items that a fact speaks of."""
    if isinstance(fact, Item):
        return (fact.id,)
    if isinstance(fact, Link):
        return fact.parent, fact.child
    if isinstance(fact, Correction):
        return ()
    if isinstance(fact, Gap):
        return (fact.item,)
    return SPECS[type(fact)].items_of(fact)


class FactWriter:
    """One capture's way into the tables. Per chunk: ``load``, ``offer`` each fact, ``flush``."""

    def __init__(self, connection: Connection, party: int, fresh: set[int]) -> None:
        """``fresh`` is kept as the numbers of the items of the chunk that nobody named before."""
        self._connection = connection
        self._party = party
        self._fresh = fresh
        self.known_record = 0
        self._items = ItemTable(connection)
        self._links = LinkWriter(connection, party)
        self._withdrawals = Withdrawals(connection, party)
        self._numbers: dict[ItemId, int] = {}
        self._known: dict[type, dict[Any, tuple[Any, ...]]] = {}
        self._queued: dict[type, list[tuple[Any, ...]]] = {}
        self._event_items: list[tuple[int, int]] = []
        self._next: dict[type, int] = {}
        self._dirty: set[tuple[int, int]] = set()

    def load(self, facts: Sequence[Fact]) -> None:
        """Number the items of the facts and fetch what is known under their keys."""
        by_type: dict[type, list[Any]] = {}
        for fact in facts:
            by_type.setdefault(type(fact), []).append(fact)
        ids = {each for fact in facts for each in items_of(fact)}
        self._numbers, new = self._items.number_all(ids)
        self._fresh.clear()
        self._fresh |= new
        self._known = {kind: {} for kind in (Item, Gap, *SPECS)}
        self._queued = {}
        self._links.load(by_type.get(Link, ()), self._numbers, new)
        self._load_items([f.id for f in by_type.get(Item, ())], new)
        self._load_gaps([f.item for f in by_type.get(Gap, ())], new)
        for kind, spec in SPECS.items():
            if kind not in by_type:
                continue
            extra = " is_correction" if kind is Event else ""
            columns = f"{spec.id_column}{extra} record {' '.join(spec.fields)}"
            width = 2 if kind is Event else 1
            for row in bulk.by_keys(
                *(self._connection, spec.table, columns, spec.id_column),
                {spec.id_of(fact) for fact in by_type[kind]},
                where="t.party = ?",
                values=(self._party,),
            ):
                self._known[kind][row[:width]] = row[width:]
        self._withdrawals.load(by_type, self._numbers)

    def _load_items(self, ids: Iterable[ItemId], new: set[int]) -> None:
        wanted = {self._numbers[each] for each in ids} - new
        columns = f"item record {' '.join(_ITEM_FIELDS)}"
        for row in bulk.by_keys(
            *(self._connection, descriptions, columns, "item", wanted),
            where="t.party = ?",
            values=(self._party,),
        ):
            self._known[Item][row[0]] = row[1:]

    def _load_gaps(self, ids: Iterable[ItemId], new: set[int]) -> None:
        wanted = {self._numbers[each] for each in ids} - new
        for row in bulk.by_keys(
            *(self._connection, t.gaps, "item kind what record since_ms", "item", wanted),
            where="t.party = ?",
            values=(self._party,),
        ):
            self._known[Gap][row[:3]] = row[3:]

    def offer(self, fact: Fact, record: int) -> str | None:
        """``None`` if the fact is new, "" if it is known, else the field that differs."""
        if isinstance(fact, Link):
            parent, child = self._numbers[fact.parent], self._numbers[fact.child]
            answer = self._links.offer(fact, parent, child, record)
            self.known_record = self._links.known_record
            return answer
        if isinstance(fact, Item):
            return self._offer_item(fact, record)
        if isinstance(fact, Gap):
            return self._offer_gap(fact, record)
        if isinstance(fact, Correction):
            answer = self._withdrawals.offer(fact, record)
            self.known_record = self._withdrawals.known_record
            return answer
        return self._offer_spec(fact, record)

    def settle(self, *, new: bool) -> None:
        """The facts offered since the last time are one row, which is new or not."""
        self._links.settle(new=new)

    def _offer_item(self, fact: Item, record: int) -> str | None:
        number = self._numbers[fact.id]
        content = (
            SCHEMES.number[fact.scheme],
            None if fact.scanned == fact.id.id else fact.scanned,
            fact.name,
            fact.maker,
            fact.part_number,
            fact.made_at_ms,
            json_text(fact.attributes),
        )
        old = self._known[Item].get(number)
        if old is not None:
            self.known_record = old[0]
            return difference(_ITEM_FIELDS, old[1:], content) or ""
        self._known[Item][number] = (record, *content)
        self._queue(Item, (number, self._party, record, *content))
        self._dirty.add((number, 0))
        return None

    def _offer_gap(self, fact: Gap, record: int) -> str | None:
        key = (self._numbers[fact.item], GAP_KINDS.number[fact.kind], fact.what)
        old = self._known[Gap].get(key)
        if old is not None:
            self.known_record = old[0]
            return "" if old[1] == fact.since_ms else "since_ms"
        self._known[Gap][key] = (record, fact.since_ms)
        self._queue(Gap, (key[0], self._party, *key[1:], record, fact.since_ms, 0))
        return None

    def _offer_spec(self, fact: Fact, record: int) -> str | None:
        kind = type(fact)
        spec = SPECS[kind]
        name = spec.id_of(fact)
        key: tuple[Any, ...] = (
            (name, int(fact.is_correction)) if isinstance(fact, Event) else (name,)
        )
        content = spec.content(fact, self._numbers)
        old = self._known[kind].get(key)
        if old is not None:
            self.known_record = old[0]
            return difference(spec.fields, old[1:], content) or ""
        self._known[kind][key] = (record, *content)
        number = self._number(kind)
        gone = self._withdrawals.awaits(spec.kind, name) and key[1:] != (1,)
        self._queue(kind, (number, self._party, *key, record, *content, int(gone)))
        for item in spec.items_of(fact):
            item_number = self._numbers[item]
            if kind in _WORK or item.type is ItemType.VEHICLE:
                self._dirty.add((item_number, 0))
            if kind is Event:
                self._event_items.append((item_number, number))
        return None

    def _queue(self, kind: type, row: tuple[Any, ...]) -> None:
        self._queued.setdefault(kind, []).append(row)

    def _number(self, kind: type) -> int:
        if kind not in self._next:
            spec = SPECS[kind]
            top = bulk.run(self._connection, f"SELECT max({spec.number}) FROM {spec.table.name}")  # noqa: S608
            self._next[kind] = (top[0][0] or 0) + 1
        self._next[kind] += 1
        return self._next[kind] - 1

    def flush(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Write what is new; links that are new and that changed, as rows of their table."""
        connection = self._connection
        new, changed = self._links.flush()
        bulk.insert(connection, descriptions, self._queued.pop(Item, ()))
        bulk.insert(connection, t.gaps, self._queued.pop(Gap, ()))
        for kind, rows in self._queued.items():
            bulk.insert(connection, SPECS[kind].table, rows)
        bulk.insert(connection, t.event_items, sorted(set(self._event_items)))
        self._queued, self._event_items = {}, []
        ended = self._withdrawals.flush()
        self._dirty |= {(row[0], 0) for row in (*new, *changed)}
        self._dirty |= {(row[0], 1) for row in changed if row[6] is not None or row[9]}
        self._dirty |= {(row[0], 1) for row in new if row[6] is not None}
        self._dirty |= {(number, 1) for number in (*ended, *self._links.shrunk)}
        self._log_touched()
        self._dirty = set()
        return new, changed

    def _log_touched(self) -> None:
        """Note what the party touched, in order, for the sets of vehicles."""
        if not self._dirty:
            return
        party = self._party
        last = bulk.run(
            self._connection, "SELECT max(seq) FROM trace_touched WHERE party = ?", party
        )
        shrinks: dict[int, int] = {}
        for item, less in sorted(self._dirty):
            shrinks[item] = max(less, shrinks.get(item, 0))
        rows = [
            (party, seq, item, less)
            for seq, (item, less) in enumerate(shrinks.items(), int(last[0][0] or 0) + 1)
        ]
        bulk.insert(self._connection, touched, rows)
