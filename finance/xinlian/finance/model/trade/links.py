"""What documents say of each other: references by number, and the links that they become.

Every link goes from a later kind of document to an earlier one, so that no circle of links exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xinlian.finance.model.trade.documents import DocumentError, DocumentKind, TradeDocument
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import Fen

REFERENCES_MAX: Final = 500
"""Most references of one document."""


class LinkKind(StrEnum):
    """What a document says of another: ``source`` <kind> ``target``."""

    UNDER = "under"
    """A contract follows a tender, an order is placed under a contract."""
    FULFILS = "fulfils"
    """A delivery fulfils an order."""
    ACCEPTS = "accepts"
    """An acceptance note takes over what was delivered, or part of it."""
    BILLS = "bills"
    """An invoice bills a delivery or an order."""
    REVERSES = "reverses"
    """A credit note (red-letter invoice) takes back part or all of an invoice."""
    SETTLES = "settles"
    """A payment pays part or all of an invoice, perhaps in advance."""
    CONTESTS = "contests"
    """A dispute holds back part or all of an invoice."""


_K = DocumentKind
LINKS: Final = {
    (_K.CONTRACT, _K.TENDER): LinkKind.UNDER,
    (_K.ORDER, _K.CONTRACT): LinkKind.UNDER,
    (_K.DELIVERY, _K.ORDER): LinkKind.FULFILS,
    (_K.ACCEPTANCE, _K.DELIVERY): LinkKind.ACCEPTS,
    (_K.INVOICE, _K.DELIVERY): LinkKind.BILLS,
    (_K.INVOICE, _K.ORDER): LinkKind.BILLS,
    (_K.CREDIT_NOTE, _K.INVOICE): LinkKind.REVERSES,
    (_K.PAYMENT, _K.INVOICE): LinkKind.SETTLES,
    (_K.DISPUTE, _K.INVOICE): LinkKind.CONTESTS,
}
"""The kind of link from one kind of document to another; there are no others."""

USUAL_TARGET: Final = {
    _K.CONTRACT: _K.TENDER,
    _K.ORDER: _K.CONTRACT,
    _K.DELIVERY: _K.ORDER,
    _K.ACCEPTANCE: _K.DELIVERY,
    _K.INVOICE: _K.DELIVERY,
    _K.CREDIT_NOTE: _K.INVOICE,
    _K.PAYMENT: _K.INVOICE,
    _K.DISPUTE: _K.INVOICE,
}
"""What a document refers to where it names a number alone."""


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """A link from ``source`` to ``target`` over an amount in fen."""

    source: DocumentKey
    target: DocumentKey
    kind: LinkKind
    amount: Fen


@dataclass(frozen=True, slots=True)
class Reference:
    """What a document says of another one by its number, whether or not that one is known yet."""

    kind: DocumentKind
    number: str
    amount: Fen


def check_link(link: DocumentLink, source: TradeDocument, target: TradeDocument) -> None:
    """Raise ``DocumentError`` where a link joins kinds, parties or amounts that can't belong."""
    if LINKS.get((source.kind, target.kind)) is not link.kind:
        raise DocumentError(f"{source.kind} {link.kind} {target.kind} is no link")
    if (source.seller.code, source.buyer.code) != (target.seller.code, target.buyer.code):
        raise DocumentError("linked documents are between the same seller and buyer")
    if not 0 < link.amount <= source.gross:
        raise DocumentError("a link's amount is above zero and within the document it starts from")


def check_references(source: TradeDocument, references: tuple[Reference, ...]) -> None:
    """Raise ``DocumentError`` where a document cannot say this of others."""
    if len(references) > REFERENCES_MAX:
        raise DocumentError(f"a document refers to {REFERENCES_MAX} others at most")
    names = {(each.kind, each.number) for each in references}
    if len(names) != len(references):
        raise DocumentError("a document refers to another one once")
    for each in references:
        if (source.kind, each.kind) not in LINKS:
            raise DocumentError(f"a {source.kind} does not refer to a {each.kind}")
        if not 0 < each.amount <= source.gross:
            raise DocumentError("a reference's amount is above zero and within its document")
