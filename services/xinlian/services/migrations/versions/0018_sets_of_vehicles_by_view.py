"""Sets of vehicles by what the parties of a view said; what each party touched, in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_SPOKEN = """
INSERT INTO trace_touched (party, seq, item, shrinks)
SELECT party, row_number() OVER (PARTITION BY party ORDER BY item), item, 0 FROM (
  SELECT party, item FROM trace_descriptions
  UNION SELECT party, parent FROM trace_links
  UNION SELECT party, item FROM trace_processes
  UNION SELECT party, item FROM trace_inspections
  UNION SELECT c.party, c.item FROM trace_claims c JOIN trace_vehicles v ON v.item = c.item
  UNION SELECT e.party, i.item FROM trace_event_items i
    JOIN trace_vehicles v ON v.item = i.item JOIN trace_events e ON e.event = i.event
) spoken
"""


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def upgrade() -> None:
    op.drop_table("trace_dirty")
    op.drop_table("trace_factor_sets")
    op.execute("DELETE FROM trace_factors")
    op.create_table(
        "trace_factor_sets",
        *(_big("view"), _big("factor"), _big("chunk")),
        sa.Column("ever", sa.LargeBinary(), nullable=False),
        sa.Column("sure", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("view", "factor", "chunk", name=op.f("pk_trace_factor_sets")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trace_views",
        _big("view"),
        sa.Column("parties", sa.Text(), nullable=False),
        sa.Column("through", sa.Text(), nullable=False),
        sa.Column("todo", sa.LargeBinary(), nullable=False),
        *(_big("version"), _big("used_ms")),
        sa.PrimaryKeyConstraint("view", name=op.f("pk_trace_views")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_trace_views_parties", "trace_views", ["parties"], unique=True)
    op.create_table(
        "trace_touched",
        *(_big("party"), _big("seq"), _big("item")),
        sa.Column("shrinks", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("party", "seq", name=op.f("pk_trace_touched")),
        sqlite_with_rowid=False,
    )
    op.execute(_SPOKEN)


def downgrade() -> None:
    for name in ("trace_touched", "trace_views", "trace_factor_sets"):
        op.drop_table(name)
    op.execute("DELETE FROM trace_factors")
    op.create_table(
        "trace_dirty",
        _big("item"),
        sa.Column("shrinks", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("item", "shrinks", name=op.f("pk_trace_dirty")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trace_factor_sets",
        *(_big("factor"), _big("chunk")),
        sa.Column("ever", sa.LargeBinary(), nullable=False),
        sa.Column("sure", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("factor", "chunk", name=op.f("pk_trace_factor_sets")),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO trace_dirty SELECT item, 0 FROM trace_items")
