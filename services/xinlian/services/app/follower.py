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
from xinlian.finance.adapters.financing.financing_store import SqlFinancingStore
from xinlian.finance.adapters.sql import FinancingRow
from xinlian.finance.model.financing.life import Financing, Stage
from xinlian.finance.usecases.financing.paying import confirm_lock, load, release_financing
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
        self._reached: dict[Stage, str] = {}
        """Where the last round stopped in a stage; absent when it came to the end."""

    def run(self, stop: threading.Event) -> None:
        """Rounds until ``stop`` is set, whenever the books went on."""
        height = -2
        while not stop.is_set():
            try:
                found = head_of(self._engine).height
                if found != height or self._reached:
                    self.round()
                    height = found
            except (OperationalError, ChangedMeanwhileError) as exc:
                log.warning("the follower waits: %s", exc)
            stop.wait(_WAIT_SECONDS)

    def round(self) -> int:
        """What there is to tell, a portion of each stage; how many financings went on."""
        with self._turn:
            told = sum(self._accepted(name) for name in self._some(Stage.ACCEPTED))
            for stage in (Stage.LOCKED, Stage.REGISTERED):
                told += sum(self._locked(name) for name in self._some(stage))
            self._send_payments()
        return told

    def _some(self, stage: Stage) -> list[str]:
        """The next ids of a stage, from where the last round stopped."""
        row = FinancingRow
        query = (
            select(row.id)
            .where(row.stage == stage.value, row.id > self._reached.pop(stage, ""))
            .order_by(row.id)
            .limit(_ROUND_MAX)
        )
        with Session(self._engine) as session:
            found = list(session.scalars(query).all())
        if len(found) == _ROUND_MAX:
            self._reached[stage] = found[-1]
        return found

    def _accepted(self, name: str) -> bool:
        # Looked at first without the write lock: most of them still wait for the chain.
        with Session(self._engine) as session:
            if not self._tell_accepted(session, name, told=False):
                return False
        with unit_of_work(self._engine) as session:
            return self._tell_accepted(session, name, told=True)

    def _tell_accepted(self, session: Session, name: str, *, told: bool) -> bool:
        """Whether the chain has said what became of an accepted quote; ``told``: write it down."""
        store = SqlFinancingStore(session)
        financing = load(store, name)
        lock = agreed_lock(session, financing)
        why = "" if lock is not None else self._why_not(session, financing)
        if told and lock is not None:
            confirm_lock(store, name, *lock)
        elif told and why:
            release_financing(store, name, why)
        return lock is not None or bool(why)

    def _why_not(self, session: Session, financing: Financing) -> str:
        """Why a quote that was accepted will never be locked; empty if it still may."""
        o = financing_orders.c
        digest = session.scalar(select(o.digest).where(o.financing_id == financing.id))
        status = None if digest is None else self._status(bytes(digest))
        if isinstance(status, Failed):
            return f"the lock failed: {status.code.value}"
        if status is None and self._clock.now() > financing.lock_expires_at:
            return "its lock was never ordered"
        return ""

    def _locked(self, name: str) -> bool:
        with Session(self._engine) as session:
            if not _is_released(session, name):
                return False
        with unit_of_work(self._engine) as session:
            release_financing(SqlFinancingStore(session), name, "released on chain")
        return True


def _is_released(session: Session, name: str) -> bool:
    f = financing_versions.c
    chain_id = load(SqlFinancingStore(session), name).chain_id
    query = select(f.state).where(f.financing == chain_id, f.to_block == OPEN)
    return bool(session.scalar(query) == FinancingState.RELEASED)
