"""Files of inspection certificates and their reviews."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _big(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=null)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "trace_certificate_files",
        _text("sha256"),
        _text("media_type"),
        _big("size"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_trace_certificate_files")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trace_reviews",
        _big("review"),
        _big("party"),
        _big("to_party"),
        _text("number"),
        _text("header"),
        _text("sha256"),
        _text("file_name"),
        sa.Column("state", sa.SmallInteger(), autoincrement=False, nullable=False),
        _text("submitted_by"),
        _big("submitted_ms"),
        _text("taken_by"),
        _big("taken_ms", null=True),
        _text("decided_by"),
        _big("decided_ms", null=True),
        _text("reason"),
        _text("leaf_hash"),
        _text("decision_leaf_hash"),
        _big("first_certificate"),
        _big("certificates"),
        sa.PrimaryKeyConstraint("review", name=op.f("pk_trace_reviews")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("trace_reviews", schema=None) as batch_op:
        batch_op.create_index(
            "ix_trace_reviews_number", ["party", "to_party", "number"], unique=True
        )
        batch_op.create_index(
            "ix_trace_reviews_queue", ["to_party", "state", "review"], unique=False
        )


def downgrade() -> None:
    op.drop_table("trace_reviews")
    op.drop_table("trace_certificate_files")
