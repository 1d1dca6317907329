"""Items of orders: one class per item struct of the contracts, named as the struct without "Item".

Field order and widths are those of the Solidity interfaces; a test compares them. The first
annotation is the Solidity type; a second one its name there, where it is not ours in camel case
(`kind` is taken by the number of the order). Amounts are fen,
days count from 1970-01-01 in China Standard Time, expiries are Unix seconds. A 32-byte field is
``bytes``; 32 zero bytes stand for "none".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from xinlian.ledger.model.item_types import (
    U8,
    U32,
    U64,
    ZERO32,
    Account,
    Bool,
    Bytes32,
    ContractName,
    Document32,
    Financing64,
    Item,
    Party32,
    Piece64,
)
from xinlian.ledger.model.items_evidence import OpenLog, SetWriter

__all__ = [
    "ITEM_TYPES", "ZERO32", "Accept", "AddAccount", "BlockIssuer", "Combine", "ContractName",
    "CreditNote", "Decline", "Disburse", "Dishonour", "Issue", "Item", "Merge", "OpenFinancing",
    "OpenLog", "Redeem", "RegisterDocument", "RegisterFinancing", "ReleaseFinancing",
    "RemoveAccount", "Repay", "SetThreshold", "SetWriter", "Transfer", "UnblockIssuer", "Withdraw",
    "WriteOff",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Issue(Item):
    """The issuer offers a new voucher of ``face`` fen to the payee."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 1
    payee: Party32
    paying_bank: Party32
    face: U64
    due_day: U32
    expiry: U32
    document: Document32
    terms: Bytes32


@dataclass(frozen=True, slots=True)
class Accept(Item):
    """The offeree takes an offered piece."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 2
    piece: Piece64


@dataclass(frozen=True, slots=True)
class Decline(Item):
    """The offeree refuses an offered piece; no side effect. ``reason`` 0: none given."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 3
    piece: Piece64
    reason: U32


@dataclass(frozen=True, slots=True)
class Withdraw(Item):
    """The holder takes an offer back."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 4
    piece: Piece64


@dataclass(frozen=True, slots=True)
class Transfer(Item):
    """The holder offers ``amount`` fen of a piece, from its front or its back, to a party."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 5
    piece: Piece64
    amount: U64
    back: Bool
    to: Party32
    expiry: U32
    purpose: U32


@dataclass(frozen=True, slots=True)
class Merge(Item):
    """The holder joins two adjacent pieces; ``other`` ends."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 6
    piece: Piece64
    other: Piece64


@dataclass(frozen=True, slots=True)
class Redeem(Item):
    """The paying bank certifies that ``amount`` fen of a piece were paid."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 7
    piece: Piece64
    amount: U64
    receipt: Bytes32


@dataclass(frozen=True, slots=True)
class Dishonour(Item):
    """The paying bank, or a holder after the days of grace, states that a voucher is unpaid."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 8
    piece: Piece64
    evidence: Bytes32


@dataclass(frozen=True, slots=True)
class WriteOff(Item):
    """The holder gives up a piece of a dishonoured voucher."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 9
    piece: Piece64
    evidence: Bytes32


@dataclass(frozen=True, slots=True)
class BlockIssuer(Item):
    """The operator or the regulator stops an issuer from issuing."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 10
    issuer: Party32
    evidence: Bytes32


@dataclass(frozen=True, slots=True)
class UnblockIssuer(Item):
    """The regulator lets a blocked issuer issue again."""

    contract: ClassVar[ContractName] = ContractName.VOUCHERS
    kind: ClassVar[int] = 11
    issuer: Party32
    evidence: Bytes32


@dataclass(frozen=True, slots=True)
class RegisterDocument(Item):
    """The buyer registers a trade document with its usable amount."""

    contract: ClassVar[ContractName] = ContractName.DOCUMENTS
    kind: ClassVar[int] = 1
    document: Document32
    document_kind: Annotated[int, "uint8", "kind"]
    seller: Party32
    amount: U64


@dataclass(frozen=True, slots=True)
class CreditNote(Item):
    """Buyer or seller takes back part of a document's usable amount."""

    contract: ClassVar[ContractName] = ContractName.DOCUMENTS
    kind: ClassVar[int] = 2
    document: Document32
    note: Bytes32
    amount: U64


@dataclass(frozen=True, slots=True)
class Combine(Item):
    """The buyer moves free amount of ``source`` into the bundle ``target``."""

    contract: ClassVar[ContractName] = ContractName.DOCUMENTS
    kind: ClassVar[int] = 3
    target: Document32
    source: Document32
    amount: U64


@dataclass(frozen=True, slots=True)
class OpenFinancing(Item):
    """The holder locks ``amount`` fen of a piece for a funder under an accepted quote."""

    contract: ClassVar[ContractName] = ContractName.DESK
    kind: ClassVar[int] = 1
    piece: Piece64
    amount: U64
    back: Bool
    funder: Party32
    bank: Party32
    sale: Bool
    recourse: Bool
    price: U64
    maturity_day: U32
    expiry: U32
    terms: Bytes32


@dataclass(frozen=True, slots=True)
class RegisterFinancing(Item):
    """The funder binds the registration number in the movable-property registry."""

    contract: ClassVar[ContractName] = ContractName.DESK
    kind: ClassVar[int] = 2
    financing: Financing64
    registration: Bytes32
    tenor_reason: Bytes32


@dataclass(frozen=True, slots=True)
class ReleaseFinancing(Item):
    """The funder, or the holder after the lock's expiry, ends a financing without money."""

    contract: ClassVar[ContractName] = ContractName.DESK
    kind: ClassVar[int] = 3
    financing: Financing64
    reason: U32


@dataclass(frozen=True, slots=True)
class Disburse(Item):
    """The bank certifies that the seller was paid."""

    contract: ClassVar[ContractName] = ContractName.DESK
    kind: ClassVar[int] = 4
    financing: Financing64
    amount: U64
    receipt: Bytes32


@dataclass(frozen=True, slots=True)
class Repay(Item):
    """The bank certifies that a financing was paid back."""

    contract: ClassVar[ContractName] = ContractName.DESK
    kind: ClassVar[int] = 5
    financing: Financing64
    amount: U64
    receipt: Bytes32


@dataclass(frozen=True, slots=True)
class AddAccount(Item):
    """The party adds an account that may sign for it."""

    contract: ClassVar[ContractName] = ContractName.REGISTRY
    kind: ClassVar[int] = 1
    account: Account


@dataclass(frozen=True, slots=True)
class RemoveAccount(Item):
    """The party removes one of its accounts."""

    contract: ClassVar[ContractName] = ContractName.REGISTRY
    kind: ClassVar[int] = 2
    account: Account


@dataclass(frozen=True, slots=True)
class SetThreshold(Item):
    """The party sets how many of its accounts must sign."""

    contract: ClassVar[ContractName] = ContractName.REGISTRY
    kind: ClassVar[int] = 3
    threshold: U8


ITEM_TYPES: tuple[type[Item], ...] = (
    Issue, Accept, Decline, Withdraw, Transfer, Merge, Redeem, Dishonour, WriteOff, BlockIssuer,
    UnblockIssuer, RegisterDocument, CreditNote, Combine, OpenFinancing, RegisterFinancing,
    ReleaseFinancing, Disburse, Repay, AddAccount, RemoveAccount, SetThreshold, OpenLog, SetWriter,
)  # fmt: skip
"""Every kind of item."""
