"""Windows of readings that were recorded as evidence, how far logs were read, flags."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def _big(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _data(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "telemetry_windows",
        *(_big("party"), _text("device_group"), _big("start_us")),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        *(_big("end_us"), _big("first_us"), _big("last_us"), _text("stream"), _big("leaf")),
        *(_data("leaf_hash"), _data("root"), _data("secret"), _data("positions")),
        *(_data("devices"), _text("service")),
        sa.PrimaryKeyConstraint(
            "party", "device_group", "start_us", "part", name=op.f("pk_telemetry_windows")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "telemetry_positions",
        *(_big("party"), _text("stream"), _big("position"), _data("state")),
        sa.PrimaryKeyConstraint("party", "stream", name=op.f("pk_telemetry_positions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "telemetry_flags",
        _big("party"),
        sa.Column("flag", sa.String(64), nullable=False),
        *(_text("machine"), _text("kind"), _text("severity"), _big("start_us"), _big("end_us")),
        *(_big("leaf"), _text("details")),
        sa.PrimaryKeyConstraint("party", "flag", name=op.f("pk_telemetry_flags")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for name in ("telemetry_flags", "telemetry_positions", "telemetry_windows"):
        op.drop_table(name)
