"""What a transaction adds to the catalogue: devices, tags, tag tables and who has rows in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import duckdb
import pyarrow as pa
from xinlian.ingest.adapters.store.arrow import Numbers
from xinlian.ingest.adapters.store.catalog import Catalog
from xinlian.ingest.adapters.store.sql import quoted
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.tags import TagTable

__all__ = ["Draft", "insert"]


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Insert an Arrow table. If that fails, the name ``xl_batch`` is let go with the transaction:
    before that the connection would answer nothing but that it must be rolled back."""
    connection.register("xl_batch", rows)
    connection.execute(f"INSERT INTO {quoted(table)} SELECT * FROM xl_batch")
    connection.unregister("xl_batch")


class Draft:
    """Numbers given in a transaction to names that had none, and tables not seen before."""

    def __init__(self, catalog: Catalog, frames: Iterable[Frame]) -> None:
        self._catalog = catalog
        self._devices: dict[str, int] = {}
        self._tags: dict[str, int] = {}
        self._tables: dict[str, TagTable] = {}
        self._held: dict[tuple[int, str], None] = {}
        self.numbers = Numbers(
            self._giver(catalog.devices, self._devices),
            self._giver(catalog.tags, self._tags),
            pa.int32(),
            pa.int32(),
        )
        seen: dict[int, tuple[TagTable, dict[str, None]]] = {}
        for frame in frames:
            if len(frame.received_us):
                seen.setdefault(id(frame.table), (frame.table, {}))[1][frame.device] = None
        for table, names in seen.values():
            digest = table.digest
            if digest not in catalog.tables and digest not in self._tables:
                self._tables[digest] = table
                for tag in table.tags:
                    self.numbers.tag(tag.name)
            for name in names:
                device = self.numbers.device(name)
                if digest not in catalog.held.get(device, ()):
                    self._held[device, digest] = None

    @staticmethod
    def _giver(known: dict[str, int], new: dict[str, int]) -> Callable[[str], int]:
        def give(name: str) -> int:
            number = known.get(name)
            if number is None:
                number = new.setdefault(name, len(known) + len(new) + 1)
            return number

        return give

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write them down."""
        for table, new in (("xl_devices", self._devices), ("xl_tags", self._tags)):
            if new:
                numbers = pa.array(list(new.values()), pa.int32())
                insert(connection, table, pa.table({"id": numbers, "name": list(new)}))
        for digest, each in self._tables.items():
            body = json.dumps(each.to_json(), ensure_ascii=False)
            connection.execute("INSERT INTO xl_tables VALUES (?, ?)", [digest, body])
        if self._held:
            devices = pa.array([device for device, _ in self._held], pa.int32())
            digests = [digest for _, digest in self._held]
            insert(connection, "xl_held", pa.table({"device": devices, "digest": digests}))

    def publish(self) -> None:
        """They are committed."""
        self._catalog.devices.update(self._devices)
        self._catalog.tags.update(self._tags)
        self._catalog.tables.update(self._tables)
        for device, digest in self._held:
            self._catalog.hold(device, digest)
