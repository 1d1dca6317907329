"""SQL tables of the allocation ledger: postings and who bears them. Times are microseconds, UTC."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text
from xinlian.ledger.adapters.sql.base import metadata

__all__ = ["postings", "shares"]


def _big(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, autoincrement=False)


postings: Final = Table(
    "energy_postings",
    metadata,
    _big("party", key=True),
    Column("posting", Text, primary_key=True),
    Column("device", Text, nullable=False),
    # Whether it is what a meter measured less those right below it.
    Column("rest", Boolean, nullable=False),
    _big("start_us"),
    _big("end_us"),
    _big("total_wh"),
    Column("key", Text, nullable=False),
    # The posting that it takes back; empty for others.
    Column("reverses", Text, nullable=False),
    Column("reason", Text, nullable=False),
    # JSON: what was asked, the readings behind the total, the shares in their order.
    Column("details", Text, nullable=False),
    # Place of its record in the party's evidence log "telemetry".
    _big("leaf"),
    Index("ix_energy_postings_start", "party", "start_us"),
    sqlite_with_rowid=False,
)

shares: Final = Table(
    "energy_shares",
    metadata,
    _big("party", key=True),
    Column("bearer", Text, primary_key=True),
    Column("posting", Text, primary_key=True),
    _big("wh"),
    sqlite_with_rowid=False,
)
