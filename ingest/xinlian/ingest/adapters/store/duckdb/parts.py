"""Parts: the tables in which a DuckDB store keeps the rows of a source, by day (month) and size.

A day is dropped by dropping its tables. A part holds at most ``part_rows`` rows and the store
knows its span of time, so that a query looks at the zone maps of few parts, however much there is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import duckdb
from xinlian.ingest.adapters.store.arrow import Source
from xinlian.ingest.adapters.store.sql import quoted
from xinlian.ingest.model.query import DAY_US, Roll

__all__ = ["Part", "Parts", "columns_of", "period"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Part:
    """One table. ``day``: first day of its period, since 1970."""

    number: int
    source: Source
    day: int
    rows: int
    first_us: int
    last_us: int

    @property
    def name(self) -> str:
        """Of its table."""
        source = self.source
        stem = f"{source.digest[:12]}_{source.group}" if source.kind == "w" else str(source.group)
        day = _EPOCH + timedelta(days=self.day)
        return f"{source.kind}_{stem}_{day:%Y%m%d}_{self.number}"


def period(source: Source, time_us: int) -> tuple[int, int]:
    """First day of the period of a time, and of the next: a day, or a month for long roll-ups."""
    day = time_us // DAY_US
    if source.kind != "r" or source.group < Roll.M15:
        return day, day + 1
    first = (_EPOCH + timedelta(days=day)).replace(day=1)
    later = (first + timedelta(days=31)).replace(day=1)
    return (first - _EPOCH).days, (later - _EPOCH).days


class Parts:
    """The parts of a store, mirrored in ``xl_parts``.

    ``take``, ``grow`` and ``drop`` belong to a transaction: they show in ``of`` after ``publish``
    and are forgotten by ``forget``.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, part_rows: int) -> None:
        self._connection = connection
        self._part_rows = part_rows
        self._shown: dict[Source, tuple[Part, ...]] = {}
        self._draft: dict[Source, tuple[Part, ...]] = {}
        self._next = 1
        rows = connection.execute("SELECT * FROM xl_parts ORDER BY number").fetchall()
        for number, kind, digest, group, *rest in rows:
            source = Source(kind, digest, group)
            self._shown[source] = (*self._shown.get(source, ()), Part(number, source, *rest))
            self._next = number + 1

    def of(self, source: Source) -> tuple[Part, ...]:
        """Parts of a source, as committed, oldest number first."""
        return self._shown.get(source, ())

    def sources(self) -> list[Source]:
        """Sources that have parts."""
        return [source for source, parts in list(self._shown.items()) if parts]

    def overlapping(self, source: Source, start_us: int, end_us: int) -> list[str]:
        """Names of parts with rows in a span."""
        shown = self._shown.get(source, ())
        return [p.name for p in shown if p.first_us < end_us and p.last_us >= start_us]

    def _now(self, source: Source) -> tuple[Part, ...]:
        return self._draft.get(source, self.of(source))

    def drafted(self, source: Source, start_us: int, end_us: int) -> list[str]:
        """Like ``overlapping``, as the transaction under way sees it."""
        now = self._now(source)
        return [p.name for p in now if p.first_us < end_us and p.last_us >= start_us]

    def take(self, source: Source, time_us: int, rows: int, columns: str) -> Part:
        """The part for new rows; made with ``columns`` (SQL) where there is none with room."""
        day, _ = period(source, time_us)
        for part in reversed(self._now(source)):
            if part.day == day:
                if part.rows + rows <= self._part_rows or part.rows == 0:
                    return part
                break
        part = Part(self._next, source, day, 0, (1 << 62), -1)
        self._next += 1
        self._connection.execute(f"CREATE TABLE {quoted(part.name)} ({columns})")
        self._connection.execute(
            "INSERT INTO xl_parts VALUES (?, ?, ?, ?, ?, 0, ?, ?)",
            [part.number, source.kind, source.digest, source.group, day, 1 << 62, -1],
        )
        self._draft[source] = (*self._now(source), part)
        return part

    def grow(self, part: Part, rows: int, first_us: int, last_us: int) -> None:
        """Rows were added to a part."""
        grown = replace(
            part,
            rows=part.rows + rows,
            first_us=min(part.first_us, first_us),
            last_us=max(part.last_us, last_us),
        )
        self._draft[part.source] = tuple(
            grown if each.number == part.number else each for each in self._now(part.source)
        )
        self._connection.execute(
            "UPDATE xl_parts SET rows = ?, first_us = ?, last_us = ? WHERE number = ?",
            [grown.rows, grown.first_us, grown.last_us, part.number],
        )

    def drop(self, part: Part) -> None:
        """Drop a part's table."""
        self._connection.execute(f"DROP TABLE {quoted(part.name)}")
        self._connection.execute("DELETE FROM xl_parts WHERE number = ?", [part.number])
        self._draft[part.source] = tuple(p for p in self._now(part.source) if p != part)

    def publish(self) -> None:
        """The transaction was committed."""
        self._shown.update(self._draft)
        self._draft.clear()

    def forget(self) -> None:
        """The transaction was rolled back."""
        self._draft.clear()


def columns_of(schema: Any) -> str:
    """Columns of a table for an Arrow schema."""
    return ", ".join(f"{quoted(each.name)} {_TYPES[str(each.type)]}" for each in schema)


_TYPES: Final = {
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "float": "FLOAT",
    "double": "DOUBLE",
}
