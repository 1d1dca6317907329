"""Tells finance what the chain says about its financings, and banks what was instructed.

A financing that was accepted becomes locked when the chain says so, under the number it gave; it
ends if the order that should have locked it failed, or if the lock was released. Everything is
worked out from the books and the outbox, so a crash between any two steps is made good at the next
round.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from xinlian.finance.adapters.financing_store import SqlFinancingStore
from xinlian.finance.adapters.sql import FinancingRow
from xinlian.finance.model.financing import Stage
from xinlian.finance.usecases.paying import confirm_lock, load, release_financing
from xinlian.finance.usecases.ports import ChangedMeanwhileError
from xinlian.ledger.adapters.sql.tables import OPEN, financing_versions
from xinlian.ledger.model.statuses import Failed, Status
from xinlian.ledger.model.vouchers import FinancingState
from xinlian.services.app.agreed import agreed_lock
from xinlian.services.app.clock import Clock
from xinlian.services.app.reading import head_of
from xinlian.services.app.sessions import unit_of_work
from xinlian.services.app.tables import financing_orders

__all__ = ["Follower"]

_WAIT_SECONDS: Final = 0.1
_ROUND_MAX: Final = 500

log = logging.getLogger(__name__)


class Follower:
    """One round at a time; safe to run beside everything else."""

    def __init__(
        self,
        engine: Engine,
        status: Callable[[bytes], Status | None],
        send_payments: Callable[[], int],
        clock: Clock,
    ) -> None:
        self._engine = engine
        self._status = status
        self._send_payments = send_payments
        self._clock = clock
        self._turn = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Rounds until ``stop`` is set, whenever the books went on."""
        height = -2
        while not stop.is_set():
            try:
                found = head_of(self._engine).height
                if found != height:
                    self.round()
                    height = found
            except (OperationalError, ChangedMeanwhileError) as exc:
                log.warning("the follower waits: %s", exc)
            stop.wait(_WAIT_SECONDS)

    def round(self) -> int:
        """Everything there is to tell; how many financings went on."""
        with self._turn:
            told = sum(self._accepted(name) for name in self._at(Stage.ACCEPTED))
            for stage in (Stage.LOCKED, Stage.REGISTERED):
                told += sum(self._locked(name) for name in self._at(stage))
            self._send_payments()
        return told

    def _at(self, stage: Stage) -> list[str]:
        query = select(FinancingRow.id).where(FinancingRow.stage == stage.value).limit(_ROUND_MAX)
        with Session(self._engine) as session:
            return list(session.scalars(query).all())

    def _accepted(self, name: str) -> bool:
        o = financing_orders.c
        with unit_of_work(self._engine) as session:
            store = SqlFinancingStore(session)
            financing = load(store, name)
            lock = agreed_lock(session, financing)
            if lock is not None:
                confirm_lock(store, name, *lock)
                return True
            digest = session.scalar(select(o.digest).where(o.financing_id == name))
            status = None if digest is None else self._status(bytes(digest))
            if isinstance(status, Failed):
                release_financing(store, name, f"the lock failed: {status.code.value}")
                return True
            if status is None and self._clock.now() > financing.lock_expires_at:
                release_financing(store, name, "its lock was never ordered")
                return True
        return False

    def _locked(self, name: str) -> bool:
        f = financing_versions.c
        with unit_of_work(self._engine) as session:
            store = SqlFinancingStore(session)
            query = select(f.state).where(
                f.financing == load(store, name).chain_id, f.to_block == OPEN
            )
            if session.scalar(query) != FinancingState.RELEASED:
                return False
            release_financing(store, name, "released on chain")
        return True
