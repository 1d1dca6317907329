"""What the table modules of the ledger build their tables from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, LargeBinary, Table
from xinlian.ledger.adapters.sql.base import metadata


def int_column(name: str, *, key: bool = False) -> Column[int]:
    """A whole number of up to 64 bits, never missing."""
    return Column(name, BigInteger, primary_key=key, autoincrement=False, nullable=False)


def bytes_column(name: str, *, key: bool = False) -> Column[bytes]:
    """Raw bytes, never missing."""
    return Column(name, LargeBinary, primary_key=key, nullable=False)


def versions(name: str, *columns: Column[Any], keys: int = 1) -> Table:
    """A table of versions; the first ``keys`` columns name the thing."""
    return Table(
        name,
        metadata,
        *columns[:keys],
        int_column("from_block", key=True),
        int_column("to_block"),
        *columns[keys:],
        CheckConstraint("from_block < to_block", name="order"),
        sqlite_with_rowid=False,
    )
