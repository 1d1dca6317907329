"""Windows and flags of a party in order of time."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("telemetry_windows", "telemetry_flags"):
        op.create_index(f"ix_{table}_start", table, ["party", "start_us"])


def downgrade() -> None:
    for table in ("telemetry_windows", "telemetry_flags"):
        op.drop_index(f"ix_{table}_start", table)
