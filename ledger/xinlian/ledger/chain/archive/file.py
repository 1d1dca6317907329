"""The archive's SQLite file: written by one thread, read by others, checked whole at each start.

A block's row, its bodies and its transactions are written in one SQL transaction, without fsync:
what a power cut takes away is made again from the journal. :meth:`ArchiveFile.flush` puts all of it
on disk. Row and bodies carry checksums; the table of transactions has one over all of it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from xinlian.ledger.chain.archive.block import ArchivedBlock, Body
from xinlian.ledger.chain.errors import ArchiveDamagedError, NodeStartError

log = logging.getLogger(__name__)

VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE meta (version INTEGER NOT NULL, genesis BLOB NOT NULL);
CREATE TABLE blocks (
    height INTEGER PRIMARY KEY, hash BLOB NOT NULL, addresses BLOB NOT NULL,
    places_sum INTEGER NOT NULL, short BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE UNIQUE INDEX blocks_by_hash ON blocks (hash);
CREATE TABLE bodies (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE transactions (hash BLOB PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID;
"""
_ADDRESS_CHARS: Final = 42
_CRC_BYTES: Final = 4
_LEVEL: Final = 1  # higher ones take three times as long for a tenth
_PLACE_BITS: Final = 20
_SUM_MASK: Final = (1 << 62) - 1
_CACHE_KIB: Final = 8 * 1024
_WAL_BYTES_MAX: Final = 64 << 20
# There may be space again in a moment.
_FULL: Final = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
)
# What says nothing about the content of the file.
_OUTSIDE: Final = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
)
# Damage can also turn a value into one of another type.
_DAMAGES: Final = (
    *(sqlite3.DatabaseError, ArchiveDamagedError),
    *(TypeError, ValueError, AttributeError, OverflowError),
)
Row = tuple[int, bytes, bytes, int, bytes, int]


def is_full(error: sqlite3.Error) -> bool:
    """Whether there was no space to write to."""
    return getattr(error, "sqlite_errorcode", None) in _FULL


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code not in _FULL and code & 0xFF not in _OUTSIDE


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection with little memory; one that reads never creates the file."""
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if write else 'ro'}"
    # Each is used by one thread after another, never by two at once.
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.text_factory = bytes  # damage can make a text of a blob
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    return connection


def body_id(height: int, body: Body) -> int:
    """The key of a body."""
    return height * len(Body) + body


def pack_body(key: int, plain: bytes) -> bytes:
    """Compressed, with a checksum that ties it to its key."""
    data = zlib.compress(plain, _LEVEL)
    return zlib.crc32(data, key & 0xFFFFFFFF).to_bytes(_CRC_BYTES, "big") + data


def check_body(key: int, data: bytes) -> None:
    """Raise :class:`ArchiveDamagedError` unless the checksum fits."""
    if zlib.crc32(data[_CRC_BYTES:], key & 0xFFFFFFFF) != int.from_bytes(data[:_CRC_BYTES], "big"):
        raise ArchiveDamagedError(key // len(Body))


def unpack_body(key: int, data: bytes) -> bytes:
    """The plain body; raises :class:`ArchiveDamagedError`."""
    check_body(key, data)
    return zlib.decompress(data[_CRC_BYTES:])


def place_of(height: int, at: int) -> int:
    """Height and position of a transaction as one number."""
    return height << _PLACE_BITS | at


def split_place(place: int) -> tuple[int, int]:
    """Height and position."""
    return place >> _PLACE_BITS, place & (1 << _PLACE_BITS) - 1


def pack_row(block: ArchivedBlock, places_sum: int) -> Row:
    """The row of a block, with its checksum."""
    addresses, short = b"".join(sorted(block.addresses)), zlib.compress(block.short, _LEVEL)
    checksum = _row_sum(block.height, block.hash, addresses, b"%d" % places_sum, short)
    return block.height, block.hash, addresses, places_sum, short, checksum


def check_row(row: Row) -> None:
    """Raise :class:`ArchiveDamagedError` unless the row of a block is as it was written."""
    height, block_hash, addresses, places_sum, short, checksum = row
    if _row_sum(height, block_hash, addresses, b"%d" % places_sum, short) != checksum:
        raise ArchiveDamagedError(height)


def split_addresses(text: bytes) -> frozenset[bytes]:
    """The addresses of a row."""
    return frozenset(text[at : at + _ADDRESS_CHARS] for at in range(0, len(text), _ADDRESS_CHARS))


def _place_sum(transaction: bytes, place: int) -> int:
    return zlib.crc32(transaction + place.to_bytes(8, "big"))


def _row_sum(height: int, *values: bytes) -> int:
    return zlib.crc32(b"%d" % height + b"|".join(values))


class ArchiveFile:
    """The file, open for writing. :meth:`check` must have been run before anything is added."""

    def __init__(self, path: Path, genesis: bytes) -> None:
        self.path = path
        self.height = -1
        """The last block in it; -1 if there is none."""
        self._genesis = genesis
        self._connection: sqlite3.Connection
        with self._healing():
            self._open()

    def _open(self) -> None:
        self._connection = connect(self.path, write=True)
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run(f"PRAGMA journal_size_limit = {_WAL_BYTES_MAX}")
        if run("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            self._connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            run("INSERT INTO meta VALUES (?, ?)", (VERSION, self._genesis))
        if run("SELECT version, genesis FROM meta").fetchall() != [(VERSION, self._genesis)]:
            raise ArchiveDamagedError(0, "it is of another version or genesis")
        self.height = run("SELECT coalesce(max(height), -1) FROM blocks").fetchone()[0]

    @contextlib.contextmanager
    def _healing(self) -> Iterator[None]:
        """Begin anew where the file turns out to be damaged; say what else is in the way."""
        try:
            yield
        except _DAMAGES as exc:
            if not _is_damage(exc):
                raise NodeStartError(
                    f"The archive {self.path} cannot be opened: {exc}. Free some space on this "
                    "disk, or see who may read and write the file; then start again."
                ) from exc
            self._begin_anew(str(exc))

    def _begin_anew(self, why: str) -> None:
        log.warning("archive %s cannot be used (%s); it is made anew", self.path, why)
        if hasattr(self, "_connection"):
            self._connection.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self._open()

    def check(self, hashes: Sequence[bytes]) -> None:
        """Read everything; drop whatever is damaged or not of the chain with these block hashes.

        ``hashes`` are by height; that of the genesis block is not known and not compared.
        """
        with self._healing():
            sound = self._sound_until(hashes)
            if sound < self.height:
                log.warning(
                    "archive %s: of its blocks up to %d those above %d are dropped",
                    self.path,
                    self.height,
                    sound,
                )
                self._truncate(sound)
            self._check_sums()

    def _sound_until(self, hashes: Sequence[bytes]) -> int:
        height = -1
        rows = self._connection.execute("SELECT * FROM blocks ORDER BY height")
        bodies = self._connection.execute("SELECT id, data FROM bodies ORDER BY id")
        try:
            for row in rows:
                if row[0] != height + 1 or row[0] >= len(hashes):
                    break
                check_row(row)
                if row[1] != hashes[row[0]] and row[0] > 0:
                    break
                for body in Body:
                    key, data = bodies.fetchone() or (-1, b"")
                    if key != body_id(row[0], body):
                        return height
                    check_body(key, data)
                height = row[0]
        except ArchiveDamagedError as exc:
            log.warning("archive %s: %s", self.path, exc)
        finally:
            rows.close()
            bodies.close()
        return height

    def _truncate(self, height: int) -> None:
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        run("DELETE FROM blocks WHERE height > ?", (height,))
        run("DELETE FROM bodies WHERE id >= ?", (body_id(height + 1, Body(0)),))
        run("DELETE FROM transactions WHERE place >= ?", (place_of(height + 1, 0),))
        run("COMMIT")
        self.height = height

    def _check_sums(self) -> None:
        run = self._connection.execute
        last = body_id(self.height, Body.LOGS)
        if run("SELECT coalesce(max(id), -1) FROM bodies").fetchone() != (last,):
            raise ArchiveDamagedError(self.height, "it holds bodies of blocks that are not there")
        by_hash = """SELECT count(*) FROM blocks AS a NOT INDEXED WHERE a.height IS (
            SELECT b.height FROM blocks AS b INDEXED BY blocks_by_hash WHERE b.hash = a.hash)"""
        if run(by_hash).fetchone() != (self.height + 1,):
            raise ArchiveDamagedError(0, "its blocks are not found by their hashes")
        expected = sum(each for (each,) in run("SELECT places_sum FROM blocks"))
        found = sum(_place_sum(*each) for each in run("SELECT hash, place FROM transactions"))
        if expected != found:
            raise ArchiveDamagedError(0, "the places of its transactions do not add up")

    def add(self, block: ArchivedBlock) -> None:
        """Add the next block; visible to readers when this returns. Raises sqlite3.Error."""
        places = [(each, place_of(block.height, at)) for each, at in block.hashes.items()]
        row = pack_row(block, sum(_place_sum(*each) for each in places))
        keys = [body_id(block.height, body) for body in Body]
        packed = [pack_body(key, body) for key, body in zip(keys, block.bodies, strict=True)]
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        try:
            run("INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)", row)
            self._connection.executemany(
                "INSERT INTO bodies VALUES (?, ?)", zip(keys, packed, strict=True)
            )
            self._connection.executemany("INSERT INTO transactions VALUES (?, ?)", places)
            run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise
        self.height = block.height

    def flush(self) -> None:
        """Put everything added so far on disk, durably. Raises sqlite3.Error, OSError."""
        run = self._connection.execute
        run("PRAGMA synchronous = FULL")  # an fsync of the log after a transaction, and of all
        try:  # that stands before it in the log
            run("UPDATE meta SET version = version")
        finally:
            run("PRAGMA synchronous = NORMAL")
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
