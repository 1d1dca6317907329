"""Where parties are paid: the operator sets and corrects it, nobody else.

A change holds for instructions that are made from then on; what a bank was told before stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select, update
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.orders import Asked
from xinlian.services.app.parties import Parties
from xinlian.services.app.tables import party_profiles

__all__ = ["AccountSet", "BankAccounts", "PaidAt"]


@dataclass(frozen=True, slots=True)
class PaidAt:
    """An account at a bank (12 digits of CNAPS)."""

    account: str
    code: str

    def __str__(self) -> str:
        return f"{self.account} at {self.code}"


@dataclass(frozen=True, slots=True)
class AccountSet:
    """What a party has now, and what it had before if this request changed it."""

    party: PartyId
    now: PaidAt
    before: PaidAt | None
    changed: bool
    exists: bool


class BankAccounts:
    """Sets bank accounts of parties, once for each idempotency key."""

    def __init__(self, engine: Engine, parties: Parties, keys: IdempotencyKeys) -> None:
        self._engine = engine
        self._parties = parties
        self._keys = keys

    def set(self, asked: Asked, party: PartyId, wanted: PaidAt) -> AccountSet:
        """Set it. ``RefusedError``: ``NOT_FOUND`` for a party that has no profile here."""
        row = self._parties.now(party)
        if row is None or row.name is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no party {party}")
        claim = self._keys.claim(0, asked.key, asked.operation, asked.content)
        p = party_profiles.c
        with begin_write(self._engine) as connection:
            query = select(p.bank_account, p.bank_code).where(p.id_hash == row.id_hash)
            account, code = connection.execute(query).one()
            before = None if account is None else PaidAt(account, code or "")
            # A key that has done its work does it no second time: a later change stands.
            if claim.reference is not None:
                return AccountSet(party, before or wanted, None, changed=False, exists=True)
            connection.execute(
                update(party_profiles)
                .where(p.id_hash == row.id_hash)
                .values(bank_account=wanted.account, bank_code=wanted.code)
            )
            self._keys.settle_with(connection, claim, str(party))
        changed = before != wanted
        return AccountSet(party, wanted, before if changed else None, changed, exists=False)
