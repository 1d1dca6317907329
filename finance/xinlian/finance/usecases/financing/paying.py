"""The way from a locked financing to money, and back: registration, payment orders, receipts.

Nothing here touches the chain or a bank directly: orders for the chain are returned, messages for
the bank are queued in the unit of work and sent by ``send_waiting`` after its commit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xinlian.finance.model.banking.bank import (
    BankAccount,
    Payment,
    PaymentOrder,
    PaymentPurpose,
    PaymentRecord,
    PaymentState,
)
from xinlian.finance.model.financing.life import (
    Financing,
    FinancingError,
    FinancingReason,
    Rechecks,
    Stage,
)
from xinlian.finance.model.rules import MarketRules
from xinlian.finance.usecases.ports import BankMessageStore, BankPort, FinancingStore
from xinlian.ledger.model.days import Day, day_at, end_of, iso_of
from xinlian.ledger.model.ids import FinancingId, PieceId
from xinlian.ledger.model.items import RegisterFinancing
from xinlian.ledger.model.money import Fen

INITIATOR: Final = "Xinlian"
_PREFIX: Final = {
    PaymentPurpose.DISBURSEMENT: "D",
    PaymentPurpose.REPAYMENT: "P",
    PaymentPurpose.REDEMPTION: "R",
}


def confirm_lock(
    store: FinancingStore, financing_id: str, chain_id: FinancingId, piece: PieceId
) -> Financing:
    """The lock is final on chain."""
    before = load(store, financing_id)
    return _saved(store, before, before.lock(chain_id, piece))


def release_financing(store: FinancingStore, financing_id: str, why: str) -> Financing:
    """The lock failed or the funder lets go before money flowed."""
    before = load(store, financing_id)
    return _saved(store, before, before.release(why))


def bind_registration(
    store: FinancingStore, financing_id: str, number: str
) -> tuple[Financing, RegisterFinancing]:
    """Bind the registration number; returns what the funder is to order on chain."""
    before = load(store, financing_id)
    holder = store.financing_of_registration(number)
    if holder is not None and holder.id != financing_id:
        raise FinancingError(
            FinancingReason.REGISTRATION_USED, f"{number} is the registration of another financing"
        )
    after = _saved(store, before, before.register(number))
    return after, after.registering()


def claim_recourse(store: FinancingStore, financing_id: str, why: str) -> Financing:
    """The issuer failed to pay and the funder claims back from the seller."""
    before = load(store, financing_id)
    return _saved(store, before, before.claim_recourse(why))


def write_off(store: FinancingStore, financing_id: str, why: str) -> Financing:
    """The funder gives up what is still owed."""
    before = load(store, financing_id)
    return _saved(store, before, before.write_off(why))


@dataclass(frozen=True, slots=True)
class Payout:
    """One financing to be paid out, with the supplier's account and the fresh look-ups."""

    financing_id: str
    creditor: BankAccount
    rechecks: Rechecks


@dataclass(frozen=True, slots=True)
class PayDay:
    """Who pays, when the order is made and when it is to be carried out."""

    debtor: BankAccount
    now: int
    pay_on: Day


def order_disbursements(
    store: FinancingStore,
    messages: BankMessageStore,
    day: PayDay,
    payouts: Sequence[Payout],
    rules: MarketRules,
) -> PaymentOrder:
    """Tell the bank to pay the proceeds of financings from one funder's account.

    Refused as a whole where one of them has no registration number or was not looked up again.
    """
    in_force = rules.at(day_at(day.now))
    payments, records = [], []
    known = store.financings_by_id([payout.financing_id for payout in payouts])
    for payout in payouts:
        before = _known(known, payout.financing_id)
        if before.stage is Stage.PAYING:
            raise FinancingError(
                FinancingReason.PAYMENT_UNDER_WAY,
                f"payment {before.payment_id} of {before.id[:12]} is at the bank: wait for its"
                " answer",
            )
        payment_id = _payment_id(PaymentPurpose.DISBURSEMENT, before.id, before.attempts + 1)
        after = before.instruct(payment_id, payout.rechecks, in_force)
        agreed = before.quote.terms.disburse_day
        if day.pay_on < agreed:
            raise FinancingError(
                FinancingReason.WRONG_DAY, f"the money was agreed for {iso_of(agreed)}, not before"
            )
        if end_of(day.pay_on) > before.lock_expires_at:
            raise FinancingError(
                FinancingReason.LOCK_EXPIRES,
                f"the lock of {before.id[:12]} ends before {iso_of(day.pay_on)} does",
            )
        _saved(store, before, after)
        price = before.quote.pricing.price
        payments.append(Payment(payment_id, payout.creditor, price, f"放款 {before.id[:12]}"))
        records.append(_record(PaymentPurpose.DISBURSEMENT, before.id, payments[-1]))
    return _queue(messages, day, payments, records)


@dataclass(frozen=True, slots=True)
class PayBack:
    """Money that a seller or issuer owes a funder on a financing."""

    financing_id: str
    creditor: BankAccount
    amount: Fen


def order_repayments(
    store: FinancingStore, messages: BankMessageStore, day: PayDay, paybacks: Sequence[PayBack]
) -> PaymentOrder:
    """Tell the bank to repay funders from one account; at most what is still owed."""
    payments, records = [], []
    names = [payback.financing_id for payback in paybacks]
    known = store.financings_by_id(names)
    ids = _NextIds(messages, PaymentPurpose.REPAYMENT, names)
    for payback in paybacks:
        financing = _known(known, payback.financing_id)
        if not 0 < payback.amount <= financing.outstanding:
            raise FinancingError(
                FinancingReason.AMOUNT_WRONG,
                f"{payback.amount.yuan()} to be repaid, {financing.outstanding.yuan()} are owed",
            )
        payment_id = ids.of(financing.id)
        text = f"还款 {financing.id[:12]}"
        payments.append(Payment(payment_id, payback.creditor, payback.amount, text))
        records.append(_record(PaymentPurpose.REPAYMENT, financing.id, payments[-1]))
    return _queue(messages, day, payments, records)


@dataclass(frozen=True, slots=True)
class Redemption:
    """A due piece, or part of it, to be paid to its holder."""

    piece: PieceId
    creditor: BankAccount
    amount: Fen


def order_redemptions(
    messages: BankMessageStore,
    day: PayDay,
    redemptions: Sequence[Redemption],
    on_chain: Callable[[bytes], bool],
) -> PaymentOrder:
    """Tell the issuer's bank to pay the holders of due pieces.

    ``on_chain`` tells whether a receipt has reached the chain: before, a piece that was paid still
    looks unpaid, and is refused.
    """
    payments, records = [], []
    subjects = [str(int(item.piece)) for item in redemptions]
    ids = _NextIds(messages, PaymentPurpose.REDEMPTION, subjects, on_chain)
    for item, subject in zip(redemptions, subjects, strict=True):
        payment_id = ids.of(subject)
        payments.append(Payment(payment_id, item.creditor, item.amount, f"兑付 {subject}"))
        records.append(_record(PaymentPurpose.REDEMPTION, subject, payments[-1]))
    return _queue(messages, day, payments, records)


def send_waiting(messages: BankMessageStore, bank: BankPort) -> int:
    """Send the orders that were committed and not sent; returns their number.

    The bank tells the same order by its id, so a crash between sending and marking is harmless.
    """
    orders = messages.waiting()
    for order in orders:
        bank.send(order)
        messages.mark_sent(order.id)
    return len(orders)


def load(store: FinancingStore, financing_id: str) -> Financing:
    """The financing; raises ``FinancingError`` where there is none."""
    financing = store.financing(financing_id)
    return _known({} if financing is None else {financing_id: financing}, financing_id)


def _known(financings: Mapping[str, Financing], financing_id: str) -> Financing:
    financing = financings.get(financing_id)
    if financing is None:
        raise FinancingError(FinancingReason.UNKNOWN, f"there is no financing {financing_id[:64]}")
    return financing


def _saved(store: FinancingStore, before: Financing, after: Financing) -> Financing:
    if after != before:
        store.save(before, after)
    return after


class _NextIds:
    """Ids of the next payments; refused while the one before is still under way."""

    def __init__(
        self,
        messages: BankMessageStore,
        purpose: PaymentPurpose,
        subjects: Sequence[str],
        is_done: Callable[[bytes], bool] = lambda _: True,
    ) -> None:
        self._purpose = purpose
        self._is_done = is_done
        self._last = messages.last_payments(purpose, subjects)
        self._given: set[str] = set()

    def of(self, subject: str) -> str:
        last = self._last.get(subject)
        waiting = last is not None and last.state is PaymentState.ORDERED
        if waiting or subject in self._given:
            raise FinancingError(
                FinancingReason.PAYMENT_UNDER_WAY, f"a payment for {subject[:20]} is under way"
            )
        if last is not None and last.receipt is not None and not self._is_done(last.receipt):
            raise FinancingError(
                FinancingReason.PAYMENT_UNDER_WAY,
                f"piece {subject[:20]} was paid; its receipt is on its way to the chain",
            )
        self._given.add(subject)
        attempt = 1 if last is None else int(last.id[-4:]) + 1
        return _payment_id(self._purpose, subject, attempt)


def _payment_id(purpose: PaymentPurpose, subject: str, attempt: int) -> str:
    """At most 35 characters: the purpose's letter, 28 hex digits of a digest, the attempt."""
    digest = hashlib.sha256(f"{purpose}\n{subject}".encode()).hexdigest()[:28]
    return f"{_PREFIX[purpose]}{digest}{attempt:04d}"


def _record(purpose: PaymentPurpose, subject: str, payment: Payment) -> PaymentRecord:
    return PaymentRecord(payment.id, "", purpose, subject, payment.amount)


def _queue(
    messages: BankMessageStore,
    day: PayDay,
    payments: Sequence[Payment],
    records: Sequence[PaymentRecord],
) -> PaymentOrder:
    today = day_at(day.now)
    if day.pay_on < today:
        raise FinancingError(
            FinancingReason.WRONG_DAY, f"{iso_of(day.pay_on)} is past; today is {iso_of(today)}"
        )
    digest = hashlib.sha256("\n".join(payment.id for payment in payments).encode()).hexdigest()
    order = PaymentOrder(
        id=f"O{digest[:32]}",
        created_at=day.now,
        initiator=INITIATOR,
        debtor=day.debtor,
        pay_on=day.pay_on,
        payments=tuple(payments),
    )
    messages.queue(order, records, day.now)
    return order
