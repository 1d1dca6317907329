"""Corrections: facts that their party withdraws stay, marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.specs import SPECS
from xinlian.trace.model.facts import Correction
from xinlian.trace.model.items import ItemId

__all__ = ["Withdrawals"]

_BY_KIND = {spec.kind: spec for spec in SPECS.values()}


class Withdrawals:
    """What a party takes back. A correction that comes before its target waits for it."""

    def __init__(self, connection: Connection, party: int) -> None:
        self._connection = connection
        self._party = party
        self.known_record = 0
        self._known: dict[tuple[str, str, int], tuple[int, str]] = {}
        self._awaited: set[tuple[str, str]] = set()
        self._new: list[tuple[Correction, int]] = []
        self._next = 0
        self._any = False

    def load(self, by_type: Mapping[type, Sequence[Any]], _numbers: Mapping[ItemId, int]) -> None:
        """Fetch corrections of the targets and facts in question."""
        self._known, self._awaited = {}, set()
        if not self._any and not self._look():
            return
        targets = {fact.target for fact in by_type.get(Correction, ())}
        for kind, spec in SPECS.items():
            targets |= {spec.id_of(fact) for fact in by_type.get(kind, ())}
        columns = "target kind time_ms record reason"
        for target, kind_name, time_ms, record, reason in bulk.by_keys(
            *(self._connection, t.corrections, columns, "target", targets),
            where="t.party = ?",
            values=(self._party,),
        ):
            self._known[target, kind_name, time_ms] = (record, reason)
            self._awaited.add((kind_name, target))

    def _look(self) -> bool:
        """Most parties never took anything back."""
        self._any = bool(
            bulk.run(
                self._connection,
                "SELECT 1 FROM trace_corrections WHERE party = ? LIMIT 1",
                self._party,
            )
        )
        return self._any

    def awaits(self, kind: str, target: str) -> bool:
        """Whether a fact was withdrawn before it came."""
        return (kind, target) in self._awaited

    def offer(self, fact: Correction, record: int) -> str | None:
        """As ``FactWriter.offer``."""
        key = (fact.target, fact.kind, fact.time_ms)
        if key in self._known:
            self.known_record, reason = self._known[key]
            return "" if reason == fact.reason else "reason"
        self._known[key] = (record, fact.reason)
        self._new.append((fact, record))
        return None

    def flush(self) -> set[int]:
        """Write corrections and mark their targets; the items of these, and the parents of links
        that ended."""
        new, self._new = self._new, []
        if not new:
            return set()
        if not self._next:
            top = bulk.run(self._connection, "SELECT max(correction) FROM trace_corrections")
            self._next = (top[0][0] or 0) + 1
        rows = [
            (self._next + at, self._party, f.target, f.kind, f.time_ms, record, f.reason)
            for at, (f, record) in enumerate(new)
        ]
        self._next += len(rows)
        bulk.insert(self._connection, t.corrections, rows)
        ended: set[int] = set()
        for fact, _ in new:
            ended |= self._withdraw(fact)
        return ended

    def _withdraw(self, fact: Correction) -> set[int]:
        if fact.kind == "link":
            return self._links_of_text(fact.target)
        spec = _BY_KIND.get(fact.kind)
        if spec is None:
            return set()
        found = bulk.run(
            self._connection,
            f"SELECT {spec.number}, record FROM {spec.table.name}"  # noqa: S608
            f" WHERE party = ? AND {spec.id_column} = ?"
            + (" AND is_correction = 0" if spec.kind == "event" else ""),
            *(self._party, fact.target),
        )
        touched: set[int] = set()
        for number, record in found:
            self._execute(
                f"UPDATE {spec.table.name} SET withdrawn = 1 WHERE {spec.number} = ?",  # noqa: S608
                number,
            )
            touched |= self._items_of(spec.kind, spec.table.name, spec.number, number)
            if spec.kind == "event":
                touched |= self._links_of_event(number, record)
        return touched

    def _items_of(self, kind: str, table: str, column: str, number: int) -> set[int]:
        if kind == "event":
            table, column = "trace_event_items", "event"
        sql = f"SELECT item FROM {table} WHERE {column} = ?"  # noqa: S608
        return {row[0] for row in bulk.run(self._connection, sql, number)}

    def _links_of_event(self, event: int, record: int) -> set[int]:
        """Links that came in the same row as the event; each has one of its items at an end."""
        ends = (
            "(parent IN (SELECT item FROM trace_event_items WHERE event = ?)"
            " OR child IN (SELECT item FROM trace_event_items WHERE event = ?))"
        )
        condition = f"record = ? AND party = ? AND {ends}"
        keys = (record, self._party, event, event)
        rows = bulk.run(
            self._connection,
            f"SELECT parent FROM trace_links WHERE {condition}",  # noqa: S608
            *keys,
        )
        self._execute(f"UPDATE trace_links SET withdrawn = 1 WHERE {condition}", *keys)  # noqa: S608
        reopened = f"end_record = ? AND party = ? AND {ends}"
        rows += bulk.run(
            self._connection,
            f"SELECT parent FROM trace_links WHERE {reopened}",  # noqa: S608
            *keys,
        )
        self._execute(
            f"UPDATE trace_links SET valid_to = NULL, end_record = NULL WHERE {reopened}",  # noqa: S608
            *keys,
        )
        return {row[0] for row in rows}

    def _links_of_text(self, target: str) -> set[int]:
        child, _, parent = target.partition(">")
        items = ItemTable(self._connection)
        numbers = items.numbers([*items.find(child), *items.find(parent)])
        pairs = [
            (up, down)
            for one, up in numbers.items()
            for two, down in numbers.items()
            if one.id == parent and two.id == child
        ]
        for up, down in pairs:
            self._execute(
                "UPDATE trace_links SET withdrawn = 1 WHERE parent = ? AND child = ? AND party = ?",
                *(up, down, self._party),
            )
        return {up for up, _ in pairs}

    def _execute(self, sql: str, *values: Any) -> None:
        mark = "?" if bulk.is_sqlite(self._connection) else "%s"
        bulk.driver(self._connection).execute(sql.replace("?", mark), values)
