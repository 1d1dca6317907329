"""Evidence logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _evidence_buckets() -> None:
    op.create_table(
        "evidence_buckets",
        sa.Column("log", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bits", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "bits", "bucket", name=op.f("pk_evidence_buckets")),
    )


def _evidence_erasures() -> None:
    op.create_table(
        "evidence_erasures",
        sa.Column("log", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("erased_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("log", "leaf", name=op.f("pk_evidence_erasures")),
        sqlite_with_rowid=False,
    )


def _evidence_heads() -> None:
    op.create_table(
        "evidence_heads",
        sa.Column("log", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("index_root", sa.LargeBinary(), nullable=False),
        sa.Column("sm3_root", sa.LargeBinary(), nullable=False),
        sa.Column("cut_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.LargeBinary(), nullable=True),
        sa.Column("block_time", sa.BigInteger(), nullable=True),
        sa.Column("gaps", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_evidence_heads")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("evidence_heads", schema=None) as batch_op:
        batch_op.create_index(
            "ix_evidence_heads_open",
            ["log", "size"],
            unique=False,
            sqlite_where=sa.text("tx_hash IS NULL"),
            postgresql_where=sa.text("tx_hash IS NULL"),
        )


def _evidence_leaves() -> None:
    op.create_table(
        "evidence_leaves",
        sa.Column("log", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.SmallInteger(), nullable=False),
        sa.Column("accepted_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "block", "first", name=op.f("pk_evidence_leaves")),
    )


def _evidence_logs() -> None:
    op.create_table(
        "evidence_logs",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("log_id", sa.LargeBinary(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("contract", sa.LargeBinary(), nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(length=32), nullable=False),
        sa.Column("subject_key", sa.LargeBinary(), nullable=False),
        sa.Column("sm3", sa.SmallInteger(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_leaf", sa.LargeBinary(), nullable=False),
        sa.Column("head_size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subjects", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("index_bits", sa.SmallInteger(), nullable=False),
        sa.Column("waiting_since_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_logs")),
        sa.UniqueConstraint("log_id", name=op.f("uq_evidence_logs_log_id")),
        sa.UniqueConstraint(
            "party",
            "stream",
            "contract",
            "chain_id",
            name=op.f("uq_evidence_logs_party_stream_contract_chain_id"),
        ),
    )
    with op.batch_alter_table("evidence_logs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_evidence_logs_waiting",
            ["waiting_since_ms"],
            unique=False,
            sqlite_where=sa.text("waiting_since_ms IS NOT NULL"),
            postgresql_where=sa.text("waiting_since_ms IS NOT NULL"),
        )


def _evidence_tiles() -> None:
    op.create_table(
        "evidence_tiles",
        sa.Column("log", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tree", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "tree", "level", "number", name=op.f("pk_evidence_tiles")),
    )


def upgrade() -> None:
    _evidence_buckets()
    _evidence_erasures()
    _evidence_heads()
    _evidence_leaves()
    _evidence_logs()
    _evidence_tiles()


def downgrade() -> None:
    op.drop_table("evidence_tiles")
    op.drop_table("evidence_logs")
    op.drop_table("evidence_leaves")
    op.drop_table("evidence_heads")
    op.drop_table("evidence_erasures")
    op.drop_table("evidence_buckets")
