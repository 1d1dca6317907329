"""Import of receivables: every row ends as accepted, exists, conflict or invalid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, TypeVar

from xinlian.finance.model.trade.documents import TradeDocument, differing_field
from xinlian.finance.model.trade.import_reasons import (
    ROW_REASON_TEXT,
    Outcome,
    RowProblemError,
    RowReason,
)
from xinlian.finance.model.trade.import_report import (
    MESSAGE_CHARS_MAX,
    ImportReport,
    RowResult,
    import_id_of,
)
from xinlian.finance.model.trade.mapping import Mapping
from xinlian.finance.model.trade.receivables import RowReader
from xinlian.finance.usecases.ports import DocumentStore, Identity, ImportStore
from xinlian.ledger.model.days import Day, day_at
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError
from xinlian.ledger.model.tables import SourceRow, Table, check_columns

BATCH_ROWS: Final = 200
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A file as it was read: its name and the SHA-256 of its bytes.

    ``by`` is the social credit code of the company that brings it, whose documents alone are taken;
    empty where all are.
    """

    name: str
    sha256: str
    by: str = ""


Row = tuple[int, TradeDocument | RowProblemError]
"""A row's line, and the document in it or why there is none."""


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as it was read and judged, before anything of it is compared or written."""

    mapping: Mapping
    today: Day
    rows: tuple[Row, ...]


def import_id_today(source: ImportSource, mapping: Mapping, now: int) -> str:
    """The id that an import of a file by a mapping has when it is made now."""
    judged_day = None if mapping.historic else day_at(now)
    return import_id_of(source.sha256, mapping.digest, judged_day, source.by)


def read_table(
    table: Table,
    mapping: Mapping,
    now: int,
    by: str = "",
    pause: Callable[[], None] = lambda: None,
) -> ReadTable:
    """Read and judge all rows; needs no store. ``by`` is that of the ``ImportSource``; ``pause`` is
    called every few hundred rows.

    Raises ``FileRefusedError`` when the file as a whole can't be taken.
    """
    check_columns(table.header, mapping.needed_columns)
    today = day_at(now)
    reader = RowReader(mapping, today)
    rows: list[Row] = []
    for batch in _batches(table.rows()):
        rows += [(row.line, _read(reader, table.header, row, by)) for row in batch]
        pause()
    if not rows:
        raise FileRefusedError(FileReason.NO_ROWS, "there is no row below the column names")
    return ReadTable(mapping, today, tuple(rows))


def import_table(
    source: ImportSource,
    read: ReadTable,
    documents: DocumentStore,
    imports: ImportStore,
    now: int,
) -> ImportReport:
    """Bring the rows of a table in, within the caller's unit of work.

    The same file by the same mapping (on the same day, where dates are judged) returns the report
    of the first time with ``repeated`` set.
    """
    mapping = read.mapping
    judged_day = None if mapping.historic else read.today
    import_id = import_id_of(source.sha256, mapping.digest, judged_day, source.by)
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
    results: list[RowResult] = []
    for batch in _batches(read.rows):
        results += settle(batch, documents, import_id)
    report = replace(head, rows=tuple(results))
    imports.finish(report)
    return report


def _read(
    reader: RowReader, header: tuple[str, ...], row: SourceRow, by: str
) -> TradeDocument | RowProblemError:
    if row.problem is not None:
        reason = RowReason(row.problem.value)
        message = ROW_REASON_TEXT[reason][0]
        return RowProblemError(reason, None, f"{message}: {len(row.cells)} cells")
    try:
        return own(reader.read(dict(zip(header, row.cells, strict=True))), by)
    except RowProblemError as exc:
        # Without its frames, which would keep every cell of the row.
        return exc.with_traceback(None)


def own(document: TradeDocument, by: str) -> TradeDocument:
    """The document, if the company is its seller or buyer; else raises ``RowProblemError``.

    What is stored is not looked at, so that the answer tells nothing about it.
    """
    if by and by not in (document.seller.code, document.buyer.code):
        raise RowProblemError(
            RowReason.NOT_YOURS, None, "the document is between others: import your own alone"
        )
    return document


def settle(
    rows: Sequence[Row],
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
        if len(facts) > len(before.facts) or (doc.lines and not before.lines):
            lines = before.lines or doc.lines
            grown = replace(before, facts=tuple(sorted(facts.items())), lines=lines)
            target = added if doc.identity in added else extended
            known[doc.identity] = target[doc.identity] = grown
            message = "further facts were added"
        results.append(RowResult(line, Outcome.EXISTS, message=message, document=before.key))
    store.add(added.values(), import_id)
    store.set_facts(extended.values())
    return results


def _batches(rows: Iterable[_T]) -> Iterator[list[_T]]:
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH_ROWS)):
        yield batch
