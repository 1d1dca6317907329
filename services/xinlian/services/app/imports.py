"""Imports by a party of its own receivables or payables: documents it is buyer or seller of.

A file is read and judged as a whole before the first word is written, so that nobody waits for a
parser; what is then written takes one short transaction. One import of a party is at work at a
time, and few in all; a thread that reads lets the others go ahead every few hundred rows.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from xinlian.finance.adapters.trade.company_books import CompanyBooks
from xinlian.finance.adapters.trade.einvoice_xml import parse_einvoice
from xinlian.finance.adapters.trade.import_store import SqlImportStore
from xinlian.finance.adapters.trade.mapping_file import parse_mapping_text
from xinlian.finance.model.trade.documents import TradeDocument
from xinlian.finance.model.trade.import_reasons import RowProblemError
from xinlian.finance.model.trade.import_report import ImportReport, RowResult
from xinlian.finance.usecases.trade.import_einvoices import import_einvoices
from xinlian.finance.usecases.trade.import_table import (
    ImportSource,
    import_id_today,
    import_table,
    read_table,
)
from xinlian.ledger.adapters.files.table_files import FileContent, open_table
from xinlian.ledger.adapters.files.yaml_file import MAPPING_BYTES_MAX
from xinlian.ledger.model.ids import DocumentKey, PartyId
from xinlian.ledger.model.sections import MappingError
from xinlian.ledger.model.table_reasons import FileRefusedError
from xinlian.ledger.model.tables import Bounds
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.orders import Asked
from xinlian.services.app.parties import Parties
from xinlian.services.app.reading import Reader
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.app.tables import import_owners

__all__ = ["BOUNDS", "ImportedRow", "Imports", "Places", "Upload"]

BOUNDS: Final = Bounds(file_bytes=1 << 24, rows=10_000, cells=200_000)
AT_WORK_MAX: Final = 2
"""Most imports at work at once, of all parties."""
WAIT_SECONDS: Final = 5
_PAUSE_SECONDS: Final = 0.001


Write = Callable[[CompanyBooks, SqlImportStore], ImportReport]
"""Writes what was read, in a unit of work."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came; its kind is told by its content."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Digest of the bytes, hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """How one row ended, and the document it is about, if there is one."""

    result: RowResult
    document: TradeDocument | None


class Places:
    """Who is importing: each party once, and at most so many in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: set[PartyId] = set()
        self._lock = Lock()

    @contextmanager
    def of(self, party: PartyId) -> Iterator[None]:
        """A place for a party; refused with ``RATE_LIMITED`` or ``UNAVAILABLE`` if none is free."""
        with self._lock:
            if party in self._taken:
                raise RefusedError(
                    Code.RATE_LIMITED,
                    "an import of yours is at work: try again when it has ended",
                    retry_after_seconds=WAIT_SECONDS,
                )
            if len(self._taken) >= self._most:
                raise RefusedError(
                    Code.UNAVAILABLE, "other imports are at work: try again in a moment"
                )
            self._taken.add(party)
        try:
            yield
        finally:
            with self._lock:
                self._taken.discard(party)


class Imports:
    """Imports of all parties; each sees its own."""

    def __init__(
        self, engine: Engine, parties: Parties, keys: IdempotencyKeys, clock: Clock
    ) -> None:
        self._engine = engine
        self._parties = parties
        self._keys = keys
        self._clock = clock
        self._places = Places(AT_WORK_MAX)

    def take(
        self, party: PartyId, upload: Upload, mapping: Upload | None, key: str
    ) -> ImportReport:
        """Import a file: a table by its mapping, or with none an e-invoice in XML.

        Nothing is taken if the file as a whole is refused; a row about a document between others
        is invalid, whatever is known of it. The same file by the same mapping gives the same report
        again.
        """
        content = {
            "file": upload.sha256,
            "mapping": None if mapping is None else mapping.sha256,
        }
        asked = Asked(key, "import_receivables", content)
        with self._places.of(party):
            return self._once(party, asked, upload, mapping)

    def _once(
        self, party: PartyId, asked: Asked, upload: Upload, mapping: Upload | None
    ) -> ImportReport:
        claim = self._keys.claim(party, asked.key, asked.operation, asked.content)
        try:
            report = self._take(party, upload, mapping)
        except Exception:
            if claim.fresh:
                self._keys.drop(claim)
            raise
        if claim.reference is None:
            self._keys.settle(claim, report.import_id)
        return report

    def report(self, reader: Reader, import_id: str) -> ImportReport:
        """One import; refused with ``NOT_FOUND`` if it is not the reader's."""
        query = select(import_owners.c.import_id).where(import_owners.c.import_id == import_id)
        if reader.party is not None:
            query = query.where(import_owners.c.party == reader.party)
        with Session(self._engine) as session:
            found = session.execute(query).first()
            report = None if found is None else SqlImportStore(session).find(import_id)
        if report is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no import {import_id} of yours")
        return report

    def listed(self, reader: Reader, *, limit: int, after: str) -> list[ImportReport]:
        """Imports in order of their ids."""
        query = (
            select(import_owners.c.import_id)
            .where(import_owners.c.import_id > after)
            .group_by(import_owners.c.import_id)
            .order_by(import_owners.c.import_id)
            .limit(limit)
        )
        if reader.party is not None:
            query = query.where(import_owners.c.party == reader.party)
        with Session(self._engine) as session:
            store = SqlImportStore(session)
            reports = [store.find(import_id) for import_id in session.scalars(query).all()]
        return [report for report in reports if report is not None]

    def rows(self, reader: Reader, import_id: str, *, limit: int, after: int) -> list[ImportedRow]:
        """How the rows of an import ended, in order of lines."""
        report = self.report(reader, import_id)
        wanted = [row for row in report.rows if row.line > after][:limit]
        owner = select(func.min(import_owners.c.party)).where(
            import_owners.c.import_id == import_id
        )
        with Session(self._engine) as session:
            # An auditor sees what the owner sees.
            party = reader.party or PartyId(session.execute(owner).scalar_one())
            books = CompanyBooks(session, self._code(party))
            return [ImportedRow(row, _document(books, row.document)) for row in wanted]

    def _take(self, party: PartyId, upload: Upload, mapping: Upload | None) -> ImportReport:
        code = self._code(party)
        try:
            write = (
                self._einvoice(upload, code)
                if mapping is None
                else self._table(upload, mapping, code)
            )
            with unit_of_work(self._engine) as session:
                report = write(CompanyBooks(session, code), SqlImportStore(session))
                _own(session, report.import_id, party)
                session.flush()
        except FileRefusedError as exc:
            raise RefusedError(Code.INVALID, str(exc), field="file", reason=exc.reason) from exc
        except MappingError as exc:
            raise RefusedError(Code.INVALID, str(exc), field="mapping") from exc
        except IntegrityError as exc:
            raise RefusedError(
                Code.CONFLICT, "the same documents are being imported elsewhere: try again"
            ) from exc
        return report

    def _table(self, upload: Upload, mapping: Upload, code: str) -> Write:
        if len(mapping.data) > MAPPING_BYTES_MAX:
            raise MappingError(f"a mapping has at most {MAPPING_BYTES_MAX} bytes")
        try:
            plan = parse_mapping_text(mapping.data.decode("utf-8-sig"))
        except UnicodeDecodeError as exc:
            raise MappingError("the mapping is not UTF-8 text") from exc
        source, now = ImportSource(upload.name, upload.sha256, code), self._clock.now()
        with Session(self._engine) as session:
            earlier = SqlImportStore(session).find(import_id_today(source, plan, now))
        if earlier is not None:
            return lambda _documents, _imports: replace(earlier, repeated=True)
        content = FileContent(upload.name, upload.data, upload.sha256)
        read = read_table(open_table(content, plan, BOUNDS), plan, now, code, _pause)
        return lambda documents, imports: import_table(source, read, documents, imports, now)

    def _einvoice(self, upload: Upload, code: str) -> Write:
        try:
            found = [parse_einvoice(upload.data)]
        except RowProblemError as exc:
            raise RefusedError(
                Code.INVALID, exc.message, field="file", reason=exc.reason, part=exc.field
            ) from exc
        source, now = ImportSource(upload.name, upload.sha256, code), self._clock.now()
        return lambda documents, imports: import_einvoices(source, found, documents, imports, now)

    def _code(self, party: PartyId) -> str:
        row = self._parties.now(party)
        if row is None or row.social_credit_code is None:
            raise RefusedError(
                Code.STATE, "your social credit code is not known here: ask the operator"
            )
        return row.social_credit_code


def _pause() -> None:
    # Whoever waits for the interpreter gets it, not only when the switch interval is over.
    time.sleep(_PAUSE_SECONDS)


def _document(books: CompanyBooks, key: DocumentKey | None) -> TradeDocument | None:
    return None if key is None else books.get(key)


def _own(session: Session, import_id: str, party: PartyId) -> None:
    here = (import_owners.c.import_id == import_id, import_owners.c.party == party)
    if session.execute(select(import_owners).where(*here)).first() is None:
        session.execute(insert(import_owners).values(import_id=import_id, party=party))
