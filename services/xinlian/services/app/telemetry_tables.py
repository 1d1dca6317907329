"""SQL tables of telemetry's evidence: windows that were recorded, how far logs were read, flags.

Times are microseconds since 1970, UTC, in BIGINT. Blobs are JSON, deflated.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text
from xinlian.ledger.adapters.sql.base import metadata

__all__ = ["flags", "positions", "windows"]


def _big(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


windows: Final = Table(
    "telemetry_windows",
    metadata,
    _big("party", key=True),
    Column("device_group", Text, primary_key=True),
    _big("start_us", key=True),
    # 0 as the window closed, then 1, 2 … for what came late.
    Column("part", Integer, primary_key=True, autoincrement=False),
    _big("end_us"),
    _big("first_us"),
    _big("last_us"),
    Column("stream", Text, nullable=False),
    # Place of the record in the party's evidence log "telemetry", and its leaf hash.
    _big("leaf"),
    Column("leaf_hash", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    # Of the salts of the devices' counts.
    Column("secret", LargeBinary, nullable=False),
    # Where the segments stand in the stream's log.
    Column("positions", LargeBinary, nullable=False),
    Column("devices", LargeBinary, nullable=False),
    # The record's member "service" with the counts, as JSON.
    Column("service", Text, nullable=False),
    sqlite_with_rowid=False,
)

Index("ix_telemetry_windows_start", windows.c.party, windows.c.start_us)

positions: Final = Table(
    "telemetry_positions",
    metadata,
    _big("party", key=True),
    Column("stream", Text, primary_key=True),
    _big("position"),
    # Windows that are still open.
    Column("state", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

flags: Final = Table(
    "telemetry_flags",
    metadata,
    _big("party", key=True),
    # Digest of what it is about: the same finding is flagged once.
    Column("flag", String(64), primary_key=True),
    Column("machine", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    _big("start_us"),
    _big("end_us"),
    _big("leaf"),
    # JSON: the reason in both languages and the numbers behind it.
    Column("details", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_telemetry_flags_start", flags.c.party, flags.c.start_us)
