"""The telemetry store in ClickHouse, one server or a cluster."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import clickhouse_connect
import pyarrow as pa
from clickhouse_connect.driver.exceptions import Error
from xinlian.ingest.adapters.store.arrow import NARROW, QUALITY, Source, is_wide
from xinlian.ingest.adapters.store.catalog import Catalog
from xinlian.ingest.adapters.store.clickhouse.ddl import Layout, name_of
from xinlian.ingest.adapters.store.clickhouse.rolling import Rolling, days_of
from xinlian.ingest.adapters.store.export import write
from xinlian.ingest.adapters.store.sql import AMENDMENTS, Dialect, quoted
from xinlian.ingest.model.query import Amendment, Roll, Status, Window
from xinlian.ingest.model.tags import TagTable
from xinlian.ingest.usecases.store_ports import StoreError

__all__ = ["ClickStore", "open_clickhouse"]

_CONNECT_S: Final = 5
_ANSWER_S: Final = 60
"""A server that hangs holds up its callers no longer."""
_DIALECT: Final = Dialect("argMin", "argMax", "Nullable(Float64)")


def open_clickhouse(
    url: str,
    *,
    database: str = "xinlian",
    cluster: str | None = None,
    rolls: Sequence[Roll] = tuple(Roll),
    durable: bool = True,
) -> ClickStore:
    """Open the store, and make its tables where they are missing. ``url``:
    ``http://user:password@host:8123``. ``cluster`` names a cluster of the server's configuration;
    then tables are replicated and distributed. ``StoreError`` if the server cannot be reached."""
    layout = Layout(database, cluster, durable)
    try:
        maker = _client(url)
        try:
            for statement in layout.begin():
                maker.command(statement)
        finally:
            maker.close()
        return ClickStore(_client(url, database), layout, tuple(rolls))
    except (Error, OSError) as exc:
        raise StoreError(
            f"the ClickHouse server cannot be used: {exc}", f"无法使用 ClickHouse 服务器：{exc}"
        ) from exc


def _client(url: str, database: str | None = None) -> Any:
    """The library takes the scheme from the port alone unless told: https must not become http."""
    return clickhouse_connect.get_client(
        dsn=url,
        interface=urlsplit(url).scheme,
        database=database,
        autogenerate_session_id=False,
        connect_timeout=_CONNECT_S,
        send_receive_timeout=_ANSWER_S,
    )


class ClickStore(Rolling):
    """See ``TelemetryStore``."""

    def __init__(self, client: Any, layout: Layout, rolls: tuple[Roll, ...]) -> None:
        self._client = client
        self._layout = layout
        self._dialect = _DIALECT
        self._rolls = rolls
        self._lock = threading.Lock()
        self._catalog = Catalog()
        self._load()

    def _load(self) -> None:
        catalog = self._catalog

        def rows(sql: str) -> list[tuple[Any, ...]]:
            found = self._read(sql)
            return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

        catalog.devices.update(rows("SELECT name, any(id) FROM xl_devices GROUP BY name"))
        catalog.tags.update(rows("SELECT name, any(id) FROM xl_tags GROUP BY name"))
        for digest, body in rows("SELECT digest, any(body) FROM xl_tables GROUP BY digest"):
            catalog.tables[digest] = TagTable.from_json(json.loads(body))
        held = "SELECT device, digest FROM xl_held GROUP BY device, digest ORDER BY min(v)"
        for device, digest in rows(held):
            catalog.hold(device, digest)
        self._under_way = {}
        streams = "SELECT name, argMax(position, v), argMax(last, v) FROM xl_streams GROUP BY name"
        for name, position, last in rows(streams):
            catalog.streams[name] = position
            if last != position:
                self._under_way[name] = last
        catalog.amended = frozenset(rows(f"SELECT DISTINCT _device, _tag FROM {AMENDMENTS}"))
        self._keys = dict(rows(f"SELECT DISTINCT key, digest FROM {AMENDMENTS}"))
        self._last_amendment = rows(f"SELECT max(_n) FROM {AMENDMENTS}")[0][0] or 0
        waits = "SELECT span FROM xl_waiting GROUP BY span HAVING argMax(waits, v) = 1"
        self._waiting = {span for (span,) in rows(waits)}
        self._runs = set(rows("SELECT DISTINCT roll, first FROM xl_runs"))
        stamps = ("max(v) FROM xl_streams", "max(v) FROM xl_waiting", "max(run) FROM xl_runs")
        self._version = max(rows(f"SELECT {stamp}")[0][0] or 0 for stamp in stamps)
        self._extents = {}
        there = {name for (name,) in rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase()"
        )}  # fmt: skip
        for source in self._possible():
            if name_of(source) in there:
                table = quoted(name_of(source))
                count, first, last = rows(f"SELECT count(), min(_t), max(_t) FROM {table}")[0]
                if count:
                    self._extents[source] = (first, last)
        names = {name_of(source): source for source in self._possible()}
        cuts = rows("SELECT source, max(from_us) FROM xl_cuts GROUP BY source")
        self._cuts = {names[name]: cut for name, cut in cuts if name in names}

    def _possible(self) -> list[Source]:
        wide = [
            Source("w", digest, group)
            for digest, table in self._catalog.tables.items()
            if is_wide(table)
            for group in range(len(table.groups))
        ]
        return [*wide, NARROW, QUALITY, *(Source("r", group=int(roll)) for roll in Roll)]

    def _read(self, sql: str) -> pa.Table:
        settings = {"distributed_product_mode": "global"} if self._layout.cluster else None
        try:
            found: pa.Table = self._client.query_arrow(sql, settings=settings, use_strings=True)
        except Error as exc:
            raise StoreError(
                f"ClickHouse cannot be read: {exc}", f"ClickHouse 读取失败：{exc}"
            ) from exc
        return found

    def _parts(self, source: Source, start_us: int, end_us: int) -> list[str]:
        extent = self._extents.get(source)
        if extent is None or extent[0] >= end_us or extent[1] < start_us:
            return []
        return [name_of(source)]

    def _days(self, source: Source) -> list[int]:
        rows = self._read(f"SELECT DISTINCT _partition_id AS p FROM {quoted(name_of(source))}")
        return sorted(int(number) * days_of(source) for number in rows["p"].to_pylist())

    def _extent(self, source: Source) -> tuple[int, int] | None:
        return self._extents.get(source)

    def amendments(self, device: str, start_us: int, end_us: int) -> list[Amendment]:
        """See the port."""
        number = self._catalog.devices.get(device)
        if number is None:
            return []
        names = {n: name for name, n in self._catalog.tags.items()}
        rows = self._read(
            f"SELECT _n, _tag, _t, _v, _q, key, reason, made_us FROM {AMENDMENTS} "
            f"WHERE _device = {int(number)} ORDER BY _n, _t"
        ).to_pylist()
        by: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            by.setdefault(row["_n"], []).append(row)
        return [
            Amendment(
                key=some[0]["key"],
                device=device,
                tag=names[some[0]["_tag"]],
                times_us=tuple(row["_t"] for row in some),
                values=tuple(row["_v"] for row in some),
                reason=some[0]["reason"],
                made_us=some[0]["made_us"],
                quality=tuple(row["_q"] for row in some),
            )
            for some in by.values()
            if some[0]["_t"] < end_us and some[-1]["_t"] >= start_us
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
        for source in self._held_sources():
            if source.kind not in "wn":
                continue
            table = self._catalog.tables.get(source.digest)
            found = self._read(f"SELECT count() AS n FROM {quoted(name_of(source))}")
            count = int(found["n"][0].as_py())
            rows += count
            points += count * (len(table.groups[source.group]) if table is not None else 1)
            days |= set(self._days(source))
        size = self._read(
            "SELECT sum(bytes_on_disk) AS n FROM system.parts "
            "WHERE active AND database = currentDatabase()"
        )
        return Status(
            bytes=int(size["n"][0].as_py() or 0),
            rows=rows,
            points=points,
            devices=len(self._catalog.devices),
            days=tuple(sorted(days)),
            streams=dict(self._catalog.streams),
            waiting=len(self._waiting),
        )

    def close(self) -> None:
        """See the port."""
        self._client.close()
