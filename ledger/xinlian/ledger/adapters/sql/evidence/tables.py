"""Tables of the evidence logs that a party keeps. Records and secrets stay with their owner.

Leaves lie in runs of up to 32 that never cross a multiple of 32 (``block`` is index // 32) and are
never rewritten, except to erase a record. Nodes of the trees lie in tiles, see
``model.evidence.frontier``; the subject index in buckets by the first bits of the tag.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.table_parts import bytes_column, int_column
from xinlian.ledger.model.evidence.heads import STREAM_CHARS_MAX

# SQLite numbers rows by itself only where the type is exactly INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")

evidence_logs: Final = Table(
    "evidence_logs",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("log_id", LargeBinary, nullable=False, unique=True),
    int_column("chain_id"),
    bytes_column("contract"),
    int_column("party"),
    Column("stream", String(STREAM_CHARS_MAX), nullable=False),
    bytes_column("subject_key"),
    Column("sm3", SmallInteger, nullable=False),
    int_column("created_ms"),
    int_column("size"),
    bytes_column("last_leaf"),
    int_column("head_size"),
    int_column("subjects"),
    Column("index_bits", SmallInteger, nullable=False),
    Column("waiting_since_ms", BigInteger),
    UniqueConstraint("party", "stream", "contract", "chain_id"),
)
"""``size`` leaves are there, of which the newest head covers ``head_size``; ``subjects`` and
``index_bits`` (depth of the buckets) describe the index as of that head."""

Index(
    "ix_evidence_logs_waiting",
    evidence_logs.c.waiting_since_ms,
    sqlite_where=evidence_logs.c.waiting_since_ms.is_not(None),
    postgresql_where=evidence_logs.c.waiting_since_ms.is_not(None),
)

evidence_leaves: Final = Table(
    "evidence_leaves",
    metadata,
    int_column("log", key=True),
    int_column("block", key=True),
    int_column("first", key=True),
    Column("count", SmallInteger, nullable=False),
    int_column("accepted_ms"),
    bytes_column("leaves"),
    bytes_column("records"),
)
"""Runs of leaves with their records and secrets; layouts in ``runs``."""

evidence_tiles: Final = Table(
    "evidence_tiles",
    metadata,
    int_column("log", key=True),
    Column("tree", SmallInteger, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    int_column("number", key=True),
    bytes_column("hashes"),
)
"""Nodes of the SHA-256 tree, the SM3 tree and the upper part of the index, see ``Tree``."""

evidence_buckets: Final = Table(
    "evidence_buckets",
    metadata,
    int_column("log", key=True),
    Column("bits", SmallInteger, primary_key=True, autoincrement=False),
    int_column("bucket", key=True),
    bytes_column("entries"),
)
"""The subjects whose tags begin with the same bits, as of the newest head."""

evidence_heads: Final = Table(
    "evidence_heads",
    metadata,
    int_column("log", key=True),
    int_column("size", key=True),
    bytes_column("root"),
    bytes_column("index_root"),
    bytes_column("sm3_root"),
    int_column("cut_ms"),
    Column("tx_hash", LargeBinary),
    Column("block_number", BigInteger),
    Column("block_hash", LargeBinary),
    Column("block_time", BigInteger),
    Column("gaps", LargeBinary),
    sqlite_with_rowid=False,
)
"""Heads as cut; the block that carried one, and how far events lay back then, once it is known."""

Index(
    "ix_evidence_heads_open",
    evidence_heads.c.log,
    evidence_heads.c.size,
    sqlite_where=evidence_heads.c.tx_hash.is_(None),
    postgresql_where=evidence_heads.c.tx_hash.is_(None),
)

evidence_erasures: Final = Table(
    "evidence_erasures",
    metadata,
    int_column("log", key=True),
    int_column("leaf", key=True),
    int_column("erased_ms"),
    sqlite_with_rowid=False,
)
"""Records whose values and secret are gone."""
