"""Import of receivables files into SQL: the one call that services and the CLI make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from xinlian.finance.adapters.trade.document_store import SqlDocumentStore
from xinlian.finance.adapters.trade.import_store import SqlImportStore
from xinlian.finance.model.trade.import_report import ImportReport
from xinlian.finance.model.trade.mapping import Mapping
from xinlian.finance.usecases.ports import Clock
from xinlian.finance.usecases.trade.import_table import (
    ImportSource,
    import_id_today,
    import_table,
    read_table,
)
from xinlian.ledger.adapters.files.table_files import open_table, read_file


class ImportRaceError(RuntimeError):
    """Another import of the same documents was under way: roll back and try again."""


def import_receivables(
    session: Session, path: Path, mapping: Mapping, clock: Clock
) -> ImportReport:
    """Import a CSV or Excel file within the session's transaction; the caller commits.

    Raises ``FileRefusedError`` when the file as a whole can't be taken and ``ImportRaceError``
    when another import got there first; the caller then rolls back and nothing is left behind.
    """
    content, now = read_file(path), clock.now()
    source = ImportSource(content.name, content.sha256)
    imports = SqlImportStore(session)
    earlier = imports.find(import_id_today(source, mapping, now))
    if earlier is not None:
        return replace(earlier, repeated=True)
    # The whole file is read before the first word is written: nobody waits for a parser.
    read = read_table(open_table(content, mapping), mapping, now)
    try:
        report = import_table(source, read, SqlDocumentStore(session), imports, now)
        session.flush()
    except IntegrityError as exc:
        raise ImportRaceError(f"{path}: these invoices are being imported elsewhere") from exc
    return report
