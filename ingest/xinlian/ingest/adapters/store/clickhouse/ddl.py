"""Tables of the ClickHouse store, alone or in a cluster.

In a cluster readings lie in ``<name>_local`` (replicated within a shard) and are written and read
through ``<name>`` (Distributed, by device); the small tables are replicated to every node, so that
a shard never asks another for them. The macros are ``{shard}`` and ``{replica}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from xinlian.ingest.adapters.store.arrow import Source
from xinlian.ingest.adapters.store.sql import AMENDMENTS, ROLL_COLUMNS, quoted
from xinlian.ingest.model.query import DAY_US, Roll
from xinlian.ingest.usecases.store_ports import StoreError

__all__ = ["Layout", "name_of"]

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_TYPES: Final = {
    "int64": "Int64",
    "uint8": "UInt8",
    "float": "Nullable(Float32)",
    "double": "Nullable(Float64)",
}
SMALL: Final[dict[str, tuple[str, str, str]]] = {
    "xl_devices": ("id Int64, name String", "name", "ReplacingMergeTree"),
    "xl_tags": ("id Int64, name String", "name", "ReplacingMergeTree"),
    "xl_tables": ("digest String, body String", "digest", "ReplacingMergeTree"),
    "xl_held": ("device Int64, digest String, v Int64", "device, digest", "ReplacingMergeTree"),
    "xl_streams": (
        "name String, position Int64, last Int64, v Int64", "name", "ReplacingMergeTree(v)",
    ),
    "xl_waiting": ("span Int64, waits UInt8, v Int64", "span", "ReplacingMergeTree(v)"),
    "xl_runs": ("roll Int64, first Int64, run Int64", "roll, first", "ReplacingMergeTree(run)"),
    "xl_cuts": ("source String, from_us Int64", "source", "ReplacingMergeTree(from_us)"),
    AMENDMENTS: (
        "_n Int64, _device Int64, _tag Int64, _t Int64, _v Float64, _q UInt8, key String, "
        "digest String, reason String, made_us Int64",
        "_tag, _device, _t",
        "MergeTree",
    ),
}  # fmt: skip
"""Columns, order and engine of the small tables. ``xl_streams``: ``position`` is applied, ``last``
is under way."""


def name_of(source: Source) -> str:
    """The table of a source."""
    if source.kind == "w":
        return f"w_{source.digest[:16]}_{int(source.group)}"
    return (
        f"r_{int(source.group)}"
        if source.kind == "r"
        else {"n": "n_all", "q": "q_all"}[source.kind]
    )


@dataclass(frozen=True, slots=True)
class Layout:
    """Statements that make the tables in a database, in a cluster if one is named."""

    database: str
    cluster: str | None = None
    durable: bool = True
    """fsync before an insert is answered."""

    def __post_init__(self) -> None:
        for word in (self.database, self.cluster or "x"):
            if not _WORD.fullmatch(word):
                raise StoreError(
                    f"{word!r} cannot name a database or a cluster",
                    f"{word!r} 不能作为数据库或集群名称",
                )

    @property
    def on(self) -> str:
        """Runs a statement on all nodes."""
        return f" ON CLUSTER {quoted_word(self.cluster)}" if self.cluster else ""

    def begin(self) -> list[str]:
        """The database and the small tables."""
        made = [f"CREATE DATABASE IF NOT EXISTS {quoted_word(self.database)}{self.on}"]
        for name, (columns, order, engine) in SMALL.items():
            if self.cluster:
                kind, _, rest = engine.partition("(")
                version = f", {rest[:-1]}" if rest else ""
                engine = (
                    f"Replicated{kind}('/clickhouse/tables/all/{{database}}/{{table}}', "
                    f"'{{shard}}-{{replica}}'{version})"
                )
            made.append(
                f"CREATE TABLE IF NOT EXISTS {self._full(name)}{self.on} ({columns}) "
                f"ENGINE = {engine} ORDER BY ({order}){self._settings()}"
            )
        return made

    def readings(self, source: Source, schema: Any) -> list[str]:
        """The table of a source with the columns of an Arrow schema."""
        columns = []
        for each in schema:
            kind = "Nullable(Int64)" if each.name == "_src" else _TYPES[str(each.type)]
            codec = " CODEC(Delta, LZ4)" if each.name == "_t" else ""
            columns.append(f"{quoted(each.name)} {kind}{codec}")
        order = "_device, _t" if source.kind == "w" else "_device, _tag, _t"
        return self._sharded(name_of(source), ", ".join(columns), order, f"intDiv(_t, {DAY_US})")

    def roll(self, roll: Roll) -> list[str]:
        """The table of a roll-up; ``_run`` tells which reckoning a row belongs to."""
        columns = ", ".join(
            f"{name} {'Float64' if name in ('_lo', '_hi', '_sum', '_first', '_last') else 'Int64'}"
            for name in (*ROLL_COLUMNS, "_run")
        )
        name = name_of(Source("r", group=int(roll)))
        days = 1 if roll < Roll.M15 else 32
        return self._sharded(name, columns, "_device, _tag, _t", f"intDiv(_t, {days * DAY_US})")

    def local(self, name: str) -> str:
        """The table that holds rows of this node."""
        return self._full(f"{name}_local" if self.cluster else name)

    def _sharded(self, name: str, columns: str, order: str, partition: str) -> list[str]:
        engine = "MergeTree"
        if self.cluster:
            engine = (
                "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')"
            )
        made = [
            f"CREATE TABLE IF NOT EXISTS {self.local(name)}{self.on} ({columns}) "
            f"ENGINE = {engine} PARTITION BY {partition} ORDER BY ({order}){self._settings()}"
        ]
        if self.cluster:
            made.append(
                f"CREATE TABLE IF NOT EXISTS {self._full(name)}{self.on} AS {self.local(name)} "
                f"ENGINE = Distributed({quoted_word(self.cluster)}, {quoted_word(self.database)}, "
                f"{quoted(name + '_local')}, _device)"
            )
        return made

    def _full(self, name: str) -> str:
        return f"{quoted_word(self.database)}.{quoted(name)}"

    def _settings(self) -> str:
        kept = [] if self.cluster else ["non_replicated_deduplication_window = 10000"]
        if self.durable:
            kept += ["fsync_after_insert = 1", "fsync_part_directory = 1"]
        return f" SETTINGS {', '.join(kept)}" if kept else ""


def quoted_word(word: str | None) -> str:
    """A database or cluster name, checked again."""
    if word is None or not _WORD.fullmatch(word):
        raise ValueError(f"{word!r} is no name for SQL")
    return f'"{word}"'
