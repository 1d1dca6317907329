"""The telemetry store in one DuckDB file."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import duckdb
import pyarrow as pa
from xinlian.ingest.adapters.store.arrow import Source
from xinlian.ingest.adapters.store.catalog import Catalog
from xinlian.ingest.adapters.store.duckdb.parts import Parts
from xinlian.ingest.adapters.store.duckdb.rolling import Rolling
from xinlian.ingest.adapters.store.duckdb.writing import SCHEMA
from xinlian.ingest.adapters.store.export import write
from xinlian.ingest.adapters.store.sql import AMENDMENTS, Dialect
from xinlian.ingest.model.query import Amendment, Roll, Status, Window
from xinlian.ingest.model.tags import TagTable
from xinlian.ingest.usecases.store_ports import StoreError

__all__ = ["DuckStore", "open_duckdb"]

_DIALECT: Final = Dialect("arg_min", "arg_max", "DOUBLE")
_PART_ROWS: Final = 64_000_000
_BLOCK_BYTES: Final = "65536"
"""A quarter of the engine's own: less of a block is empty, and a window that is not in memory reads
less from disk. Files made with another size keep theirs."""


def open_duckdb(
    folder: Path,
    *,
    memory_mb: int = 2_048,
    threads: int = 2,
    rolls: Sequence[Roll] = tuple(Roll),
    part_rows: int = _PART_ROWS,
) -> DuckStore:
    """Open or make the store in a folder; one process at a time. ``StoreError`` if it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(
            str(folder / "telemetry.duckdb"),
            config={
                "memory_limit": f"{int(memory_mb)}MB",
                "threads": str(int(threads)),
                "temp_directory": str(folder / "temp"),
                "checkpoint_threshold": "64MB",
                "default_block_size": _BLOCK_BYTES,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        return DuckStore(connection, folder, tuple(rolls), part_rows)
    except (duckdb.Error, OSError) as exc:
        raise StoreError(
            f"the telemetry store in {folder} cannot be opened (does another process use it?): "
            f"{exc}",
            f"无法打开 {folder} 中的遥测库（是否被其他进程占用？）：{exc}",
        ) from exc


class DuckStore(Rolling):
    """See ``TelemetryStore``."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        rolls: tuple[Roll, ...],
        part_rows: int,
    ) -> None:
        for statement in SCHEMA:
            connection.execute(statement)
        self._connection = connection
        self._folder = folder
        self._dialect = _DIALECT
        self._rolls = rolls
        self._lock = threading.Lock()
        self._cursors = threading.local()
        self._doubtful = False
        self._part_rows = part_rows
        self._catalog = Catalog()
        self._load()

    def _load(self) -> None:
        run = self._connection.execute
        catalog = self._catalog
        self._parts_ = Parts(self._connection, self._part_rows)
        catalog.devices.update(run("SELECT name, id FROM xl_devices").fetchall())
        catalog.tags.update(run("SELECT name, id FROM xl_tags").fetchall())
        for digest, body in run("SELECT digest, body FROM xl_tables").fetchall():
            catalog.tables[digest] = TagTable.from_json(json.loads(body))
        for device, digest in run("SELECT device, digest FROM xl_held ORDER BY rowid").fetchall():
            catalog.hold(device, digest)
        catalog.streams.update(run("SELECT name, position FROM xl_streams").fetchall())
        catalog.amended = frozenset(
            run(f"SELECT DISTINCT _device, _tag FROM {AMENDMENTS}").fetchall()
        )
        self._waiting = {span for (span,) in run("SELECT span FROM xl_waiting").fetchall()}
        self._cuts = {
            Source(kind, digest, group): cut
            for kind, digest, group, cut in run("SELECT * FROM xl_cuts").fetchall()
        }

    def _read(self, sql: str) -> pa.Table:
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._cursors, "own", None)
        if cursor is None:
            cursor = self._cursors.own = self._connection.cursor()
        try:
            return cursor.sql(sql).to_arrow_table()
        except duckdb.Error as exc:
            raise StoreError(
                f"the telemetry store cannot be read: {exc}", f"遥测库读取失败：{exc}"
            ) from exc

    def _parts(self, source: Source, start_us: int, end_us: int) -> list[str]:
        return self._parts_.overlapping(source, start_us, end_us)

    def _days(self, source: Source) -> list[int]:
        return sorted({part.day for part in self._parts_.of(source)})

    def _extent(self, source: Source) -> tuple[int, int] | None:
        parts = self._parts_.of(source)
        if not parts:
            return None
        return min(part.first_us for part in parts), max(part.last_us for part in parts)

    def amendments(self, device: str, start_us: int, end_us: int) -> list[Amendment]:
        """See the port."""
        number = self._catalog.devices.get(device)
        if number is None:
            return []
        tags = {n: name for name, n in self._catalog.tags.items()}
        cursor = self._connection.cursor()
        rows = cursor.execute(
            f"SELECT r.key, r._tag, r.reason, r.made_us, list(a._t ORDER BY a._t), "
            f"list(a._v ORDER BY a._t), list(a._q ORDER BY a._t) FROM xl_reasons r "
            f"JOIN {AMENDMENTS} a ON a._n = r._n WHERE r._device = ? "
            f"GROUP BY r._n, r.key, r._tag, r.reason, r.made_us "
            f"HAVING min(a._t) < ? AND max(a._t) >= ? ORDER BY r._n",
            [number, end_us, start_us],
        ).fetchall()
        return [
            Amendment(
                key=key,
                device=device,
                tag=tags[tag],
                times_us=tuple(times),
                values=tuple(values),
                reason=reason,
                made_us=made,
                quality=tuple(codes),
            )
            for key, tag, reason, made, times, values, codes in rows
        ]

    def export(
        self, request: Window, path: Path, form: Literal["parquet", "csv"] = "parquet"
    ) -> int:
        """See the port."""
        return write(self.window(request), path, form)

    def status(self) -> Status:
        """See the port."""
        rows = points = 0
        days: set[int] = set()
        for source in self._parts_.sources():
            if source.kind not in "wn":
                continue
            table = self._catalog.tables.get(source.digest)
            width = len(table.groups[source.group]) if table is not None else 1
            for part in self._parts_.of(source):
                rows += part.rows
                points += part.rows * width
                days.add(part.day)
        return Status(
            bytes=sum(f.stat().st_size for f in self._folder.glob("telemetry.duckdb*")),
            rows=rows,
            points=points,
            devices=len(self._catalog.devices),
            days=tuple(sorted(days)),
            streams=dict(self._catalog.streams),
            waiting=len(self._waiting),
        )

    def checkpoint(self) -> None:
        """Bring the write-ahead log into the file; done by itself after 64 MB of it."""
        with self._lock:
            self._connection.execute("CHECKPOINT")

    def close(self) -> None:
        """See the port."""
        with self._lock:
            self._connection.close()
