"""Decides when a snapshot is worth its time, and takes it."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xinlian.ledger.chain import snapshot
from xinlian.ledger.chain.archive.archive import Archive
from xinlian.ledger.chain.engine import Engine, Head
from xinlian.ledger.chain.errors import StorageFullError

log = logging.getLogger(__name__)

# anvil takes in about this many raw transactions a second (measured); blocks come on top.
_REPLAY_TX_PER_SECOND: Final = 3000
# A dump holds the engine up, so it may take at most this share of the time it saves.
_DUMP_SHARE: Final = 20.0
_WORTH_AT_END_SECONDS: Final = 2.0


@dataclass(slots=True)
class Snapshotter:
    """``seconds`` of replay, or ``every`` transactions, and a new snapshot is due.

    The bound in transactions grows with the chain (a quarter of it), since a dump holds all of it.
    """

    folder: Path
    archive: Archive
    genesis: str
    every: int
    seconds: float
    height: int  # of the last snapshot; 0 if there is none
    total: int  # transactions on the chain
    since: int  # transactions since the last snapshot
    cost: float = 0.0  # seconds that a replay since the last snapshot would take, estimated
    dump_seconds: float = 0.0
    taking: bool = False

    async def after_block(
        self, engine: Engine, head: Head, journal_end: int, transactions: int, took: float
    ) -> bool:
        """Count a block in; take a snapshot if one is due, and say whether there is a new one."""
        self.total += transactions
        self.since += transactions
        self.cost += took + transactions / _REPLAY_TX_PER_SECOND
        due_count = self.since >= max(self.every, self.total // 4)
        due_cost = self.cost >= max(self.seconds, self.dump_seconds * _DUMP_SHARE)
        if due_count or due_cost:
            await self._take(engine, head, journal_end)
        return self.height == head.height

    async def at_end(self, engine: Engine, head: Head, journal_end: int) -> None:
        """Before an orderly end: spare the next start a replay that would be felt."""
        if self.since and self.cost >= _WORTH_AT_END_SECONDS:
            await self._take(engine, head, journal_end)

    async def _take(self, engine: Engine, head: Head, journal_end: int) -> None:
        began = time.monotonic()
        self.since, self.cost = 0, 0.0  # also if it fails: try again after as much work
        self.taking = True
        try:
            state = await engine.dump()
        finally:
            self.taking = False
        about = snapshot.make_head(
            genesis=self.genesis,
            height=head.height,
            time=head.time,
            block_hash=head.block_hash,
            state_root=head.state_root,
            journal_end=journal_end,
            transactions=self.total,
            state=state,
        )
        try:
            await self.archive.flush()  # without it the snapshot would be of no use
            await asyncio.to_thread(snapshot.write, self.folder, about, state)
        except (OSError, StorageFullError) as exc:
            log.warning("no snapshot of block %d: %s; the journal alone will do", head.height, exc)
            return
        self.height = head.height
        self.dump_seconds = time.monotonic() - began
        log.info(
            "snapshot of block %d: %d bytes in %.1f s", head.height, len(state), self.dump_seconds
        )
