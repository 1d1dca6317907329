"""Import of e-invoice XML files into SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from xinlian.finance.adapters.document_store import SqlDocumentStore, SqlImportStore
from xinlian.finance.adapters.einvoice_xml import EInvoice, parse_einvoice
from xinlian.finance.adapters.imports import ImportRaceError
from xinlian.finance.adapters.table_files import read_file
from xinlian.finance.model.import_reasons import FileReason, FileRefusedError, RowProblemError
from xinlian.finance.model.import_report import ImportReport
from xinlian.finance.usecases.import_einvoices import import_einvoices
from xinlian.finance.usecases.import_table import ImportSource
from xinlian.finance.usecases.ports import Clock


def import_einvoice_files(session: Session, paths: Sequence[Path], clock: Clock) -> ImportReport:
    """Import e-invoices within the session's transaction; the caller commits.

    A result's line is the file's place in ``paths``, from 1. A file that is no e-invoice at all
    refuses the whole batch and is named; one with a wrong field ends as an invalid row.
    """
    if not paths:
        raise FileRefusedError(FileReason.NO_ROWS, "there is no file to import")
    found: list[EInvoice | RowProblemError] = []
    digests = []
    for path in paths:
        content = read_file(path)
        digests.append(content.sha256)
        try:
            found.append(parse_einvoice(content.data))
        except RowProblemError as exc:
            found.append(exc)
        except FileRefusedError as exc:
            raise FileRefusedError(exc.reason, f"{path}: {exc}") from exc
    name = paths[0].name if len(paths) == 1 else f"{len(paths)} e-invoices"
    batch = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    try:
        report = import_einvoices(
            ImportSource(name, batch),
            found,
            SqlDocumentStore(session),
            SqlImportStore(session),
            clock.now(),
        )
        session.flush()
    except IntegrityError as exc:
        raise ImportRaceError(f"{name}: these invoices are being imported elsewhere") from exc
    return report
