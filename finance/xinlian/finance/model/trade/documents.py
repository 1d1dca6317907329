"""Trade documents, the links between them, and the key by which the chain knows one.

tender → contract → order → delivery → invoice → payment; credit notes and disputes hang on
invoices. Amounts stand on the documents and on the links between them.
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


class DocumentError(ValueError):
    """A document or link contradicts itself."""


class DocumentKind(StrEnum):
    """What a trade document is."""

    CONTRACT = "contract"
    ORDER = "order"
    DELIVERY = "delivery"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    DISPUTE = "dispute"


CHAIN_KINDS: Final = {
    DocumentKind.CONTRACT: 1,
    DocumentKind.ORDER: 2,
    DocumentKind.DELIVERY: 3,
    DocumentKind.INVOICE: 4,
}
"""Kinds that the contract TradeDocuments registers, with its numbers."""


class LinkKind(StrEnum):
    """What a document says of another: ``source`` <kind> ``target``."""

    UNDER = "under"
    """An order is placed under a contract."""
    FULFILS = "fulfils"
    """A delivery fulfils an order."""
    BILLS = "bills"
    """An invoice bills a delivery or an order."""
    REVERSES = "reverses"
    """A credit note (red-letter invoice) takes back part or all of an invoice."""
    SETTLES = "settles"
    """A payment pays part or all of an invoice, perhaps in advance."""
    CONTESTS = "contests"
    """A dispute holds back part or all of an invoice."""


_LINK_ENDS: Final = {
    LinkKind.UNDER: ({DocumentKind.ORDER}, {DocumentKind.CONTRACT}),
    LinkKind.FULFILS: ({DocumentKind.DELIVERY}, {DocumentKind.ORDER}),
    LinkKind.BILLS: ({DocumentKind.INVOICE}, {DocumentKind.DELIVERY, DocumentKind.ORDER}),
    LinkKind.REVERSES: ({DocumentKind.CREDIT_NOTE}, {DocumentKind.INVOICE}),
    LinkKind.SETTLES: ({DocumentKind.PAYMENT}, {DocumentKind.INVOICE}),
    LinkKind.CONTESTS: ({DocumentKind.DISPUTE}, {DocumentKind.INVOICE}),
}


@dataclass(frozen=True, slots=True)
class PartyRef:
    """A party as documents name it: its unified social credit code and name."""

    code: str
    name: str


def document_key(
    kind: DocumentKind, seller_code: str, number: str, issued: Day, gross: Fen
) -> DocumentKey:
    """The 32-byte key of a document.

    SHA-256 over the UTF-8 text ``xinlian:trade-document:v1``, kind, seller's social credit code,
    number, date as ``YYYY-MM-DD`` and gross amount in whole fen, joined by line feeds (U+000A),
    with none at the end. No field can hold a line feed, so no two documents share a text.
    """
    fields = (KEY_DOMAIN, kind.value, seller_code, number, iso_of(issued), str(int(gross)))
    if any("\n" in field for field in fields):
        raise DocumentError("a field of a document key holds a line feed")
    return DocumentKey(hashlib.sha256("\n".join(fields).encode()).digest())


@dataclass(frozen=True, slots=True)
class TradeDocument:
    """A trade document; immutable, corrections are further documents.

    ``gross`` includes tax. ``facts`` are what became known later (name, value), in order of name:
    never part of what was known at the document's date.
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

    def __post_init__(self) -> None:
        if self.gross <= 0:
            raise DocumentError("a document's gross amount is above zero")
        if self.seller.code == self.buyer.code:
            raise DocumentError("a document's seller and buyer are two companies")
        if (self.net is None) != (self.tax is None):
            raise DocumentError("net and tax amount stand together")
        if self.net is not None and self.tax is not None and self.net + self.tax != self.gross:
            raise DocumentError("net amount plus tax is not the gross amount")

    @property
    def key(self) -> DocumentKey:
        """The key under which the chain knows the document."""
        return document_key(self.kind, self.seller.code, self.number, self.issued, self.gross)

    @property
    def identity(self) -> tuple[DocumentKind, str, str]:
        """What names the document among people: kind, seller's code, number."""
        return (self.kind, self.seller.code, self.number)


def differing_field(stored: TradeDocument, given: TradeDocument) -> str | None:
    """The first field in which two documents of one identity differ, or None.

    Names of parties don't count (companies rename themselves). A fact that only one of the two
    holds doesn't count either: it became known in between.
    """
    pairs = (
        ("invoice_date", stored.issued, given.issued),
        ("amount", stored.gross, given.gross),
        ("due_date", stored.due, given.due),
        ("buyer_code", stored.buyer.code, given.buyer.code),
        ("delivery_date", stored.delivered, given.delivered),
        ("net_amount", stored.net, given.net),
        ("tax_amount", stored.tax, given.tax),
    )
    for name, before, now in pairs:
        if before != now:
            return name
    known = dict(stored.facts)
    for name, value in given.facts:
        if known.get(name, value) != value:
            return f"facts.{name}"
    return None


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A link from ``source`` to ``target`` over an amount in fen."""

    source: DocumentKey
    target: DocumentKey
    kind: LinkKind
    amount: Fen


def check_link(link: DocumentLink, source: TradeDocument, target: TradeDocument) -> None:
    """Raise ``DocumentError`` where a link joins kinds, parties or amounts that can't belong."""
    sources, targets = _LINK_ENDS[link.kind]
    if source.kind not in sources or target.kind not in targets:
        raise DocumentError(f"{source.kind} {link.kind} {target.kind} is no link")
    if (source.seller.code, source.buyer.code) != (target.seller.code, target.buyer.code):
        raise DocumentError("linked documents are between the same seller and buyer")
    if not 0 < link.amount <= source.gross:
        raise DocumentError("a link's amount is above zero and within the document it starts from")


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
