"""Tables of recognition: where each control point stands, and every step it took."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table, Text
from xinlian.ledger.adapters.sql.base import metadata

__all__ = ["POINTS", "STEPS"]

POINTS: Final = Table(
    "recognition_points",
    metadata,
    Column("supplier", BigInteger, primary_key=True, autoincrement=False),
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("point", String(200), primary_key=True),
    Column("characteristic", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("terms", Text, nullable=False),
    Index("ix_recognition_points_customer", "customer"),
)
STEPS: Final = Table(
    "recognition_steps",
    metadata,
    Column("supplier", BigInteger, primary_key=True, autoincrement=False),
    Column("customer", BigInteger, primary_key=True, autoincrement=False),
    Column("point", String(200), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("record", Text, nullable=False),
)
