"""What Alembic runs: the steps on the connection it was given."""

from __future__ import annotations

from alembic import context
from xinlian.services.migrations import VERSION_TABLE, targets

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=targets(),
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
