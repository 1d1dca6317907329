"""How far inspections have been judged, within the transaction that raises their signals.

A party has been judged as far as its own row says, and as far as every party has: the upgrade of a
store sets the latter to the newest inspection, a new store begins with nothing.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update
from xinlian.trace.adapters.quality.tables import JUDGED
from xinlian.trace.adapters.sql import tables_facts as t

__all__ = ["judged_of", "parties_waiting", "set_judged", "set_judged_for_all"]

_EVERYBODY: Final = 0


def judged_of(connection: Connection, party: int) -> int:
    """The number of an inspection up to which those of a party were judged.

    What every party was judged up to counts too: else each look at a party that inspects seldom
    would go through all that the others did since its last inspection.
    """
    query = select(func.max(JUDGED.c.judged)).where(JUDGED.c.party.in_((_EVERYBODY, party)))
    return connection.scalar(query) or 0


def set_judged(connection: Connection, party: int, judged: int) -> None:
    """Note how far a party's inspections are judged."""
    where: Any = JUDGED.c.party == party
    done = connection.execute(update(JUDGED).where(where).values(judged=judged))
    if done.rowcount == 0:
        connection.execute(insert(JUDGED).values(party=party, judged=judged))


def parties_waiting(connection: Connection) -> tuple[list[int], int]:
    """The parties that may have inspections to be judged, and the newest inspection of all."""
    columns = t.inspections.c
    after = _judged(connection, _EVERYBODY) or 0
    newest = connection.scalar(select(func.max(columns.inspection))) or 0
    query = select(columns.party).where(columns.inspection > after).distinct()
    return sorted(connection.scalars(query)), newest


def set_judged_for_all(connection: Connection, judged: int) -> None:
    """Note that what every party has up to this inspection is judged; never goes back."""
    if judged > (_judged(connection, _EVERYBODY) or 0):
        set_judged(connection, _EVERYBODY, judged)


def _judged(connection: Connection, party: int) -> int | None:
    return connection.scalar(select(JUDGED.c.judged).where(JUDGED.c.party == party))
