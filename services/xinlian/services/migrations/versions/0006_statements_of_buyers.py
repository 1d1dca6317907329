"""Statements of buyers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "buyer_statements",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("buyer_code", sa.String(length=18), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("seller_code", sa.String(length=18), nullable=False),
        sa.Column("seller_name", sa.String(length=200), nullable=False),
        sa.Column("buyer_name", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("issued_day", sa.Integer(), nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=True),
        sa.Column("delivered_day", sa.Integer(), nullable=True),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=True),
        sa.Column("tax_fen", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("import_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint("gross_fen > 0", name=op.f("ck_buyer_statements_gross")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_buyer_statements_import_id")
        ),
        sa.PrimaryKeyConstraint("key", "buyer_code", name=op.f("pk_buyer_statements")),
        sa.UniqueConstraint(
            "buyer_code",
            "kind",
            "seller_code",
            "number",
            name=op.f("uq_buyer_statements_buyer_code_kind_seller_code_number"),
        ),
    )
    with op.batch_alter_table("buyer_statements", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_buyer_statements_import_id"), ["import_id"], unique=False
        )


def downgrade() -> None:
    op.drop_table("buyer_statements")
