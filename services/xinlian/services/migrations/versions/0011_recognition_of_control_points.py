"""Control points that customers recognise, and every step of their recognition."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recognition_points",
        sa.Column("supplier", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("point", sa.String(length=200), nullable=False),
        sa.Column("characteristic", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "supplier", "customer", "point", name=op.f("pk_recognition_points")
        ),
    )
    with op.batch_alter_table("recognition_points", schema=None) as batch_op:
        batch_op.create_index("ix_recognition_points_customer", ["customer"], unique=False)
    op.create_table(
        "recognition_steps",
        sa.Column("supplier", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("point", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "supplier", "customer", "point", "sequence", name=op.f("pk_recognition_steps")
        ),
    )


def downgrade() -> None:
    op.drop_table("recognition_steps")
    op.drop_table("recognition_points")
