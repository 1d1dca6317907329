"""Erasing a record: its values go from the evidence log and from what is kept about parts."""

from __future__ import annotations

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.evidence.heads import LogInfo
from xinlian.ledger.usecases.evidence import EvidenceLogs
from xinlian.services.app.evidence_refusals import refused
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.erasing import ErasingTable
from xinlian.trace.model.records import SCHEMA, facts_of
from xinlian.trace.usecases.ports import STREAM

__all__ = ["erase_record"]


def erase_record(engine: Engine, logs: EvidenceLogs, log: LogInfo, index: int) -> bool:
    """Destroy the values of a record, by any of its leaves; False if they were gone before.

    In one transaction; refused with ``NOT_FOUND`` where the log has no such record.
    """
    try:
        with begin_read(engine) as connection:
            first = logs.first_leaf(connection, log.log_id, index)
            # Not under the lock: this may take a while.
            record = None
            if log.stream == STREAM:
                record = ErasingTable(connection).record_at(log.party, first)
        with begin_write(engine) as connection:
            bulk.lock(connection)  # before that of the log, as captures take them
            values = logs.record(connection, log.log_id, index)
            logs.erase(connection, log.log_id, index)
            if record is not None:
                facts = facts_of(values) if values["schema"] == SCHEMA else ()
                ErasingTable(connection).forget(log.party, record, facts)
    except EvidenceError as exc:
        if exc.refusal is Refusal.ERASED:
            return False
        raise refused(exc) from exc
    return True
