"""Import of e-invoices: invoices, and red-letter invoices that reverse them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from xinlian.finance.model.trade.documents import DocumentError, DocumentKind, TradeDocument
from xinlian.finance.model.trade.import_reasons import Outcome, RowProblemError, RowReason
from xinlian.finance.model.trade.import_report import ImportReport, RowResult, import_id_of
from xinlian.finance.model.trade.links import DocumentLink, LinkKind
from xinlian.finance.usecases.ports import DocumentStore, ImportStore
from xinlian.finance.usecases.trade.documents import record_document
from xinlian.finance.usecases.trade.import_table import ImportSource, own

MAPPING_NAME: Final = "e-invoice"
MAPPING_DIGEST: Final = hashlib.sha256(b"xinlian:e-invoice:v1").hexdigest()


class ReadInvoice(Protocol):
    """An e-invoice as read, with the number of the one it reverses, if it reverses one."""

    @property
    def document(self) -> TradeDocument:
        """The invoice or credit note."""

    @property
    def reverses(self) -> str | None:
        """The number of the reversed invoice."""


@dataclass(frozen=True, slots=True)
class _Taker:
    documents: DocumentStore
    by: str

    def take(self, line: int, item: ReadInvoice | RowProblemError) -> RowResult:
        try:
            if isinstance(item, RowProblemError):
                raise item
            own(item.document, self.by)
            links = self._reversal(item)
            return replace(record_document(self.documents, item.document, links), line=line)
        except RowProblemError as exc:
            return RowResult(line, Outcome.INVALID, exc.reason, exc.field, exc.message[:300])
        except DocumentError as exc:
            reason = RowReason.REVERSAL_UNMATCHED
            return RowResult(line, Outcome.INVALID, reason, "reverses", str(exc)[:300])

    def _reversal(self, item: ReadInvoice) -> list[DocumentLink]:
        note = item.document
        if note.kind is not DocumentKind.CREDIT_NOTE:
            return []
        if item.reverses is None:
            raise DocumentError("the red-letter invoice doesn't name the invoice it reverses")
        identity = (DocumentKind.INVOICE, note.seller.code, item.reverses)
        invoice = self.documents.find([identity]).get(identity)
        if invoice is None:
            raise DocumentError(f"the reversed invoice {item.reverses} is not known")
        return [DocumentLink(note.key, invoice.key, LinkKind.REVERSES, note.gross)]


def import_einvoices(
    source: ImportSource,
    found: Sequence[ReadInvoice | RowProblemError],
    documents: DocumentStore,
    imports: ImportStore,
    now: int,
) -> ImportReport:
    """Bring in e-invoices; a result's line is the place in ``found``, from 1.

    Invoices are taken before the red-letter ones, whatever their order, so that a batch may hold
    both.
    """
    import_id = import_id_of(source.sha256, MAPPING_DIGEST, None, source.by)
    earlier = imports.find(import_id)
    if earlier is not None:
        return replace(earlier, repeated=True)
    head = ImportReport(
        import_id=import_id,
        file_name=source.name,
        file_sha256=source.sha256,
        mapping_name=MAPPING_NAME,
        mapping_digest=MAPPING_DIGEST,
        judged_day=None,
        imported_at=now,
        rows=(),
    )
    imports.begin(head)
    taker = _Taker(documents, source.by)
    order = sorted(enumerate(found, start=1), key=lambda pair: (_is_note(pair[1]), pair[0]))
    results = sorted((taker.take(line, item) for line, item in order), key=lambda row: row.line)
    report = replace(head, rows=tuple(results))
    imports.finish(report)
    return report


def _is_note(item: ReadInvoice | RowProblemError) -> bool:
    return not isinstance(item, RowProblemError) and item.document.kind is DocumentKind.CREDIT_NOTE
