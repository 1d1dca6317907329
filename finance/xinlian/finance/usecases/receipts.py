"""What a bank's notification means: each entry becomes an effect and, where due, a chain order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from xinlian.finance.model.bank import (
    BankEntry,
    PaymentPurpose,
    PaymentRecord,
    PaymentState,
)
from xinlian.finance.model.financing import Payer, Repayment, Stage
from xinlian.finance.model.quotes import FinancingKind
from xinlian.finance.usecases.paying import load
from xinlian.finance.usecases.ports import BankMessageStore, FinancingStore, Inbound
from xinlian.ledger.model.ids import PieceId
from xinlian.ledger.model.items import Disburse, Redeem, Repay


class EffectKind(StrEnum):
    """What an entry means."""

    DISBURSED = "disbursed"
    REPAID = "repaid"
    REDEEMED = "redeemed"
    RETURNED = "returned"
    """The payment came back before its effect was taken: it may be tried again."""
    RETURNED_LATE = "returned_late"
    """The payment came back after its effect was taken: people have to look."""
    REPEATED = "repeated"
    """The bank told the same movement before."""
    AMOUNT_DIFFERS = "amount_differs"
    UNMATCHED = "unmatched"
    """No payment of ours: money that moved without an order."""


@dataclass(frozen=True, slots=True)
class BankEffect:
    """An entry, what it means, and what the paying bank's party is to order on chain for it."""

    kind: EffectKind
    entry: BankEntry
    payment: PaymentRecord | None = None
    item: Disburse | Repay | Redeem | None = None


def take_notification(
    store: FinancingStore, messages: BankMessageStore, inbound: Inbound, now: int
) -> list[BankEffect]:
    """Take a notification into the books, within the caller's unit of work.

    A notification that was taken before gives no effects. After the commit the caller tells the
    bank port that it is done.
    """
    if not messages.take(inbound, now):
        return []
    notification = inbound.notification
    known = messages.payments([entry.payment_id for entry in notification.entries])
    returned = {entry.payment_id for entry in notification.entries if entry.returned}
    effects = []
    for entry in notification.entries:
        payment = known.get(entry.payment_id)
        if payment is None:
            effects.append(BankEffect(EffectKind.UNMATCHED, entry))
        elif entry.amount != payment.amount:
            effects.append(BankEffect(EffectKind.AMOUNT_DIFFERS, entry, payment))
        elif entry.returned:
            effects.append(_take_return(store, messages, payment, entry))
        elif entry.payment_id in returned:
            # The debit of a payment that the same notification takes back.
            continue
        elif payment.state is not PaymentState.ORDERED:
            effects.append(BankEffect(EffectKind.REPEATED, entry, payment))
        else:
            receipt = entry.receipt(notification.id)
            booked = replace(payment, state=PaymentState.BOOKED, receipt=receipt)
            messages.settle_payment(booked)
            effects.append(_take_booking(store, booked, entry, receipt))
    return effects


def _take_return(
    store: FinancingStore, messages: BankMessageStore, payment: PaymentRecord, entry: BankEntry
) -> BankEffect:
    if payment.state is PaymentState.RETURNED:
        return BankEffect(EffectKind.REPEATED, entry, payment)
    if payment.state is PaymentState.BOOKED:
        return BankEffect(EffectKind.RETURNED_LATE, entry, payment)
    back = replace(payment, state=PaymentState.RETURNED)
    messages.settle_payment(back)
    if payment.purpose is PaymentPurpose.DISBURSEMENT:
        before = load(store, payment.subject)
        store.save(before, before.payment_refused(payment.id, f"returned: {entry.returned}"))
    return BankEffect(EffectKind.RETURNED, entry, back)


def _take_booking(
    store: FinancingStore, payment: PaymentRecord, entry: BankEntry, receipt: bytes
) -> BankEffect:
    if payment.purpose is PaymentPurpose.DISBURSEMENT:
        before = load(store, payment.subject)
        after = before.disburse(receipt, entry.amount)
        store.save(before, after)
        item = None
        if after.chain_id is not None:
            item = Disburse(after.chain_id, entry.amount, receipt)
        return BankEffect(EffectKind.DISBURSED, entry, payment, item)
    if payment.purpose is PaymentPurpose.REPAYMENT:
        before = load(store, payment.subject)
        after = before.repay(Repayment(receipt, entry.amount, Payer.SELLER))
        store.save(before, after)
        repay = None
        # The chain closes a financing once, when all of it is repaid.
        if after.stage is Stage.SETTLED and after.chain_id is not None:
            repay = Repay(after.chain_id, after.repaid, receipt)
        return BankEffect(EffectKind.REPAID, entry, payment, repay)
    piece = PieceId(int(payment.subject))
    _settle_sold_piece(store, piece, entry, receipt)
    redeem = Redeem(piece, entry.amount, receipt)
    return BankEffect(EffectKind.REDEEMED, entry, payment, redeem)


def _settle_sold_piece(
    store: FinancingStore, piece: PieceId, entry: BankEntry, receipt: bytes
) -> None:
    """What the issuer pays on a sold piece reaches its funder and settles the financing."""
    before = store.financing_of_piece(piece)
    if before is None or before.quote.terms.kind is not FinancingKind.SALE:
        return
    if entry.amount <= before.outstanding:
        store.save(before, before.repay(Repayment(receipt, entry.amount, Payer.ISSUER)))
