"""Who sees whose records about parts: a party those that others shared with it, a stranger those
that policies for pages show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select
from xinlian.services.app.trace_policy import LEVELS, Strangers
from xinlian.services.app.trace_tables import key_grants, page_policies
from xinlian.trace.adapters.sql.tables import shares
from xinlian.trace.model.readers import EVERYONE, home_of, is_stranger, level_of
from xinlian.trace.usecases.ports import Seen

__all__ = ["EVERYONE", "Sharing"]


class Sharing:
    """Whose records a reader sees besides its own; shares are offered and accepted in
    ``trace_offers``."""

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


def _open_to_all(connection: Connection, level: int) -> list[int]:
    """Parties that chose to show strangers at least as much, beyond the identity."""
    if level <= LEVELS.index(Strangers.IDENTITY):
        return []
    words = [each.value for each in LEVELS[level:]]
    query = select(page_policies.c.party).where(page_policies.c.strangers.in_(words))
    return list(connection.execute(query).scalars())
