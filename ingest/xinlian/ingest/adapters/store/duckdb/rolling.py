"""Roll-ups and retention of the DuckDB store."""

from __future__ import annotations

from typing import Final

import duckdb
from xinlian.ingest.adapters.store.arrow import NARROW, QUALITY, Source
from xinlian.ingest.adapters.store.duckdb.parts import Part, period
from xinlian.ingest.adapters.store.duckdb.writing import SPAN_US, Writing
from xinlian.ingest.adapters.store.sql import ROLL_COLUMNS, quoted, span, union
from xinlian.ingest.adapters.store.steps import Stepping
from xinlian.ingest.model.query import DAY_US, Retention, Roll

__all__ = ["Rolling"]

_ROLL_TYPES: Final = (
    "INTEGER", "INTEGER", "BIGINT", "BIGINT", "DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE", "BIGINT",
    "DOUBLE", "BIGINT",
)  # fmt: skip
_ROLL_SQL: Final = ", ".join(
    f"{name} {kind}" for name, kind in zip(ROLL_COLUMNS, _ROLL_TYPES, strict=True)
)


class Rolling(Writing, Stepping):
    """Spans that wait are reckoned anew as a whole, so that late rows need nothing of their own."""

    _cuts: dict[Source, int]

    def rollup(self, spans_max: int = 96) -> int:
        """See the port."""
        for start in sorted(self._waiting)[:spans_max]:
            with self._lock:
                self._roll_span(start)
        return len(self._waiting)

    def _roll_span(self, start: int) -> None:
        end = start + SPAN_US
        with self._transaction() as connection:
            # What was dropped cannot be reckoned again: such a span stays as it was.
            if not any(cut > start for source, cut in self._cuts.items() if source.kind in "wn"):
                self._reckon(connection, start, end)
            connection.execute("DELETE FROM xl_waiting WHERE span = ?", [start])
        self._waiting.discard(start)

    def _reckon(self, connection: duckdb.DuckDBPyConnection, start: int, end: int) -> None:
        shorter: Roll | None = None
        for roll in sorted(self._rolls):
            first = start - start % roll.us
            last = max(end, first + roll.us)
            if shorter is not None and self._seen_from_us(Source("r", group=shorter)) > first:
                shorter = roll
                continue
            source = Source("r", group=int(roll))
            for name in self._parts_.drafted(source, first, last):
                connection.execute(f"DELETE FROM {quoted(name)} WHERE {span(first, last)}")
            part = self._parts_.take(source, first, 0, _ROLL_SQL)
            for select in self._selects(roll, shorter, first, last):
                connection.execute(f"INSERT INTO {quoted(part.name)} {select}")
            found = connection.execute(f"SELECT count(*) FROM {quoted(part.name)}").fetchone()
            rows = int(found[0]) if found else 0
            self._parts_.grow(part, rows - part.rows, first, last - 1)
            shorter = roll

    def _selects(self, roll: Roll, shorter: Roll | None, first: int, last: int) -> list[str]:
        if shorter is not None:
            parts = self._parts_.drafted(Source("r", group=int(shorter)), first, last)
            if not parts:
                return []
            rows = union(parts, ", ".join(ROLL_COLUMNS), span(first, last))
            return [self._dialect.roll_again(rows, roll.us)]
        sources: dict[str, list[Source]] = {}
        for source in self._parts_.sources():
            if source.kind == "w" and self._parts(source, first, last):
                for tag in self._catalog.tables[source.digest].groups[source.group]:
                    sources.setdefault(tag.name, []).append(source)
        for name in self._narrow_tags(first, last):
            sources.setdefault(name, []).append(NARROW)
        corrected = {tag for _, tag in self._catalog.amended}
        for name, number in self._catalog.tags.items():
            if number in corrected:
                sources.setdefault(name, [])
        made = []
        for name, places in sources.items():
            relation = self._amended_relation(places, name, None, (first, last), True)
            if relation is not None:
                stands = self._catalog.tags[name]
                made.append(self._dialect.roll_raw(relation, stands, roll.us))
        return made

    def _narrow_tags(self, first: int, last: int) -> list[str]:
        parts = self._parts(NARROW, first, last)
        if not parts:
            return []
        rows = self._connection.execute(
            f"SELECT DISTINCT _tag FROM ({union(parts, '_tag', span(first, last))}) AS n"
        ).fetchall()
        there = {number for (number,) in rows}
        return [name for name, number in self._catalog.tags.items() if number in there]

    def retain(self, policy: Retention, now_us: int) -> int:
        """See the port."""
        dropped: set[tuple[Source, int]] = set()
        with self._lock:
            waiting = {start // DAY_US for start in self._waiting}
            cuts: dict[Source, int] = {}
            with self._transaction() as connection:
                for source in self._parts_.sources():
                    days = self._days_kept(source, policy)
                    if days is None:
                        continue
                    floor = now_us // DAY_US - days
                    gone = self._gone(source, floor, waiting)
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

    def _days_kept(self, source: Source, policy: Retention) -> int | None:
        if source.kind == "r":
            return policy.rolls.get(Roll(source.group))
        if source == QUALITY:
            kept = [policy.raw_days, *policy.tables.values()]
            return None if None in kept else max(days for days in kept if days is not None)
        name = "" if source == NARROW else self._catalog.tables[source.digest].name
        return policy.tables.get(name, policy.raw_days)
