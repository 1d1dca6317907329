"""Files that come in and go out as the API shows them: imports, payments, bank messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from xinlian.finance.model.trade.documents import TradeDocument
from xinlian.finance.model.trade.import_report import ImportReport
from xinlian.ledger.model.days import Day, iso_of
from xinlian.services.api.schemas.common import (
    AmountFen,
    Body,
    DayText,
    FinancingNo,
    Hex32,
    PartyNo,
    RootNo,
    TotalFen,
    UnixSeconds,
    View,
    hex32,
)
from xinlian.services.api.schemas.financing import IdText
from xinlian.services.app.banking import BankMessage
from xinlian.services.app.imports import ImportedRow

__all__ = [
    "BankMessageView",
    "DisbursementBody",
    "ImportRowView",
    "ImportView",
    "InstructedView",
    "PaymentBody",
    "RedemptionBody",
    "RepaymentBody",
]


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
