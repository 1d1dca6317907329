"""Trade documents and import reports in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.orm import Session
from xinlian.finance.adapters.sql import (
    DocumentRow,
    ReferenceRow,
    StatementRow,
)
from xinlian.finance.model.trade.documents import (
    BUYER_KINDS,
    DocumentError,
    DocumentKind,
    PartyRef,
    TradeDocument,
    TradeLine,
)
from xinlian.finance.model.trade.links import LINKS, DocumentLink, Reference
from xinlian.finance.usecases.ports import Identity
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import Fen

_T = TypeVar("_T")
_CHUNK: Final = 500
"""Rows per statement: SQLite takes at most 32 766 parameters."""


class SqlDocumentStore:
    """Documents and links; the session's owner commits."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, identities: Sequence[Identity]) -> Mapping[Identity, TradeDocument]:
        """The stored documents among those named."""
        found: dict[Identity, TradeDocument] = {}
        for chunk in chunks(list(dict.fromkeys(identities))):
            names = [(kind.value, code, number) for kind, code, number in chunk]
            wanted = tuple_(DocumentRow.kind, DocumentRow.author_code, DocumentRow.number)
            for row in self._session.scalars(select(DocumentRow).where(wanted.in_(names))):
                document = document_of(row)
                found[document.identity] = document
        return found

    def get(self, key: DocumentKey) -> TradeDocument | None:
        """The document under a key."""
        row = self._session.get(DocumentRow, key.hex(), populate_existing=True)
        return None if row is None else document_of(row)

    def of_import(self, import_id: str) -> tuple[TradeDocument, ...]:
        """The documents that an import brought in, by date, seller and number."""
        order = (DocumentRow.issued_day, DocumentRow.seller_code, DocumentRow.number)
        query = select(DocumentRow).where(DocumentRow.import_id == import_id).order_by(*order)
        return tuple(document_of(row) for row in self._session.scalars(query))

    def add(self, documents: Iterable[TradeDocument], import_id: str | None) -> None:
        """Add documents that are not stored yet."""
        for chunk in chunks([document_values(doc, import_id) for doc in documents]):
            self._session.execute(insert(DocumentRow), chunk)

    def set_facts(self, documents: Iterable[TradeDocument]) -> None:
        """Write the facts and lines of stored documents."""
        for document in documents:
            self._session.execute(
                update(DocumentRow)
                .where(DocumentRow.key == document.key.hex())
                .values(facts=facts_text(document), lines=lines_text(document))
            )

    def add_references(
        self, said: Iterable[tuple[TradeDocument, Sequence[Reference]]], by: str = ""
    ) -> None:
        """Keep what documents say of others; ``by`` is who says it, if not who speaks for them."""
        rows = [
            _reference_values(document, reference, by or document.author.code)
            for document, references in said
            for reference in references
        ]
        for chunk in chunks(rows):
            self._session.execute(insert(ReferenceRow), chunk)

    def references(
        self, documents: Sequence[TradeDocument], by: str = ""
    ) -> Mapping[DocumentKey, tuple[Reference, ...]]:
        """What documents say of others, by key; ``by`` as in ``add_references``."""
        found: dict[DocumentKey, list[Reference]] = {}
        authors = {document.key: by or document.author.code for document in documents}
        for chunk in chunks(list(authors)):
            names = [(key.hex(), authors[key]) for key in chunk]
            wanted = tuple_(ReferenceRow.source_key, ReferenceRow.stated_by)
            query = select(ReferenceRow).where(wanted.in_(names))
            for row in self._session.scalars(query.order_by(*_REFERENCE_ORDER)):
                key = DocumentKey(bytes.fromhex(row.source_key))
                found.setdefault(key, []).append(reference_of(row))
        return {key: tuple(references) for key, references in found.items()}

    def links(self, key: DocumentKey) -> Sequence[DocumentLink]:
        """Links that start or end at a document and whose both ends stand, in a fixed order."""
        document = self.get(key)
        if document is None:
            return []
        outward = self._outward(document)
        query = select(ReferenceRow).where(
            ReferenceRow.seller_code == document.seller.code,
            ReferenceRow.buyer_code == document.buyer.code,
            ReferenceRow.target_kind == document.kind.value,
            ReferenceRow.target_number == document.number,
        )
        found = list(outward)
        for row in self._session.scalars(query):
            source = self.get(DocumentKey(bytes.fromhex(row.source_key)))
            if source is not None and source.author.code == row.stated_by:
                kind = LINKS[source.kind, document.kind]
                found.append(DocumentLink(source.key, key, kind, Fen(row.amount_fen)))
        return sorted(found, key=lambda link: (link.source, link.target))

    def _outward(self, document: TradeDocument) -> list[DocumentLink]:
        found = []
        for each in self.references([document]).get(document.key, ()):
            identity = identity_of(each, document)
            target = self.find([identity]).get(identity)
            if target is not None and pair_of(target) == pair_of(document):
                kind = LINKS[document.kind, target.kind]
                found.append(DocumentLink(document.key, target.key, kind, each.amount))
        return found


_REFERENCE_ORDER: Final = (
    ReferenceRow.source_key,
    ReferenceRow.target_kind,
    ReferenceRow.target_number,
)


def identity_of(reference: Reference, source: TradeDocument) -> Identity:
    """What names the document that another one refers to."""
    author = source.buyer if reference.kind in BUYER_KINDS else source.seller
    return (reference.kind, author.code, reference.number)


def pair_of(document: TradeDocument) -> tuple[str, str]:
    """The codes of seller and buyer."""
    return (document.seller.code, document.buyer.code)


def reference_of(row: ReferenceRow) -> Reference:
    """A stored reference."""
    return Reference(DocumentKind(row.target_kind), row.target_number, Fen(row.amount_fen))


def _reference_values(document: TradeDocument, reference: Reference, by: str) -> dict[str, object]:
    if (document.kind, reference.kind) not in LINKS:
        raise DocumentError(f"a {document.kind} does not refer to a {reference.kind}")
    return {
        "source_key": document.key.hex(),
        "stated_by": by,
        "target_kind": reference.kind.value,
        "target_number": reference.number,
        "seller_code": document.seller.code,
        "buyer_code": document.buyer.code,
        "amount_fen": int(reference.amount),
    }


def document_of(row: DocumentRow | StatementRow) -> TradeDocument:
    """A stored document."""
    return TradeDocument(
        kind=DocumentKind(row.kind),
        seller=PartyRef(row.seller_code, row.seller_name),
        buyer=PartyRef(row.buyer_code, row.buyer_name),
        number=row.number,
        issued=Day(row.issued_day),
        gross=Fen(row.gross_fen),
        due=None if row.due_day is None else Day(row.due_day),
        delivered=None if row.delivered_day is None else Day(row.delivered_day),
        net=None if row.net_fen is None else Fen(row.net_fen),
        tax=None if row.tax_fen is None else Fen(row.tax_fen),
        facts=tuple(sorted(json.loads(row.facts).items())),
        lines=tuple(
            TradeLine(item, unit, quantity, Fen(amount))
            for item, unit, quantity, amount in json.loads(row.lines)
        ),
    )


def document_values(document: TradeDocument, import_id: str | None) -> dict[str, object]:
    """The columns of a document."""
    return {
        "key": document.key.hex(),
        "kind": document.kind.value,
        "author_code": document.author.code,
        "seller_code": document.seller.code,
        "seller_name": document.seller.name,
        "buyer_code": document.buyer.code,
        "buyer_name": document.buyer.name,
        "number": document.number,
        "issued_day": document.issued,
        "due_day": document.due,
        "delivered_day": document.delivered,
        "gross_fen": int(document.gross),
        "net_fen": None if document.net is None else int(document.net),
        "tax_fen": None if document.tax is None else int(document.tax),
        "facts": facts_text(document),
        "lines": lines_text(document),
        "import_id": import_id,
    }


def facts_text(document: TradeDocument) -> str:
    """Facts as they are stored."""
    return json.dumps(dict(document.facts), ensure_ascii=False, sort_keys=True)


def lines_text(document: TradeDocument) -> str:
    """Lines as they are stored."""
    rows = [[x.item, x.unit, x.quantity_micro, int(x.amount)] for x in document.lines]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def chunks(items: list[_T]) -> Iterator[list[_T]]:
    """Lists short enough for one statement."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
