"""Evidence logs and their heads as they stand on chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_versions",
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("from_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("key_commitment", sa.LargeBinary(), nullable=False),
        sa.Column("writer", sa.LargeBinary(), nullable=False),
        sa.Column("sm3", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("from_block < to_block", name=op.f("ck_log_versions_order")),
        sa.PrimaryKeyConstraint("log", "from_block", name=op.f("pk_log_versions")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("log_versions", schema=None) as batch_op:
        batch_op.create_index("ix_log_versions_party", ["party", "to_block"], unique=False)
    op.create_table(
        "anchored_heads",
        sa.Column("log", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("index_root", sa.LargeBinary(), nullable=False),
        sa.Column("sm3_root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_anchored_heads")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("anchored_heads", schema=None) as batch_op:
        batch_op.create_index("ix_anchored_heads_block", ["block"], unique=False)
    op.create_table(
        "evidence_writers",
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("writer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_evidence_writers")),
    )


def downgrade() -> None:
    op.drop_table("evidence_writers")
    op.drop_table("anchored_heads")
    op.drop_table("log_versions")
