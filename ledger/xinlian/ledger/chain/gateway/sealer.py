"""Turns waiting transactions into blocks, and blocks into durable history.

One task owns the engine's write side and does one thing after another: offer transactions to the
engine, prepare the journal, make a block, seal the record. A block becomes visible only when its
record is on disk (see ``gate``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from xinlian.ledger.chain.archive.archive import Archive
from xinlian.ledger.chain.engine import Engine, Head, messages
from xinlian.ledger.chain.errors import (
    LIMIT_EXCEEDED,
    STORAGE_FULL,
    AlreadyKnownError,
    ChainError,
    EngineError,
    NonceTooLowError,
    RpcError,
    StorageFullError,
    from_rpc,
)
from xinlian.ledger.chain.gateway.clock import Clock
from xinlian.ledger.chain.gateway.figures import Figures
from xinlian.ledger.chain.gateway.gate import Gate
from xinlian.ledger.chain.gateway.inbox import Inbox, Offer
from xinlian.ledger.chain.gateway.lost import drop_lost
from xinlian.ledger.chain.gateway.making import make_block
from xinlian.ledger.chain.gateway.pace import Pace
from xinlian.ledger.chain.gateway.pending import Pending
from xinlian.ledger.chain.gateway.refusal import RefusalError
from xinlian.ledger.chain.gateway.replay import Index, Replayed
from xinlian.ledger.chain.gateway.snapshotter import Snapshotter
from xinlian.ledger.chain.journal import Journal
from xinlian.ledger.model.keccak import keccak256

log = logging.getLogger(__name__)

WAITING_MAX: Final = 20_000
WAITING_BYTES_MAX: Final = 256 << 20
_RESTARTS_MAX: Final = 5
_RESTARTS_WINDOW_SECONDS: Final = 600.0
_SPACE_RETRY_SECONDS: Final = 1.0
# anvil keeps 2 KB of every block it made: after so many, a new one goes on from a snapshot.
_HEADERS_MAX: Final = 50_000


class Sealer:
    """See the module. ``restart`` gives an engine at the journal's end, from nothing."""

    def __init__(
        self,
        replayed: Replayed,
        journal: Journal,
        index: Index,
        archive: Archive,
        clock: Clock,
        restart: Callable[[], Awaitable[Replayed]],
        snapshotter: Snapshotter,
        seal_interval: float,
    ) -> None:
        self.gate = Gate(replayed.engine, replayed.head)
        self.figures = Figures()
        self.pending = Pending()
        self.index = index
        self.journal = journal
        self._archive = archive
        self._clock = clock
        self._restart = restart
        self._snapshotter = snapshotter
        self._pace = Pace(seal_interval, self.figures)
        self._inbox = Inbox()
        self._restarts: deque[float] = deque(maxlen=_RESTARTS_MAX)  # their times
        self._oldest = replayed.snapshot  # the engine holds the headers of all blocks since
        self._old = False  # and by now too many
        self._stopping = False
        self._stuck = False  # what waits cannot enter a block before something else arrives

    @property
    def engine(self) -> Engine:
        """The engine of the moment."""
        return self.gate.engine

    @property
    def head(self) -> Head:
        """The newest durable block."""
        return self.gate.head

    # ---- for the gateway -------------------------------------------------------------------

    async def submit(self, raws: Sequence[str]) -> list[dict[str, Any]]:
        """Offer raw transactions to the engine; its answers (JSON-RPC objects) in order."""
        if self.figures.storage_full is not None and self.pending:
            raise RefusalError(STORAGE_FULL, self.figures.storage_full)
        waiting = len(self._inbox) + len(self.pending) + len(raws)
        if waiting > WAITING_MAX or self.pending.size > WAITING_BYTES_MAX:
            raise RefusalError(
                LIMIT_EXCEEDED, "too many transactions wait for a block; send again later"
            )
        return await self._inbox.put(raws)

    # ---- the one task ----------------------------------------------------------------------

    async def run(self) -> None:
        """Work until :meth:`stop`. An exception from here means: the node must end."""
        death = asyncio.create_task(self._watch_engine())
        try:
            while not self._stopping:
                try:
                    await self._step()
                    if self._old:
                        death.cancel()
                        await self._replace()
                        death = asyncio.create_task(self._watch_engine())
                except (EngineError, RpcError) as exc:
                    death.cancel()
                    await self._repair(exc)
                    death = asyncio.create_task(self._watch_engine())
            await self._last_step()
        except BaseException:
            self.gate.lost()  # what the engine holds beyond the journal must not be shown
            raise
        finally:
            death.cancel()
            self._inbox.refuse_all()
            await self.engine.stop()

    def stop(self) -> None:
        """Let :meth:`run` seal what waits and end."""
        self._stopping = True
        self.gate.close()
        self._inbox.arrived.set()

    async def _watch_engine(self) -> None:
        await self.engine.died.wait()
        self.gate.lost()
        self._inbox.arrived.set()

    async def _step(self) -> None:
        """Wait for work, then offer, seal or look after the engine."""
        if self.engine.died.is_set():
            raise EngineError("the engine process ended")
        wait = self._seconds_to_seal()
        if not self._inbox and (wait is None or wait > 0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._inbox.arrived.wait()
        self._inbox.arrived.clear()
        while self._inbox and self._seconds_to_seal() != 0 and not self._stopping:
            await self._offer(self._inbox.take())
        if self._seconds_to_seal() == 0:
            await self._seal()

    def _seconds_to_seal(self) -> float | None:
        """Until a block is due; None if nothing that could enter one waits."""
        if not self.pending or self._stuck:
            return None
        return self._pace.seconds_left(self.pending)

    async def _offer(self, offer: Offer) -> None:
        answers: list[dict[str, Any]] = []
        try:
            for part in messages(offer.raws):
                found = await self.engine.submit(part)
                for raw, answer in zip(part, found, strict=True):
                    answers.append(await self._accept(bytes.fromhex(raw[2:]), answer))
        except EngineError:
            self._inbox.put_first(offer)  # again, after the repair
            raise
        self._stuck = False
        refused = sum("error" in answer for answer in answers)
        if offer.answers is None and refused:
            log.warning("%d accepted transactions were refused after the repair", refused)
        offer.answer(answers)

    async def _accept(self, raw: bytes, answer: dict[str, Any]) -> dict[str, Any]:
        """Note an accepted transaction. The same one again gets the same answer, not an error."""
        if "result" in answer:
            self.pending.add(answer["result"], raw)
            return answer
        if isinstance(from_rpc(answer["error"]), AlreadyKnownError | NonceTooLowError):
            transaction = "0x" + keccak256(raw).hex()
            key = bytes.fromhex(transaction[2:])
            if transaction in self.pending or await self._archive.holds(key):
                return {"result": transaction}
        return answer

    async def _seal(self) -> None:
        began = time.monotonic()
        if (await self.engine.waiting())[0] == 0:
            self._stuck = True
            return
        block_time = max(self.head.time, self._clock.now())
        hashes, raws = self.pending.hashes(), self.pending.raws()
        height = self.head.height + 1
        try:
            await self._archive.room()
            await asyncio.to_thread(self.journal.prepare, height, block_time, raws)
        except StorageFullError as exc:
            if self.figures.storage_full is None:
                log.error("sealing stops: %s", exc)
            self.figures.storage_full = str(exc)
            self._pace.put_off(_SPACE_RETRY_SECONDS)
            return
        if self.figures.storage_full is not None:
            log.warning("there is space again; sealing goes on")
            self.figures.storage_full = None
        with self.gate.block_in_flight():
            head = await self._make_block(height, block_time, hashes)
        included = len(head.transactions)
        took = time.monotonic() - began
        self._pace.made(began)
        if included < len(hashes):
            await drop_lost(self.engine, self.pending)
        size = self.journal.size
        taken = await self._snapshotter.after_block(self.engine, head, size, included, took)
        self._old = taken and head.height - self._oldest >= _HEADERS_MAX

    async def _make_block(self, height: int, block_time: int, expected: list[str]) -> Head:
        """Engine, journal and archive first, then everyone else."""
        head, block = await make_block(
            *(self.engine, self.journal, height, block_time, expected),
            *(self.pending.raw, self._offer_while),
        )
        self._archive.add(block)
        included = head.transactions
        self.index.hashes.append(head.block_hash)
        self.index.transactions += len(included)
        self.index.time = head.time
        self.pending.remove(included)
        self.figures.last_seal = time.time()
        if not included:
            self.figures.empty_blocks += 1
            self._stuck = True
        self.gate.publish(head)
        return head

    async def _offer_while(self, busy: Callable[[], bool]) -> None:
        """What has arrived goes to the engine while it only tells."""
        while self._inbox and busy():
            await self._offer(self._inbox.take())

    async def _repair(self, cause: Exception) -> None:
        """A new engine from the journal, then everything accepted but not yet sealed again."""
        log.error("the engine failed (%s); restarting it from the journal", cause)
        self.gate.lost()  # also if it is not restarted
        times = self._restarts
        if len(times) == _RESTARTS_MAX and time.monotonic() - times[0] < _RESTARTS_WINDOW_SECONDS:
            raise ChainError(
                f"the engine failed {_RESTARTS_MAX + 1} times within "
                f"{_RESTARTS_WINDOW_SECONDS / 60:.0f} minutes, last: {cause}"
            )
        times.append(time.monotonic())
        try:
            await self._replace()
        except EngineError as exc:
            await self._repair(exc)
            return
        self.figures.restarts += 1

    async def _replace(self) -> None:
        """Another engine in the place of this one, at the same block, with the same waiting."""
        self.gate.lost()
        await self.engine.stop()
        self.journal.discard()
        replayed = await self._restart()
        if replayed.head.block_hash != self.head.block_hash:
            raise ChainError(f"after the restart the head is not block {self.head.height} any more")
        self._oldest, self._old = replayed.snapshot, False
        raws = self.pending.raws()
        self.pending.clear()
        if raws:
            self._inbox.put_first(Offer(["0x" + raw.hex() for raw in raws], None))
        self._stuck = False
        self.gate.restored(replayed.engine)
        self._inbox.arrived.set()
        text = "new engine at block %d after %.1f s: %d transactions replayed, %d offered again"
        done = replayed.transactions
        log.warning(text, self.head.height, replayed.seconds, done, len(raws))

    async def _last_step(self) -> None:
        """Seal what waits, once; keep a snapshot if a replay would take long."""
        try:
            if self.pending and self.figures.storage_full is None:
                await self._seal()
            await self._snapshotter.at_end(self.engine, self.head, self.journal.size)
        except (EngineError, RpcError) as exc:
            log.warning(
                "the engine failed while ending (%s); the journal has all that is final", exc
            )
