"""Import of receivables: every row ends as accepted, exists, conflict or invalid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from xinlian.finance.model.documents import TradeDocument, differing_field
from xinlian.finance.model.import_reasons import (
    ROW_REASON_TEXT,
    FileReason,
    FileRefusedError,
    Outcome,
    RowProblemError,
)
from xinlian.finance.model.import_report import (
    MESSAGE_CHARS_MAX,
    ImportReport,
    RowResult,
    import_id_of,
)
from xinlian.finance.model.mapping import Mapping
from xinlian.finance.model.receivables import RowReader
from xinlian.finance.model.tables import SourceRow, Table, check_columns
from xinlian.finance.usecases.ports import DocumentStore, Identity, ImportStore
from xinlian.ledger.model.days import day_at

BATCH_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A file as it was read: its name and the SHA-256 of its bytes."""

    name: str
    sha256: str


def import_table(
    source: ImportSource,
    table: Table,
    mapping: Mapping,
    documents: DocumentStore,
    imports: ImportStore,
    now: int,
) -> ImportReport:
    """Bring a table of receivables in, within the caller's unit of work.

    The same file by the same mapping (on the same day, where dates are judged) returns the report
    of the first time with ``repeated`` set. Raises ``FileRefusedError`` when the file as a whole
    can't be taken; the caller then commits nothing.
    """
    check_columns(table.header, mapping.needed_columns)
    today = day_at(now)
    judged_day = None if mapping.historic else today
    import_id = import_id_of(source.sha256, mapping.digest, judged_day)
    earlier = imports.find(import_id)
    if earlier is not None:
        return replace(earlier, repeated=True)
    head = ImportReport(
        import_id=import_id,
        file_name=source.name,
        file_sha256=source.sha256,
        mapping_name=mapping.name,
        mapping_digest=mapping.digest,
        judged_day=judged_day,
        imported_at=now,
        rows=(),
    )
    imports.begin(head)
    taker = _RowTaker(table.header, RowReader(mapping, today), documents, import_id)
    results: list[RowResult] = []
    for batch in _batches(table.rows()):
        results += taker.take(batch)
    if not results:
        raise FileRefusedError(FileReason.NO_ROWS, "there is no row below the column names")
    report = replace(head, rows=tuple(results))
    imports.finish(report)
    return report


@dataclass(frozen=True, slots=True)
class _RowTaker:
    header: tuple[str, ...]
    reader: RowReader
    documents: DocumentStore
    import_id: str

    def take(self, rows: Sequence[SourceRow]) -> list[RowResult]:
        return settle([(row.line, self._read(row)) for row in rows], self.documents, self.import_id)

    def _read(self, row: SourceRow) -> TradeDocument | RowProblemError:
        if row.problem is not None:
            message = ROW_REASON_TEXT[row.problem][0]
            return RowProblemError(row.problem, None, f"{message}: {len(row.cells)} cells")
        try:
            return self.reader.read(dict(zip(self.header, row.cells, strict=True)))
        except RowProblemError as exc:
            return exc


def settle(
    rows: Sequence[tuple[int, TradeDocument | RowProblemError]],
    store: DocumentStore,
    import_id: str | None,
) -> list[RowResult]:
    """Compare documents with what is stored and with each other; write the new ones."""
    identities = [doc.identity for _, doc in rows if isinstance(doc, TradeDocument)]
    known: dict[Identity, TradeDocument] = dict(store.find(identities))
    added: dict[Identity, TradeDocument] = {}
    extended: dict[Identity, TradeDocument] = {}
    results = []
    for line, doc in rows:
        if isinstance(doc, RowProblemError):
            message = doc.message[:MESSAGE_CHARS_MAX]
            results.append(RowResult(line, Outcome.INVALID, doc.reason, doc.field, message))
            continue
        before = known.get(doc.identity)
        if before is None:
            known[doc.identity] = added[doc.identity] = doc
            results.append(RowResult(line, Outcome.ACCEPTED, document=doc.key))
            continue
        field = differing_field(before, doc)
        if field is not None:
            message = f"{doc.number} of {doc.seller.name} is known with another {field}"
            message = message[:MESSAGE_CHARS_MAX]
            results.append(RowResult(line, Outcome.CONFLICT, None, field, message, before.key))
            continue
        facts = dict(before.facts) | dict(doc.facts)
        message = ""
        if len(facts) > len(before.facts):
            grown = replace(before, facts=tuple(sorted(facts.items())))
            target = added if doc.identity in added else extended
            known[doc.identity] = target[doc.identity] = grown
            message = "further facts were added"
        results.append(RowResult(line, Outcome.EXISTS, message=message, document=before.key))
    store.add(added.values(), import_id)
    store.set_facts(extended.values())
    return results


def _batches(rows: Iterable[SourceRow]) -> Iterator[list[SourceRow]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH_ROWS)):
        yield batch
