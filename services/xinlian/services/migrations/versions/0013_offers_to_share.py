"""Offers to share records about parts: they count once they are accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trace_share_offers",
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reader", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "reader", name=op.f("pk_trace_share_offers")),
    )
    with op.batch_alter_table("trace_share_offers", schema=None) as batch_op:
        batch_op.create_index("ix_trace_share_offers_reader", ["reader"], unique=False)


def downgrade() -> None:
    op.drop_table("trace_share_offers")
