"""Quotes asked for and given, financings, imports and bank messages as the API shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from xinlian.finance.model.documents import TradeDocument
from xinlian.finance.model.import_report import ImportReport
from xinlian.finance.model.quotes import Quote, QuoteRequest, terms_hash
from xinlian.ledger.model.days import Day, iso_of
from xinlian.services.api.schemas.common import (
    AmountFen,
    Body,
    DayText,
    FinancingNo,
    Hex32,
    PartyNo,
    PieceNo,
    RootNo,
    TotalFen,
    UnixSeconds,
    View,
    hex32,
)
from xinlian.services.api.schemas.orders import OrderView
from xinlian.services.app.banking import BankMessage
from xinlian.services.app.financing import Asking
from xinlian.services.app.imports import ImportedRow

__all__ = [
    "AcceptedView",
    "BankMessageView",
    "DisbursementBody",
    "ImportRowView",
    "ImportView",
    "InstructedView",
    "PaymentBody",
    "QuoteBody",
    "QuoteRequestBody",
    "QuoteRequestView",
    "QuoteView",
    "RedemptionBody",
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


class DisbursementBody(Body):
    """Pay the proceeds of registered financings of yours, as their funder."""

    purpose: Literal["disbursement"]
    pay_on: DayText
    financings: Annotated[list[FinancingNo], Field(min_length=1, max_length=100)]


class RedemptionBody(Body):
    """Pay all that is due on vouchers of yours, as their issuer."""

    purpose: Literal["redemption"]
    pay_on: DayText
    vouchers: Annotated[list[RootNo], Field(min_length=1, max_length=100)]


class RepaymentBody(Body):
    """Pay back, in whole or part, a loan or a recourse claim on a piece that was yours."""

    purpose: Literal["repayment"]
    pay_on: DayText
    financing: FinancingNo
    amount_fen: AmountFen


PaymentBody = Annotated[
    DisbursementBody | RedemptionBody | RepaymentBody, Field(discriminator="purpose")
]


class InstructedView(View):
    """A payment order that is kept and on its way to the bank."""

    message: str
    bank: PartyNo
    exists: bool


class ImportView(View):
    """An import and how its rows ended. ``repeated``: this file was imported before."""

    id: IdText
    file_name: str
    file_sha256: IdText
    mapping: str
    imported_at: UnixSeconds
    rows: Annotated[int, Field(ge=0)]
    accepted: Annotated[int, Field(ge=0)]
    exists: Annotated[int, Field(ge=0)]
    conflict: Annotated[int, Field(ge=0)]
    invalid: Annotated[int, Field(ge=0)]
    repeated: bool

    @classmethod
    def of(cls, report: ImportReport) -> ImportView:
        """The view of a report."""
        counts = report.counts
        return cls(
            id=report.import_id,
            file_name=report.file_name,
            file_sha256=report.file_sha256,
            mapping=report.mapping_name,
            imported_at=report.imported_at,
            rows=len(report.rows),
            accepted=counts["accepted"],
            exists=counts["exists"],
            conflict=counts["conflict"],
            invalid=counts["invalid"],
            repeated=report.repeated,
        )


class TradeDocumentView(View):
    """A trade document as imported; ``document`` is the key under which the chain knows it."""

    document: Hex32
    kind: str
    number: str
    seller_code: str
    seller_name: str
    buyer_code: str
    buyer_name: str
    issued_day: DayText
    due_day: DayText | None
    gross_fen: TotalFen

    @classmethod
    def of(cls, document: TradeDocument) -> TradeDocumentView:
        """The view of a document."""
        return cls(
            document=hex32(document.key),
            kind=document.kind.value,
            number=document.number,
            seller_code=document.seller.code,
            seller_name=document.seller.name,
            buyer_code=document.buyer.code,
            buyer_name=document.buyer.name,
            issued_day=iso_of(document.issued),
            due_day=None if document.due is None else iso_of(Day(document.due)),
            gross_fen=int(document.gross),
        )


class ImportRowView(View):
    """How one row ended: accepted, exists, conflict (naming the field) or invalid (why)."""

    line: Annotated[int, Field(ge=1)]
    outcome: Literal["accepted", "exists", "conflict", "invalid"]
    reason: str | None
    field: str | None
    message: str
    document: TradeDocumentView | None

    @classmethod
    def of(cls, row: ImportedRow) -> ImportRowView:
        """The view of a row."""
        result = row.result
        return cls(
            line=result.line,
            outcome=result.outcome.value,
            reason=None if result.reason is None else result.reason.value,
            field=result.field,
            message=result.message,
            document=None if row.document is None else TradeDocumentView.of(row.document),
        )


class PaymentView(View):
    """A payment in a message. ``subject``: finance's id of the financing, or the piece."""

    id: str
    purpose: str
    subject: str
    amount_fen: TotalFen
    state: str
    receipt: str | None


class EffectView(View):
    """What an entry of a notification meant, and the order that it led to."""

    effect: str
    payment: str
    amount_fen: TotalFen
    order: Hex32 | None


class BankMessageView(View):
    """A message to a bank (``out``, pain.001) or from one (``in``, camt.054)."""

    direction: Literal["in", "out"]
    id: str
    created_at: UnixSeconds
    content: str
    payments: list[PaymentView]
    effects: list[EffectView]
    exists: bool = False

    @classmethod
    def of(cls, message: BankMessage) -> BankMessageView:
        """The view of a message."""
        return cls(
            direction="in" if message.direction == "in" else "out",
            id=message.id,
            created_at=message.created_at,
            content=message.content,
            payments=[
                PaymentView(
                    id=payment.id,
                    purpose=payment.purpose,
                    subject=payment.subject,
                    amount_fen=payment.amount,
                    state=payment.state,
                    receipt=payment.receipt,
                )
                for payment in message.payments
            ],
            effects=[
                EffectView(
                    effect=effect.effect,
                    payment=effect.payment_id,
                    amount_fen=effect.amount,
                    order=None if effect.order is None else hex32(effect.order),
                )
                for effect in message.effects
            ],
            exists=message.exists,
        )
