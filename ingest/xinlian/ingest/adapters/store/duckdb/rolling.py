"""Roll-ups and retention of the DuckDB store."""

from __future__ import annotations

from typing import Final

import duckdb
from xinlian.ingest.adapters.store.arrow import Source
from xinlian.ingest.adapters.store.duckdb.parts import Part, period
from xinlian.ingest.adapters.store.duckdb.writing import Writing
from xinlian.ingest.adapters.store.reckoning import Reckoning
from xinlian.ingest.adapters.store.sql import ROLL_COLUMNS, quoted, span
from xinlian.ingest.model.query import DAY_US, Retention, Roll

__all__ = ["Rolling"]

_ROLL_TYPES: Final = (
    "INTEGER", "INTEGER", "BIGINT", "BIGINT", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE", "BIGINT",
    "DOUBLE", "BIGINT",
)  # fmt: skip
_ROLL_SQL: Final = ", ".join(
    f"{name} {kind}" for name, kind in zip(ROLL_COLUMNS, _ROLL_TYPES, strict=True)
)


class Rolling(Writing, Reckoning):
    """A span is reckoned, and a policy carried out, in one transaction."""

    def rollup(self, spans_max: int = 96) -> int:
        """See the port."""
        for start in sorted(self._waiting)[:spans_max]:
            with self._writing():
                with self._transaction() as connection:
                    if not self._closed(start):
                        self._reckon(connection, start)
                    connection.execute("DELETE FROM xl_waiting WHERE span = ?", [start])
                self._waiting.discard(start)
        return len(self._waiting)

    def _reckon(self, connection: duckdb.DuckDBPyConnection, start: int) -> None:
        for roll, shorter, first, last in self._chain(start):
            source = Source("r", group=int(roll))
            for name in self._parts_.drafted(source, first, last):
                connection.execute(f"DELETE FROM {quoted(name)} WHERE {span(first, last)}")
            part = self._parts_.take(source, first, 0, _ROLL_SQL)
            for select in self._selects(roll, shorter, first, last):
                connection.execute(f"INSERT INTO {quoted(part.name)} {select}")
            found = connection.execute(f"SELECT count(*) FROM {quoted(part.name)}").fetchone()
            rows = int(found[0]) if found else 0
            self._parts_.grow(part, rows - part.rows, first, last - 1)

    def _held_sources(self) -> list[Source]:
        return self._parts_.sources()

    def _roll_parts(self, roll: Roll, start_us: int, end_us: int) -> list[str]:
        return self._parts_.drafted(Source("r", group=int(roll)), start_us, end_us)

    def retain(self, policy: Retention, now_us: int) -> int:
        """See the port."""
        dropped: set[tuple[Source, int]] = set()
        with self._writing():
            waiting = {start // DAY_US for start in self._waiting}
            cuts: dict[Source, int] = {}
            with self._transaction() as connection:
                for source in self._parts_.sources():
                    days = self._days_kept(source, policy)
                    if days is None:
                        continue
                    gone = self._gone(source, now_us // DAY_US - days, waiting)
                    for part in gone:
                        self._parts_.drop(part)
                        dropped.add((source, part.day))
                    if gone:
                        cut = max(period(source, p.day * DAY_US)[1] for p in gone) * DAY_US
                        cuts[source] = max(cut, self._cuts.get(source, 0))
                for source, cut in cuts.items():
                    key = [source.kind, source.digest, source.group]
                    connection.execute(
                        'DELETE FROM xl_cuts WHERE kind = ? AND digest = ? AND "group" = ?', key
                    )
                    connection.execute("INSERT INTO xl_cuts VALUES (?, ?, ?, ?)", [*key, cut])
            self._cuts.update(cuts)
        return len(dropped)

    def _gone(self, source: Source, floor: int, waiting: set[int]) -> list[Part]:
        """Parts to drop, oldest first, up to the first day that must stay."""
        cut = self._cuts.get(source, 0) // DAY_US
        gone: list[Part] = []
        for part in sorted(self._parts_.of(source), key=lambda each: each.day):
            _, after = period(source, part.day * DAY_US)
            held = source.kind != "r" and part.day in waiting and part.day >= cut
            if after > floor or held:
                break
            gone.append(part)
        return gone
