"""Tables of quality: where each control point stands and every step it took; what was judged."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table, Text
from xinlian.ledger.adapters.sql.base import metadata

__all__ = ["JUDGED", "POINTS", "STEPS"]

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
JUDGED: Final = Table(
    "quality_judged",
    metadata,
    Column("party", BigInteger, primary_key=True, autoincrement=False),
    Column("judged", BigInteger, nullable=False),
)
"""Number of the last inspection of each party that signals were raised for; under party 0 the
number up to which those of every party were."""
