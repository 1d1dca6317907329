"""Parties: who they are off chain, what the chain knows of them, how they come in.

The chain sees a salted hash of a party's social credit code; name, code and salt stay here.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select
from xinlian.finance.model.trade.codes import CodeError, parse_uscc
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.tables import OPEN, account_versions, party_versions
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.parties import Member, PartyStatus, Role
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.tables import party_profiles

__all__ = ["NewParty", "Parties", "PartyRow", "salted_hash"]

REGISTER_MAX = 100
_CODES_MAX = 500


@dataclass(frozen=True, slots=True)
class NewParty:
    """A party to be registered. ``threshold`` of its ``accounts`` must sign an order (1 or 2)."""

    name: str
    social_credit_code: str
    roles: Role
    threshold: int
    accounts: tuple[Address, ...]
    bank_account: str | None = None
    bank_code: str | None = None


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A registered party. ``name`` and the rest of the profile are ``None`` where not known."""

    id: PartyId
    id_hash: bytes
    roles: Role
    status: PartyStatus
    threshold: int
    accounts: tuple[Address, ...]
    name: str | None
    social_credit_code: str | None
    bank_account: str | None
    bank_code: str | None


def salted_hash(salt: bytes, social_credit_code: str) -> bytes:
    """The hash that stands for a social credit code on chain; ``salt`` has 32 bytes."""
    return keccak256(b"xinlian:party:v1" + salt + social_credit_code.encode("ascii"))


class Parties:
    """Reads of parties, and their profiles."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def member(self, party: int) -> Member | None:
        """Roles, status and threshold of a party at this moment."""
        p = party_versions.c
        query = select(p.roles, p.status, p.threshold).where(p.party == party, p.to_block == OPEN)
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        return Member(PartyId(party), Role(row.roles), row.status, row.threshold)

    def accounts(self, party: int) -> tuple[Address, ...]:
        """The accounts that may sign for a party at this moment, in order."""
        with self._engine.connect() as connection:
            return _accounts(connection, [party], OPEN - 1).get(party, ())

    def get(self, party: int, at: int) -> PartyRow:
        """A party as of a block; ``RefusedError`` with ``NOT_FOUND``."""
        found = self._rows(at, party_versions.c.party == party, limit=1)
        if not found:
            raise RefusedError(Code.NOT_FOUND, f"there is no party {party}")
        return found[0]

    def now(self, party: int) -> PartyRow | None:
        """A party at this moment."""
        found = self._rows(OPEN - 1, party_versions.c.party == party, limit=1)
        return found[0] if found else None

    def of_hash(self, id_hash: bytes) -> PartyRow | None:
        """The party with this hash, once the chain knows it."""
        found = self._rows(OPEN - 1, party_versions.c.id_hash == id_hash, limit=1)
        return found[0] if found else None

    def enrolled(self, id_hash: bytes) -> bool:
        """Whether a party with this hash is known here, registered on chain or not."""
        query = select(party_profiles.c.name).where(party_profiles.c.id_hash == id_hash)
        with self._engine.connect() as connection:
            return connection.execute(query).first() is not None

    def of_code(self, social_credit_code: str) -> PartyRow | None:
        """The registered party with this social credit code."""
        query = select(party_profiles.c.id_hash).where(
            party_profiles.c.social_credit_code == social_credit_code
        )
        with self._engine.connect() as connection:
            id_hash = connection.execute(query).scalar()
        return None if id_hash is None else self.of_hash(bytes(id_hash))

    def names_of_codes(self, codes: Sequence[str]) -> dict[str, str]:
        """Names of companies by their social credit codes, of those that are known here."""
        profile = party_profiles.c
        query = select(profile.social_credit_code, profile.name).where(
            profile.social_credit_code.in_(codes[:_CODES_MAX])
        )
        with self._engine.connect() as connection:
            return {row.social_credit_code: row.name for row in connection.execute(query)}

    def names_of(self, parties: Iterable[int]) -> dict[int, str]:
        """Names of parties by their numbers, of those that are known here."""
        version, profile = party_versions.c, party_profiles.c
        query = (
            select(version.party, profile.name)
            .join(party_profiles, profile.id_hash == version.id_hash)
            .where(version.to_block == OPEN, version.party.in_(sorted(parties)[:_CODES_MAX]))
        )
        with self._engine.connect() as connection:
            return {row.party: row.name for row in connection.execute(query)}

    def listed(
        self, at: int, *, role: Role | None = None, limit: int = 50, after: int = 0
    ) -> list[PartyRow]:
        """Parties in order of their numbers, as of a block."""
        where = [party_versions.c.party > after]
        if role is not None:
            where.append(party_versions.c.roles.bitwise_and(int(role)) != 0)
        return self._rows(at, *where, limit=limit)

    def enrol(self, parties: Sequence[NewParty]) -> list[bytes]:
        """Write down the profiles of parties that are about to be registered; their hashes.

        A party that is enrolled already keeps its salt, so that trying again gives the same hash;
        if its name differs it is refused (``CONFLICT`` naming the field).
        """
        if not 1 <= len(parties) <= REGISTER_MAX:
            raise RefusedError(
                Code.INVALID, f"1 to {REGISTER_MAX} parties at a time", field="parties"
            )
        for party in parties:
            try:
                parse_uscc(party.social_credit_code)
            except CodeError as exc:
                raise RefusedError(Code.INVALID, str(exc), field="social_credit_code") from exc
        with begin_write(self._engine) as connection:
            return [self._enrol(connection, party) for party in parties]

    def _enrol(self, connection: Connection, party: NewParty) -> bytes:
        p = party_profiles.c
        query = select(party_profiles).where(p.social_credit_code == party.social_credit_code)
        known = connection.execute(query).first()
        if known is not None:
            for field in ("name", "bank_account", "bank_code"):
                if getattr(known, field) != getattr(party, field):
                    raise RefusedError(
                        Code.CONFLICT,
                        f"the code {party.social_credit_code} is enrolled with another {field}: "
                        "nothing was changed (a bank account is set at /bank-account)",
                        field=field,
                    )
            return bytes(known.id_hash)
        salt = secrets.token_bytes(32)
        id_hash = salted_hash(salt, party.social_credit_code)
        connection.execute(
            insert(party_profiles).values(
                id_hash=id_hash,
                salt=salt,
                social_credit_code=party.social_credit_code,
                name=party.name,
                bank_account=party.bank_account,
                bank_code=party.bank_code,
                created_at=self._clock.now(),
            )
        )
        return id_hash

    def _rows(self, at: int, *where: Any, limit: int) -> list[PartyRow]:
        p = party_versions.c
        query = (
            select(
                party_versions,
                party_profiles.c.name,
                party_profiles.c.social_credit_code,
                party_profiles.c.bank_account,
                party_profiles.c.bank_code,
            )
            .join(party_profiles, party_profiles.c.id_hash == p.id_hash, isouter=True)
            .where(p.from_block <= at, p.to_block > at, *where)
            .order_by(p.party)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
            accounts = _accounts(connection, [row.party for row in rows], at)
        return [_party_row(row, accounts.get(row.party, ())) for row in rows]


def _accounts(
    connection: Connection, parties: Sequence[int], at: int
) -> dict[int, tuple[Address, ...]]:
    a = account_versions.c
    query = (
        select(a.party, a.account)
        .where(a.party.in_(parties), a.from_block <= at, a.to_block > at)
        .order_by(a.account)
    )
    found: dict[int, tuple[Address, ...]] = {}
    for party, account in connection.execute(query):
        found[party] = (*found.get(party, ()), Address(bytes(account)))
    return found


def _party_row(row: Row[tuple[Any, ...]], accounts: tuple[Address, ...]) -> PartyRow:
    return PartyRow(
        id=PartyId(row.party),
        id_hash=bytes(row.id_hash),
        roles=Role(row.roles),
        status=PartyStatus(row.status),
        threshold=row.threshold,
        accounts=accounts,
        name=row.name,
        social_credit_code=row.social_credit_code,
        bank_account=row.bank_account,
        bank_code=row.bank_code,
    )
