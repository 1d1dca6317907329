"""Evidence for whoever records facts: logs of parties, receipts, proofs, and where a record stands.

Use: ``ensure_log`` before a transaction, ``append`` inside the one that writes what the records are
about, ``receipt`` after it. The worker does the rest by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.chain.signer import recover
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.evidence.heads import LogInfo, log_id
from xinlian.ledger.model.evidence.receipts import (
    Promise,
    Receipt,
    ReceiptState,
    make_receipt,
    parse_receipt,
)
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.orders import Domain
from xinlian.ledger.model.views import HeadOnChain
from xinlian.ledger.usecases.evidence import (
    Also,
    Appended,
    EvidenceLogs,
    NewRecord,
    Prepared,
    Records,
    Request,
)
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.evidence_refusals import refused
from xinlian.services.app.evidence_worker import EvidenceWorker
from xinlian.services.app.evidence_writers import Writers

__all__ = ["Evidence", "ProofState", "Standing"]

_POLL_SECONDS: Final = 0.02
_PROVE_SECONDS: Final = 10
_PROVERS_MAX: Final = 16
_SKEW_SECONDS: Final = 300
"""How far the clocks of chain and server may differ, as step 9 of a check has it."""


class Standing(StrEnum):
    """How far a record is on its way to the chain."""

    WAITING = "waiting"
    """Durable, not covered by a head yet."""
    SENT = "sent"
    """Covered by a head that is on its way."""
    ANCHORED = "anchored"
    """Covered by a head on chain."""


@dataclass(frozen=True, slots=True)
class ProofState:
    """Where a record stands; ``head`` is the first head on chain that covers it."""

    standing: Standing
    head: HeadOnChain | None = None


class Evidence:
    """The evidence logs of the parties that this server keeps."""

    def __init__(
        self,
        *,
        engine: Engine,
        logs: EvidenceLogs,
        writers: Writers,
        worker: EvidenceWorker,
        domain: Domain,
        deadline_seconds: int,
    ) -> None:
        self._engine = engine
        self.logs = logs
        self._writers = writers
        self.worker = worker
        self._domain = domain
        self._promise = Promise(1000 * deadline_seconds)
        self._known: dict[bytes, LogInfo] = {}
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(_PROVERS_MAX)

    def ensure_log(self, party: PartyId, stream: str, *, sm3: bool = False) -> bytes:
        """The id of the party's log of a stream, which is made if there is none.

        Not inside a write transaction. ``sm3`` counts when the log is made. Refused with
        ``INVALID`` for a name that streams cannot have.
        """
        domain = self._domain
        try:
            name = log_id(domain.chain_id, domain.address, party, stream)
        except EvidenceError as exc:
            raise refused(exc) from exc
        with self._lock:
            if name not in self._known:
                self._known[name] = self._made(name, party, stream, sm3=sm3)
        return name

    def _made(self, name: bytes, party: PartyId, stream: str, *, sm3: bool) -> LogInfo:
        found = self._look(name)
        if found is not None:
            return found
        self._writers.ensure(party)
        domain = self._domain
        try:
            with begin_write(self._engine) as connection:
                return self.logs.create(
                    connection,
                    chain_id=domain.chain_id,
                    contract=domain.address,
                    party=party,
                    stream=stream,
                    sm3=sm3,
                )
        except (EvidenceError, IntegrityError):
            # Another process may have been faster.
            found = self._look(name)
            if found is None:
                raise
            return found

    def _look(self, name: bytes) -> LogInfo | None:
        try:
            with self._engine.connect() as connection:
                return self.logs.info(connection, name)
        except EvidenceError as exc:
            if exc.refusal is Refusal.UNKNOWN_LOG:
                return None
            raise

    def writer_of(self, party: PartyId) -> Address:
        """The account kept here that signs heads of the party's logs."""
        return self._writers.ensure(party)

    def prepare(self, records: Sequence[NewRecord]) -> Prepared:
        """Commit to records before the transaction in which ``append`` takes the result; with
        helper processes where they are many."""
        return self.logs.prepare(records)

    def append(
        self, connection: Connection, log: bytes, records: Records, also: Also = ()
    ) -> list[Appended]:
        """Append records within the caller's write transaction; see ``EvidenceLogs.append``."""
        return self.logs.append(connection, log, records, also)

    def receipt(self, log: bytes, appended: Sequence[Appended]) -> dict[str, Any]:
        """The signed promise that a head will cover the records; after the commit.

        The log's writer signs it: the account whose heads will have to keep the promise.
        """
        info = self._info(log)
        signer = self._writers.signer(self._writers.ensure(info.party))
        if signer is None:
            raise RefusedError(
                Code.UNAVAILABLE, "the key of the log's writer is not kept on this server"
            )
        return self.logs.receipt(log, appended, signer, self._promise).to_json()

    def promise(
        self, log: bytes, leaves: Sequence[tuple[int, bytes]], accepted_ms: int, deadline_ms: int
    ) -> dict[str, Any] | None:
        """The signed receipt of records, (place, leaf hash) each, that were accepted and promised
        for these times; None where the key of the writer of that time is not kept here."""
        with begin_read(self._engine) as connection:
            versions = queries.log_writers(connection, log)
        time_ = accepted_ms // 1000
        then = [each.writer for each in versions if each.since <= time_]
        signer = self._writers.signer(
            then[-1] if then else self._writers.ensure(self._info(log).party)
        )
        if signer is None:
            return None
        within = Promise(deadline_ms - accepted_ms)
        return make_receipt(log, leaves, accepted_ms, within, signer).to_json()

    def receipt_state(self, content: Mapping[str, Any]) -> tuple[Receipt, ReceiptState]:
        """What became of the promise of a receipt.

        Refused with ``INVALID`` unless the log's writer of its time signed it: whoever could make
        receipts alone could show promises that nobody gave as broken.
        """
        try:
            receipt = parse_receipt(dict(content))
            with begin_read(self._engine) as connection:
                state = self.logs.receipt_state(connection, receipt)
                writers = self._writers_at(connection, receipt.log, receipt.accepted_ms // 1000)
        except EvidenceError as exc:
            raise refused(exc) from exc
        if receipt.signer not in writers or not receipt.signed_by(recover):
            raise RefusedError(
                Code.INVALID, "the log's writer of its time did not sign this receipt"
            )
        if receipt.deadline_ms < receipt.accepted_ms:
            raise RefusedError(Code.INVALID, "the deadline of this receipt is before it was given")
        return receipt, state

    def _writers_at(self, connection: Connection, log: bytes, time_: int) -> set[Address]:
        """Who could sign promises of a log at a time, give or take what a change needs to get from
        the chain to the signer; before the log is open, the account that is to open it."""
        versions = queries.log_writers(connection, log)
        found = {
            each.writer
            for each in versions
            if each.since - _SKEW_SECONDS <= time_
            and (each.until is None or time_ <= each.until + _SKEW_SECONDS)
        }
        if not versions or time_ <= versions[0].since + _SKEW_SECONDS:
            found.add(self._writers.ensure(self._info(log).party))
        return found

    def proof_state(self, log: bytes, index: int) -> ProofState:
        """Where the record with this index stands."""
        with begin_read(self._engine) as connection:
            head = queries.covering_head(connection, log, index + 1)
            if head is not None:
                return ProofState(Standing.ANCHORED, head)
            newest = self.logs.newest_head(connection, log)
        cut = newest is not None and newest.head.size > index
        return ProofState(Standing.SENT if cut else Standing.WAITING)

    def prove(self, requests: Mapping[bytes, Request], *, wait: bool = True) -> bytes:
        """A proof bundle; waits for heads that are on their way to the chain, up to 10 s.

        Few wait at once: while the chain stands still, waiting takes a thread from everyone else.
        Whoever finds no place, or may not wait, is refused with ``UNAVAILABLE`` then.
        """
        if self._on_their_way(requests):
            self._await_heads(requests, wait=wait)
        try:
            with begin_read(self._engine) as connection:
                return self.logs.prove(connection, requests)
        except EvidenceError as exc:
            raise refused(exc) from exc

    def _await_heads(self, requests: Mapping[bytes, Request], *, wait: bool) -> None:
        if not wait or not self._places.acquire(blocking=False):
            raise RefusedError(
                Code.UNAVAILABLE, "a head is on its way to the chain: try again in a moment"
            )
        try:
            end = time.monotonic() + _PROVE_SECONDS
            while self._on_their_way(requests) and time.monotonic() < end:
                time.sleep(_POLL_SECONDS)
        finally:
            self._places.release()

    def flush(self, seconds: int = 60, only: Collection[bytes] | None = None) -> None:
        """Cut heads of everything that waits, and wait until all (or ``only`` these logs') are on
        chain.

        The workers have to run. ``TimeoutError`` if it takes longer, with what is in the way.
        """
        end = time.monotonic() + seconds
        self.worker.hurry()
        while True:
            with self._engine.connect() as connection:
                rows = [row.info.log_id for row in self.logs.logs(connection)]
                late = {each.info.log_id for each in self.logs.pending(connection)}
            names = [name for name in rows if only is None or name in only]
            waiting = late.intersection(names)
            if not waiting and not self._on_their_way(names):
                return
            if time.monotonic() >= end:
                told = "; ".join(sorted(set(self.worker.troubles.values())))
                raise TimeoutError(f"evidence is not on chain after {seconds} s: {told}")
            if waiting:
                self.worker.hurry()
            time.sleep(_POLL_SECONDS)

    def _on_their_way(self, names: Sequence[bytes] | Mapping[bytes, Any]) -> bool:
        try:
            with self._engine.connect() as connection:
                return any(self.logs.unanchored(connection, name) for name in names)
        except EvidenceError as exc:
            raise refused(exc) from exc

    def _info(self, log: bytes) -> LogInfo:
        found = self._known.get(log) or self._look(log)
        if found is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no evidence log {log.hex()} here")
        self._known[log] = found
        return found
