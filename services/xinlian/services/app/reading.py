"""As of when something is read, and how much of it the reader may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.actors import Actor
from xinlian.services.app.errors import Code, RefusedError

__all__ = ["Head", "Moment", "Reader", "head_of", "moment_of"]


@dataclass(frozen=True, slots=True)
class Head:
    """How far the books are: the last block in SQL, and why writing is halted, if it is."""

    height: int
    hash: bytes
    time: int
    checked_height: int
    halted: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """The block as of which something is read, and its hash.

    ``pinned`` tells that the reader named the block.
    """

    at: int
    hash: bytes
    pinned: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose view is read: one party's, or with ``party=None`` everybody's."""

    party: PartyId | None

    @classmethod
    def of(cls, actor: Actor, party: int | None = None) -> Reader:
        """The view of an actor. Who reads all may ask for one party's view; others get their own
        and may name nobody else (``RefusedError`` with ``NOT_FOUND``)."""
        if actor.reads_all:
            return cls(None if party is None else PartyId(party))
        if actor.party is None or party not in (None, actor.party):
            raise RefusedError(
                Code.NOT_FOUND, f"there is no party {party} whose books you may read"
            )
        return cls(actor.party)


def head_of(engine: Engine) -> Head:
    """The head of the books; height -1 before the first block."""
    with engine.connect() as connection:
        return _head(connection)


def moment_of(engine: Engine, as_of: int | None) -> Moment:
    """The moment for a block number, or the last one; refused with ``AS_OF_AHEAD``."""
    with engine.connect() as connection:
        head = _head(connection)
        if as_of is None:
            return Moment(head.height, head.hash, pinned=False)
        if as_of > head.height:
            raise RefusedError(
                Code.AS_OF_AHEAD,
                f"block {as_of} is not in the books yet, which end at block {head.height}",
                as_of=as_of,
                height=head.height,
            )
        block = queries.block_at(connection, as_of)
    return Moment(as_of, bytes(32) if block is None else block.hash, pinned=True)


def _head(connection: Connection) -> Head:
    head = queries.head(connection)
    if head is None:
        return Head(-1, bytes(32), 0, -1, None)
    return Head(
        height=head.block.height,
        hash=head.block.hash,
        time=head.block.time,
        checked_height=head.checked_height,
        halted=head.halted,
    )
