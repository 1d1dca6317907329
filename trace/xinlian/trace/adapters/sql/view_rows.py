"""Where views stand, and the logs of what each party touched."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson
from pyroaring import BitMap
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.tables import views
from xinlian.trace.usecases.ports import Seen

__all__ = ["ALL", "GONE", "SPOKEN", "Pending", "View", "ViewTable", "name_of", "now_ms", "seen_of"]

ALL: Final = 1 << 62
SPOKEN: Final = 0
"""The view of the sets that say of which vehicles each party spoke."""
GONE: Final = "x"
"""Begins the name of a view that is being forgotten."""


class View(NamedTuple):
    """Where a view stands."""

    view: int
    through: dict[int, int]
    todo: BitMap
    version: int
    used_ms: int


class Pending(NamedTuple):
    """What was touched since: the ends of the logs then, items with whether something of them
    shrank, and whether there is more."""

    through: dict[int, int]
    items: dict[int, int]
    more: bool


class ViewTable:
    """Rows of views and logs; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def view(self, name: str) -> View | None:
        """The view of parties, by their name."""
        return self._read("parties = ?", name)

    def numbered(self, number: int) -> View | None:
        """The view of a number."""
        return self._read("view = ?", number)

    def _read(self, condition: str, value: Any) -> View | None:
        found = bulk.run(
            self._connection,
            "SELECT view, through, todo, version, used_ms FROM trace_views"  # noqa: S608
            f" WHERE {condition}",
            value,
        )
        if not found:
            return None
        view, through, todo, version, used_ms = found[0]
        ends = {int(party): seq for party, seq in orjson.loads(through).items()}
        return View(view, ends, BitMap.deserialize(bytes(todo)), version, used_ms)

    def add(
        self, name: str, ends: Mapping[int, int], todo: BitMap, number: int | None = None
    ) -> None:
        """A new view."""
        if number is None:
            top = bulk.run(self._connection, "SELECT max(view) FROM trace_views")[0][0]
            number = (top or SPOKEN) + 1
        line = (number, name, _text(ends), todo.serialize(), 0, now_ms())
        bulk.insert(self._connection, views, [line])

    def keep(self, view: View) -> None:
        """Note where a view stands now."""
        self.write(
            "UPDATE trace_views SET through = ?, todo = ?, version = ? WHERE view = ?",
            *(_text(view.through), view.todo.serialize(), view.version + 1, view.view),
        )

    def write(self, sql: str, *values: Any) -> None:
        """A statement that writes, with ``?`` marks."""
        mark = "?" if bulk.is_sqlite(self._connection) else "%s"
        bulk.driver(self._connection).execute(sql.replace("?", mark), values)

    def pending(self, through: Mapping[int, int], seen: Seen, limit: int) -> Pending:
        """What the parties touched since, some lines at most."""
        ends, found, left = dict(through), dict[int, int](), limit
        for party in self.parties(seen):
            rows = bulk.run(
                self._connection,
                "SELECT seq, item, shrinks FROM trace_touched WHERE party = ? AND seq > ?"
                " ORDER BY seq LIMIT ?",
                *(party, through.get(party, 0), min(left + 1, ALL)),
            )
            for seq, item, shrinks in rows[:left]:
                ends[party] = seq
                found[item] = max(shrinks, found.get(item, 0))
            if len(rows) > left:
                return Pending(ends, found, more=True)
            left -= len(rows)
        return Pending(ends, found, more=False)

    def parties(self, seen: Seen) -> list[int]:
        """Parties in order; for everyone those that touched something."""
        if seen is not None:
            return sorted(seen)
        rows = bulk.run(
            self._connection,
            "WITH RECURSIVE p(party) AS (SELECT min(party) FROM trace_touched UNION ALL"
            " SELECT (SELECT min(party) FROM trace_touched t WHERE t.party > p.party) FROM p"
            " WHERE p.party IS NOT NULL) SELECT party FROM p WHERE party IS NOT NULL",
        )
        return [row[0] for row in rows]

    def end(self, party: int) -> int:
        """The last line of a party's log."""
        found = bulk.run(
            self._connection, "SELECT max(seq) FROM trace_touched WHERE party = ?", party
        )
        return int(found[0][0] or 0)


def name_of(seen: Seen) -> str:
    """A view's name: its parties."""
    return "*" if seen is None else ",".join(map(str, sorted(seen)))


def seen_of(name: str) -> Seen:
    """The reverse of ``name_of``."""
    return None if name == "*" else frozenset(map(int, name.split(",")))


def _text(ends: Mapping[int, int]) -> str:
    return orjson.dumps({str(party): seq for party, seq in sorted(ends.items())}).decode()


def now_ms() -> int:
    """Milliseconds of the system's clock."""
    return int(time.time() * 1000)
