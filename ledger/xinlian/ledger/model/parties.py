"""Parties of the network: who they are, what they may do, which accounts sign for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from xinlian.ledger.model.ids import Address, PartyId


class Role(IntFlag):
    """What a party may do; a party may have several roles. Bits as in ``IPartyRegistry``."""

    ISSUER = 1
    SUPPLIER = 2
    FUNDER = 4
    PAYING_BANK = 8
    INSPECTOR = 16
    AUDITOR = 32
    OPERATOR = 64
    REGULATOR = 128


class PartyStatus(IntEnum):
    """A suspended party signs nothing; its vouchers stay what they are."""

    ACTIVE = 1
    SUSPENDED = 2


@dataclass(frozen=True, slots=True)
class Member:
    """What a contract knows about a party; ``party`` 0 means unknown."""

    party: PartyId
    roles: Role
    status: int
    threshold: int

    @property
    def active(self) -> bool:
        """Whether the party is known and not suspended."""
        return self.status == PartyStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class Party:
    """A registered party.

    ``id_hash`` is the salted hash of its unified social credit code (32 bytes). ``threshold`` of
    its ``accounts`` must sign an order: 1, or 2 for maker and checker.
    """

    id: PartyId
    id_hash: bytes
    roles: Role
    status: PartyStatus
    threshold: int
    accounts: tuple[Address, ...]
