"""Brings the file of receivables in through finance's import, and hands its invoices on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session
from xinlian.finance.adapters.trade.document_store import SqlDocumentStore
from xinlian.finance.adapters.trade.imports import import_receivables
from xinlian.finance.adapters.trade.mapping_file import read_mapping
from xinlian.finance.model.trade.documents import TradeDocument
from xinlian.finance.model.trade.import_reasons import Outcome
from xinlian.finance.model.trade.import_report import ImportReport
from xinlian.finance.model.trade.mapping import Mapping
from xinlian.finance.usecases.ports import Clock
from xinlian.ledger.model.days import Day, DayError, day_from_iso
from xinlian.ledger.model.sections import MappingError
from xinlian.ledger.model.table_reasons import FileRefusedError
from xinlian.services.demo.cast import Cast
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo.plan import Invoice
from xinlian.services.settings import checkout

SETTLED_FACT: Final = "settled_date"
PROBLEMS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Source:
    """The file of a run and the mapping that fits it."""

    path: Path
    mapping: Mapping


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in: the import's report and the documents by date, seller and number."""

    report: ImportReport
    documents: tuple[TradeDocument, ...]

    @property
    def counts(self) -> Counter[Outcome]:
        """Rows by how they ended."""
        return Counter(row.outcome for row in self.report.rows)

    @property
    def seed(self) -> int:
        """The seed of the run: from the file's hash, so that a file gives the same run."""
        return int(self.report.file_sha256[:16], 16)

    def buyers(self) -> set[tuple[str, str]]:
        """Social credit code and name of every buyer."""
        return set({doc.buyer.code: doc.buyer.name for doc in self.documents}.items())

    def sellers(self) -> set[tuple[str, str]]:
        """Social credit code and name of every seller."""
        return set({doc.seller.code: doc.seller.name for doc in self.documents}.items())


def find_source(receivables: Path | None, mapping: Path | None) -> Source:
    """The file and mapping asked for, or the bundled sample. Raises ``DemoError``."""
    if receivables is None and mapping is None:
        folder = checkout() / "finance"
        receivables = folder / "samples" / "receivables.csv"
        mapping = folder / "mappings" / "sample.yaml"
    if receivables is None or mapping is None:
        raise DemoError(
            "a file of receivables and the mapping of its columns go together",
            todo="give both --receivables FILE and --mapping MAP, or neither for the sample; "
            "mappings to start from lie in finance/mappings",
            usage=True,
        )
    try:
        # The demo sets its own clock: no date of the file is past or to come for it.
        return Source(receivables, replace(read_mapping(mapping), historic=True))
    except MappingError as exc:
        raise DemoError(
            f"the mapping can't be used: {exc}",
            where=str(mapping),
            todo="correct the key named; mappings to learn from lie in finance/mappings",
            usage=True,
        ) from exc


def take_in(engine: Engine, source: Source, clock: Clock) -> Intake:
    """Import the file. Raises ``DemoError`` where it is refused or holds no invoice to use."""
    try:
        with Session(engine) as session, session.begin():
            report = import_receivables(session, source.path, source.mapping, clock)
            documents = SqlDocumentStore(session).of_import(report.import_id)
    except FileRefusedError as exc:
        raise DemoError(
            f"the file of receivables is refused [{exc.reason}]: {exc}",
            where=str(source.path),
            todo="see that the file is a table with one line of column names, and that the "
            f"mapping {source.mapping.name!r} names its columns",
            usage=True,
        ) from exc
    if not documents:
        raise DemoError(
            "no row of the file could be taken as an invoice:\n    "
            + "\n    ".join(problems(report)),
            where=str(source.path),
            todo=f"see that the mapping {source.mapping.name!r} fits this file",
            usage=True,
        )
    return Intake(report, documents)


def problems(report: ImportReport, shown: int = PROBLEMS_SHOWN) -> list[str]:
    """The first rows that were not accepted, one line each; how many more there are."""
    bad = [row for row in report.rows if row.outcome in (Outcome.INVALID, Outcome.CONFLICT)]
    lines = [f"line {row.line}: {row.outcome}: {row.message}" for row in bad[:shown]]
    if len(bad) > shown:
        lines.append(f"and {len(bad) - shown} more: --bad-rows shows them all")
    return lines


def invoices_of(intake: Intake, cast: Cast) -> list[Invoice]:
    """The invoices, with parties by their ids. Raises ``DemoError`` on a settled date misread."""
    lines = {row.document: row.line for row in intake.report.rows if row.document is not None}
    invoices: list[Invoice] = []
    for document in intake.documents:
        if document.due is None:
            continue
        invoices.append(
            Invoice(
                line=lines[document.key],
                number=document.number,
                buyer=cast.by_code[document.buyer.code].id,
                seller=cast.by_code[document.seller.code].id,
                amount=int(document.gross),
                issued=document.issued,
                due=document.due,
                settled=_settled(document),
                document=document.key,
            )
        )
    return invoices


def _settled(document: TradeDocument) -> Day | None:
    text = dict(document.facts).get(SETTLED_FACT)
    if not text:
        return None
    try:
        return day_from_iso(text)
    except DayError as exc:
        raise DemoError(
            f"invoice {document.number}: its {SETTLED_FACT} is no date: {text[:40]}",
            todo=f"give the fact {SETTLED_FACT} the type `date` in the mapping",
            usage=True,
        ) from exc
