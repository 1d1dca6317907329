"""Payments told to a bank, and what the bank says happened: the content of ISO 20022 messages."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinlian.finance.model.trade.codes import parse_account, parse_cnaps
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.money import Fen

PAYMENTS_MAX: Final = 1_000
PAYMENT_MAX: Final = Fen(10**18 - 1)
"""ISO 20022 amounts have 18 digits in all."""

NAME_CHARS_MAX: Final = 140
TEXT_CHARS_MAX: Final = 140
# Max35Text, kept to what is also safe as a file name.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9+\-]{0,34}", re.ASCII)
_REASON = re.compile(r"[A-Z0-9]{4}", re.ASCII)


class BankError(ValueError):
    """A payment or bank message is malformed."""


def message_id(text: str) -> str:
    """An id of at most 35 letters, digits, plus and hyphen, checked."""
    if _ID.fullmatch(text) is None:
        raise BankError(f"an id has at most 35 letters, digits, + and -: {text[:50]!r}")
    return text


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account: its owner's name, number and the bank's 12-digit CNAPS code."""

    name: str
    account: str
    bank_code: str

    def __post_init__(self) -> None:
        parse_account(self.account)
        parse_cnaps(self.bank_code)
        if not 0 < len(self.name) <= NAME_CHARS_MAX or not self.name.isprintable():
            raise BankError(f"an account owner's name has 1 to {NAME_CHARS_MAX} characters")


@dataclass(frozen=True, slots=True)
class Payment:
    """One credit transfer in CNY. ``id`` is the end-to-end id that comes back with the receipt."""

    id: str
    creditor: BankAccount
    amount: Fen
    text: str = ""

    def __post_init__(self) -> None:
        message_id(self.id)
        if not 0 < self.amount <= PAYMENT_MAX:
            raise BankError("a payment's amount is above zero and has at most 18 digits")
        if len(self.text) > TEXT_CHARS_MAX or (self.text and not self.text.isprintable()):
            raise BankError(f"a payment's text has at most {TEXT_CHARS_MAX} characters")


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """Payments from one account on one day: the content of a pain.001 message."""

    id: str
    created_at: int
    initiator: str
    debtor: BankAccount
    pay_on: Day
    payments: tuple[Payment, ...]

    def __post_init__(self) -> None:
        message_id(self.id)
        if not 0 < len(self.payments) <= PAYMENTS_MAX:
            raise BankError(f"an order holds 1 to {PAYMENTS_MAX} payments")
        if len({payment.id for payment in self.payments}) != len(self.payments):
            raise BankError("two payments of an order have one end-to-end id")
        if self.total > PAYMENT_MAX:
            raise BankError("an order's payments add up to more than 18 digits")

    @property
    def total(self) -> Fen:
        """The sum of the payments."""
        return Fen(sum(payment.amount for payment in self.payments))


class PaymentPurpose(StrEnum):
    """What a payment is for; its subject is named in brackets."""

    DISBURSEMENT = "disbursement"
    """Proceeds to the supplier (financing id)."""
    REPAYMENT = "repayment"
    """Loan or recourse claim to the funder (financing id)."""
    REDEMPTION = "redemption"
    """A due piece to its holder (piece id)."""


class PaymentState(StrEnum):
    """How far a payment is."""

    ORDERED = "ordered"
    BOOKED = "booked"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """A payment told to a bank: what it is for and how it ended."""

    id: str
    order_id: str
    purpose: PaymentPurpose
    subject: str
    amount: Fen
    state: PaymentState = PaymentState.ORDERED
    receipt: bytes | None = None


@dataclass(frozen=True, slots=True)
class BankEntry:
    """A booked movement on an account, from a camt.054 notification.

    ``returned`` is the ISO reason code of a payment that came back, else empty.
    """

    reference: str
    account: str
    credit: bool
    amount: Fen
    booked: Day
    payment_id: str
    returned: str = ""

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise BankError("an entry's amount is above zero")
        if self.returned and _REASON.fullmatch(self.returned) is None:
            raise BankError("a return has a reason code of four letters and digits")

    def receipt(self, notification_id: str) -> bytes:
        """The 32 bytes that stand for this movement on chain.

        SHA-256 over ``xinlian:bank-receipt:v1``, notification id, entry reference, end-to-end id,
        direction and fen, joined by line feeds.
        """
        direction = "credit" if self.credit else "debit"
        fields = (
            "xinlian:bank-receipt:v1",
            notification_id,
            self.reference,
            self.payment_id,
            direction,
            str(int(self.amount)),
        )
        return hashlib.sha256("\n".join(fields).encode()).digest()


@dataclass(frozen=True, slots=True)
class BankNotification:
    """What a bank says happened: the content of a camt.054 message."""

    id: str
    created_at: int
    entries: tuple[BankEntry, ...]

    def __post_init__(self) -> None:
        message_id(self.id)
