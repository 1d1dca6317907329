"""Schema of the database, in numbered steps (Alembic): ledger, outbox, API and finance in one line.

A change of any table is a new file in ``versions``: ``python -m xinlian.services.migrations
"what changes"`` writes its draft; a test compares the steps with the table definitions on both
databases.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, MetaData, text
from xinlian.ledger.adapters.sql.engine import begin_write

__all__ = ["configuration", "current", "targets", "upgrade"]

FOLDER: Final = Path(__file__).parent
VERSION_TABLE: Final = "schema_version"
# Any number, as long as nothing else in the database uses it.
_LOCK: Final = 7_201_955_001


def targets() -> Sequence[MetaData]:
    """Every table of the product, as defined in the code."""
    # Importing a module puts its tables into the metadata.
    import xinlian.ledger.adapters.sql.evidence.tables
    import xinlian.ledger.adapters.sql.outbox
    import xinlian.ledger.adapters.sql.tables
    import xinlian.services.app.energy_tables
    import xinlian.services.app.tables
    import xinlian.services.app.telemetry_tables
    import xinlian.services.app.trace_tables
    import xinlian.trace.adapters.certificates.tables
    import xinlian.trace.adapters.quality.tables
    import xinlian.trace.adapters.sql.tables
    import xinlian.trace.adapters.sql.tables_facts
    import xinlian.trace.adapters.sql.tables_recalls  # noqa: F401
    from xinlian.finance.adapters import sql as finance
    from xinlian.ledger.adapters.sql.base import metadata

    return [metadata, finance.metadata]


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for a connection; there is no file of it."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to the newest schema, in one transaction; does nothing if it is there.

    Several processes may call it at once: one works, the others wait.
    """
    with begin_write(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(configuration(connection), revision)


def current(engine: Engine) -> str | None:
    """The step at which the database stands; None if it has no tables yet."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return context.get_current_revision()
