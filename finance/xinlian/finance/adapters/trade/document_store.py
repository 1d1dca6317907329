"""Trade documents and import reports in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from sqlalchemy import insert, or_, select, tuple_, update
from sqlalchemy.orm import Session
from xinlian.finance.adapters.sql import (
    DocumentRow,
    ImportLineRow,
    ImportRow,
    LinkRow,
    StatementRow,
)
from xinlian.finance.model.trade.documents import (
    DocumentKind,
    DocumentLink,
    LinkKind,
    PartyRef,
    TradeDocument,
)
from xinlian.finance.model.trade.import_reasons import Outcome, RowReason
from xinlian.finance.model.trade.import_report import ImportReport, RowResult
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
            wanted = tuple_(DocumentRow.kind, DocumentRow.seller_code, DocumentRow.number)
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
        """Write the facts of stored documents."""
        for document in documents:
            self._session.execute(
                update(DocumentRow)
                .where(DocumentRow.key == document.key.hex())
                .values(facts=facts_text(document))
            )

    def add_link(self, link: DocumentLink) -> None:
        """Add a link that is not stored yet."""
        values = {
            "source_key": link.source.hex(),
            "target_key": link.target.hex(),
            "kind": link.kind.value,
            "amount_fen": int(link.amount),
        }
        self._session.execute(insert(LinkRow), [values])

    def links(self, key: DocumentKey) -> Sequence[DocumentLink]:
        """Links that start or end at a document, in a fixed order."""
        text = key.hex()
        query = (
            select(LinkRow)
            .where(or_(LinkRow.source_key == text, LinkRow.target_key == text))
            .order_by(LinkRow.source_key, LinkRow.target_key)
        )
        return [
            DocumentLink(
                DocumentKey(bytes.fromhex(row.source_key)),
                DocumentKey(bytes.fromhex(row.target_key)),
                LinkKind(row.kind),
                Fen(row.amount_fen),
            )
            for row in self._session.scalars(query)
        ]


class SqlImportStore:
    """Reports of imports; the session's owner commits."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, import_id: str) -> ImportReport | None:
        """The report of an import that was made."""
        row = self._session.get(ImportRow, import_id)
        if row is None:
            return None
        lines = (
            select(ImportLineRow)
            .where(ImportLineRow.import_id == import_id)
            .order_by(ImportLineRow.line)
        )
        return ImportReport(
            import_id=row.id,
            file_name=row.file_name,
            file_sha256=row.file_sha256,
            mapping_name=row.mapping_name,
            mapping_digest=row.mapping_digest,
            judged_day=None if row.judged_day is None else Day(row.judged_day),
            imported_at=row.imported_at,
            rows=tuple(_result(line) for line in self._session.scalars(lines)),
        )

    def begin(self, report: ImportReport) -> None:
        """Write the head of a report, to which documents then refer."""
        head = {
            "id": report.import_id,
            "file_name": report.file_name[:255],
            "file_sha256": report.file_sha256,
            "mapping_name": report.mapping_name[:100],
            "mapping_digest": report.mapping_digest,
            "judged_day": report.judged_day,
            "imported_at": report.imported_at,
        }
        self._session.execute(insert(ImportRow), [head])

    def finish(self, report: ImportReport) -> None:
        """Write how every row ended."""
        for chunk in chunks([_result_values(report.import_id, row) for row in report.rows]):
            self._session.execute(insert(ImportLineRow), chunk)


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
    )


def document_values(document: TradeDocument, import_id: str | None) -> dict[str, object]:
    """The columns of a document."""
    return {
        "key": document.key.hex(),
        "kind": document.kind.value,
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
        "import_id": import_id,
    }


def facts_text(document: TradeDocument) -> str:
    """Facts as they are stored."""
    return json.dumps(dict(document.facts), ensure_ascii=False, sort_keys=True)


def _result(row: ImportLineRow) -> RowResult:
    return RowResult(
        line=row.line,
        outcome=Outcome(row.outcome),
        reason=None if row.reason is None else RowReason(row.reason),
        field=row.field,
        message=row.message,
        document=(
            None if row.document_key is None else DocumentKey(bytes.fromhex(row.document_key))
        ),
    )


def _result_values(import_id: str, row: RowResult) -> dict[str, object]:
    return {
        "import_id": import_id,
        "line": row.line,
        "outcome": row.outcome.value,
        "reason": None if row.reason is None else row.reason.value,
        "field": None if row.field is None else row.field[:100],
        "message": row.message,
        "document_key": None if row.document is None else row.document.hex(),
    }


def chunks(items: list[_T]) -> Iterator[list[_T]]:
    """Lists short enough for one statement."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
