"""What strangers with a label may see: each party decides for what it recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Engine, delete, insert, or_, select
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.app.clock import Clock
from xinlian.services.app.trace_tables import page_policies

__all__ = ["DEFAULT", "LEVELS", "PagePolicies", "PagePolicy", "Strangers"]


class Strangers(StrEnum):
    """How much a stranger sees."""

    NOTHING = "nothing"
    IDENTITY = "identity"
    """What it is, who made it, the verdict."""
    TREE = "tree"
    """The parts too, without what was measured."""
    ALL = "all"


LEVELS: Final = tuple(Strangers)
"""From the least to the most."""


@dataclass(frozen=True, slots=True)
class PagePolicy:
    """A party's policy. ``guessable``: whether a code that anybody can type (a VIN, a GS1 Digital
    Link) opens the page, or only the label's own tag, which nobody can guess."""

    strangers: Strangers
    guessable: bool


DEFAULT: Final = PagePolicy(Strangers.IDENTITY, guessable=True)


class PagePolicies:
    """The policies of all parties."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, party: int) -> PagePolicy:
        """A party's policy, or what holds where none was set."""
        query = select(page_policies.c.strangers, page_policies.c.guessable).where(
            page_policies.c.party == party
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        return DEFAULT if row is None else PagePolicy(Strangers(row.strangers), row.guessable)

    def open_to_guessers(self, parties: Iterable[int]) -> set[int]:
        """Those of some parties whose pages a guessed code opens."""
        wanted = set(parties)
        closed = select(page_policies.c.party).where(
            page_policies.c.party.in_(wanted),
            or_(
                page_policies.c.strangers == Strangers.NOTHING.value,
                page_policies.c.guessable.is_(False),
            ),
        )
        with self._engine.connect() as connection:
            return wanted - set(connection.execute(closed).scalars())

    def set(self, party: int, policy: PagePolicy) -> PagePolicy:
        """Set a party's policy; it holds from the next look on."""
        row = {
            "party": party,
            "strangers": policy.strangers.value,
            "guessable": policy.guessable,
            "set_at": self._clock.now(),
        }
        with begin_write(self._engine) as connection:
            connection.execute(delete(page_policies).where(page_policies.c.party == party))
            connection.execute(insert(page_policies).values(row))
        return policy
