"""Brings a fresh engine to where the journal ends; proves block by block that it is the same."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xinlian.ledger.chain import snapshot
from xinlian.ledger.chain.archive.archive import Archive
from xinlian.ledger.chain.engine import Engine, Head, messages
from xinlian.ledger.chain.errors import EngineError, NodeStartError, ReplayMismatchError, RpcError
from xinlian.ledger.chain.gateway.making import take
from xinlian.ledger.chain.journal import SECTOR, BlockRecord, Journal
from xinlian.ledger.chain.proofs import check_end

log = logging.getLogger(__name__)

# Starts an engine: with a dumped state, or empty.
StartEngine = Callable[[bytes | None], Awaitable[Engine]]

_SAY_EVERY_SECONDS: Final = 2.0


@dataclass(slots=True)
class Index:
    """What the journal holds, without the transactions: filled by :func:`scan`, then kept up."""

    hashes: list[bytes]  # by height; [0] is empty: the genesis block has no record
    transactions: int = 0
    time: int = 0

    @property
    def height(self) -> int:
        """Height of the last block."""
        return len(self.hashes) - 1


@dataclass(frozen=True, slots=True)
class Replayed:
    """An engine at the journal's end. ``snapshot`` is the height it started from (0: genesis)."""

    engine: Engine
    head: Head
    snapshot: int
    snapshot_transactions: int
    transactions: int
    seconds: float


def scan(journal: Journal) -> Index:
    """Verify the whole journal: checksums, order of heights and times.

    An unfinished end is cut off, unless there is proof that the block was final.
    """
    index = Index([b""])
    for record in journal.recover():
        if record.height != index.height + 1 or record.time < index.time:
            raise NodeStartError(
                f"The journal {journal.path} is out of order at byte {record.offset}: block "
                f"{record.height} (time {record.time}) follows block {index.height} "
                f"(time {index.time}). See chain-node/embedded/README.md."
            )
        index.hashes.append(record.block_hash)
        index.transactions += len(record.transactions)
        index.time = record.time
    check_end(journal, index.height)
    journal.cut(index.height)
    return index


async def replay(
    start_engine: StartEngine,
    journal: Journal,
    index: Index,
    archive: Archive,
    folder: Path,
    genesis: str,
) -> Replayed:
    """Start an engine, load the newest sound snapshot, replay the rest of the journal.

    Blocks that the archive lacks are added to it. A snapshot above the archive is of no use: its
    engine forgot what the archive lacks.

    Raises :class:`ReplayMismatchError` at the first block whose hash or state root differs.
    """
    began = time.monotonic()
    engine, base = await _from_snapshot(start_engine, index, archive.height, folder, genesis)
    offset = SECTOR if base is None else base.journal_end
    done = 0
    said = began
    try:
        if archive.height < 0:
            archive.add(await take(engine, await engine.head()))
        for record in journal.recover(offset):
            head = await replay_block(engine, record)
            if record.height > archive.height:
                await archive.room()
                archive.add(await take(engine, head))
            done += len(record.transactions)
            if time.monotonic() - said > _SAY_EVERY_SECONDS:
                said = time.monotonic()
                log.info("replayed block %d of %d", record.height, index.height)
        head = await engine.head()
    except BaseException:
        await engine.stop()
        raise
    height = 0 if base is None else base.height
    count = 0 if base is None else base.transactions
    return Replayed(engine, head, height, count, done, time.monotonic() - began)


async def _from_snapshot(
    start_engine: StartEngine, index: Index, archived: int, folder: Path, genesis: str
) -> tuple[Engine, snapshot.SnapshotHead | None]:
    for base, state in await asyncio.to_thread(lambda: list(snapshot.load(folder, genesis))):
        if base.height > archived:
            log.warning(
                "the archive ends at block %d; passing over the snapshot of block %d",
                archived,
                base.height,
            )
            continue
        if bytes.fromhex(base.block_hash) == index.hashes[base.height]:
            try:
                engine = await start_engine(state)
                head = await engine.head()
                if (head.block_hash.hex(), head.state_root.hex()) == (
                    base.block_hash,
                    base.state_root,
                ):
                    return engine, base
                await engine.stop()
            except (EngineError, RpcError) as exc:
                log.warning("the engine refused the snapshot of block %d: %s", base.height, exc)
        log.warning("snapshot of block %d does not fit the journal; passing over it", base.height)
    return await start_engine(None), None


async def replay_block(engine: Engine, record: BlockRecord) -> Head:
    """Make one recorded block again; raises unless the engine arrives at the same block."""
    raws = ["0x" + raw.hex() for raw in record.transactions]
    for part in messages(raws):
        for answer in await engine.submit(part):
            if "error" in answer:
                raise ReplayMismatchError(
                    record.height,
                    "outcome",
                    "every transaction accepted",
                    str(answer["error"].get("message")),
                )
    head = await engine.seal(record.time)
    for what, expected, found in (
        ("height", str(record.height), str(head.height)),
        ("state root", record.state_root.hex(), head.state_root.hex()),
        ("block hash", record.block_hash.hex(), head.block_hash.hex()),
    ):
        if expected != found:
            raise ReplayMismatchError(record.height, what, expected, found)
    return head
