"""Forgetting what a captured row said, after its evidence record is erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, delete, select, update
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.specs import SPECS
from xinlian.trace.adapters.sql.tables import captures, descriptions, records, rows, touched
from xinlian.trace.model.facts import Correction, Event, Fact, Gap
from xinlian.trace.model.items import Item, ItemId

__all__ = ["ErasingTable"]

_CLASSES: Final = (Item, Gap, Correction, *SPECS)


class ErasingTable:
    """Rows of one record; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record_at(self, party: int, leaf: int) -> int | None:
        """The number of a party's record whose first leaf that is; ``None`` if no row has it.

        Leaves and numbers of a party's records grow together, so that halving finds it; there is no
        index by leaf, which every capture would pay for.
        """
        low, high = 1, int(bulk.run(self._connection, _TOP)[0][0] or 0)
        while low <= high:
            middle = (low + high) // 2
            found = bulk.run(self._connection, _FROM, middle, party)
            if found and found[0][1] == leaf:
                return int(found[0][0])
            if not found or found[0][1] > leaf:
                high = middle - 1
            else:
                low = found[0][0] + 1
        return None

    def forget(self, party: int, record: int, facts: Iterable[Fact]) -> None:
        """Take away the source of a record and its facts. What stays is the structure that others
        rest on: ids of items, links, and that something was corrected."""
        by_type: dict[type, list[Any]] = {kind: [] for kind in _CLASSES}
        for fact in facts:
            if type(fact) in by_type:
                by_type[type(fact)].append(fact)
        self._source(party, record)
        self._items(party, record, by_type.pop(Item), by_type.pop(Gap))
        self._corrections(party, record, by_type.pop(Correction))
        for kind, some in by_type.items():
            if some:
                self._facts(party, record, kind, some)

    def _source(self, party: int, record: int) -> None:
        run = self._connection.execute
        made = select(records.c.captured_ms).where(records.c.record == record).scalar_subquery()
        of_party = select(captures.c.capture).where(
            captures.c.party == party, captures.c.made_ms == made
        )
        run(update(records).where(records.c.record == record).values(source=""))
        run(
            update(rows)
            .where(rows.c.capture.in_(of_party), rows.c.record == record)
            .values(why="", why_zh="")
        )

    def _items(self, party: int, record: int, items: Sequence[Item], gaps: Sequence[Gap]) -> None:
        numbers = self._numbers([f.id for f in items])
        self._delete(descriptions, "item", numbers, party, record)
        self._delete(t.gaps, "item", self._numbers([f.item for f in gaps]), party, record)
        self._touch(party, numbers)

    def _corrections(self, party: int, record: int, facts: Sequence[Correction]) -> None:
        for fact in facts:
            c = t.corrections.c
            mine = and_(c.party == party, c.target == fact.target, c.record == record)
            self._connection.execute(update(t.corrections).where(mine).values(reason=""))

    def _facts(self, party: int, record: int, kind: type, facts: Sequence[Any]) -> None:
        spec = SPECS[kind]
        names = sorted({spec.id_of(fact) for fact in facts})
        if kind is Event:
            gone = [
                row[0]
                for row in bulk.by_keys(
                    *(self._connection, spec.table, "event", "event_id", names),
                    where="t.party = ? AND t.record = ?",
                    values=(party, record),
                )
            ]
            items = self._numbers([item for fact in facts for item in fact.items])
            for event in gone:
                self._connection.execute(
                    delete(t.event_items).where(
                        t.event_items.c.item.in_(items), t.event_items.c.event == event
                    )
                )
        self._delete(spec.table, spec.id_column, names, party, record)
        self._touch(party, self._numbers([item for fact in facts for item in spec.items_of(fact)]))

    def _delete(self, table: Table, key: str, keys: Sequence[Any], party: int, record: int) -> None:
        for each in keys:
            mine = and_(table.c[key] == each, table.c.party == party, table.c.record == record)
            self._connection.execute(delete(table).where(mine))

    def _numbers(self, ids: Sequence[ItemId]) -> list[int]:
        return sorted(ItemTable(self._connection).numbers(ids).values()) if ids else []

    def _touch(self, party: int, numbers: Sequence[int]) -> None:
        """Sets of vehicles by machine, gauge and the like are made anew without what is gone."""
        last = bulk.run(self._connection, _LAST, party)[0][0] or 0
        lines = [(party, seq, item, 1) for seq, item in enumerate(numbers, int(last) + 1)]
        bulk.insert(self._connection, touched, lines)


_LAST: Final = "SELECT max(seq) FROM trace_touched WHERE party = ?"
_TOP: Final = "SELECT max(record) FROM trace_records"
_FROM: Final = (
    "SELECT record, leaf FROM trace_records WHERE record >= ? AND party = ? ORDER BY record LIMIT 1"
)
