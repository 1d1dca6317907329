"""Links of a chunk: new, known, ended or other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.codes import CERTAINTIES, LINK_KINDS
from xinlian.trace.adapters.sql.tables import links
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.links import Link

__all__ = ["BEGINNING", "LinkWriter"]

BEGINNING: Final = -1
"""``valid_from`` of a link whose source gives no time."""
_COLUMNS: Final = " ".join(column.name for column in links.columns)
_END_RECORD, _VALID_TO, _WITHDRAWN = 5, 6, 9
_FIELDS: Final = {7: "kind", 8: "certainty", 10: "quantity", 11: "unit", 12: "candidate_group"}

Pair = tuple[int, int]


class LinkWriter:
    """Compares links with what the party said before, and keeps what is new until ``flush``.

    A link that comes again with an end where none was known ends; a link without a beginning but
    with an end is a removal: it ends the one that holds at that time. An end once known is not
    undone by a repetition without it.
    """

    def __init__(self, connection: Connection, party: int) -> None:
        self._connection = connection
        self._party = party
        self.known_record = 0
        self._known: dict[Pair, dict[int, list[Any]]] = {}
        self._new: list[list[Any]] = []
        self._restated: list[tuple[dict[int, list[Any]], list[Any]]] = []
        self._changed: dict[tuple[int, int, int], list[Any]] = {}

    def load(self, facts: Iterable[Link], numbers: Mapping[ItemId, int], new: set[int]) -> None:
        """Fetch what the party said of the pairs in question; items just numbered have none."""
        self._known = {}
        pairs: dict[Pair, None] = {}
        for fact in facts:
            pair = numbers[fact.parent], numbers[fact.child]
            self._known[pair] = {}
            if pair[0] not in new and pair[1] not in new:
                pairs[pair] = None
        for row in bulk.by_pairs(
            *(self._connection, links, _COLUMNS, "parent child", pairs),
            where="t.party = ?",
            values=(self._party,),
        ):
            self._known[row[0], row[1]][row[2]] = list(row)

    def offer(self, fact: Link, parent: int, child: int, record: int) -> str | None:
        """``None`` if the link is new or says something new, "" if known, else what differs."""
        known = self._known[parent, child]
        begins = BEGINNING if fact.valid_from_ms is None else fact.valid_from_ms
        if fact.valid_from_ms is None and fact.valid_to_ms is not None:
            return self._removal(fact, known, parent, child, record)
        row = [
            *(parent, child, begins, self._party, record, None, fact.valid_to_ms),
            *(LINK_KINDS.number[fact.kind], CERTAINTIES.number[fact.certainty], 0),
            *(fact.quantity, fact.unit, fact.candidate_group),
        ]
        old = known.get(begins)
        if old is None:
            removal = known.get(BEGINNING)
            ended = None if removal is None or removal[_WITHDRAWN] else removal[_VALID_TO]
            if fact.valid_to_ms is None and ended is not None and ended > begins:
                row[_VALID_TO], row[_END_RECORD] = ended, removal[_END_RECORD] if removal else None
            return self._add(known, row)
        self.known_record = old[4]
        if old[_WITHDRAWN]:
            self._restated.append((known, row))
            same = all(old[at] == row[at] for at in (_VALID_TO, *_FIELDS))
            return "" if same else None
        for place, name in _FIELDS.items():
            if old[place] != row[place]:
                return name
        if old[_VALID_TO] == fact.valid_to_ms or fact.valid_to_ms is None:
            return ""
        if old[_VALID_TO] is not None:
            return "valid_to"
        return self._end(old, fact.valid_to_ms, record)

    def settle(self, *, new: bool) -> None:
        """The row that was offered is new, or not: one that only repeats what was withdrawn does
        not bring it back."""
        restated, self._restated = self._restated, []
        if new:
            for known, row in restated:
                known[row[2]] = row
                self._changed[row[0], row[1], row[2]] = row

    def _add(self, known: dict[int, list[Any]], row: list[Any]) -> str | None:
        known[row[2]] = row
        self._new.append(row)
        return None

    def _end(self, old: list[Any], ends: int, record: int) -> str | None:
        old[_VALID_TO], old[_END_RECORD] = ends, record
        self._changed[old[0], old[1], old[2]] = old
        return None

    def _removal(
        self, fact: Link, known: dict[int, list[Any]], parent: int, child: int, record: int
    ) -> str | None:
        ends = fact.valid_to_ms or 0
        holding = [row for row in known.values() if not row[_WITHDRAWN] and row[2] <= ends]
        for row in holding:
            if row[_VALID_TO] == ends:
                self.known_record = row[_END_RECORD] or row[4]
                return ""
        open_ones = [row for row in holding if row[_VALID_TO] is None]
        if open_ones:
            return self._end(max(open_ones, key=lambda row: row[2]), ends, record)
        if BEGINNING in known:
            return "valid_to"
        return self._add(
            known,
            [
                *(parent, child, BEGINNING, self._party, record, record, ends),
                *(LINK_KINDS.number[fact.kind], CERTAINTIES.number[fact.certainty], 0),
                *(fact.quantity, fact.unit, fact.candidate_group),
            ],
        )

    def flush(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """Write; what is new and what changed, as rows of the table."""
        new, self._new = self._new, []
        fresh = {(row[0], row[1], row[2]) for row in new}
        changed = [row for key, row in self._changed.items() if key not in fresh]
        self._changed = {}
        bulk.insert(self._connection, links, new)
        if changed:
            mark = "?" if bulk.is_sqlite(self._connection) else "%s"
            sets = ", ".join(f"{column.name} = {mark}" for column in list(links.columns)[4:])
            keys = " AND ".join(f"{column.name} = {mark}" for column in list(links.columns)[:4])
            bulk.driver(self._connection).cursor().executemany(
                f"UPDATE trace_links SET {sets} WHERE {keys}",  # noqa: S608
                [(*row[4:], *row[:4]) for row in changed],
            )
        return new, changed
