"""What recalls start from, in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, Table
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.codes import ITEM_TYPES, LINK_KINDS
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import descriptions, items, links
from xinlian.trace.model.items import ItemId, ItemType
from xinlian.trace.model.links import LinkKind
from xinlian.trace.model.recall import CauseKind
from xinlian.trace.model.records import item_of
from xinlian.trace.usecases.ports import Seen

__all__ = ["SeedTable"]

_BATCH: Final = ITEM_TYPES.number[ItemType.BATCH]
_PACKED: Final = LINK_KINDS.number[LinkKind.PACKED]
_NEAR_MAX: Final = 200
_LINES_MAX: Final = 100
_NAMES: Final[dict[CauseKind, tuple[tuple[Table, str], ...]]] = {
    CauseKind.MACHINE: ((t.processes, "machine"), (t.inspections, "machine")),
    CauseKind.STATION: ((t.processes, "station"), (t.inspections, "station")),
    CauseKind.SHIFT: ((t.processes, "shift"), (t.inspections, "shift")),
    CauseKind.GAUGE: ((t.inspections, "gauge"),),
    CauseKind.SUPPLIER: ((descriptions, "maker"),),
}
"""Where a cause's name may stand."""


class SeedTable:
    """Things by id, maker, work and inspection; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def named(self, names: Sequence[str], seen: Seen) -> set[int]:
        """Items by id, scanned text or ``type:owner:id``."""
        connection, table = self._connection, ItemTable(self._connection)
        wanted: set[ItemId] = set()
        for name in names:
            wanted.update(table.find(name))
            parts = name.split(":", 2)
            if len(parts) == 3 and parts[0] in set(ItemType) and parts[1].isdigit():
                wanted.add(item_of(name))
        numbers = set(table.numbers(wanted).values())
        if seen is None:
            return numbers
        own = {
            row[0]
            for source, key in ((descriptions, "item"), (links, "child"), (links, "parent"))
            for row in bulk.by_keys(connection, source, f"{key} party", key, numbers)
            if row[1] in seen
        }
        return numbers & own

    def made_by(self, makers: Sequence[str]) -> list[tuple[int, int, int | None]]:
        """Items by maker: number, who says so, time."""
        found = bulk.by_keys(
            *(self._connection, descriptions, "item party made_at", "maker", makers),
            where="t.maker <> ''",
        )
        return [(item, party, made_at) for item, party, made_at in found]

    def worked(
        self, means: str, names: Sequence[str], low: int, high: int
    ) -> list[tuple[int, int, int, int]]:
        """Work by a machine, station or shift: item, party, start, end."""
        found = bulk.by_keys(
            *(self._connection, t.processes, "item party start_ms end_ms", means, names),
            where="t.withdrawn = 0 AND t.start_ms < ? AND t.end_ms >= ?",
            values=(high, low),
        )
        return [(row[0], row[1], row[2], row[3]) for row in found]

    def inspected(
        self, column: str, names: Sequence[str], low: int, high: int
    ) -> list[tuple[int, int, int]]:
        """Inspections with a gauge, or at a machine, station or shift: item, party, time."""
        found = bulk.by_keys(
            *(self._connection, t.inspections, "item party time_ms", column, names),
            where="t.withdrawn = 0 AND t.time_ms < ? AND t.time_ms >= ?",
            values=(high, low),
        )
        return [(row[0], row[1], row[2]) for row in found]

    def has_name(self, kind: CauseKind, name: str, seen: Seen) -> bool:
        """Whether the parties ever spoke of a machine, station, shift, gauge or supplier."""
        return any(
            bulk.run(
                self._connection,
                f"SELECT 1 FROM {table.name} WHERE {column} = ? AND {column} <> ''"  # noqa: S608
                f"{_by(seen)} LIMIT 1",
                name,
            )
            for table, column in _NAMES[kind]
        )

    def names_near(self, kind: CauseKind, name: str, seen: Seen) -> list[str]:
        """Names that begin as one does, of which the parties spoke; a few hundred are looked at,
        and of each the first lines."""
        found: list[str] = []
        table, column = _NAMES[kind][0]
        for first in sorted({name[:1].upper(), name[:1].lower()} - {""}):
            at, beyond = first, ">="
            for _ in range(_NEAR_MAX):
                rows = bulk.run(
                    self._connection,
                    f"SELECT min({column}) FROM {table.name}"  # noqa: S608
                    f" WHERE {column} {beyond} ? AND {column} <> ''",
                    at,
                )
                at, beyond = rows[0][0] or "", ">"
                if not at.startswith(first):
                    break
                told = bulk.run(
                    self._connection,
                    f"SELECT party FROM {table.name}"  # noqa: S608
                    f" WHERE {column} = ? AND {column} <> '' LIMIT {_LINES_MAX}",
                    at,
                )
                if any(seen is None or party in seen for (party,) in told):
                    found.append(at)
        return found

    def are_batches(self, numbers: Iterable[int]) -> bool:
        """Whether all of the items are batches."""
        found = bulk.by_keys(self._connection, items, "type", "item", numbers)
        return all(kind == _BATCH for (kind,) in found)

    def singles(self, numbers: Iterable[int]) -> set[int]:
        """Those that are single things, not batches."""
        found = bulk.by_keys(self._connection, items, "item type", "item", numbers)
        return {item for item, kind in found if kind != _BATCH}

    def leading_out(self, numbers: Iterable[int], seen: frozenset[int]) -> int:
        """How many things went into something by links that the parties in ``seen`` do not tell
        of; looks no further than the first of each."""
        wanted = list(numbers)
        sqlite = bulk.is_sqlite(self._connection)
        listed = ", ".join(map(str, sorted(seen)))
        rows = "SELECT value AS item FROM json_each(?)"
        if not sqlite:
            rows = "SELECT unnest(?::bigint[]) AS item"
        holds = f"withdrawn = 0 AND l.kind <> {_PACKED}"
        found = bulk.run(
            self._connection,
            f"SELECT count(*) FROM ({rows}) j WHERE EXISTS (SELECT 1 FROM trace_links l"  # noqa: S608
            f" WHERE l.child = j.item AND l.party NOT IN ({listed}) AND l.{holds}"
            " AND NOT EXISTS (SELECT 1 FROM trace_links o WHERE o.parent = l.parent"
            f" AND o.child = l.child AND o.party IN ({listed}) AND o.withdrawn = 0))",
            json.dumps(wanted) if sqlite else wanted,
        )
        return int(found[0][0])


def _by(seen: Seen) -> str:
    return "" if seen is None else f" AND party IN ({', '.join(map(str, sorted(seen)))})"
