"""Whose proof files may hold the subject key of a party's log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trace_key_grants",
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reader", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "reader", name=op.f("pk_trace_key_grants")),
    )
    with op.batch_alter_table("trace_key_grants", schema=None) as batch_op:
        batch_op.create_index("ix_trace_key_grants_reader", ["reader"], unique=False)


def downgrade() -> None:
    op.drop_table("trace_key_grants")
