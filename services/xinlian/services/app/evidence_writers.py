"""The accounts that sign the heads of evidence logs: one for each party, its key in custody here.

Such an account can sign heads and nothing else: it is no account of the party, so that no order of
the party needs or takes its signature.
"""

from __future__ import annotations

import threading
from typing import Protocol

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.orders import Signer
from xinlian.services.app.orders import PartySigner
from xinlian.services.app.tables import evidence_writers

__all__ = ["KeyMaker", "Writers"]


class KeyMaker(PartySigner, Protocol):
    """Custody: makes keys, and signs with those that it keeps."""

    def create(self) -> Address:
        """A new account, its key kept before it is returned."""


class Writers:
    """Writer accounts by party, made when they are first needed."""

    def __init__(self, engine: Engine, custody: KeyMaker) -> None:
        self._engine = engine
        self._custody = custody
        self._known: dict[PartyId, Address] = {}
        self._lock = threading.Lock()

    def ensure(self, party: PartyId) -> Address:
        """The party's writer; its key is on disk when this returns."""
        with self._lock:
            found = self._known.get(party) or self._read(party)
            if found is None:
                found = self._made(party)
            self._known[party] = found
            return found

    def signer(self, writer: Address) -> Signer | None:
        """Who signs for that account; None if its key is not kept here."""
        found = self._custody.signers([writer], 1)
        return found[0] if found else None

    def _read(self, party: PartyId) -> Address | None:
        w = evidence_writers.c
        with self._engine.connect() as connection:
            found = connection.execute(select(w.writer).where(w.party == party)).scalar()
        return None if found is None else Address(bytes(found))

    def _made(self, party: PartyId) -> Address:
        writer = self._custody.create()
        try:
            with begin_write(self._engine) as connection:
                row = {"party": party, "writer": bytes(writer)}
                connection.execute(insert(evidence_writers).values(row))
        except IntegrityError:
            # Another process was faster; the key made here is never used.
            found = self._read(party)
            if found is None:
                raise
            return found
        return writer
