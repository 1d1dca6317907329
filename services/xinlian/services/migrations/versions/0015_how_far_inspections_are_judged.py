"""How far the inspections of each party have been judged.

What an older store holds was judged when it came in: nothing of it is signalled again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_judged",
        sa.Column("party", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("judged", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("party", name=op.f("pk_quality_judged")),
    )
    op.execute(
        "INSERT INTO quality_judged (party, judged)"
        " SELECT 0, max(inspection) FROM trace_inspections HAVING max(inspection) IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("quality_judged")
