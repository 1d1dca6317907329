"""The evidence logs of a party: create, append, cut heads, prove, erase, promise.

Every method works inside the caller's SQL transaction, so that what a record is about and the
record's evidence are one commit; idempotency is the caller's.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection
from xinlian.ledger.model.evidence.bundle import bundle
from xinlian.ledger.model.evidence.canonical import parse
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.evidence.fields import commitments
from xinlian.ledger.model.evidence.gaps import GapReport, count_gaps, report
from xinlian.ledger.model.evidence.heads import NO_ROOT, Anchor, Head, LogInfo, log_id
from xinlian.ledger.model.evidence.leaf import key_commitment
from xinlian.ledger.model.evidence.receipts import (
    Promise,
    Receipt,
    ReceiptState,
    deadline_passed,
    make_receipt,
)
from xinlian.ledger.model.evidence.tree import consistency, node_sm3
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.orders import Signer
from xinlian.ledger.usecases.evidence.indexing import update
from xinlian.ledger.usecases.evidence.ports import LogRow, Store, StoredHead, StoredRecord, Tree
from xinlian.ledger.usecases.evidence.preparing import Also, Prepared, Preparer
from xinlian.ledger.usecases.evidence.proving import Request, part_of
from xinlian.ledger.usecases.evidence.reading import TileNodes
from xinlian.ledger.usecases.evidence.writer import Appended, LogWriter

__all__ = ["Appended", "EvidenceLogs", "NewRecord", "Records", "Waiting"]

KEY_BYTES: Final = 32
GAP_ALARM_MS: Final = 24 * 3_600_000
"""Later than this after the event, fixing a record raises the back-dating alarm."""

NewRecord: TypeAlias = Mapping[str, Any]
"""A record to append: JSON with the texts ``schema``, ``subject`` and ``event_time`` and more."""
Records: TypeAlias = Sequence[NewRecord] | Prepared


@dataclass(frozen=True, slots=True)
class Waiting:
    """A log with leaves that no head covers, and for how long the oldest has waited."""

    info: LogInfo
    leaves: int
    age_ms: int


class EvidenceLogs:
    """All logs in one database. One object a process; safe to use from several threads, since the
    database lets one transaction at a time append to a log."""

    def __init__(
        self,
        store: Store,
        preparer: Preparer | None = None,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        gap_alarm_ms: int = GAP_ALARM_MS,
    ) -> None:
        self._store = store
        self.preparer = preparer or Preparer()
        self._now_ms = now_ms
        self._gap_alarm_ms = gap_alarm_ms
        self._writers: dict[bytes, LogWriter] = {}

    # Logs

    def create(
        self,
        conn: Connection,
        *,
        chain_id: int,
        contract: Address,
        party: PartyId,
        stream: str,
        sm3: bool = False,
        subject_key: bytes | None = None,
    ) -> LogInfo:
        """A new log with a fresh subject key; ``LOG_EXISTS`` if the party has that stream."""
        key = subject_key or secrets.token_bytes(KEY_BYTES)
        if len(key) != KEY_BYTES:
            raise EvidenceError(Refusal.RECORD, f"a subject key has {KEY_BYTES} bytes")
        name = log_id(chain_id, contract, party, stream)
        info = LogInfo(name, chain_id, contract, party, stream, key_commitment(key), sm3)
        if self._store.log(conn, info.log_id) is not None:
            raise EvidenceError(Refusal.LOG_EXISTS, f"there is a log {stream} of party {party}")
        self._store.create(conn, info, key, self._now_ms())
        return info

    def info(self, conn: Connection, log: bytes) -> LogInfo:
        """The log with this id."""
        return self._row(conn, log).info

    def find(self, conn: Connection, party: PartyId, stream: str) -> LogInfo | None:
        """The party's newest log of this name."""
        infos = [row.info for row in self._store.logs(conn)]
        found = [info for info in infos if (info.party, info.stream) == (party, stream)]
        return found[-1] if found else None

    def logs(self, conn: Connection) -> list[LogRow]:
        """Every log as it stands."""
        return self._store.logs(conn)

    # Appending

    def prepare(self, records: Sequence[NewRecord]) -> Prepared:
        """Do the costly half of an append before any lock is taken; ``append`` takes the result."""
        return self.preparer.prepare(records)

    def append(
        self, conn: Connection, log: bytes, records: Records, also: Also = ()
    ) -> list[Appended]:
        """Append records in order; they are durable once the caller's transaction is committed.

        ``also`` has, for each, further subjects in whose chains it stands. The answer is the first
        leaf of each. Raises ``EvidenceError`` with the place of the record that is refused; then
        nothing may be committed. ``BUSY`` while too many leaves wait for a head.
        """
        prepared = records if isinstance(records, Prepared) else self.prepare(records)
        if not len(prepared):
            return []
        prepared.wait()
        row, writer = self._writer(conn, log)
        try:
            return writer.append(conn, row, prepared, also, self._now_ms())
        except BaseException:
            self._writers.pop(log, None)  # it may be ahead of the store now
            raise

    def _writer(self, conn: Connection, log: bytes) -> tuple[LogRow, LogWriter]:
        row = self._row(conn, log, lock=True)
        writer = self._writers.get(log)
        if writer is None:
            writer = self._writers[log] = LogWriter(self._store, row)
        writer.sync(conn, row)
        return row, writer

    def _row(self, conn: Connection, log: bytes, *, lock: bool = False) -> LogRow:
        row = self._store.log(conn, log, lock=lock)
        if row is None:
            raise EvidenceError(Refusal.UNKNOWN_LOG, f"there is no log {log.hex()}")
        return row

    # Heads

    def pending(self, conn: Connection) -> list[Waiting]:
        """Logs with leaves that no head covers, the longest waiting first."""
        now = self._now_ms()
        return [
            Waiting(row.info, row.size - row.head_size, max(0, now - row.waiting_since_ms))
            for row in self._store.waiting(conn)
            if row.waiting_since_ms is not None
        ]

    def cut_head(self, conn: Connection, log: bytes) -> Head | None:
        """A head over everything in the log, None if the newest head covers it already."""
        row, writer = self._writer(conn, log)
        if row.size == row.head_size:
            return None
        try:
            indexed = update(conn, self._store, row, writer.dirty)
            sm3 = writer.trees.get(Tree.SM3)
            head = Head(
                log,
                row.size,
                writer.trees[Tree.SHA256].root(),
                indexed.root,
                sm3.root(node_sm3) if sm3 else NO_ROOT,
            )
            now = self._now_ms()
            self._store.add_head(conn, row, head, indexed.subjects, indexed.bits, now)
        except BaseException:
            self._writers.pop(log, None)
            raise
        writer.covered(row.size)
        return head

    def unanchored(self, conn: Connection, log: bytes) -> list[StoredHead]:
        """Heads that no block is known to carry, the smallest first."""
        return self._store.open_heads(conn, self._row(conn, log))

    def head_at(self, conn: Connection, log: bytes, size: int) -> StoredHead | None:
        """The head of a size."""
        return self._store.head(conn, self._row(conn, log), size)

    def newest_head(self, conn: Connection, log: bytes) -> StoredHead | None:
        """The newest head that was cut."""
        row = self._row(conn, log)
        return self._store.head(conn, row, row.head_size)

    def last_anchored(self, conn: Connection, log: bytes) -> StoredHead | None:
        """The newest head that a block carries."""
        return self._store.last_anchored(conn, self._row(conn, log))

    def consistency(self, conn: Connection, log: bytes, old: int, size: int) -> list[bytes]:
        """The RFC 9162 consistency proof between two sizes, as the contract takes it."""
        row = self._row(conn, log)
        if not 0 <= old <= size <= row.size:
            raise EvidenceError(Refusal.NO_HEAD, f"the log has {row.size} records, not {size}")
        return consistency(TileNodes(conn, self._store, row.id), old, size)

    def mark_anchored(self, conn: Connection, log: bytes, size: int, anchor: Anchor) -> None:
        """A block carries the head of this size; does nothing if that is known already."""
        row = self._row(conn, log, lock=True)
        stored = self._store.head(conn, row, size)
        if stored is None:
            raise EvidenceError(Refusal.NO_HEAD, f"no head of {size} records was cut")
        if stored.anchor == anchor:
            return
        before = self._store.last_anchored(conn, row)
        low = before.head.size if before else 0
        times = self._store.event_times(conn, row.id, low, size)
        gaps = count_gaps(times, anchor.block_time * 1000)
        self._store.anchor(conn, row, size, anchor, gaps)

    def gaps(self, conn: Connection, log: bytes) -> GapReport:
        """How far events lay back when they were fixed on chain."""
        return report(self._store.gaps(conn, self._row(conn, log)), self._gap_alarm_ms)

    # Proofs

    def prove(self, conn: Connection, requests: Mapping[bytes, Request]) -> bytes:
        """A proof bundle against the newest head of each log; see ``Request``.

        ``NO_HEAD`` where the newest head does not cover what is asked for yet.
        """
        if not requests:
            raise EvidenceError(Refusal.RECORD, "a bundle proves something of one log at least")
        return bundle(
            [
                part_of(conn, self._store, self._row(conn, log), request)
                for log, request in requests.items()
            ]
        )

    def record(self, conn: Connection, log: bytes, index: int) -> dict[str, Any]:
        """The values of a record; ``ERASED`` if they are gone."""
        stored = self._record(conn, self._row(conn, log), index)
        if stored.erased:
            raise EvidenceError(Refusal.ERASED, f"the values of record {index} were erased")
        values: dict[str, Any] = parse(stored.data)
        return values

    def first_leaf(self, conn: Connection, log: bytes, index: int) -> int:
        """The first leaf of the record that a leaf stands for."""
        return self._record(conn, self._row(conn, log), index).first

    def erase(self, conn: Connection, log: bytes, index: int) -> bool:
        """Destroy a record's values and secret, by any of its leaves; False if they were gone.

        The commitments to its fields stay: without the secret they say nothing, and every other
        proof stays valid.
        """
        row = self._row(conn, log, lock=True)
        stored = self._record(conn, row, index)
        if stored.erased:
            return False
        kept = commitments(parse(stored.data), stored.secret)
        self._store.erase(conn, row.id, stored.first, kept, self._now_ms())
        return True

    def _record(self, conn: Connection, row: LogRow, index: int) -> StoredRecord:
        found = self._store.records(conn, row.id, [index]) if 0 <= index < row.size else {}
        if index not in found:
            raise EvidenceError(Refusal.UNKNOWN_LEAF, f"the log has no record {index}")
        return found[index][1]

    # Receipts

    def receipt(
        self, log: bytes, appended: Sequence[Appended], signer: Signer, promise: Promise
    ) -> Receipt:
        """The signed promise that a head will cover these records; give it after the commit."""
        leaves = [(done.index, done.leaf_hash) for done in appended]
        return make_receipt(log, leaves, self._now_ms(), promise, signer)

    def receipt_state(self, conn: Connection, receipt: Receipt) -> ReceiptState:
        """Whether the promise is kept: included in a head on chain, still pending, or missed."""
        row = self._row(conn, receipt.log)
        anchored = self._store.last_anchored(conn, row)
        indices = [index for index, _ in receipt.leaves]
        held = self._store.leaves(conn, row.id, [at for at in indices if 0 <= at < row.size])
        fixed = anchored is not None and anchored.head.size > max(indices)
        if fixed and receipt.agrees({at: leaf.body for at, leaf in held.items()}):
            return ReceiptState.INCLUDED
        if deadline_passed(receipt, self._now_ms()):
            return ReceiptState.MISSED
        return ReceiptState.PENDING
