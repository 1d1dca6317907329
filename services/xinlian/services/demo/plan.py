"""What the demo's director plans: invoices in, orders out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import DocumentKey, FinancingId, PartyId, PieceId, RootId
from xinlian.ledger.model.items import (
    Disburse,
    Item,
    OpenFinancing,
    Redeem,
    RegisterFinancing,
    Repay,
)
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
class DayPlan:
    """Orders of one day, to be sent in this order. Parts are numbered from 1 through the run."""

    part: int
    day: Day
    orders: tuple[Planned, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A holder's request for quotes on ``amount`` fen of a piece; ``back``: from its end.

    ``issued`` and ``due`` are the voucher's days; the money is wanted on ``pay_day``.
    """

    seller: PartyId
    piece: PieceId
    amount: int
    back: bool
    issued: Day
    due: Day
    pay_day: Day


@dataclass(frozen=True, slots=True)
class Deal:
    """An accepted quote, the best of ``quotes``, and the order that locks the piece for it."""

    reference: str
    opening: OpenFinancing
    quotes: int


@dataclass(frozen=True, slots=True)
class Loan:
    """A financing on the chain: its number, the piece it locked, the deal and the seller."""

    id: FinancingId
    piece: PieceId
    seller: PartyId
    deal: Deal
    amount: int
    due: Day
    pay_day: Day


@dataclass(frozen=True, slots=True)
class Due:
    """Money that an issuer owes on a piece, and to whom it goes."""

    issuer: PartyId
    piece: PieceId
    amount: int
    payee: PartyId


class Outlet(Protocol):
    """Where the director's parts of days go, and how it learns what is final."""

    def put(self, plan: DayPlan) -> None:
        """Send a part on its way."""

    def wait_final(self, part: int) -> None:
        """Return when every order of this part, and of those before, is final and took effect."""


class BackOffice(Protocol):
    """What happens off the chain: quotes, the movable-property registry, payments.

    Every list that comes back is in the order of the list given. Whoever calls makes sure that
    what a step rests on is final on the chain: money never moves for what could still be undone.
    """

    def quote(self, day: Day, asks: Sequence[Ask]) -> list[Deal | None]:
        """Have at least two funders quote on each request and accept the best, if there are."""

    def opened(self, day: Day, loans: Sequence[Loan]) -> None:
        """The pieces of these deals are locked on the chain."""

    def released(self, day: Day, loans: Sequence[Loan]) -> None:
        """The funder let go before money flowed."""

    def register(self, day: Day, loans: Sequence[Loan]) -> list[RegisterFinancing]:
        """Enter each into the registry; what binds the number on the chain."""

    def pay_out(self, day: Day, loans: Sequence[Loan]) -> list[Disburse]:
        """Have the funders' banks pay the sellers; the bank's certificate of each."""

    def repay(self, day: Day, loans: Sequence[Loan], *, recourse: bool) -> list[Repay]:
        """Have the sellers pay the funders back; the bank's certificate of each."""

    def redeem(self, day: Day, bank: PartyId, dues: Sequence[Due]) -> list[Redeem]:
        """Have the issuers' bank pay; its certificate of each. No piece may stand twice."""


class Mirror(Protocol):
    """A copy of the books in memory, kept in step with what was sent, that foretells ids."""

    def run(self, time: int, party: PartyId, items: Sequence[Item]) -> list[int]:
        """Apply an order; for each item the number of the piece or financing made or changed.

        Raises ``LedgerError`` where the contract would refuse.
        """

    def expire(self, time: int, pieces: Sequence[PieceId]) -> None:
        """End offers that ran out."""

    def piece(self, piece: PieceId) -> Piece:
        """One piece."""

    def pieces_of(self, root: RootId) -> Sequence[PieceId]:
        """Every piece of a root, in order of its index."""

    def financed_piece(self, financing: FinancingId) -> PieceId:
        """The piece that a financing locked."""

    def blocked(self, issuer: PartyId) -> bool:
        """Whether an issuer may not issue."""
