"""Who sees whose records about parts: a party opens its own to others, one by one."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, insert, select
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.app.clock import Clock
from xinlian.trace.adapters.sql.tables import shares
from xinlian.trace.usecases.ports import Seen

__all__ = ["EVERYONE", "Sharing"]

EVERYONE: Final = -1
"""The reader that is no party and sees everything: auditors and regulators."""


class Sharing:
    """Whose records a reader sees besides its own."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def parties(self, connection: Any, reader: int) -> Seen:
        """See ``Visibility``."""
        if reader == EVERYONE:
            return None
        query = select(shares.c.owner).where(shares.c.reader == reader)
        found: Connection = connection
        return frozenset(found.execute(query).scalars())

    def readers(self, owner: int) -> list[int]:
        """Who sees a party's records."""
        query = select(shares.c.reader).where(shares.c.owner == owner).order_by(shares.c.reader)
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def set(self, owner: int, reader: int, *, open_: bool) -> list[int]:
        """Open a party's records to another, or close them; who sees them now."""
        with begin_write(self._engine) as connection:
            here = (shares.c.owner == owner, shares.c.reader == reader)
            connection.execute(delete(shares).where(*here))
            if open_:
                row = {"owner": owner, "reader": reader, "since_ms": 1000 * self._clock.now()}
                connection.execute(insert(shares).values(row))
        return self.readers(owner)
