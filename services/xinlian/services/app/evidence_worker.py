"""The worker of evidence: opens logs on chain, cuts heads, carries them, notes where they stand.

One round has four steps, numbered at the code:
1. a log that is not on chain yet is opened by an order of its party;
2. of a log with enough leaves waiting, or leaves that wait long enough, a head is cut;
3. the smallest head that is not on chain goes into the outbox, signed by the log's writer, with the
   proof that it goes on from the head on chain;
4. a head that the books have from the chain is noted as anchored.
Every step is worked out from what is stored, and what it sends is the same bytes when it is done
again: signatures are deterministic, and orders and calls have keys. So a crash at any moment is
made good by the next round.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.errors import StoreError, store_errors
from xinlian.ledger.chain.errors import ChainError
from xinlian.ledger.chain.head_calls import APPEND_SIGNED, HEAD_GAS, append_arguments
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.evidence.errors import EvidenceError
from xinlian.ledger.model.evidence.heads import Anchor, Head, LogInfo, stream_word
from xinlian.ledger.model.items import ContractName, Item, OpenLog
from xinlian.ledger.model.orders import Domain
from xinlian.ledger.model.statuses import Exists, Failed, Status, Submitted
from xinlian.ledger.model.views import HeadOnChain
from xinlian.ledger.usecases.evidence import EvidenceLogs
from xinlian.services.app.errors import RefusedError
from xinlian.services.app.evidence_writers import Writers
from xinlian.services.app.orders import Asked, Orders

__all__ = ["Cadence", "EvidenceWorker", "HeadCarrier"]

_WAIT_SECONDS: Final = 0.1
_AGAIN_SECONDS: Final = 1.0
_AGAIN_SECONDS_MAX: Final = 60.0
_TRIES_MAX: Final = 100_000
# Refusals that say nothing about the log at hand.
_EVERYBODYS: Final = frozenset(
    {Failure.HALTED, Failure.STORAGE, Failure.BUSY, Failure.CHAIN_UNAVAILABLE}
)

log = logging.getLogger(__name__)


class HeadCarrier(Protocol):
    """Keeps calls durably and carries them; the ledger's submitter."""

    def submit_call(
        self,
        contract: ContractName,
        function: str,
        arguments: Sequence[Any],
        key: str,
        *,
        gas: int | None = None,
    ) -> Submitted | Exists:
        """Keep a call durably, once."""

    def call_status(self, key: str) -> Status | None:
        """What became of a call; ``None`` if there is none under this key."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """A head is cut when ``leaves`` wait, or the oldest has waited for ``seconds``."""

    leaves: int = 65_536
    seconds: int = 30


class EvidenceWorker:
    """One round at a time; safe to run beside everything else. One process may run it."""

    def __init__(
        self,
        *,
        engine: Engine,
        logs: EvidenceLogs,
        writers: Writers,
        orders: Orders,
        carrier: HeadCarrier,
        domain: Domain,
        cadence: Cadence,
    ) -> None:
        self._engine = engine
        self._logs = logs
        self._writers = writers
        self._orders = orders
        self._carrier = carrier
        self._domain = domain
        self._cadence = cadence
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._open: dict[bytes, bool] = {}
        self._anchored: dict[bytes, int] = {}
        self._tried: dict[bytes, int] = {}
        self._later: dict[bytes, tuple[float, float]] = {}
        self.troubles: dict[bytes, str] = {}
        """Why a log does not go on, by its id; in English, for the log file and operators."""

    def run(self, stop: threading.Event) -> None:
        """Rounds until ``stop`` is set. What fails is tried again."""
        told = ""
        while not stop.is_set():
            self._wake.clear()
            try:
                with store_errors("a round of evidence"):
                    self.round()
                told = ""
            except (StoreError, ChainError, LedgerError, EvidenceError) as exc:
                if str(exc) != told:
                    told = str(exc)
                    log.warning("the worker of evidence waits: %s", told)
                stop.wait(_AGAIN_SECONDS)
            self._wake.wait(_WAIT_SECONDS)

    def hurry(self) -> None:
        """Cut heads of everything that waits with the next round, however little it is."""
        self._hurry.set()
        self._wake.set()

    def round(self) -> int:
        """Do what there is to do; how many steps were taken."""
        with self._turn:
            hurry = self._hurry.is_set()
            self._hurry.clear()
            if hurry:
                self._later = {n: rest for n, rest in self._later.items() if self._open.get(n)}
            with self._engine.connect() as connection:
                rows = self._logs.logs(connection)
                due = {
                    waiting.info.log_id
                    for waiting in self._logs.pending(connection)
                    if hurry
                    or waiting.leaves >= self._cadence.leaves
                    or waiting.age_ms >= 1000 * self._cadence.seconds
                }
            taken = 0
            for row in rows:
                name = row.info.log_id
                idle = self._open.get(name) and self._anchored.get(name) == row.head_size
                if self._resting(name) or (idle and name not in due):
                    continue
                try:
                    taken += self._serve(row.info, due=name in due)
                except (RefusedError, EvidenceError) as exc:
                    self._trouble(row.info, str(exc))
                except LedgerError as exc:
                    if exc.code in _EVERYBODYS:
                        raise
                    self._trouble(row.info, str(exc))
                except (LookupError, ValueError) as exc:
                    # What is stored of one log is damaged: the others go on.
                    log.exception("%s cannot be read", _name(row.info))
                    self._trouble(row.info, f"what is stored of the log is damaged: {exc!r}")
            return taken

    def _serve(self, info: LogInfo, *, due: bool) -> int:
        """The steps of one log; how many were taken."""
        if not self._is_open(info):  # 1
            return self._order_opening(info)
        with self._engine.connect() as connection:
            heads = self._logs.unanchored(connection, info.log_id)
        if not heads and due:  # 2
            with begin_write(self._engine) as connection:
                head = self._logs.cut_head(connection, info.log_id)
            return 1 + (self._carry(info, head) if head is not None else 0)
        if heads:
            return self._carry(info, heads[0].head)
        with self._engine.connect() as connection:
            last = self._logs.last_anchored(connection, info.log_id)
        self._anchored[info.log_id] = 0 if last is None else last.head.size
        return 0

    def _is_open(self, info: LogInfo) -> bool:
        if not self._open.get(info.log_id):
            with self._engine.connect() as connection:
                self._open[info.log_id] = queries.evidence_log(connection, info.log_id) is not None
            if self._open[info.log_id]:
                self._well(info)
        return self._open[info.log_id]

    def _order_opening(self, info: LogInfo) -> int:
        """Let the party open its log; an order that failed is followed by another."""
        writer = self._writers.ensure(info.party)
        item = OpenLog(stream_word(info.stream), info.key_commitment, writer, info.sm3)

        def build(_now: int) -> Sequence[Item]:
            return [item]

        for attempt in range(_TRIES_MAX):
            key = f"open-log:{info.log_id.hex()[:40]}:{attempt}"
            asked = Asked(key, "OpenLog", {"log": info.log_id.hex(), "writer": writer.hex()})
            status = self._orders.status(self._orders.sign(info.party, asked, build).digest)
            if not isinstance(status, Failed):
                self._rest(info.log_id)
                return 1
            self.troubles[info.log_id] = f"the opening of the log failed: {status.code.value}"
        return 0

    def _carry(self, info: LogInfo, head: Head) -> int:
        """Steps 3 and 4 for the smallest head that is not known to be on chain."""
        with self._engine.connect() as connection:
            there = queries.covering_head(connection, info.log_id, head.size)
            last = queries.newest_head(connection, info.log_id)
            proof, fault = self._proof(connection, info, head, last)
        if there is not None and there.size == head.size and there.root == head.root:
            return self._note(info, there)  # 4
        if fault is not None:
            self._trouble(info, fault)
            return 0
        return self._send(info, head, 0 if last is None else last.size, proof)  # 3

    def _proof(
        self, connection: Connection, info: LogInfo, head: Head, last: HeadOnChain | None
    ) -> tuple[list[bytes], str | None]:
        """The way from the head on chain to this one, or why there is none."""
        if last is None:
            return [], None
        if last.size >= head.size:
            return [], f"the chain holds a head of {last.size} records that was not cut here"
        ours = self._logs.head_at(connection, info.log_id, last.size)
        if ours is None or ours.head.root != last.root:
            return [], f"the first {last.size} records here are not those that the chain fixed"
        return self._logs.consistency(connection, info.log_id, last.size, head.size), None

    def _send(self, info: LogInfo, head: Head, old: int, proof: Sequence[bytes]) -> int:
        signer = self._writer_of(info)
        if signer is None:
            self._trouble(info, "the key of the log's writer is not kept here")
            return 0
        arguments = append_arguments(head, proof, signer.sign(head.preimage(self._domain)))
        for attempt in range(_TRIES_MAX):
            key = f"head:{info.log_id.hex()}:{old}:{head.size}:{attempt}"
            status = self._carrier.call_status(key)
            if isinstance(status, Failed):
                self.troubles[info.log_id] = f"the chain refused a head: {status.code.value}"
                continue
            if status is None:
                if attempt and self._tried.get(info.log_id) != attempt:
                    # The refusal is new: what it was for (a pause, say) may end soon.
                    self._tried[info.log_id] = attempt
                    log.warning("%s: %s", _name(info), self.troubles[info.log_id])
                    self._rest(info.log_id)
                    return 0
                self._carrier.submit_call(
                    ContractName.EVIDENCE, APPEND_SIGNED, arguments, key, gas=HEAD_GAS
                )
                return 1
            return 0
        return 0

    def _writer_of(self, info: LogInfo) -> Any:
        with self._engine.connect() as connection:
            view = queries.evidence_log(connection, info.log_id)
        return None if view is None else self._writers.signer(view.writer)

    def _note(self, info: LogInfo, there: HeadOnChain) -> int:
        anchor = Anchor(there.tx_hash, there.block, there.block_hash, there.time)
        with begin_write(self._engine) as connection:
            self._logs.mark_anchored(connection, info.log_id, there.size, anchor)
        self._well(info)
        return 1

    # What does not go on at once

    def _resting(self, log_id: bytes) -> bool:
        until = self._later.get(log_id)
        return until is not None and time.monotonic() < until[0]

    def _rest(self, log_id: bytes) -> None:
        """Look at the log again after a while, longer each time."""
        _, pause = self._later.get(log_id, (0.0, _WAIT_SECONDS))
        self._later[log_id] = (time.monotonic() + pause, min(2 * pause, _AGAIN_SECONDS_MAX))

    def _trouble(self, info: LogInfo, why: str) -> None:
        if self.troubles.get(info.log_id) != why:
            log.warning("%s: %s", _name(info), why)
        self.troubles[info.log_id] = why
        self._rest(info.log_id)

    def _well(self, info: LogInfo) -> None:
        self._later.pop(info.log_id, None)
        self._tried.pop(info.log_id, None)
        self.troubles.pop(info.log_id, None)


def _name(info: LogInfo) -> str:
    return f"evidence log {info.stream} of party {info.party}"
