"""The journal: every sealed block with its raw transactions, on disk before anyone hears of it.

Layout (big-endian). The first 512 bytes name the format and the genesis that the file belongs to.
Each record starts at a multiple of 512:

====== ====== =========================================================================
offset  bytes
====== ====== =========================================================================
0       4     ``XLBK``
4       2+2   version, kind (1 = block)
8       8     length of the payload
16      8+8   height, block time (Unix seconds)
32      4     number of transactions
36      4     CRC-32 of bytes 0..35: makes the length trustworthy
40      32    block hash        ┐ the seal: zero until the block exists,
72      32    state root        │ written in place by :meth:`Journal.commit`
104     32    SHA-256 over bytes 0..103 and the payload ┘
136     ...   payload: per transaction its length (4) and its bytes
====== ====== =========================================================================

A record is *prepared* (payload on disk, seal zero) before the engine makes the block, so that a
full disk is found out while nothing has happened yet, and *committed* afterwards without needing
space. Records start at 512 so that a seal never crosses a sector: on power loss it is there whole
or not at all. Hence, on reading, a last record that is cut short or has no seal was never
acknowledged and may be cut off, once nothing else proves its block; what was cut is kept beside.
Anything else that does not add up is damage, and refused.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xinlian.ledger.chain.errors import JournalCorruptError, NodeStartError, StorageFullError
from xinlian.ledger.chain.files import write_whole

log = logging.getLogger(__name__)

SECTOR: Final = 512
VERSION: Final = 1
KIND_BLOCK: Final = 1
PAYLOAD_BYTES_MAX: Final = 1 << 30
_FILE_MAGIC: Final = b"XLJOURN1"
_MAGIC: Final = b"XLBK"
_HEAD: Final = struct.Struct(">4sHHQQQI")
_HEAD_BYTES: Final = 40
_SEAL_BYTES: Final = 96
_PAYLOAD_AT: Final = _HEAD_BYTES + _SEAL_BYTES
_NO_SEAL: Final = bytes(_SEAL_BYTES)
_FULL: Final = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """One sealed block: time in Unix seconds, transactions as raw bytes in block order."""

    height: int
    time: int
    transactions: tuple[bytes, ...]
    block_hash: bytes
    state_root: bytes
    offset: int = 0


def _aligned(offset: int) -> int:
    return -(-offset // SECTOR) * SECTOR


def _file_head(genesis_digest: bytes) -> bytes:
    body = _FILE_MAGIC + genesis_digest
    return (body + zlib.crc32(body).to_bytes(4, "big")).ljust(SECTOR, b"\0")


def _pack(transactions: Sequence[bytes]) -> bytes:
    parts: list[bytes] = []
    for raw in transactions:
        parts += (len(raw).to_bytes(4, "big"), raw)
    return b"".join(parts)


def _unpack(payload: bytes, count: int) -> tuple[bytes, ...] | None:
    found: list[bytes] = []
    at = 0
    for _ in range(count):
        size = int.from_bytes(payload[at : at + 4], "big")
        found.append(payload[at + 4 : at + 4 + size])
        at += 4 + size
    return tuple(found) if at == len(payload) else None


class Journal:
    """The open journal of one data folder. Not safe for threads: one owner at a time.

    :meth:`open` creates the file where there is none. :meth:`recover` must have been run to its end
    before anything is written, and :meth:`cut` where it found an unfinished record.
    """

    def __init__(self, path: Path, fd: int, genesis: bytes) -> None:
        self.path = path
        self.genesis = genesis
        self._fd = fd
        self._end = SECTOR  # where the last good record ends
        self._unfinished = 0  # bytes behind it, as found by recover()
        self._prepared: tuple[int, bytes, bytes] | None = None  # offset, head, payload

    @classmethod
    def open(cls, path: Path, genesis_digest: bytes) -> Journal:
        """Open or create; raises :class:`NodeStartError` for the journal of another genesis."""
        head = _file_head(genesis_digest)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        found = os.pread(fd, SECTOR, 0)
        if found != head:
            if len(found) == SECTOR or not head.startswith(found):
                os.close(fd)
                if found.startswith(_FILE_MAGIC):
                    raise NodeStartError(
                        f"The journal {path} belongs to another genesis.json than the one beside "
                        "it (or its first bytes are damaged). Put the right pair together again."
                    )
                raise JournalCorruptError(str(path), 0, 0, "it does not begin like a journal")
            os.pwrite(fd, head, 0)  # new, or its creation was cut short
            os.fsync(fd)
            folder = os.open(path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        return cls(path, fd, genesis_digest)

    @property
    def size(self) -> int:
        """Bytes up to the end of the last committed record."""
        return self._end

    def recover(self, offset: int = SECTOR) -> Iterator[BlockRecord]:
        """Yield the records from ``offset`` on, each verified, up to an unfinished last one.

        Raises :class:`JournalCorruptError` with the byte offset on anything else that is wrong.
        """
        size = os.fstat(self._fd).st_size
        number = 0
        self._end = offset
        while (start := _aligned(self._end)) < size:
            record = self._read(start, size, number)
            if record is None:
                break
            number += 1
            yield record
        self._unfinished = max(0, size - self._end)

    def cut(self, height: int) -> None:
        """Cut an unfinished last record off, if there is one, and keep its bytes beside.

        ``height`` is that of the last good record. Raises :class:`NodeStartError` if there is no
        space to keep them; nothing is cut then.
        """
        if not self._unfinished:
            return
        tail = self._pread_all(self._end, self._unfinished)
        kept = self._keep(tail, height) if any(tail) else "nothing: they are all zero"
        log.warning(
            "journal %s: cut off %d bytes of an unfinished last record at byte %d; "
            "its block was never reported final; kept of it: %s",
            self.path,
            self._unfinished,
            self._end,
            kept,
        )
        os.ftruncate(self._fd, self._end)
        os.fsync(self._fd)
        self._unfinished = 0

    def _keep(self, tail: bytes, height: int) -> str:
        name = f"{self.path.name}.cut-{height}"
        number = 1
        while (path := self.path.with_name(name)).exists() and path.read_bytes() != tail:
            number += 1
            name = f"{self.path.name}.cut-{height}-{number}"
        try:
            write_whole(path, tail)
        except OSError as exc:
            raise NodeStartError(
                f"The unfinished end of the journal {self.path} ({len(tail)} bytes) cannot be kept "
                f"in {path}: {exc.strerror}. Free some space on this disk; nothing was changed."
            ) from exc
        return str(path)

    def _read(self, start: int, size: int, number: int) -> BlockRecord | None:
        """One record, or None where an unfinished last record begins."""

        def damaged(what: str) -> JournalCorruptError:
            return JournalCorruptError(str(self.path), start, number, what)

        top = os.pread(self._fd, _PAYLOAD_AT, start)
        if len(top) < _PAYLOAD_AT:
            return None
        if not any(top) and self._zero_from(start, size):
            return None  # space was given out, the write never arrived
        head, seal = top[:_HEAD_BYTES], top[_HEAD_BYTES:]
        if zlib.crc32(head[:-4]) != int.from_bytes(head[-4:], "big"):
            raise damaged("its head does not match its checksum")
        magic, version, kind, length, height, time, count = _HEAD.unpack(head[:-4])
        if magic != _MAGIC or version != VERSION or kind != KIND_BLOCK:
            raise damaged(f"unknown kind {kind} or version {version}")
        if length > PAYLOAD_BYTES_MAX:
            raise damaged(f"its length of {length} bytes is impossible")
        end = start + _PAYLOAD_AT + length
        if end > size:
            return None
        if seal == _NO_SEAL:
            if end < size:
                raise damaged("it has no seal, but records follow")
            return None
        payload = self._pread_all(start + _PAYLOAD_AT, length)
        if hashlib.sha256(top[:-32] + payload).digest() != seal[64:]:
            raise damaged(f"the content of block {height} does not match its SHA-256")
        transactions = _unpack(payload, count)
        if transactions is None:
            raise damaged(f"the transactions of block {height} do not add up")
        self._end = end
        return BlockRecord(height, time, transactions, seal[:32], seal[32:64], start)

    def _zero_from(self, start: int, size: int) -> bool:
        step = 1 << 20
        return not any(any(os.pread(self._fd, step, at)) for at in range(start, size, step))

    def _pread_all(self, at: int, length: int) -> bytes:
        parts: list[bytes] = []
        while length > 0:
            part = os.pread(self._fd, length, at)
            if not part:
                break
            parts.append(part)
            at, length = at + len(part), length - len(part)
        return b"".join(parts)

    def prepare(self, height: int, time: int, transactions: Sequence[bytes]) -> None:
        """Put the payload on disk, unsealed. Raises :class:`StorageFullError`, then as before."""
        if self._unfinished:
            raise ValueError("an unfinished record was not cut off")
        start, payload = _aligned(self._end), _pack(transactions)
        head = _HEAD.pack(
            _MAGIC, VERSION, KIND_BLOCK, len(payload), height, time, len(transactions)
        )
        head += zlib.crc32(head).to_bytes(4, "big")
        try:
            self._pwrite_all(start, head + _NO_SEAL + payload)
            os.ftruncate(self._fd, start + _PAYLOAD_AT + len(payload))
        except OSError as exc:
            self.discard()
            if exc.errno in _FULL:
                raise StorageFullError(
                    f"no space for the journal {self.path}: {exc.strerror}. Free some space on "
                    "this disk; the node goes on by itself."
                ) from exc
            raise
        self._prepared = (start, head, payload)

    def flush(self) -> None:
        """fsync what :meth:`prepare` wrote; may run while the engine makes the block."""
        os.fdatasync(self._fd)

    def commit(self, block_hash: bytes, state_root: bytes) -> int:
        """Seal the prepared record and fsync. Returns the record's offset."""
        if self._prepared is None:
            raise ValueError("commit without prepare")
        start, head, payload = self._prepared
        top = head + block_hash + state_root
        self._pwrite_all(start, top + hashlib.sha256(top + payload).digest())
        os.fsync(self._fd)
        self._prepared = None
        self._end = start + _PAYLOAD_AT + len(payload)
        return start

    def discard(self) -> None:
        """Forget a prepared record, as if it had never been."""
        self._prepared = None
        os.ftruncate(self._fd, self._end)

    def _pwrite_all(self, at: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            done = os.pwrite(self._fd, view, at)
            view, at = view[done:], at + done

    def close(self) -> None:
        """Close the file; what was committed is on disk already."""
        os.close(self._fd)
