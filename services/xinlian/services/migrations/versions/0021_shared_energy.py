"""Energy that was shared out to batches and work orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "energy_postings",
        *(_big("party"), _text("posting"), _text("device")),
        sa.Column("rest", sa.Boolean(), nullable=False),
        *(_big("start_us"), _big("end_us"), _big("total_wh"), _text("key"), _text("reverses")),
        *(_text("reason"), _text("details"), _big("leaf")),
        sa.PrimaryKeyConstraint("party", "posting", name=op.f("pk_energy_postings")),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index("ix_energy_postings_start", "energy_postings", ["party", "start_us"])
    op.create_table(
        "energy_shares",
        *(_big("party"), _text("bearer"), _text("posting"), _big("wh")),
        sa.PrimaryKeyConstraint("party", "bearer", "posting", name=op.f("pk_energy_shares")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("energy_shares")
    op.drop_index("ix_energy_postings_start", "energy_postings")
    op.drop_table("energy_postings")
