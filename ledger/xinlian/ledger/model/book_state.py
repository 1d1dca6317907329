"""What a plain model of the contracts knows, and the checks that every operation shares."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from xinlian.ledger.model.days import Day, day_at
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, DocumentKey, PartyId
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.parties import Party, PartyStatus, Role
from xinlian.ledger.model.vouchers import (
    Document,
    Financing,
    Issuer,
    Piece,
    PieceState,
    Policy,
    Root,
)

AMOUNT_MAX: Final = 2**48 - 1
"""Largest face, payment and amount of a document, fen."""
LIMIT_MAX: Final = 2**63 - 1
"""Largest limit of an issuer, fen."""
TRADING: Final = Role.ISSUER | Role.SUPPLIER | Role.FUNDER
"""Roles that may hold a voucher."""


def refuse(code: Failure, **fields: Any) -> NoReturn:
    """Refuse an operation with the values that the contract's error carries."""
    raise LedgerError(code, fields=fields)


@dataclass
class Books:
    """All facts about parties and money. Records are immutable; operations replace them."""

    parties: dict[PartyId, Party] = field(default_factory=dict)
    accounts: dict[Address, PartyId] = field(default_factory=dict)
    issuers: dict[PartyId, Issuer] = field(default_factory=dict)
    policies: list[Policy] = field(default_factory=list)
    documents: dict[DocumentKey, Document] = field(default_factory=dict)
    notes: set[tuple[DocumentKey, bytes]] = field(default_factory=set)
    roots: dict[int, Root] = field(default_factory=dict)
    pieces: dict[int, Piece] = field(default_factory=dict)
    financings: dict[int, Financing] = field(default_factory=dict)
    locked_amounts: dict[int, int] = field(default_factory=dict)
    registrations: dict[bytes, int] = field(default_factory=dict)
    nonces: set[tuple[ContractName, PartyId, int]] = field(default_factory=set)
    paused: set[ContractName] = field(default_factory=set)

    def snapshot(self) -> dict[str, Any]:
        """A copy to which ``restore`` returns."""
        return {name: copy.copy(value) for name, value in vars(self).items()}

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Forget everything since the snapshot."""
        vars(self).update(snapshot)

    # Parties

    def member(self, party: int, roles: Role) -> Party:
        """An active party with at least one of the roles."""
        found = self.known(party)
        if found.status != PartyStatus.ACTIVE:
            refuse(Failure.DIRECTORY_PARTY_SUSPENDED, party=party)
        return self.with_role(found, roles)

    def known(self, party: int) -> Party:
        """A registered party."""
        found = self.parties.get(PartyId(party))
        if found is None:
            refuse(Failure.DIRECTORY_UNKNOWN_PARTY, party=party)
        return found

    def with_role(self, party: Party, roles: Role) -> Party:
        """The party, which must have at least one of the roles."""
        if not party.roles & roles:
            refuse(Failure.DIRECTORY_MISSING_ROLE, party=party.id, role=int(roles))
        return party

    def running(self, contract: ContractName) -> None:
        """The contract must not be paused."""
        if contract in self.paused:
            refuse(Failure.ORDERS_PAUSED)

    # Vouchers

    def piece(self, piece: int) -> Piece:
        """A piece that exists."""
        found = self.pieces.get(piece)
        if found is None:
            refuse(Failure.VOUCHERS_UNKNOWN_PIECE, piece=piece)
        return found

    def held(self, piece: int, holder: int) -> Piece:
        """A piece that the party holds free of any offer, lock or financing."""
        found = self.piece(piece)
        if found.holder != holder:
            refuse(Failure.VOUCHERS_NOT_HOLDER, piece=piece, party=holder)
        if found.state != PieceState.HELD:
            refuse(Failure.VOUCHERS_PIECE_STATE, piece=piece, state=int(found.state))
        return found

    def root(self, piece: int) -> Root:
        """The root of a piece that exists."""
        return self.roots[piece >> 16]

    def pieces_of(self, root: int) -> list[Piece]:
        """All pieces of a root, in the order of their numbers."""
        found = self.roots.get(root)
        count = found.pieces if found else 0
        return [self.pieces[root << 16 | index] for index in range(count)]

    def issuer(self, party: int) -> Issuer:
        """Limit and outstanding of a party; zeros before anything is known."""
        return self.issuers.get(PartyId(party), Issuer())

    def policy_on(self, day: int) -> tuple[int, Policy]:
        """Number and row in force on a day: the last one whose day has come."""
        for number in range(len(self.policies), 0, -1):
            if self.policies[number - 1].valid_from <= day:
                return number, self.policies[number - 1]
        refuse(Failure.VOUCHERS_NO_POLICY, day=day)


@dataclass(frozen=True, slots=True)
class Moment:
    """The time of the block in which an operation runs, Unix seconds."""

    time: int

    @property
    def day(self) -> Day:
        """The day in China."""
        return day_at(self.time)
