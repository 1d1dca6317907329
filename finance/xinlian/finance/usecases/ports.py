"""What the use cases need from outside: stores, clock, bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from xinlian.finance.model.banking.bank import (
    BankNotification,
    PaymentOrder,
    PaymentPurpose,
    PaymentRecord,
)
from xinlian.finance.model.financing.life import Financing
from xinlian.finance.model.financing.quotes import Quote, QuoteRequest
from xinlian.finance.model.trade.documents import DocumentKind, TradeDocument
from xinlian.finance.model.trade.import_report import ImportReport
from xinlian.finance.model.trade.links import DocumentLink, Reference
from xinlian.ledger.model.ids import DocumentKey, PieceId

Identity = tuple[DocumentKind, str, str]
"""Kind, code of who speaks for it, and number: what names a document among people."""


class Clock(Protocol):
    """Time, passed in so that tests and demos set it."""

    def now(self) -> int:
        """Unix seconds."""


class DocumentStore(Protocol):
    """Trade documents and the links between them."""

    def find(self, identities: Sequence[Identity]) -> Mapping[Identity, TradeDocument]:
        """The stored documents among those named."""

    def get(self, key: DocumentKey) -> TradeDocument | None:
        """The document under a key."""

    def add(self, documents: Iterable[TradeDocument], import_id: str | None) -> None:
        """Add documents that are not stored yet."""

    def set_facts(self, documents: Iterable[TradeDocument]) -> None:
        """Write the facts and lines of stored documents."""

    def add_references(self, said: Iterable[tuple[TradeDocument, Sequence[Reference]]]) -> None:
        """Keep what documents say of others, where it is not kept yet."""

    def references(
        self, documents: Sequence[TradeDocument]
    ) -> Mapping[DocumentKey, tuple[Reference, ...]]:
        """What documents say of others, by key."""

    def links(self, key: DocumentKey) -> Sequence[DocumentLink]:
        """Links that start or end at a document, in a fixed order."""


class ImportStore(Protocol):
    """Reports of imports."""

    def find(self, import_id: str) -> ImportReport | None:
        """The report of an import that was made."""

    def begin(self, report: ImportReport) -> None:
        """Write the head of a report, to which documents then refer."""

    def finish(self, report: ImportReport) -> None:
        """Write how every row ended."""


class SendOutcome(StrEnum):
    """What became of a message handed to a bank."""

    SENT = "sent"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True)
class Inbound:
    """A notification that waits to be taken; ``token`` names it to the port."""

    token: str
    notification: BankNotification
    content: bytes


class BankPort(Protocol):
    """A way to a bank. Sending the same message again is harmless."""

    def send(self, order: PaymentOrder) -> SendOutcome:
        """Hand an order to the bank; another order under the same id raises ``BankError``."""

    def receive(self) -> Sequence[Inbound]:
        """Notifications that wait, oldest first. What can't be read is set aside with a reason."""

    def done(self, inbound: Inbound) -> None:
        """The notification's effects are committed: it need not come again."""

    def reject(self, inbound: Inbound, reason: str) -> None:
        """Set a notification aside that can be read but not be taken."""


class FinancingStore(Protocol):
    """Requests, quotes and financings."""

    def request(self, request_id: str) -> QuoteRequest | None:
        """A request."""

    def add_request(self, request: QuoteRequest) -> None:
        """Add a request that is not stored yet."""

    def withdraw_request(self, request_id: str) -> None:
        """Mark a request as withdrawn."""

    def quote(self, quote_id: str) -> Quote | None:
        """A quote."""

    def quotes(self, request_id: str) -> Sequence[Quote]:
        """Every quote on a request, in order of id."""

    def add_quote(self, quote: Quote) -> None:
        """Add a quote that is not stored yet."""

    def withdraw_quote(self, quote_id: str) -> None:
        """Mark a quote as withdrawn."""

    def financing(self, financing_id: str) -> Financing | None:
        """A financing by its id (its quote's)."""

    def financing_of_request(self, request_id: str) -> Financing | None:
        """The financing that a request became."""

    def financings_by_id(self, ids: Sequence[str]) -> Mapping[str, Financing]:
        """The financings among those named."""

    def financings_of_pieces(self, pieces: Sequence[PieceId]) -> Mapping[PieceId, Financing]:
        """For each piece the newest financing whose lock cut it out, where there is one."""

    def financing_of_registration(self, number: str) -> Financing | None:
        """The financing to which a registration number is bound."""

    def add_financing(self, financing: Financing) -> None:
        """Add a financing; another one on the same request can't exist."""

    def save(self, before: Financing, after: Financing) -> None:
        """Write a financing; raises ``ChangedMeanwhileError`` if it is no longer as before."""


class BankMessageStore(Protocol):
    """Messages to and from banks, once by direction and message id, and the payments in them."""

    def queue(self, order: PaymentOrder, records: Sequence[PaymentRecord], now: int) -> None:
        """Keep an order to be sent once the unit of work is committed."""

    def payments(self, payment_ids: Sequence[str]) -> Mapping[str, PaymentRecord]:
        """The payments among those named."""

    def last_payments(
        self, purpose: PaymentPurpose, subjects: Sequence[str]
    ) -> Mapping[str, PaymentRecord]:
        """The newest payment for each subject that has one."""

    def settle_payments(self, records: Sequence[PaymentRecord]) -> None:
        """Write the state and receipt of payments."""

    def waiting(self) -> Sequence[PaymentOrder]:
        """Orders queued and not marked as sent, oldest first."""

    def mark_sent(self, order_id: str) -> None:
        """The order is with the bank."""

    def take(self, inbound: Inbound, now: int) -> bool:
        """Keep a notification; False if it was taken before. Other content raises ``BankError``."""


class ChangedMeanwhileError(RuntimeError):
    """Someone else changed the same financing: roll back, read it again, decide again."""
