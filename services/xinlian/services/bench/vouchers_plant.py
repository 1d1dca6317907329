"""The processes of `./xl bench vouchers`: node, worker, and the driver that hands orders in."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select
from xinlian.ledger.adapters.sql.outbox import OrderState, orders
from xinlian.ledger.model.orders import SignedOrder
from xinlian.ledger.model.statuses import Submitted
from xinlian.services.bench import vouchers_worker
from xinlian.services.bench.figures import say
from xinlian.services.bench.vouchers_meter import Meter, Usage
from xinlian.services.bench.vouchers_work import Work
from xinlian.services.bootstrap import App, build
from xinlian.services.soak.site import Site
from xinlian.services.workers.children import Child

HAND_IN_AT_ONCE: Final = 250
SETTLE_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 0.05
_SAY_SECONDS: Final = 2.0


class BenchError(RuntimeError):
    """The bench cannot go on; the message says what happened."""


@dataclass(frozen=True, slots=True)
class Run:
    """Orders handed in and final, and what it took; ``blocks`` held them."""

    orders: int
    items: int
    seconds: float
    blocks: int
    usage: Usage

    @property
    def us_per_order(self) -> float:
        """Wall microseconds for each order."""
        return self.seconds / self.orders * 1e6


class Plant:
    """A network with its worker; from the main thread. ``app`` is the driver's own, not started:
    it hands orders in and reads SQL."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder, seed="bench")
        self.app: App
        self.work: Work
        self.worker = Child(
            "worker", vouchers_worker.__name__, [str(folder)], folder / "logs" / "worker.log"
        )
        self._keys = 0
        self.items_final = 0
        """Items of all orders that were run so far."""

    def start(self) -> None:
        """Found the network and start its worker."""
        self.site.found()
        self.work = Work(self.site)
        self.app = build(self.site.settings)
        self.start_worker()

    def start_worker(self) -> None:
        """Start submitter and indexer in a process of their own."""
        ready = self.site.settings.data / vouchers_worker.READY_FILE
        ready.unlink(missing_ok=True)
        self.worker.start()
        while not ready.exists():
            if self.worker.exit_code is not None:
                raise BenchError(f"the worker ended:\n{self.worker.last_words()}")
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End everything."""
        if hasattr(self, "app"):
            self.app.close()
        self.worker.stop()
        self.site.stop()

    @property
    def pids(self) -> dict[str, int | None]:
        """The processes by what they are."""
        return {
            "engine": self.site.engine_pid(),
            "gateway": self.site.node.pid,
            "worker": self.worker.pid,
            "driver": os.getpid(),
        }

    def run(self, what: str, signed: Sequence[SignedOrder]) -> Run:
        """Hand in, wait until every order is a final row in SQL. Any that fails is an error."""
        say(f"{what}: {len(signed)} orders")
        with Meter(self.pids) as meter:
            digests = self._hand_in(signed)
            self._wait(what, digests)
        with self.app.engine.connect() as connection:
            first = connection.execute(
                select(orders.c.seq).where(orders.c.digest == digests[0])
            ).scalar_one()
            mine = orders.c.seq >= first
            final = connection.execute(
                select(func.count()).where(mine, orders.c.state == OrderState.FINAL)
            ).scalar_one()
            blocks = connection.execute(
                select(func.count(orders.c.block.distinct())).where(mine)
            ).scalar_one()
        if final != len(signed):
            raise BenchError(
                f"{what}: {final} of {len(signed)} orders are final; the others failed"
            )
        usage = meter.usage
        items = sum(len(each.order.items) for each in signed)
        self.items_final += items
        rate = items / usage.seconds
        say(f"{what}: {rate:,.0f} items/s in {usage.seconds:.1f} s, {blocks} blocks")
        return Run(len(signed), items, usage.seconds, blocks, usage)

    def _hand_in(self, signed: Sequence[SignedOrder]) -> list[bytes]:
        digests: list[bytes] = []
        for at in range(0, len(signed), HAND_IN_AT_ONCE):
            part = [
                (each, f"bench {number}")
                for number, each in enumerate(signed[at : at + HAND_IN_AT_ONCE], self._keys)
            ]
            self._keys += len(part)
            for outcome in self.app.submitter.submit_many(part):
                if not isinstance(outcome, Submitted):
                    raise BenchError(f"an order was not taken in: {outcome}")
                digests.append(outcome.digest)
        return digests

    def _wait(self, what: str, digests: Sequence[bytes]) -> None:
        """Orders settle in turn: the last one is the one to wait for. Asked sparingly, since the
        asking takes processor time from those who work."""
        last = select(orders.c.state).where(orders.c.digest == digests[-1])
        end = said = time.monotonic()
        with self.app.engine.connect() as connection:
            while connection.execute(last).scalar_one() < OrderState.FINAL:
                connection.rollback()
                now = time.monotonic()
                if now > end + SETTLE_SECONDS or self.worker.exit_code is not None:
                    raise BenchError(
                        f"{what}: not final after {SETTLE_SECONDS:.0f} s; the worker's last words:"
                        f"\n{self.worker.last_words()}"
                    )
                if now - said > _SAY_SECONDS:
                    said = now
                    say(f"{what}: {self.app.submitter.open_count()} orders are not final yet")
                time.sleep(_LOOK_SECONDS)


def status(site: Site) -> dict[str, Any]:
    """The node's own report."""
    with site.rpc() as rpc:
        found: dict[str, Any] = rpc.call("xinlian_status")
        return found
