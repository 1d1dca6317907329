"""Quotes asked for, given and accepted, and the steps of a financing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from xinlian.finance.model.financing.quotes import Quote, QuoteRequest, terms_hash
from xinlian.ledger.model.days import iso_of
from xinlian.services.api.schemas.common import (
    AmountFen,
    Body,
    DayText,
    Hex32,
    PartyNo,
    PieceNo,
    TotalFen,
    UnixSeconds,
    View,
    hex32,
)
from xinlian.services.api.schemas.orders import OrderView
from xinlian.services.app.financing import Asking

__all__ = [
    "AcceptedView",
    "IdText",
    "QuoteBody",
    "QuoteRequestBody",
    "QuoteRequestView",
    "QuoteView",
    "RegistrationBody",
    "ReleaseBody",
]

IdText = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(examples=["5a" * 32])]
Ppm = Annotated[int, Field(ge=0, le=1_000_000, examples=[38_500])]
FeeTimeWord = Literal["upfront", "maturity"]
KindWord = Literal["sale", "pledge"]
BasisWord = Literal["ACT/360", "ACT/365"]


class QuoteRequestBody(Body):
    """Ask for quotes on an amount of a piece that you hold, for so many seconds."""

    piece: PieceNo
    amount_fen: AmountFen
    back: bool = False
    closes_at: UnixSeconds


class QuoteRequestView(View):
    """A request for quotes. ``accepted`` tells that a quote was accepted."""

    id: IdText
    supplier: PartyNo
    issuer: PartyNo
    piece: PieceNo
    amount_fen: TotalFen
    back: bool
    issued_day: DayText
    due_day: DayText
    requested_at: UnixSeconds
    closes_at: UnixSeconds
    withdrawn: bool
    accepted: bool
    exists: bool = False

    @classmethod
    def of(cls, asking: Asking) -> QuoteRequestView:
        """The view of a request."""
        request = asking.request
        return cls(
            id=request.id,
            supplier=request.supplier,
            issuer=asking.issuer,
            piece=request.piece,
            amount_fen=int(request.amount),
            back=request.back,
            issued_day=iso_of(request.issued),
            due_day=iso_of(request.due),
            requested_at=request.requested_at,
            closes_at=request.closes_at,
            withdrawn=request.withdrawn,
            accepted=asking.financing is not None,
            exists=asking.exists,
        )


class FeeBody(Body):
    """A fee that the supplier bears."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]+$")]
    amount_fen: AmountFen
    when: FeeTimeWord


class QuoteBody(Body):
    """A funder's offer. ``bank`` is the paying bank whose receipts will prove payment."""

    kind: KindWord
    recourse: bool
    rate_ppm: Ppm
    basis: BasisWord
    disburse_day: DayText
    bank: PartyNo
    fees: Annotated[list[FeeBody], Field(max_length=16)] = Field(default_factory=list)
    advance_ppm: Annotated[int, Field(ge=1, le=1_000_000)] = 1_000_000
    tenor_reason: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""
    expires_at: UnixSeconds


class FeeView(View):
    """A fee that the supplier bears."""

    name: str
    amount_fen: TotalFen
    when: FeeTimeWord


class QuoteView(View):
    """A quote and what it comes to. ``all_in`` is the supplier's annual cost, fees included."""

    id: IdText
    request: IdText
    funder: PartyNo
    kind: KindWord
    recourse: bool
    rate_ppm: Ppm
    basis: BasisWord
    bank: PartyNo
    fees: list[FeeView]
    advance_ppm: int
    tenor_reason: str
    quoted_at: UnixSeconds
    expires_at: UnixSeconds
    withdrawn: bool
    face_fen: TotalFen
    interest_fen: TotalFen
    price_fen: TotalFen
    owed_fen: TotalFen
    start_day: DayText
    maturity_day: DayText
    days: Annotated[int, Field(ge=1)]
    all_in: Annotated[str, Field(examples=["0.042311"])]
    rules_version: str
    terms: Hex32
    exists: bool = False

    @classmethod
    def of(cls, quote: Quote, request: QuoteRequest, *, exists: bool = False) -> QuoteView:
        """The view of a quote."""
        terms, pricing = quote.terms, quote.pricing
        return cls(
            id=quote.id,
            request=quote.request_id,
            funder=quote.funder,
            kind=terms.kind.value,
            recourse=terms.recourse,
            rate_ppm=terms.rate,
            basis=terms.basis.value,
            bank=terms.bank,
            fees=[
                FeeView(name=fee.name, amount_fen=int(fee.amount), when=fee.when.value)
                for fee in terms.fees
            ],
            advance_ppm=terms.advance_ppm,
            tenor_reason=terms.tenor_reason,
            quoted_at=quote.quoted_at,
            expires_at=quote.expires_at,
            withdrawn=quote.withdrawn,
            face_fen=int(pricing.face),
            interest_fen=int(pricing.interest),
            price_fen=int(pricing.price),
            owed_fen=int(pricing.owed),
            start_day=iso_of(pricing.start),
            maturity_day=iso_of(pricing.maturity),
            days=pricing.days,
            all_in=str(pricing.all_in),
            rules_version=quote.rules_version,
            terms=hex32(terms_hash(request, quote)),
            exists=exists,
        )


class AcceptedView(View):
    """An accepted quote, and the order that is to lock the piece."""

    financing_id: IdText
    order: OrderView


class RegistrationBody(Body):
    """Number under which the movable-property registry (中登网) holds the financing."""

    registration_number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z\-]{8,40}$")]


class ReleaseBody(Body):
    """Why a financing ends before money flowed; a code of your own."""

    reason: Annotated[int, Field(ge=0, le=2**32 - 1)] = 0
