"""What readers may see: blocks that are on disk, from an engine that is well.

A block exists in the engine a moment before its record is durable. Any answer that arrives in that
moment is held back until the record is on disk, or thrown away and asked for again if the engine
had to be replaced. So nobody ever sees a block that a power cut could take back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

from xinlian.ledger.chain.engine import Engine, Head
from xinlian.ledger.chain.errors import RECOVERING, EngineError
from xinlian.ledger.chain.gateway.refusal import RefusalError

_ATTEMPTS_MAX: Final = 5
_HOLD_SECONDS: Final = 30.0
_DEATH_SECONDS: Final = 1.0


class Gate:
    """The readers' side of the engine. The sealer tells it what happens to blocks and engine."""

    def __init__(self, engine: Engine, head: Head) -> None:
        self.engine = engine
        self.head = head  # the newest durable block
        self._well = asyncio.Event()
        self._well.set()
        self._settled = asyncio.Event()  # no block between the engine and the journal
        self._settled.set()
        self._grown = asyncio.Event()  # replaced with every block
        self._closed = False
        self._begun = 0  # blocks begun so far

    def mark(self) -> int | None:
        """A number that changes when a block is begun; None while one is being made."""
        return self._begun if self._settled.is_set() else None

    async def read(self, body: bytes) -> bytes:
        """Ask the engine (JSON-RPC, already checked); the answer knows durable blocks only."""
        for _ in range(_ATTEMPTS_MAX):
            try:
                async with asyncio.timeout(_HOLD_SECONDS):
                    await self._well.wait()
            except TimeoutError as exc:
                raise RefusalError(RECOVERING, "the node repairs its engine; try again") from exc
            engine = self.engine
            try:
                answer = await engine.read(body)
            except (EngineError, OSError) as exc:
                await self._find_dead(engine, exc)
                continue
            await self._settled.wait()
            if engine is self.engine and self._well.is_set():
                return answer
        raise RefusalError(RECOVERING, "the engine keeps failing; see the node's log")

    async def _find_dead(self, engine: Engine, cause: Exception) -> None:
        """A broken connection is how death shows first; the process ends a moment later."""
        try:
            async with asyncio.timeout(_DEATH_SECONDS):
                await engine.died.wait()
        except TimeoutError:
            raise RefusalError(RECOVERING, f"no answer from the engine: {cause}") from cause
        if engine is self.engine:
            self.lost()

    async def wait_final(self, height: int, seconds: float) -> Head:
        """The durable head, as soon as it reaches ``height`` or after ``seconds``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.head.height < height and not self._closed:
                    await self._grown.wait()
        return self.head

    @contextlib.contextmanager
    def block_in_flight(self) -> Iterator[None]:
        """Hold answers back from before a block is made until it is durable."""
        self._settled.clear()
        self._begun += 1
        try:
            yield
        except BaseException:
            self._well.clear()  # before those who wait look again
            raise
        finally:
            self._settled.set()

    def publish(self, head: Head) -> None:
        """``head`` is durable: show it, wake those who wait for it."""
        self.head = head
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def close(self) -> None:
        """The node is stopping: let nobody wait for blocks any longer."""
        self._closed = True
        self._grown.set()

    def lost(self) -> None:
        """The engine is gone: hold readers until :meth:`restored`."""
        self._well.clear()

    def restored(self, engine: Engine) -> None:
        """A new engine stands where the old one stood."""
        self.engine = engine
        self._well.set()
