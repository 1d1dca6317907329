"""Engines for the two stores: an SQLite file (embedded) and PostgreSQL (consortium)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

WRITES: Final = "xinlian_writes"
BUSY_MS: Final = 30_000
CACHE_KIB: Final = 32_768
CHECKPOINT_PAGES: Final = 16_000
POSTGRES_SETTINGS: Final = {
    # Walks over links look costly to the planner, which cannot know how soon they end; compiling
    # such a statement takes longer than the statement.
    "jit": "off",
    # As on any disk without a head to move; at 4, the default, whole tables are read instead.
    "random_page_cost": "1.1",
}


def make_engine(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql+psycopg://…``.

    SQLite: WAL, ``synchronous=FULL`` (a commit survives a power cut), foreign keys on, waits up to
    30 s for a lock. Transactions are begun by us, since the driver's own habit of beginning late
    would let two writers read the same state. PostgreSQL: UTF-8, pinged before reuse, planned with
    ``POSTGRES_SETTINGS``.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, pool_pre_ping=True, pool_size=8, max_overflow=8)

    @event.listens_for(engine, "connect")
    def _plan(driver: Any, _record: Any) -> None:
        for name, value in POSTGRES_SETTINGS.items():
            driver.execute(f"SET {name} = {value}")
        driver.commit()

    return engine


@contextmanager
def begin_write(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: committed at the end, rolled back on any error.

    On SQLite it takes the write lock at once (``BEGIN IMMEDIATE``), so that it cannot fail later
    because another writer came first.
    """
    with engine.connect() as plain:
        connection = plain.execution_options(**{WRITES: True})
        with connection.begin():
            yield connection


@contextmanager
def begin_read(engine: Engine) -> Iterator[Connection]:
    """A transaction in which every query sees the same moment; no writer waits for it."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # SQLite in WAL mode reads like this by itself
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _sqlite(url: str) -> Engine:
    engine = create_engine(
        url, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _prepare(driver: Any, _record: Any) -> None:
        driver.isolation_level = None
        cursor = driver.cursor()
        for pragma in (
            f"busy_timeout={BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"cache_size=-{CACHE_KIB}",
            f"wal_autocheckpoint={CHECKPOINT_PAGES}",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
