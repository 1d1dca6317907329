"""What the query functions answer: facts as of one block.

Amounts are fen, days count in China, times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xinlian.ledger.model.ids import Address, DocumentKey, FinancingId, PartyId, PieceId, RootId
from xinlian.ledger.model.parties import PartyStatus, Role
from xinlian.ledger.model.vouchers import (
    FinancingState,
    PieceState,
    Policy,
    RootState,
)


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block of the books."""

    height: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class HeadView:
    """The last block of the books, and why they stand still if they do."""

    block: BlockView
    checked_height: int
    halted: str | None


@dataclass(frozen=True, slots=True)
class PieceView:
    """A piece as it stood; ``since`` is the block from which on it stood so."""

    piece: PieceId
    root: RootId
    since: int
    holder: PartyId
    offeree: PartyId
    start: int
    end: int
    expiry: int
    state: PieceState
    depth: int
    parent: int
    hops: int

    @property
    def amount(self) -> int:
        """Length of the range in fen."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class VoucherView:
    """A root with the state that its pieces and the day give it, and its fen by piece state."""

    root: RootId
    block: int
    issuer: PartyId
    payee: PartyId
    paying_bank: PartyId
    face: int
    due_day: int
    issued_day: int
    policy: int
    document: DocumentKey
    terms: bytes
    state: RootState
    pieces: int
    by_state: Mapping[PieceState, int]


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A trade document and how much of it is used."""

    document: DocumentKey
    kind: int
    buyer: PartyId
    seller: PartyId
    usable: int
    used: int
    shortfall: int


@dataclass(frozen=True, slots=True)
class FinancingView:
    """A financing as it stood."""

    financing: FinancingId
    piece: PieceId
    seller: PartyId
    funder: PartyId
    bank: PartyId
    expiry: int
    state: FinancingState
    sale: bool
    recourse: bool
    price: int
    maturity_day: int
    terms: bytes
    registration: bytes
    since: int


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party with the accounts that may sign for it."""

    party: PartyId
    id_hash: bytes
    roles: Role
    status: PartyStatus
    threshold: int
    accounts: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A row of market rules by its number."""

    number: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class EventView:
    """One fact from the chain with its arguments as JSON values."""

    block: int
    log_index: int
    tx_index: int
    time: int
    contract: str
    name: str
    piece: PieceId
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OrderView:
    """What became of a signed order in one transaction; ``reason`` is the ABI-encoded error."""

    digest: bytes
    block: int
    log_index: int
    tx_hash: bytes
    contract: str
    party: PartyId
    nonce: int
    kind: int
    executed: bool
    burned: bool
    reason: bytes


@dataclass(frozen=True, slots=True)
class IssuerExposure:
    """What an issuer owes, against its limit, and by state of the pieces."""

    issuer: PartyId
    limit: int
    outstanding: int
    blocked: bool
    by_state: Mapping[PieceState, int]


@dataclass(frozen=True, slots=True)
class HolderExposure:
    """What a holder has of an issuer, in one state of the pieces."""

    holder: PartyId
    issuer: PartyId
    state: PieceState
    amount: int
    pieces: int


@dataclass(frozen=True, slots=True)
class LadderStep:
    """What falls due in one bucket: a day, or a calendar month (then its first day)."""

    day: int
    amount: int
    pieces: int


@dataclass(frozen=True, slots=True)
class DeclineRate:
    """How the issue offers of an issuer ended."""

    issuer: PartyId
    offered: int
    accepted: int
    declined: int
    withdrawn: int
    expired: int


@dataclass(frozen=True, slots=True)
class LogView:
    """An evidence log as it stands on chain; ``since`` is the block of its present writer."""

    log: bytes
    since: int
    party: PartyId
    stream: str
    key_commitment: bytes
    writer: Address
    sm3: bool


@dataclass(frozen=True, slots=True)
class LogWriterView:
    """An account while it was a log's writer (Unix seconds); ``until`` None: it is now."""

    writer: Address
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class HeadOnChain:
    """A head of an evidence log and the block that carried it (``time`` in Unix seconds)."""

    log: bytes
    party: PartyId
    size: int
    root: bytes
    index_root: bytes
    sm3_root: bytes
    block: int
    block_hash: bytes
    time: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class LineageStep:
    """One thing that happened to a piece on the way to what it is now."""

    block: int
    time: int
    name: str
    sender: PartyId
    to: PartyId


@dataclass(frozen=True, slots=True)
class LineageNode:
    """A piece and where its range came from: the piece it was cut off, and what was merged in.

    ``steps`` are what happened to it before its child was cut off (for the last node: until now).
    """

    piece: PieceId
    start: int
    end: int
    holder: PartyId
    state: PieceState
    depth: int
    hops: int
    steps: tuple[LineageStep, ...]
    sources: tuple[LineageNode, ...]


@dataclass(frozen=True, slots=True)
class DocumentNode:
    """A document of a voucher; a bundle names the documents it was made of, with the amounts."""

    document: DocumentView
    sources: tuple[tuple[DocumentNode, int], ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """A piece traced to its voucher and to the invoice behind it."""

    voucher: VoucherView
    document: DocumentNode | None
    node: LineageNode
