"""Trade documents: how much of each may be used, and how much is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from xinlian.ledger.model.book_state import AMOUNT_MAX, Books, Moment, refuse
from xinlian.ledger.model.errors import Failure
from xinlian.ledger.model.ids import DocumentKey, PartyId
from xinlian.ledger.model.items import Combine, ContractName, CreditNote, RegisterDocument
from xinlian.ledger.model.parties import Party, Role
from xinlian.ledger.model.vouchers import Document

BUNDLE: Final = 5
KINDS: Final = range(1, 6)


def register(books: Books, by: Party, item: RegisterDocument, _now: Moment) -> int:
    """A buyer registers a document of a seller; a bundle begins empty."""
    books.with_role(by, Role.ISSUER)
    if item.document_kind not in KINDS:
        refuse(Failure.DOCUMENTS_KIND, kind=item.document_kind)
    if item.seller == by.id:
        refuse(Failure.DOCUMENTS_SELF, party=by.id)
    books.member(item.seller, Role.SUPPLIER)
    fits = item.amount == 0 if item.document_kind == BUNDLE else 0 < item.amount <= AMOUNT_MAX
    if not fits:
        refuse(Failure.DOCUMENTS_AMOUNT, amount=item.amount)
    if item.document in books.documents:
        refuse(Failure.DOCUMENTS_EXISTS, document=item.document)
    books.documents[item.document] = Document(
        item.amount, 0, by.id, PartyId(item.seller), item.document_kind
    )
    return 0


def credit_note(books: Books, by: Party, item: CreditNote, _now: Moment) -> int:
    """Take back part of a document; what vouchers stand on stays, and is noted as shortfall."""
    document = _known(books, item.document)
    if by.id not in (document.buyer, document.seller):
        refuse(Failure.DOCUMENTS_NOT_PARTY, document=item.document, party=by.id)
    if (item.document, item.note) in books.notes:
        refuse(Failure.DOCUMENTS_NOTE_APPLIED, note=item.note)
    if not 0 < item.amount <= document.usable - document.shortfall:
        refuse(Failure.DOCUMENTS_AMOUNT, amount=item.amount)
    taken = min(item.amount, document.usable - document.used)
    books.notes.add((item.document, item.note))
    books.documents[item.document] = replace(
        document,
        usable=document.usable - taken,
        shortfall=document.shortfall + item.amount - taken,
    )
    return 0


def combine(books: Books, by: Party, item: Combine, _now: Moment) -> int:
    """Move free amount of a document into a bundle of the same buyer and seller."""
    target = _known(books, item.target)
    source = _known(books, item.source)
    if target.kind != BUNDLE:
        refuse(Failure.DOCUMENTS_KIND, kind=target.kind)
    if source.kind == BUNDLE:
        refuse(Failure.DOCUMENTS_KIND, kind=source.kind)
    for key, document in ((item.target, target), (item.source, source)):
        if document.buyer != by.id:
            refuse(Failure.DOCUMENTS_NOT_PARTY, document=key, party=by.id)
    if source.seller != target.seller:
        refuse(
            Failure.DOCUMENTS_NOT_SELLER,
            document=item.source,
            party=target.seller,
            seller=source.seller,
        )
    if not 0 < item.amount <= AMOUNT_MAX - target.usable:
        refuse(Failure.DOCUMENTS_AMOUNT, amount=item.amount)
    free = source.usable - source.used
    if item.amount > free:
        refuse(Failure.DOCUMENTS_INSUFFICIENT, document=item.source, wanted=item.amount, free=free)
    # Moved, not used up: a later credit note finds the amount in one place only.
    books.documents[item.source] = replace(source, usable=source.usable - item.amount)
    books.documents[item.target] = replace(target, usable=target.usable + item.amount)
    return 0


def check_use(
    books: Books, key: DocumentKey, buyer: PartyId, seller: PartyId, amount: int
) -> Document:
    """The document as it will stand after a voucher of ``amount`` from buyer to seller."""
    books.running(ContractName.DOCUMENTS)
    document = _known(books, key)
    if document.buyer != buyer:
        refuse(Failure.DOCUMENTS_NOT_PARTY, document=key, party=buyer)
    if document.seller != seller:
        refuse(Failure.DOCUMENTS_NOT_SELLER, document=key, party=seller, seller=document.seller)
    return _taken(key, document, amount)


def check_restore(books: Books, key: DocumentKey, amount: int) -> Document:
    """The document as it will stand after a voucher of ``amount`` came to nothing."""
    books.running(ContractName.DOCUMENTS)
    document = books.documents[key]
    late = min(amount, document.shortfall)
    return replace(
        document,
        used=document.used - amount,
        usable=document.usable - late,
        shortfall=document.shortfall - late,
    )


def _known(books: Books, key: DocumentKey) -> Document:
    document = books.documents.get(key)
    if document is None:
        refuse(Failure.DOCUMENTS_UNKNOWN, document=key)
    return document


def _taken(key: DocumentKey, document: Document, amount: int) -> Document:
    free = document.usable - document.used
    if amount > free:
        refuse(Failure.DOCUMENTS_INSUFFICIENT, document=key, wanted=amount, free=free)
    return replace(document, used=document.used + amount)
