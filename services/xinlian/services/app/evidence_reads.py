"""Reads of evidence logs: what is kept here, and what the chain holds of it.

A log concerns its party; auditors and regulators see how every log stands, never what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.model.evidence.gaps import GapReport
from xinlian.ledger.model.evidence.heads import Anchor, Head, LogInfo, pinned_head
from xinlian.ledger.model.ids import Address
from xinlian.ledger.model.views import HeadOnChain
from xinlian.ledger.usecases.evidence import EvidenceLogs
from xinlian.ledger.usecases.evidence.ports import LogRow
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.evidence import Evidence, ProofState
from xinlian.services.app.reading import Reader

__all__ = ["EvidenceReads", "LogState"]


@dataclass(frozen=True, slots=True)
class LogState:
    """How a log stands: ``records`` are durable, heads cover ``covered`` of them, the chain holds a
    head over ``anchored``. ``opened`` tells whether the chain knows the log; before it does,
    ``writer`` is the account that it is to be opened with."""

    info: LogInfo
    opened: bool
    writer: Address
    records: int
    covered: int
    anchored: int
    waiting_since_ms: int | None
    gaps: GapReport
    trouble: str | None


class EvidenceReads:
    """The reads, limited to what concerns the reader."""

    def __init__(self, engine: Engine, evidence: Evidence) -> None:
        self._engine = engine
        self._evidence = evidence
        self._logs: EvidenceLogs = evidence.logs

    def logs(self, reader: Reader, *, limit: int, after: bytes = b"") -> list[LogState]:
        """Logs in the order of their ids."""
        with self._engine.connect() as connection:
            rows = sorted(self._logs.logs(connection), key=lambda row: row.info.log_id)
            mine = [
                row
                for row in rows
                if row.info.log_id > after and reader.party in (None, row.info.party)
            ]
            return [self._state(connection, row) for row in mine[:limit]]

    def log(self, reader: Reader, log: bytes) -> LogState:
        """One log; refused with ``NOT_FOUND`` if there is none that concerns the reader."""
        with self._engine.connect() as connection:
            for row in self._logs.logs(connection):
                if row.info.log_id == log and reader.party in (None, row.info.party):
                    return self._state(connection, row)
        raise RefusedError(Code.NOT_FOUND, f"there is no evidence log {log.hex()} of yours")

    def heads(self, reader: Reader, log: bytes, *, limit: int, after: int) -> list[HeadOnChain]:
        """Heads on chain with more than ``after`` records, smallest first."""
        self.log(reader, log)
        with self._engine.connect() as connection:
            return queries.heads_of(connection, log, limit=limit, after=after)

    def pinned(self, log: bytes, size: int | None) -> dict[str, Any]:
        """The content of a file that pins a head of any log: that of a size, or the newest on
        chain. Every member has the chain, and heads tell nothing of what is in a log."""
        with self._engine.connect() as connection:
            known = (row.info for row in self._logs.logs(connection))
            info = next((each for each in known if each.log_id == log), None)
            if info is None:
                raise RefusedError(Code.NOT_FOUND, f"there is no evidence log {log.hex()} here")
            if size is None:
                found = queries.newest_head(connection, log)
            else:
                found = queries.covering_head(connection, log, size)
        if found is None or size not in (None, found.size):
            raise RefusedError(Code.NOT_FOUND, "there is no head of that size on chain")
        head = Head(log, found.size, found.root, found.index_root, found.sm3_root)
        anchor = Anchor(found.tx_hash, found.block, found.block_hash, found.time)
        return pinned_head(info, head, anchor)

    def record(self, reader: Reader, log: bytes, index: int) -> ProofState:
        """Where a record stands."""
        if index >= self.log(reader, log).records:
            raise RefusedError(Code.NOT_FOUND, f"the evidence log has no record {index}")
        return self._evidence.proof_state(log, index)

    def _state(self, connection: Connection, row: LogRow) -> LogState:
        log = row.info.log_id
        chain = queries.evidence_log(connection, log)
        newest = queries.newest_head(connection, log)
        return LogState(
            row.info,
            chain is not None,
            self._evidence.writer_of(row.info.party) if chain is None else chain.writer,
            row.size,
            row.head_size,
            0 if newest is None else newest.size,
            row.waiting_since_ms,
            self._logs.gaps(connection, log),
            self._evidence.worker.troubles.get(log),
        )
