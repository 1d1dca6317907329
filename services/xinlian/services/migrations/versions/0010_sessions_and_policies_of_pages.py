"""Sessions of the pages, and what strangers may see on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page_sessions",
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_page_sessions")),
    )
    with op.batch_alter_table("page_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_page_sessions_token", ["token"], unique=False)
    op.create_table(
        "page_policies",
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("strangers", sa.String(length=16), nullable=False),
        sa.Column("guessable", sa.Boolean(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_page_policies")),
    )


def downgrade() -> None:
    op.drop_table("page_policies")
    op.drop_table("page_sessions")
