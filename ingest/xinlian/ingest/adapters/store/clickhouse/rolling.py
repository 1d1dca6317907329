"""Roll-ups and retention of the ClickHouse store."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
from xinlian.ingest.adapters.store.arrow import Source
from xinlian.ingest.adapters.store.clickhouse.ddl import name_of
from xinlian.ingest.adapters.store.clickhouse.writing import Writing
from xinlian.ingest.adapters.store.reckoning import SPAN_US, Reckoning
from xinlian.ingest.adapters.store.sql import ROLL_COLUMNS, quoted, span, union
from xinlian.ingest.model.query import DAY_US, Retention, Roll

__all__ = ["Rolling", "days_of"]

_MONTH: Final = 32
"""Days in a partition of long roll-ups."""


def days_of(source: Source) -> int:
    """Days in a partition."""
    return _MONTH if source.kind == "r" and source.group >= Roll.M15 else 1


class Rolling(Writing, Reckoning):
    """Rows of a roll-up carry the number of their reckoning; ``xl_runs`` says which one holds. So a
    span changes at one stroke, though ClickHouse has no transaction."""

    _runs: set[tuple[int, int]]
    """Roll and beginning of what was reckoned before."""

    def rollup(self, spans_max: int = 96) -> int:
        """See the port."""
        for start in sorted(self._waiting)[:spans_max]:
            with self._lock:
                if not self._closed(start):
                    self._reckon(start)
                self._mark({start}, waits=0)
        return len(self._waiting)

    def _reckon(self, start: int) -> None:
        run = self._stamp()
        for roll, shorter, first, last in self._chain(start):
            source = Source("r", group=int(roll))
            table = name_of(source)
            if source not in self._extents:
                for statement in self._layout.roll(roll):
                    self._run(statement)
            columns = ", ".join(ROLL_COLUMNS)
            for select in self._selects(roll, shorter, first, last):
                self._run(
                    f"INSERT INTO {quoted(table)} ({columns}, _run) "
                    f"SELECT *, {run} FROM ({select}) AS s"
                )
            rows = {"roll": [int(roll)], "first": [first], "run": [run]}
            self._put("xl_runs", pa.table(rows))
            if (int(roll), first) in self._runs:
                self._run(
                    f"DELETE FROM {self._layout.local(table)}{self._layout.on} "
                    f"WHERE {span(first, last)} AND _run < {run}"
                )
            self._runs.add((int(roll), first))
            begin, end = self._extents.get(source, (first, last - 1))
            self._extents[source] = (min(begin, first), max(end, last - 1))

    def _roll_rows(self, roll: Roll, parts: list[str], where: str) -> str:
        unit = max(roll.us, SPAN_US)
        holds = f"SELECT first, max(run) FROM xl_runs WHERE roll = {int(roll)} GROUP BY first"
        only = f"{where} AND (_t - _t % {unit}, _run) IN ({holds})"
        return union(parts, ", ".join(ROLL_COLUMNS), only)

    def _held_sources(self) -> list[Source]:
        return list(self._extents)

    def _roll_parts(self, roll: Roll, start_us: int, end_us: int) -> list[str]:
        return self._parts(Source("r", group=int(roll)), start_us, end_us)

    def retain(self, policy: Retention, now_us: int) -> int:
        """See the port."""
        dropped = 0
        with self._lock:
            waiting = {start // DAY_US for start in self._waiting}
            for source in self._held_sources():
                days = self._days_kept(source, policy)
                if days is None:
                    continue
                unit = days_of(source)
                floor = now_us // DAY_US - days
                cut = self._cuts.get(source, 0) // DAY_US
                for day in self._days(source):
                    held = source.kind != "r" and day in waiting and day >= cut
                    if day + unit > floor or held:
                        break
                    self._drop(source, day, unit)
                    dropped += 1
        return dropped

    def _drop(self, source: Source, day: int, unit: int) -> None:
        """Hide the days first, then drop their partition."""
        cut = max((day + unit) * DAY_US, self._cuts.get(source, 0))
        if cut > self._cuts.get(source, 0):
            self._put("xl_cuts", pa.table({"source": [name_of(source)], "from_us": [cut]}))
            self._cuts[source] = cut
        self._run(
            f"ALTER TABLE {self._layout.local(name_of(source))}{self._layout.on} "
            f"DROP PARTITION {int(day // unit)}"
        )
