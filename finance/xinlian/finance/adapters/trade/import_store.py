"""Import reports in SQL."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from xinlian.finance.adapters.sql import ImportLineRow, ImportRow
from xinlian.finance.adapters.trade.document_store import chunks
from xinlian.finance.model.trade.import_reasons import Outcome, RowReason
from xinlian.finance.model.trade.import_report import ImportReport, RowResult
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import DocumentKey


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
