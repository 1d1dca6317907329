"""What a bank's notification means: each entry becomes an effect and, where due, a chain order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from xinlian.finance.model.banking.bank import (
    BankEntry,
    PaymentPurpose,
    PaymentRecord,
    PaymentState,
)
from xinlian.finance.model.financing.life import (
    Financing,
    FinancingError,
    FinancingReason,
    Payer,
    Repayment,
    Stage,
)
from xinlian.finance.model.financing.quotes import FinancingKind
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
    UNFIT = "unfit"
    """Booked, but the financing can't take it where it stands: people have to look."""


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
    entries = inbound.notification.entries
    books = _Books(store, messages.payments([entry.payment_id for entry in entries]))
    returned = {entry.payment_id for entry in entries if entry.returned}
    effects = []
    for entry in entries:
        payment = books.payments.get(entry.payment_id)
        if payment is None:
            effects.append(BankEffect(EffectKind.UNMATCHED, entry))
        elif entry.amount != payment.amount:
            effects.append(BankEffect(EffectKind.AMOUNT_DIFFERS, entry, payment))
        elif entry.returned:
            effects.append(books.take_return(payment, entry))
        elif entry.payment_id in returned and payment.state is PaymentState.ORDERED:
            # The debit of a payment that the same notification takes back.
            continue
        elif payment.state is not PaymentState.ORDERED:
            effects.append(BankEffect(EffectKind.REPEATED, entry, payment))
        else:
            receipt = entry.receipt(inbound.notification.id)
            effects.append(books.take_booking(payment, entry, receipt))
    messages.settle_payments([books.payments[name] for name in sorted(books.settled)])
    return effects


class _Books:
    """Payments and financings of one notification, as they stand while it is taken."""

    def __init__(self, store: FinancingStore, payments: Mapping[str, PaymentRecord]) -> None:
        self._store = store
        self.payments = dict(payments)
        self.settled: set[str] = set()
        of_financing = [
            record.subject
            for record in payments.values()
            if record.purpose is not PaymentPurpose.REDEMPTION
        ]
        pieces = [
            PieceId(int(record.subject))
            for record in payments.values()
            if record.purpose is PaymentPurpose.REDEMPTION
        ]
        self._financings = dict(store.financings_by_id(of_financing))
        self._by_piece = {}
        for piece, financing in store.financings_of_pieces(pieces).items():
            self._by_piece[piece] = financing.id
            self._financings.setdefault(financing.id, financing)

    def take_return(self, payment: PaymentRecord, entry: BankEntry) -> BankEffect:
        if payment.state is PaymentState.RETURNED:
            return BankEffect(EffectKind.REPEATED, entry, payment)
        if payment.state is PaymentState.BOOKED:
            return BankEffect(EffectKind.RETURNED_LATE, entry, payment)
        back = self._settle(replace(payment, state=PaymentState.RETURNED))
        try:
            if payment.purpose is PaymentPurpose.DISBURSEMENT:
                before = self._financing(payment)
                why = f"returned: {entry.returned}"
                self._save(before, before.payment_refused(payment.id, why))
        except FinancingError:
            return BankEffect(EffectKind.UNFIT, entry, back)
        return BankEffect(EffectKind.RETURNED, entry, back)

    def take_booking(self, payment: PaymentRecord, entry: BankEntry, receipt: bytes) -> BankEffect:
        booked = self._settle(replace(payment, state=PaymentState.BOOKED, receipt=receipt))
        if payment.purpose is PaymentPurpose.REDEMPTION:
            piece = PieceId(int(payment.subject))
            self._settle_financed_piece(piece, entry, receipt)
            redeem = Redeem(piece, entry.amount, receipt)
            return BankEffect(EffectKind.REDEEMED, entry, booked, redeem)
        try:
            if payment.purpose is PaymentPurpose.DISBURSEMENT:
                return self._disburse(booked, entry, receipt)
            return self._repay(booked, entry, receipt)
        except FinancingError:
            return BankEffect(EffectKind.UNFIT, entry, booked)

    def _disburse(self, booked: PaymentRecord, entry: BankEntry, receipt: bytes) -> BankEffect:
        before = self._financing(booked)
        after = before.disburse(receipt, entry.amount)
        self._save(before, after)
        item = None
        if after.chain_id is not None:
            item = Disburse(after.chain_id, entry.amount, receipt)
        return BankEffect(EffectKind.DISBURSED, entry, booked, item)

    def _repay(self, booked: PaymentRecord, entry: BankEntry, receipt: bytes) -> BankEffect:
        before = self._financing(booked)
        after = before.repay(Repayment(receipt, entry.amount, Payer.SELLER))
        self._save(before, after)
        item = None
        # The chain closes a financing once, when all of it is repaid.
        if after.stage is Stage.SETTLED and after.chain_id is not None:
            item = Repay(after.chain_id, after.repaid, receipt)
        return BankEffect(EffectKind.REPAID, entry, booked, item)

    def _settle_financed_piece(self, piece: PieceId, entry: BankEntry, receipt: bytes) -> None:
        """What the issuer pays on a financed piece reaches its funder and settles the financing.

        A pledged piece may bring more than the loan: what is beyond it is the seller's, and between
        the two of them.
        """
        before = self._financings.get(self._by_piece.get(piece, ""))
        if before is None:
            return
        amount = entry.amount
        if before.quote.terms.kind is FinancingKind.PLEDGE:
            amount = min(amount, before.outstanding)
        if 0 < amount <= before.outstanding:
            self._save(before, before.repay(Repayment(receipt, amount, Payer.ISSUER)))

    def _financing(self, payment: PaymentRecord) -> Financing:
        found = self._financings.get(payment.subject)
        if found is None:
            raise FinancingError(FinancingReason.UNKNOWN, f"no financing {payment.subject[:12]}")
        return found

    def _save(self, before: Financing, after: Financing) -> None:
        self._store.save(before, after)
        self._financings[after.id] = after

    def _settle(self, record: PaymentRecord) -> PaymentRecord:
        self.payments[record.id] = record
        self.settled.add(record.id)
        return record
