"""Trade documents, who speaks for each, and the key by which the chain knows one.

tender → contract → order → delivery → acceptance → invoice → payment; credit notes and disputes
hang on invoices. Amounts stand on the documents and on the links between them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import Fen

KEY_DOMAIN: Final = "xinlian:trade-document:v1"
CURRENCY: Final = "CNY"
LINES_MAX: Final = 2_000
QUANTITY_MICRO_MAX: Final = 10**15
"""Thousand million units in millionths: what JSON numbers hold exactly."""


class DocumentError(ValueError):
    """A document or link contradicts itself."""


class DocumentKind(StrEnum):
    """What a trade document is."""

    TENDER = "tender"
    CONTRACT = "contract"
    ORDER = "order"
    DELIVERY = "delivery"
    ACCEPTANCE = "acceptance"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    DISPUTE = "dispute"


BUYER_KINDS: Final = frozenset(
    {
        DocumentKind.TENDER,
        DocumentKind.ORDER,
        DocumentKind.ACCEPTANCE,
        DocumentKind.PAYMENT,
        DocumentKind.DISPUTE,
    }
)
"""Kinds for which the buyer speaks; for the others it is the seller."""

CHAIN_KINDS: Final = {
    DocumentKind.CONTRACT: 1,
    DocumentKind.ORDER: 2,
    DocumentKind.DELIVERY: 3,
    DocumentKind.INVOICE: 4,
}
"""Kinds that the contract TradeDocuments registers, with its numbers."""


@dataclass(frozen=True, slots=True)
class PartyRef:
    """A party as documents name it: its unified social credit code and name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class TradeLine:
    """What a document says of one item: quantity in millionths of the unit, amount with tax."""

    item: str
    unit: str
    quantity_micro: int
    amount: Fen


def document_key(
    kind: DocumentKind, author_code: str, number: str, issued: Day, gross: Fen
) -> DocumentKey:
    """The 32-byte key of a document.

    SHA-256 over the UTF-8 text ``xinlian:trade-document:v1``, kind, social credit code of who
    speaks for it (an invoice's seller), number, date as ``YYYY-MM-DD`` and gross amount in whole
    fen, joined by line feeds (U+000A), with none at the end. No field can hold a line feed, so no
    two documents share a text.
    """
    fields = (KEY_DOMAIN, kind.value, author_code, number, iso_of(issued), str(int(gross)))
    if any("\n" in field for field in fields):
        raise DocumentError("a field of a document key holds a line feed")
    return DocumentKey(hashlib.sha256("\n".join(fields).encode()).digest())


@dataclass(frozen=True, slots=True)
class TradeDocument:
    """A trade document; immutable, corrections are further documents.

    ``gross`` includes tax. ``lines`` are in order of item, each item once. ``facts`` are what
    became known later (name, value), in order of name: never part of what was known at the
    document's date.
    """

    kind: DocumentKind
    seller: PartyRef
    buyer: PartyRef
    number: str
    issued: Day
    gross: Fen
    due: Day | None = None
    delivered: Day | None = None
    net: Fen | None = None
    tax: Fen | None = None
    facts: tuple[tuple[str, str], ...] = ()
    lines: tuple[TradeLine, ...] = ()

    def __post_init__(self) -> None:
        if self.gross <= 0:
            raise DocumentError("a document's gross amount is above zero")
        if self.seller.code == self.buyer.code:
            raise DocumentError("a document's seller and buyer are two companies")
        if (self.net is None) != (self.tax is None):
            raise DocumentError("net and tax amount stand together")
        if self.net is not None and self.tax is not None and self.net + self.tax != self.gross:
            raise DocumentError("net amount plus tax is not the gross amount")
        if self.lines:
            _check_lines(self)

    @property
    def author(self) -> PartyRef:
        """The party whose word about the document counts."""
        return self.buyer if self.kind in BUYER_KINDS else self.seller

    @property
    def key(self) -> DocumentKey:
        """The key under which the chain knows the document."""
        return document_key(self.kind, self.author.code, self.number, self.issued, self.gross)

    @property
    def identity(self) -> tuple[DocumentKind, str, str]:
        """What names the document among people: kind, code of who speaks for it, number."""
        return (self.kind, self.author.code, self.number)


def _check_lines(document: TradeDocument) -> None:
    lines = document.lines
    if len(lines) > LINES_MAX:
        raise DocumentError(f"a document has {LINES_MAX} lines at most")
    items = [line.item for line in lines]
    if items != sorted(set(items)):
        raise DocumentError("a document names each item once, in order")
    if any(not 0 < line.quantity_micro <= QUANTITY_MICRO_MAX for line in lines):
        raise DocumentError("a line's quantity is above zero and within bounds")
    if any(line.amount < 0 for line in lines):
        raise DocumentError("a line's amount is not negative")
    if sum(int(line.amount) for line in lines) != document.gross:
        raise DocumentError("the amounts of the lines do not add up to the document's")


def differing_field(stored: TradeDocument, given: TradeDocument) -> str | None:
    """The first field in which two documents of one identity differ, or None.

    Names of parties don't count (companies rename themselves). A fact that only one of the two
    holds doesn't count either, nor do lines: they became known in between.
    """
    pairs = (
        ("invoice_date", stored.issued, given.issued),
        ("amount", stored.gross, given.gross),
        ("due_date", stored.due, given.due),
        ("buyer_code", stored.buyer.code, given.buyer.code),
        ("seller_code", stored.seller.code, given.seller.code),
        ("delivery_date", stored.delivered, given.delivered),
        ("net_amount", stored.net, given.net),
        ("tax_amount", stored.tax, given.tax),
    )
    for name, before, now in pairs:
        if before != now:
            return name
    if stored.lines and given.lines and stored.lines != given.lines:
        return "lines"
    known = dict(stored.facts)
    for name, value in given.facts:
        if known.get(name, value) != value:
            return f"facts.{name}"
    return None


@dataclass(frozen=True, slots=True)
class DocumentRegistration:
    """What is to be ordered on chain for a document (TradeDocuments.registerDocument)."""

    document: DocumentKey
    kind: int
    seller_code: str
    buyer_code: str
    amount: Fen


def registration_of(document: TradeDocument, usable: Fen) -> DocumentRegistration:
    """The registration of a document with its usable amount."""
    if document.kind not in CHAIN_KINDS:
        raise DocumentError(f"a {document.kind} is not registered on chain")
    if not 0 < usable <= document.gross:
        raise DocumentError("a usable amount lies above zero and within the document's amount")
    return DocumentRegistration(
        document.key,
        CHAIN_KINDS[document.kind],
        document.seller.code,
        document.buyer.code,
        usable,
    )
