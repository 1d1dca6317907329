"""Who sees whose records about parts: a party opens its own to others, one by one, and to strangers
by its policy for pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.app.clock import Clock
from xinlian.services.app.trace_policy import LEVELS, Strangers
from xinlian.services.app.trace_tables import key_grants, page_policies
from xinlian.trace.adapters.sql.tables import shares
from xinlian.trace.model.readers import EVERYONE, home_of, is_stranger, level_of
from xinlian.trace.usecases.ports import Seen

__all__ = ["EVERYONE", "Sharing"]


class Sharing:
    """Whose records a reader sees besides its own."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def parties(self, connection: Any, reader: int) -> Seen:
        """See ``Visibility``. A stranger sees the party whose page it looks at, and beyond its
        identity only parties that show strangers as much themselves: what somebody shared with
        that party was not shared with the world."""
        if reader == EVERYONE:
            return None
        found: Connection = connection
        if is_stranger(reader):
            return frozenset((home_of(reader), *_open_to_all(found, level_of(reader))))
        query = select(shares.c.owner).where(shares.c.reader == reader)
        return frozenset(found.execute(query).scalars())

    def key_owners(self, connection: Any, reader: int) -> frozenset[int]:
        """Parties whose subject keys a reader's proof files may hold: its own, and those that
        granted it. A key tells for ever which records of its log are about which id, so that
        nobody else's file holds it."""
        if reader < 0:
            return frozenset()
        found: Connection = connection
        query = select(key_grants.c.owner).where(key_grants.c.reader == reader)
        return frozenset((reader, *found.execute(query).scalars()))

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


def _open_to_all(connection: Connection, level: int) -> list[int]:
    """Parties that chose to show strangers at least as much, beyond the identity."""
    if level <= LEVELS.index(Strangers.IDENTITY):
        return []
    words = [each.value for each in LEVELS[level:]]
    query = select(page_policies.c.party).where(page_policies.c.strangers.in_(words))
    return list(connection.execute(query).scalars())
