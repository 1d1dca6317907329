"""Opening one's records about parts to another party: offered by one, accepted by the other.

What others say of one's parts goes into one's own trees, recalls and verdicts; so nobody is given
another's records unasked. Every step leaves a record in the evidence log of who made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Engine, delete, insert, select
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_policy import PagePolicies, PagePolicy
from xinlian.services.app.trace_tables import key_grants as grants
from xinlian.services.app.trace_tables import share_offers as offers
from xinlian.trace.adapters.sql.tables import shares
from xinlian.trace.model.records import time_text
from xinlian.trace.usecases.ports import STREAM

__all__ = ["ShareState", "Shares"]

SCHEMA: Final = "xinlian-sharing/1"


class Log(Protocol):
    """The evidence logs of parties."""

    def ensure_log(self, party: PartyId, stream: str) -> bytes:
        """The id of a log, which is made if there is none."""

    def append(self, connection: Any, log_id: bytes, records: Any) -> Any:
        """Append records within a transaction."""


@dataclass(frozen=True, slots=True)
class ShareState:
    """Who sees a party's records, to whom it offered them; whose it sees, who offers it theirs;
    whose proof files may hold the key of its log."""

    readers: list[int]
    offered_to: list[int]
    owners: list[int]
    offers: list[int]
    keys_to: list[int]


class Shares:
    """Offers and acceptances of all parties."""

    def __init__(self, engine: Engine, clock: Clock, policies: PagePolicies, evidence: Log) -> None:
        self._engine = engine
        self._clock = clock
        self._policies = policies
        self._evidence = evidence

    def state(self, party: int) -> ShareState:
        """How a party stands with the others."""
        with self._engine.connect() as connection:

            def listed(column: Any, where: ColumnElement[bool]) -> list[int]:
                query = select(column).where(where).order_by(column)
                return list(connection.execute(query).scalars())

            return ShareState(
                readers=listed(shares.c.reader, shares.c.owner == party),
                offered_to=listed(offers.c.reader, offers.c.owner == party),
                owners=listed(shares.c.owner, shares.c.reader == party),
                offers=listed(offers.c.owner, offers.c.reader == party),
                keys_to=listed(grants.c.reader, grants.c.owner == party),
            )

    def offer(self, owner: int, reader: int, *, keys: bool = False) -> ShareState:
        """Offer one's records to a party; nothing changes if it sees them already. ``keys``: its
        proof files may hold the subject key of one's log, from now on or no longer."""
        if owner == reader:
            raise RefusedError(Code.INVALID, "your own records are open to you", field="reader")
        state = self.state(owner)
        known = reader in state.readers or reader in state.offered_to
        granted = reader in state.keys_to
        if known and granted == keys:
            return state
        log = self._evidence.ensure_log(PartyId(owner), STREAM)
        now, who = self._clock.now(), {"owner": owner, "reader": reader}
        with begin_write(self._engine) as connection:
            if not known:
                connection.execute(insert(offers).values({**who, "offered_at": now}))
            if keys and not granted:
                connection.execute(insert(grants).values({**who, "granted_at": now}))
            elif granted and not keys:
                here = (grants.c.owner == owner, grants.c.reader == reader)
                connection.execute(delete(grants).where(*here))
            step = {"step": "offered", "other": reader, "keys": keys}
            self._note(connection, log, owner, step)
        return self.state(owner)

    def close(self, owner: int, reader: int) -> ShareState:
        """Take an offer or a share back."""
        self._end(owner, reader, by=owner, other=reader)
        return self.state(owner)

    def answer(self, reader: int, owner: int, *, accept: bool) -> ShareState:
        """Accept what a party offers, or decline it and give up what it shared; refused with
        ``NOT_FOUND`` if there is nothing to accept."""
        state = self.state(reader)
        if not accept:
            self._end(owner, reader, by=reader, other=owner)
            return self.state(reader)
        if owner in state.owners:
            return state
        if owner not in state.offers:
            raise RefusedError(Code.NOT_FOUND, f"party {owner} offers you no records")
        log = self._evidence.ensure_log(PartyId(reader), STREAM)
        row = {"owner": owner, "reader": reader, "since_ms": 1000 * self._clock.now()}
        with begin_write(self._engine) as connection:
            here = (offers.c.owner == owner, offers.c.reader == reader)
            if connection.execute(delete(offers).where(*here)).rowcount == 0:
                raise RefusedError(Code.NOT_FOUND, f"party {owner} offers you no records")
            connection.execute(insert(shares).values(row))
            self._note(connection, log, reader, {"step": "accepted", "other": owner})
        return self.state(reader)

    def set_policy(self, party: int, policy: PagePolicy) -> PagePolicy:
        """Set what strangers see, on record."""
        if self._policies.of(party) == policy:
            return policy
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        made = self._policies.set(party, policy)
        step = {"strangers": policy.strangers.value, "guessable": policy.guessable}
        with begin_write(self._engine) as connection:
            self._note(connection, log, party, {"step": "page-policy", **step})
        return made

    def _end(self, owner: int, reader: int, *, by: int, other: int) -> None:
        log = self._evidence.ensure_log(PartyId(by), STREAM)
        with begin_write(self._engine) as connection:
            ended = 0
            for table in (offers, shares, grants):
                here = (table.c.owner == owner, table.c.reader == reader)
                ended += connection.execute(delete(table).where(*here)).rowcount
            if ended:
                self._note(connection, log, by, {"step": "closed", "other": other})

    def _note(self, connection: Any, log: bytes, party: int, content: Mapping[str, object]) -> None:
        record = {
            "schema": SCHEMA,
            "subject": f"sharing:{party}",
            "event_time": time_text(1000 * self._clock.now()),
            **content,
        }
        self._evidence.append(connection, log, [record])
