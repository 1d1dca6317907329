"""The writing half of the DuckDB store: appends and amendments, each one transaction."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from typing import Final

import duckdb
import pyarrow as pa
from xinlian.ingest.adapters.store.amending import digest_of
from xinlian.ingest.adapters.store.arrow import Batch, batches
from xinlian.ingest.adapters.store.catalog import Catalog
from xinlian.ingest.adapters.store.duckdb.draft import Draft, insert
from xinlian.ingest.adapters.store.duckdb.parts import Parts, columns_of
from xinlian.ingest.adapters.store.reckoning import SPAN_US
from xinlian.ingest.adapters.store.sql import AMENDMENTS
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import Amendment, Roll
from xinlian.ingest.usecases.store_ports import NOTHING, StoreError

__all__ = ["SCHEMA", "Writing"]

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS xl_streams (name VARCHAR, position BIGINT)",
    "CREATE TABLE IF NOT EXISTS xl_devices (id INTEGER, name VARCHAR)",
    "CREATE TABLE IF NOT EXISTS xl_tags (id INTEGER, name VARCHAR)",
    "CREATE TABLE IF NOT EXISTS xl_tables (digest VARCHAR, body VARCHAR)",
    "CREATE TABLE IF NOT EXISTS xl_held (device INTEGER, digest VARCHAR)",
    "CREATE TABLE IF NOT EXISTS xl_parts (number INTEGER, kind VARCHAR, digest VARCHAR, "
    '"group" INTEGER, day INTEGER, rows BIGINT, first_us BIGINT, last_us BIGINT)',
    "CREATE TABLE IF NOT EXISTS xl_waiting (span BIGINT)",
    "CREATE TABLE IF NOT EXISTS xl_cuts (kind VARCHAR, digest VARCHAR, "
    '"group" INTEGER, from_us BIGINT)',
    f"CREATE TABLE IF NOT EXISTS {AMENDMENTS} (_n BIGINT, _device INTEGER, _tag INTEGER, "
    "_t BIGINT, _v DOUBLE, _q UTINYINT)",
    "CREATE TABLE IF NOT EXISTS xl_reasons (_n BIGINT, key VARCHAR, digest VARCHAR, "
    "_device INTEGER, _tag INTEGER, reason VARCHAR, made_us BIGINT)",
)


class Writing(ABC):
    """One writer at a time; readers are not held up."""

    _catalog: Catalog
    _parts_: Parts
    _connection: duckdb.DuckDBPyConnection
    _lock: threading.Lock
    _waiting: set[int]
    _rolls: tuple[Roll, ...]
    _doubtful: bool

    @abstractmethod
    def _load(self) -> None:
        """Read the catalogue from the file."""

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """The writer's turn. After a commit whose outcome is not known the file is asked first."""
        with self._lock:
            if self._doubtful:
                try:
                    self._load()
                except duckdb.Error as exc:
                    raise _refused(exc) from exc
                self._doubtful = False
            yield

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Commit at the end, roll back on any error; database errors become ``StoreError``."""
        try:
            self._connection.execute("BEGIN")
            try:
                yield self._connection
                # A commit that fails may have been carried out (its checkpoint failed, say).
                self._doubtful = True
                self._connection.execute("COMMIT")
                self._doubtful = False
            except BaseException:
                self._parts_.forget()
                with suppress(duckdb.Error):  # a commit that failed has rolled back already
                    self._connection.rollback()
                with suppress(duckdb.Error):
                    self._connection.unregister("xl_batch")
                raise
        except duckdb.Error as exc:
            raise _refused(exc) from exc
        self._parts_.publish()

    def applied(self, stream: str) -> int:
        """See the port."""
        return self._catalog.streams.get(stream, NOTHING)

    def unfinished(self, stream: str) -> int | None:  # noqa: ARG002 - the port's
        """Never: a commit is whole or not at all."""
        return None

    def append(self, stream: str, position: int, frames: Sequence[Frame]) -> bool:
        """See the port."""
        return self._append(stream, [(position, frames)]) > 0

    def append_many(self, stream: str, entries: Sequence[tuple[int, Sequence[Frame]]]) -> int:
        """See the port."""
        self._append(stream, entries)
        return self.applied(stream)

    def _append(self, stream: str, entries: Sequence[tuple[int, Sequence[Frame]]]) -> int:
        """Returns how many entries were new."""
        positions = [position for position, _ in entries]
        if positions != sorted(set(positions)) or (positions and positions[0] < 0):
            raise StoreError("positions ascend from 0 on", "位置须自 0 起递增")
        with self._writing():
            applied = self.applied(stream)
            new = [frames for position, frames in entries if position > applied]
            if not new:
                return 0
            draft = Draft(self._catalog, chain.from_iterable(new))
            made = batches(chain.from_iterable(new), draft.numbers)
            with self._transaction() as connection:
                draft.write(connection)
                for batch in made:
                    self._insert(connection, batch)
                waiting = self._mark(connection, made)
                if applied == NOTHING and stream not in self._catalog.streams:
                    connection.execute("INSERT INTO xl_streams VALUES (?, ?)", [stream, NOTHING])
                connection.execute(
                    "UPDATE xl_streams SET position = ? WHERE name = ?", [positions[-1], stream]
                )
            draft.publish()
            self._waiting |= waiting
            self._catalog.streams[stream] = positions[-1]
            return len(new)

    def _insert(self, connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
        part = self._parts_.take(
            batch.source, batch.first_us, len(batch.rows), columns_of(batch.rows.schema)
        )
        insert(connection, part.name, batch.rows)
        self._parts_.grow(part, len(batch.rows), batch.first_us, batch.last_us)

    def _mark(self, connection: duckdb.DuckDBPyConnection, made: Iterable[Batch]) -> set[int]:
        """Spans whose roll-ups are to be reckoned."""
        marked: set[int] = set()
        for batch in made:
            if self._rolls and batch.source.kind in "wn":
                first, last = batch.first_us // SPAN_US, batch.last_us // SPAN_US
                marked |= {span * SPAN_US for span in range(first, last + 1)}
        return self._mark_spans(connection, marked)

    def _mark_spans(self, connection: duckdb.DuckDBPyConnection, spans: set[int]) -> set[int]:
        new = spans - self._waiting
        for span in sorted(new):
            connection.execute("INSERT INTO xl_waiting VALUES (?)", [span])
        return new

    def amend(self, amendments: Iterable[Amendment]) -> int:
        """See the port."""
        with self._writing():
            new: list[tuple[int, int, int, str, Amendment]] = []
            digests: dict[str, str] = {}
            number = self._last_amendment()
            for amendment in amendments:
                digest = digest_of(amendment)
                known = digests.get(amendment.key) or self._digest_of(amendment.key)
                if known == digest:
                    continue
                if known is not None:
                    raise StoreError(
                        f"amendment {amendment.key!r} was made with other content",
                        f"修正 {amendment.key!r} 已以其他内容登记",
                    )
                device = self._catalog.devices.get(amendment.device)
                tag = self._catalog.tags.get(amendment.tag)
                if (
                    device is None
                    or tag is None
                    or not self._catalog.sources(device, amendment.tag)
                ):
                    raise StoreError(
                        f"device {amendment.device!r} has no readings of {amendment.tag!r}",
                        f"设备 {amendment.device!r} 没有点位 {amendment.tag!r} 的读数",
                    )
                digests[amendment.key] = digest
                number += 1
                new.append((number, device, tag, digest, amendment))
            if new:
                self._write_amendments(new)
            return len(new)

    def _last_amendment(self) -> int:
        found = self._connection.execute("SELECT max(_n) FROM xl_reasons").fetchone()
        return int(found[0]) if found and found[0] is not None else 0

    def _digest_of(self, key: str) -> str | None:
        found = self._connection.execute(
            "SELECT digest FROM xl_reasons WHERE key = ?", [key]
        ).fetchone()
        return str(found[0]) if found else None

    def _write_amendments(self, new: list[tuple[int, int, int, str, Amendment]]) -> None:
        spans: set[int] = set()
        with self._transaction() as connection:
            for number, device, tag, digest, amendment in new:
                connection.execute(
                    "INSERT INTO xl_reasons VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [number, amendment.key, digest, device, tag, amendment.reason,
                     amendment.made_us],
                )  # fmt: skip
                insert(connection, AMENDMENTS, amendment_rows(number, device, tag, amendment))
                spans |= {time // SPAN_US * SPAN_US for time in amendment.times_us}
            waiting = self._mark_spans(connection, spans if self._rolls else set())
        self._waiting |= waiting
        pairs = {(device, tag) for _, device, tag, _, _ in new}
        self._catalog.amended = self._catalog.amended | pairs


def _refused(exc: duckdb.Error) -> StoreError:
    return StoreError(f"the telemetry store did not take it: {exc}", f"遥测库未能写入：{exc}")


def amendment_rows(number: int, device: int, tag: int, amendment: Amendment) -> pa.Table:
    """Rows of ``xl_amendments``; 0 stands where the quality is bad."""
    count = len(amendment.times_us)
    quality = amendment.quality or (0,) * count
    values = [
        0.0 if code >= BAD_MIN else value
        for value, code in zip(amendment.values, quality, strict=True)
    ]
    return pa.table(
        {
            "_n": pa.array([number] * count, pa.int64()),
            "_device": pa.array([device] * count, pa.int32()),
            "_tag": pa.array([tag] * count, pa.int32()),
            "_t": pa.array(amendment.times_us, pa.int64()),
            "_v": pa.array(values, pa.float64()),
            "_q": pa.array(quality, pa.uint8()),
        }
    )
