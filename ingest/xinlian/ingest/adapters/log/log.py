"""The writer of a segment log.

``write`` adds entries with one fsync: when it returns they are durable, and readers in any process
see them; if it raises, none of them is in the log. One writer per folder (flock). Files that all
consumers have taken may be deleted by age and size, others never.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import pyarrow as pa
from xinlian.ingest.adapters.log.consumers import committed, sync_folder
from xinlian.ingest.adapters.log.entries import (
    FILE_HEAD,
    entry_head,
    file_head,
    file_name,
    log_files,
)
from xinlian.ingest.adapters.log.place import check_places
from xinlian.ingest.adapters.log.recover import gap_json, recover
from xinlian.ingest.adapters.log.watermark import NAME, Durable, write_watermark
from xinlian.ingest.usecases.log_ports import Damage, Entry, Kind, LogError, LogFullError

__all__ = ["LogLimits", "SegmentLog"]

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PACK_BYTES_MIN: Final = 512
_WRITE_PARTS_MAX: Final = 512


@dataclass(frozen=True, slots=True)
class LogLimits:
    """Bounds of a log."""

    file_bytes: int = 64 << 20
    """A file is closed before an entry would make it longer."""
    total_bytes: int = 64 << 30
    """Beyond this nothing is taken in (``LogFullError``) until files could be deleted."""
    keep_bytes: int = 48 << 30
    """Files that all consumers have are deleted, the oldest first, while there are more bytes."""
    keep_s: float = 366 * 86_400.0
    """And when they are older. What is deleted cannot be disclosed in a proof any more."""
    consumers: tuple[str, ...] = ("store", "evidence")
    """Without whose word nothing is deleted."""
    pack: bool = False
    """Whether payloads are packed with LZ4."""


class SegmentLog:
    """The one writer of a folder; ``LogError`` if there is another. Not for several threads.

    ``on_entry`` gets the entries of the last file when the log is opened. A ``mirror`` of another
    log adds nothing of its own, no GAP either: its entries have the positions that they have there.
    """

    def __init__(
        self,
        folder: Path,
        limits: LogLimits = LogLimits(),
        on_entry: Callable[[Entry], None] = lambda _: None,
        *,
        mirror: bool = False,
    ) -> None:
        self.folder = folder
        self.limits = limits
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(folder)
        try:
            found = recover(folder, on_entry)
            self.damage: Damage | None = found.damage
            """What was lost before the log was opened; the next ``write`` tells it in a GAP."""
            self.cut_bytes = found.cut_bytes
            """Length of the torn tail that was cut off: nothing of it had been acknowledged."""
            self._next = found.next
            self._gap = None if mirror else found.damage
            self._file, self._first, self._end = -1, found.next, 0
            self._closed_bytes = 0
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            with self._refusals():
                self._watermark = os.open(folder / NAME, flags, 0o640)
                self._open(found.first, found.end)
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def next(self) -> int:
        """Position of the next entry; all before it are durable."""
        return self._next

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return self._closed_bytes + self._end

    def _open(self, first: int | None, end: int) -> None:
        if first is None:
            self._begin()
            return
        self._first, self._end = first, end
        self._file = os.open(self.folder / file_name(first), os.O_RDWR | os.O_CLOEXEC)
        os.ftruncate(self._file, end)
        os.lseek(self._file, end, os.SEEK_SET)
        os.fsync(self._file)
        sync_folder(self.folder)
        self._measure()
        write_watermark(self._watermark, Durable(first, end, self._next))

    def _begin(self) -> None:
        """Begin a file; what stands under its name had nothing durable in it."""
        check_places(self.folder, {"lock": self._lock})
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        path = self.folder / file_name(self._next)
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        made = os.open(path, flags, 0o640)
        try:
            os.write(made, file_head(self._next))
            os.fsync(made)
            sync_folder(self.folder)
        except OSError:
            os.close(made)
            raise
        self._file, self._first, self._end = made, self._next, FILE_HEAD.size
        self._measure()
        write_watermark(self._watermark, Durable(self._first, self._end, self._next))

    def _measure(self) -> None:
        self._closed_bytes = sum(
            path.stat().st_size for first, path in log_files(self.folder) if first != self._first
        )

    def turn(self, size: int) -> bool:
        """Make room for a ``write`` of about ``size`` bytes. ``True`` if it will be the first of
        its file: tables and state must then be in it. ``LogFullError``, ``OSError``."""
        if self.size + size > self.limits.total_bytes:
            raise LogFullError(
                f"the log in {self.folder} holds {self.size} bytes and may hold "
                f"{self.limits.total_bytes}: its consumers lag, or raise its limit",
                f"日志 {self.folder} 已有 {self.size} 字节，上限为 {self.limits.total_bytes}；"
                "下游落后，请检查存储与存证，或提高上限",
            )
        fresh = self._end <= FILE_HEAD.size
        if self._file < 0 or (not fresh and self._end + size > self.limits.file_bytes):
            with self._refusals():
                self._begin()
            return True
        return fresh

    def begin_at(self, position: int) -> None:
        """Begin a file with this position, for a log that mirrors another: positions between are
        missing there too. Nothing happens in a file that has no entries and begins there."""
        if position < self._next:
            raise LogError(f"entry {position} is there already", f"条目 {position} 已存在")
        if self._end <= FILE_HEAD.size and self._first == position == self._next:
            return
        with self._refusals():
            empty = self._end <= FILE_HEAD.size and self._file >= 0
            old = self.folder / file_name(self._first)
            self._next = position
            self._begin()
            if empty:
                old.unlink()

    def write(self, entries: Sequence[tuple[Kind, bytes]]) -> int:
        """Add entries, all or none, durably. Returns the position of the first of them.

        ``LogFullError`` if there is no room; ``OSError`` if the disk fails: then a new file is
        begun, since nobody knows what became of the pages that were written.
        """
        entries = list(entries)
        if self._gap is not None:
            entries.insert(0, (Kind.GAP, gap_json(self._gap)))
        with self._refusals():
            if self._file < 0:
                self._begin()
            held = {"lock": self._lock, NAME: self._watermark, file_name(self._first): self._file}
            check_places(self.folder, held)
            parts: list[bytes] = []
            for number, (kind, payload) in enumerate(entries):
                parts += self._entry(kind, self._next + number, payload)
            size = sum(map(len, parts))
            _write_all(self._file, parts)
            os.fsync(self._file)
        first = self._next + (self._gap is not None)
        self._gap = None
        self._end += size
        self._next += len(entries)
        # What is durable must not count as failed: readers then hear of it with the next write.
        with contextlib.suppress(OSError):
            write_watermark(self._watermark, Durable(self._first, self._end, self._next))
        return first

    def _entry(self, kind: Kind, position: int, payload: bytes) -> tuple[bytes, bytes]:
        codec, stored = 0, payload
        if self.limits.pack and len(payload) >= _PACK_BYTES_MIN:
            packed = pa.Codec("lz4").compress(payload, asbytes=True)
            if len(packed) < len(payload):
                codec, stored = 1, packed
        head = entry_head(kind, position, stored, size=len(payload), codec=codec)
        return head, stored

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        """Take back what was written of a write that failed."""
        try:
            yield
        except OSError as exc:
            self._take_back()
            if exc.errno in _NO_ROOM:
                raise LogFullError(
                    f"the disk of {self.folder} has no room", f"{self.folder} 所在磁盘空间不足"
                ) from exc
            raise

    def _take_back(self) -> None:
        if self._file < 0:
            return
        try:
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
            os.fsync(self._file)
        except OSError:
            # What follows the durable end is never read: readers go by the watermark and by the
            # first position of the next file.
            os.close(self._file)
            self._file = -1

    def retain(self, now_s: float | None = None) -> int:
        """Delete old files that all consumers have. Returns how many."""
        now_s = time.time() if now_s is None else now_s
        taken = min((committed(self.folder, name) for name in self.limits.consumers), default=-1)
        files = log_files(self.folder)
        deleted = 0
        for (_, path), (behind, _) in pairwise(files):
            if behind > taken + 1:
                break
            old = path.stat().st_mtime < now_s - self.limits.keep_s
            if not old and self.size <= self.limits.keep_bytes:
                break
            self._closed_bytes -= path.stat().st_size
            path.unlink()
            deleted += 1
        if deleted:
            sync_folder(self.folder)
        return deleted

    def close(self) -> None:
        """Let go of files and of the lock. May be called twice."""
        for name in ("_file", "_watermark", "_lock"):
            descriptor = getattr(self, name)
            if descriptor >= 0:
                os.close(descriptor)
                setattr(self, name, -1)


def _lock(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        os.close(descriptor)
        raise LogError(
            f"another process writes the log in {folder}: stop it first",
            f"另一进程正在写入日志 {folder}，请先停止它",
        ) from exc
    return descriptor


def _write_all(descriptor: int, parts: list[bytes]) -> None:
    for at in range(0, len(parts), _WRITE_PARTS_MAX):
        views = [memoryview(part) for part in parts[at : at + _WRITE_PARTS_MAX] if part]
        while views:
            wrote = os.writev(descriptor, views)
            while views and wrote >= len(views[0]):
                wrote -= len(views.pop(0))
            if wrote:
                views[0] = views[0][wrote:]
