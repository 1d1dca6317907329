"""Finds blocks again: those still on their way to the file first, then the file."""

from __future__ import annotations

import sqlite3
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.chain.archive import file
from xinlian.ledger.chain.archive.block import JOINT, ArchivedBlock, Body, whole_receipts
from xinlian.ledger.chain.errors import ArchiveDamagedError

_CACHE_BYTES: Final = 32 << 20
_OVERHEAD: Final = 40  # of a bytes object

Pieces = tuple[bytes, ...]


class PieceCache:
    """Transactions and receipts of the blocks asked for last; at least of one block."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, tuple[Pieces, int]] = OrderedDict()
        self._size = 0
        self._guard = threading.Lock()

    def get(self, key: int) -> Pieces | None:
        """What was put under this key, if it is still here."""
        with self._guard:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def put(self, key: int, pieces: Pieces) -> None:
        """Keep these; let go of what was not asked for longest."""
        size = sum(map(len, pieces)) + _OVERHEAD * len(pieces)
        with self._guard:
            if key in self._held:
                return
            self._held[key] = (pieces, size)
            self._size += size
            while self._size > _CACHE_BYTES and len(self._held) > 1:
                _, (_, less) = self._held.popitem(last=False)
                self._size -= less


class Reader:
    """One thread's way to the archive. ``tail`` holds blocks by height until they are in the file.

    Heights asked for must be archived. Every method raises :class:`ArchiveDamagedError`.
    """

    def __init__(self, path: Path, tail: Mapping[int, ArchivedBlock], cache: PieceCache) -> None:
        self._tail = tail
        self._cache = cache
        try:
            self._connection = file.connect(path, write=False)
        except sqlite3.DatabaseError as exc:
            raise ArchiveDamagedError(0, f"it cannot be read: {exc}") from exc

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def short(self, height: int) -> bytes:
        """The JSON of a block with the hashes of its transactions."""
        if (block := self._tail.get(height)) is not None:
            return block.short
        row = self._one("SELECT * FROM blocks WHERE height = ?", height)
        if row is None:
            raise ArchiveDamagedError(height)
        file.check_row(row)
        return zlib.decompress(row[4])

    def transactions(self, height: int) -> Pieces:
        """The JSON of each transaction of a block."""
        key = file.body_id(height, Body.TRANSACTIONS)
        if (found := self._cache.get(key)) is None:
            body = self.body(height, Body.TRANSACTIONS)
            found = tuple(body.split(JOINT)) if body else ()
            self._cache.put(key, found)
        return found

    def receipts(self, height: int) -> Pieces:
        """The JSON of each receipt of a block."""
        key = file.body_id(height, Body.RECEIPTS)
        if (found := self._cache.get(key)) is None:
            body = self.body(height, Body.RECEIPTS)
            found = whole_receipts(body, self.body(height, Body.LOGS))
            self._cache.put(key, found)
        return found

    def body(self, height: int, body: Body) -> bytes:
        """One of a block's bodies as it is."""
        if (block := self._tail.get(height)) is not None:
            return block.bodies[body]
        key = file.body_id(height, body)
        row = self._one("SELECT data FROM bodies WHERE id = ?", key)
        if row is None:
            raise ArchiveDamagedError(height)
        return file.unpack_body(key, row[0])

    def height_of(self, block_hash: bytes) -> int | None:
        """The height of the block with this hash."""
        for block in list(self._tail.values()):
            if block.hash == block_hash:
                return block.height
        row = self._one("SELECT height FROM blocks WHERE hash = ?", block_hash)
        return None if row is None else int(row[0])

    def place_of(self, transaction: bytes) -> tuple[int, int] | None:
        """Height and position of the transaction with this hash."""
        for block in list(self._tail.values()):
            if (at := block.hashes.get(transaction)) is not None:
                return block.height, at
        row = self._one("SELECT place FROM transactions WHERE hash = ?", transaction)
        return None if row is None else file.split_place(row[0])

    def addresses(self, first: int, last: int) -> dict[int, frozenset[bytes]]:
        """Whose logs there are in each block from ``first`` to ``last``."""
        # The tail first: what leaves it is in the file by then.
        found = {block.height: block.addresses for block in list(self._tail.values())}
        asked = "SELECT height, addresses FROM blocks WHERE height BETWEEN ? AND ?"
        try:
            rows = self._connection.execute(asked, (first, last)).fetchall()
        except sqlite3.DatabaseError as exc:
            raise ArchiveDamagedError(first, f"it cannot be read: {exc}") from exc
        found |= {height: file.split_addresses(text) for height, text in rows}
        return {height: found[height] for height in range(first, last + 1)}

    def _one(self, statement: str, value: object) -> Any:
        """The only row, or None."""
        try:
            return self._connection.execute(statement, (value,)).fetchone()
        except sqlite3.DatabaseError as exc:
            raise ArchiveDamagedError(0, f"it cannot be read: {exc}") from exc
