"""Makes one block: the engine first, then the archive's copy, then the journal's seal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from xinlian.ledger.chain.archive.block import ArchivedBlock, cut
from xinlian.ledger.chain.engine import Engine, Head
from xinlian.ledger.chain.errors import ChainError, EngineError, StorageFullError
from xinlian.ledger.chain.journal import Journal


async def take(engine: Engine, head: Head) -> ArchivedBlock:
    """The engine's newest block, for the archive."""
    block = await asyncio.to_thread(cut, *await engine.block(head.height))
    if (block.hash, len(block.hashes)) != (head.block_hash, len(head.transactions)):
        raise EngineError(f"the engine gave another block for height {head.height}")
    return block


async def make_block(
    engine: Engine,
    journal: Journal,
    height: int,
    block_time: int,
    expected: Sequence[str],
    raw_of: Callable[[str], bytes],
    meanwhile: Callable[[Callable[[], bool]], Awaitable[None]],
) -> tuple[Head, ArchivedBlock]:
    """Block ``height`` at ``block_time``, durable when this returns.

    The journal has been prepared for the ``expected`` transactions; where others are included, it
    is prepared again with the raw bytes that ``raw_of`` gives. ``meanwhile`` may use the engine for
    something else while it is told that the copy is being taken. :class:`EngineError` before the
    journal's seal: the block never was.
    """
    flushed = asyncio.create_task(asyncio.to_thread(journal.flush))
    try:
        head = await engine.seal(block_time)
    finally:
        await flushed
    if (head.height, head.time) != (height, block_time):
        raise EngineError(f"the engine made block {head.height} instead of {height}")
    # Now: the engine forgets it after the next ones, and what is sealed must be readable for ever.
    taking = asyncio.create_task(take(engine, head))
    try:
        await meanwhile(lambda: not taking.done())
    finally:
        block = await taking
    included = list(head.transactions)
    if included != expected:  # some wait for a nonce before theirs
        raws = [raw_of(transaction) for transaction in included]
        try:
            await asyncio.to_thread(journal.prepare, height, block_time, raws)
        except StorageFullError as exc:
            raise EngineError("a block could not be written and is made anew") from exc
        await asyncio.to_thread(journal.flush)
    try:
        await asyncio.to_thread(journal.commit, head.block_hash, head.state_root)
    except OSError as exc:  # nobody knows now what is on disk: only a start can tell
        raise ChainError(f"the journal {journal.path} cannot be written: {exc}") from exc
    return head, block
