"""Reads of orders: what they say, what they brought about, those of a party."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select
from xinlian.ledger.adapters.sql.outbox import orders as outbox
from xinlian.ledger.adapters.sql.tables import events, order_results
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.layouts import BY_KIND
from xinlian.ledger.model.statuses import Final, Status

__all__ = ["Effect", "OrderFacts", "OrderReads"]

Effect = tuple[str, dict[str, Any]]
"""Name of an event and its arguments by name."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What an order is, and, once it is final, what it brought about."""

    party: int
    kind: str
    effects: tuple[Effect, ...] = ()


class OrderReads:
    """Reads of the outbox and of what the books say about orders."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def owner(self, digest: bytes) -> int | None:
        """The party of an order taken in here; ``None`` if there is none such."""
        with self._engine.connect() as connection:
            return connection.execute(
                select(outbox.c.party).where(outbox.c.digest == digest)
            ).scalar()

    def facts(self, status: Status) -> OrderFacts:
        """What belongs to an order beside its state."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(outbox.c.party, outbox.c.contract, outbox.c.kind).where(
                    outbox.c.digest == status.digest
                )
            ).one()
            kind = BY_KIND[ContractName(row.contract), row.kind].name
            if not isinstance(status, Final):
                return OrderFacts(row.party, kind)
            return OrderFacts(row.party, kind, _effects(connection, status))

    def page(self, party: int | None, *, limit: int, before: int | None) -> list[tuple[int, bytes]]:
        """Sequence number and digest of orders, newest first, of one party or all."""
        query = select(outbox.c.seq, outbox.c.digest).order_by(outbox.c.seq.desc()).limit(limit)
        if party is not None:
            query = query.where(outbox.c.party == party)
        if before is not None:
            query = query.where(outbox.c.seq < before)
        with self._engine.connect() as connection:
            return [(row.seq, bytes(row.digest)) for row in connection.execute(query)]


def _effects(connection: Connection, status: Final) -> tuple[Effect, ...]:
    """The events of the order's transaction between the previous order's end and its own."""
    r, e = order_results.c, events.c
    own = connection.execute(
        select(r.log_index, r.tx_index).where(
            r.digest == status.digest, r.block == status.block, r.executed == 1
        )
    ).first()
    if own is None:
        return ()
    same = and_(r.block == status.block, r.tx_index == own.tx_index, r.log_index < own.log_index)
    before = connection.execute(select(func.max(r.log_index)).where(same)).scalar()
    query = (
        select(e.name, e.contract, e.args)
        .where(
            e.block == status.block,
            e.tx_index == own.tx_index,
            e.log_index < own.log_index,
            e.log_index > (-1 if before is None else before),
        )
        .order_by(e.log_index)
    )
    return tuple((row.name, json.loads(row.args)) for row in connection.execute(query))
