"""What the demo's director plans: invoices in, orders out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import DocumentKey, FinancingId, PartyId, PieceId, RootId
from xinlian.ledger.model.items import Item
from xinlian.ledger.model.vouchers import Piece


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice of the file, as far as the demo needs it. ``amount`` is the usable one, in fen.

    ``settled`` is the day on which the buyer really paid, where the file knows it.
    """

    line: int
    number: str
    buyer: PartyId
    seller: PartyId
    amount: int
    issued: Day
    due: Day
    settled: Day | None
    document: DocumentKey


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """One order to sign: its party and its items, all of one kind."""

    party: PartyId
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class PlannedExpiry:
    """Offers that ran out, ended by the operator's own call."""

    pieces: tuple[PieceId, ...]


Planned = PlannedOrder | PlannedExpiry


@dataclass(frozen=True, slots=True)
class Ask:
    """A holder's request for quotes on ``amount`` fen of a piece; ``back``: from its end."""

    seller: PartyId
    piece: PieceId
    amount: int
    back: bool
    due: Day


@dataclass(frozen=True, slots=True)
class Deal:
    """An accepted quote. ``terms`` is the hash that binds it on the chain."""

    reference: str
    funder: PartyId
    sale: bool
    recourse: bool
    price: int
    maturity: Day
    terms: bytes
    quotes: int


@dataclass(frozen=True, slots=True)
class Registration:
    """An entry in the movable-property registry; ``hash`` is what the chain holds."""

    number: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that one party's bank moves to another party."""

    payer: PartyId
    payee: PartyId
    amount: int
    purpose: str


class Market(Protocol):
    """Where suppliers ask for quotes and funders give them."""

    def deals(self, day: Day, asks: Sequence[Ask]) -> list[Deal]:
        """Quotes of at least two funders for each request, the best of each accepted."""

    def opened(self, day: Day, opened: Sequence[tuple[Deal, FinancingId, PieceId]]) -> None:
        """The pieces of these deals are locked on the chain."""

    def register(
        self, day: Day, deals: Sequence[tuple[Deal, FinancingId, PieceId]]
    ) -> list[Registration]:
        """Registration of each financing in the movable-property registry."""


class Bank(Protocol):
    """The paying banks: payment orders in, receipts out."""

    def pay(self, day: Day, bank: PartyId, payments: Sequence[Payment]) -> list[bytes]:
        """Carry out payments; the hash of the receipt of each, 32 bytes, none equal to another."""


class Mirror(Protocol):
    """A copy of the books in memory, kept in step with what was sent, that foretells ids."""

    def apply(self, time: int, party: PartyId, item: Item) -> int:
        """Apply one item; the id of what it made (piece or financing), or 0.

        Raises ``LedgerError`` where the contract would refuse.
        """

    def expire(self, time: int, operator: PartyId, pieces: Sequence[PieceId]) -> None:
        """End offers that ran out."""

    def piece(self, piece: PieceId) -> Piece:
        """One piece."""

    def pieces_of(self, root: RootId) -> Sequence[PieceId]:
        """Every piece of a root, in order of its index."""

    def financed_piece(self, financing: FinancingId) -> PieceId:
        """The piece that a financing locked."""

    def blocked(self, issuer: PartyId) -> bool:
        """Whether an issuer may not issue."""
