"""What Alembic runs: the steps on the connection it was given."""

from __future__ import annotations

from alembic import context
from xinlian.services.migrations import VERSION_TABLE, targets

ONLY = context.config.attributes.get("only")


def _wanted(name: str | None, kind: str, _parents: object) -> bool:
    """Which tables a draft looks at: all, or those of one module."""
    return ONLY is None or kind != "table" or name in ONLY


def _wanted_object(_found: object, name: str | None, kind: str, _r: bool, _to: object) -> bool:
    return _wanted(name, kind, None)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=targets(),
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
    include_name=_wanted,
    include_object=_wanted_object,
)
with context.begin_transaction():
    context.run_migrations()
