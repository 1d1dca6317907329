"""The archive as the node uses it: blocks go in behind the head, readers find them at once.

A block given to :meth:`Archive.add` can be read from that moment, and is written to the file by a
thread of its own. At most a few wait for that: :meth:`Archive.room` makes the chain wait, or says
that the disk is full. So nothing that the engine forgets is ever missing here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from xinlian.ledger.chain.archive.block import ArchivedBlock
from xinlian.ledger.chain.archive.file import ArchiveFile, is_full
from xinlian.ledger.chain.archive.reader import PieceCache, Reader
from xinlian.ledger.chain.errors import ChainError, StorageFullError

log = logging.getLogger(__name__)

LAG_MAX: Final = 2
"""Blocks that may wait to be written when the next one is begun."""
_READERS: Final = 2
_SPACE_RETRY_SECONDS: Final = 1.0

T = TypeVar("T")


class Archive:
    """Final blocks from 0 to :attr:`height`. Open it inside the event loop that uses it."""

    def __init__(self, file: ArchiveFile) -> None:
        self.height = file.height
        self.full: StorageFullError | None = None
        """Why nothing can be written, while that is so."""
        self._file = file
        self._tail: dict[int, ArchivedBlock] = {}
        self._cache = PieceCache()
        self._broken: Exception | None = None
        self._writer = ThreadPoolExecutor(1, "archive-writer")
        self._readers = ThreadPoolExecutor(_READERS, "archive-reader")
        self._own = threading.local()
        self._opened: list[Reader] = []
        self._saving: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    @classmethod
    async def open(cls, path: Path, genesis: bytes, hashes: Sequence[bytes]) -> Archive:
        """Open or create; keep what is sound and of the chain with these hashes by height."""
        file = await asyncio.to_thread(ArchiveFile, path, genesis)
        await asyncio.to_thread(file.check, hashes)
        return cls(file)

    @property
    def saved(self) -> int:
        """The last block that is in the file."""
        return self._file.height

    def add(self, block: ArchivedBlock) -> None:
        """Take the next block; the caller has waited for :meth:`room`."""
        if block.height != self.height + 1:
            raise ChainError(
                f"the archive ends at {self.height}; block {block.height} has no place"
            )
        self._tail[block.height] = block
        self.height = block.height
        if self._saving is None:
            self._saving = asyncio.create_task(self._save())

    async def room(self) -> None:
        """Wait until one more block may be added.

        Raises :class:`StorageFullError` while there is no space, :class:`ChainError` if the file
        can never be written again.
        """
        while len(self._tail) > LAG_MAX or self.full or self._broken:
            self._raise()
            await self._change()

    async def flush(self) -> None:
        """Everything added so far is on disk when this returns. Raises as :meth:`room`."""
        while self._tail:
            self._raise()
            await self._change()
        try:
            await self._in(self._writer, self._file.flush)
        except sqlite3.Error as exc:
            raise StorageFullError(f"the archive cannot be put on disk: {exc}") from exc

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """Put a question in a thread in which reading may take its time."""
        return await self._in(self._readers, lambda: question(self._reader()))

    async def holds(self, transaction: bytes) -> bool:
        """Whether the transaction with this hash is in a block."""
        return await self.ask(lambda reader: reader.place_of(transaction)) is not None

    async def aclose(self) -> None:
        """Write what waits, if that is possible, and end."""
        with contextlib.suppress(ChainError):
            await self.flush()
        if self._saving is not None:
            self._saving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._saving
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._readers.shutdown()
        self._writer.shutdown()
        for reader in self._opened:
            reader.close()
        self._file.close()

    async def _save(self) -> None:
        """Write the tail, oldest first, until there is none."""
        while self._tail:
            block = next(iter(self._tail.values()))
            try:
                await self._in(self._writer, partial(self._file.add, block))
            except sqlite3.Error as exc:
                self._note(exc)
                if self._broken is not None:
                    return
                await asyncio.sleep(_SPACE_RETRY_SECONDS)
                continue
            if self.full is not None:
                log.warning("there is space again for the archive")
                self.full = None
            del self._tail[block.height]
            self._tell()
        self._saving = None

    def _note(self, exc: sqlite3.Error) -> None:
        if not is_full(exc):
            self._broken = exc
        elif self.full is None:
            self.full = StorageFullError(
                f"no space for the archive {self._file.path}: {exc}. Free some space on this "
                "disk; the node goes on by itself."
            )
            log.error("%s", self.full)
        self._tell()

    def _raise(self) -> None:
        if self._broken is not None:
            raise ChainError(
                f"the archive {self._file.path} cannot be written: {self._broken}. Start the node "
                "again: it makes the archive anew from the journal."
            )
        if self.full is not None:
            raise self.full

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _change(self) -> None:
        await self._changed.wait()

    def _reader(self) -> Reader:
        reader: Reader | None = getattr(self._own, "reader", None)
        if reader is None:
            reader = self._own.reader = Reader(self._file.path, self._tail, self._cache)
            self._opened.append(reader)
        return reader

    @staticmethod
    async def _in(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, work)
