"""Units of work over finance's stores: committed at the end, rolled back on any error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from xinlian.ledger.adapters.sql.engine import begin_write

__all__ = ["unit_of_work"]


@contextmanager
def unit_of_work(engine: Engine) -> Iterator[Session]:
    """A session that may write, in one transaction."""
    with begin_write(engine) as connection, Session(bind=connection) as session:
        yield session
        session.flush()
