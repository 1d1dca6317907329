"""Readers of a segment log, from any position, in any process; they see what is durable alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import orjson
from xinlian.ingest.adapters.log.entries import (
    ENTRY,
    ENTRY_MAGIC,
    FILE_HEAD,
    FILE_MAGIC,
    find_entry,
    log_files,
    read_entry,
)
from xinlian.ingest.adapters.log.tables import find_table
from xinlian.ingest.adapters.log.watermark import NAME, Durable, read_watermark
from xinlian.ingest.model.segments.layout import UnknownTableError
from xinlian.ingest.model.segments.segment import Segment, decode
from xinlian.ingest.model.tags import TagTable
from xinlian.ingest.usecases.log_ports import Batch, Damage, Entry, Kind, LogDamageError

__all__ = ["LogReader"]

OnDamage = Callable[[Damage], None]
_TABLES_MAX: Final = 10_000


@dataclass
class _Place:
    """Where the next entry is."""

    descriptor: int
    first: int
    behind: int | None
    """First position of the next file, if there is one."""
    offset: int
    position: int


class LogReader:
    """Reads a log's folder. Not for several threads at once.

    Damage raises ``LogDamageError`` at every read until ``on_damage`` is given: it is told each
    stretch that cannot be read, and reading goes on behind it. Whoever writes a log says in its
    segments whose they are; of a ``party`` given those of another count as damage.
    """

    def __init__(
        self, folder: Path, on_damage: OnDamage | None = None, *, party: int | None = None
    ) -> None:
        self.folder = folder
        self._party = party
        self._on_damage = on_damage
        self._watermark = -1
        self._place: _Place | None = None
        self._tables: dict[str, TagTable] = {}
        self._lost: set[str] = set()
        """Digests of tables that are in no file."""

    @property
    def tables(self) -> dict[str, TagTable]:
        """Tag tables seen so far, by digest."""
        return self._tables

    def _durable(self) -> Durable:
        if self._watermark < 0:
            try:
                self._watermark = os.open(self.folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return Durable()
        return read_watermark(self._watermark) or Durable()

    @property
    def next(self) -> int:
        """The position behind the last durable entry; costs one small read."""
        return self._durable().next

    def read(self, position: int, entries_max: int = 64, bytes_max: int = 64 << 20) -> list[Entry]:
        """Entries from ``position`` on: at least one if there is one, within the bounds."""
        durable = self._durable()
        found: list[Entry] = []
        size = 0
        while position < durable.next and len(found) < entries_max and size < bytes_max:
            place = self._at(position, durable)
            if place is None or place.position != position:
                position = durable.next if place is None else place.position
                continue
            entry = self._next_entry(place, durable)
            if entry is not None:
                found.append(entry)
                size += len(entry.payload)
            position = place.position
        return found

    def segments(self, position: int, segments_max: int = 50, bytes_max: int = 64 << 20) -> Batch:
        """Segments from ``position`` on, decoded; ``SegmentError`` if one is none."""
        made = Batch([], [], position)
        size, at = 0, position
        while len(made.segments) < segments_max and size < bytes_max:
            entries = self.read(at, 1, bytes_max)
            if not entries:
                break
            entry = entries[0]
            at = entry.position + 1
            size += len(entry.payload)
            if entry.kind is Kind.SEGMENT:
                segment = self._decoded(entry)
                if segment is not None:
                    made.segments.append((entry.position, segment))
            elif entry.kind is not Kind.TABLE:
                made.others.append(entry)
        return Batch(made.segments, made.others, at)

    def segment(self, position: int) -> Segment:
        """The one at ``position``, its tree checked; ``KeyError`` if no segment stands there."""
        entries = self.read(position, 1)
        if not entries or entries[0].position != position or entries[0].kind is not Kind.SEGMENT:
            raise KeyError(f"no segment stands at {position} of {self.folder}")
        segment = self._decoded(entries[0])
        if segment is None:
            raise KeyError(f"the segment at {position} is another party's or lost its tag table")
        segment.check()
        return segment

    def _decoded(self, entry: Entry) -> Segment | None:
        """A segment from its entry. A table that was damaged is looked for in other files; if it
        is nowhere, the segment is lost with it. Other faults, such as a version not known here,
        are raised: a newer reader may understand what is there."""
        missing = ""
        while True:
            try:
                segment = decode(entry.payload, self._tables)
                if self._party in (None, segment.party):
                    return segment
                reason = f"a segment of party {segment.party} in a log of party {self._party}"
                self._tell(Damage("", 0, entry.position, entry.position + 1, reason))
                return None
            except UnknownTableError as exc:
                payload = None
                if exc.digest not in self._lost | {missing}:
                    payload = find_table(self.folder, exc.digest, entry.position)
                if payload is None:
                    if len(self._lost) < _TABLES_MAX:
                        self._lost.add(exc.digest)
                    at = entry.position
                    self._tell(Damage("", 0, at, at + 1, f"{exc}, in no file"))
                    return None
                missing = exc.digest
                self._learn(payload)

    def _at(self, position: int, durable: Durable) -> _Place | None:
        """The place of ``position``, or of the next entry that there is."""
        place = self._place
        # A file that was the last may have got a successor meanwhile.
        known = place is not None and (place.behind is not None or place.first == durable.first)
        if place is not None and known and place.position == position != place.behind:
            return place
        self._leave()
        files = [(first, path) for first, path in log_files(self.folder) if first <= durable.first]
        number = max((at for at, (first, _) in enumerate(files) if first <= position), default=-1)
        if number < 0:
            if not files:
                self._tell(Damage("", 0, position, durable.next, "the files of the log are gone"))
                return None
            self._tell(
                Damage(files[0][1].name, 0, position, files[0][0], "older files are deleted")
            )
            number, position = 0, files[0][0]
        first, path = files[number]
        behind = files[number + 1][0] if number + 1 < len(files) else None
        place = _Place(os.open(path, os.O_RDONLY | os.O_CLOEXEC), first, behind, 0, first)
        self._place = place
        self._enter(place, position, durable)
        return place

    def _enter(self, place: _Place, position: int, durable: Durable) -> None:
        """Go over a file's entries to ``position``; of these only tables are read whole."""
        head = os.pread(place.descriptor, FILE_HEAD.size, 0)
        if len(head) < FILE_HEAD.size or FILE_HEAD.unpack(head) != (FILE_MAGIC, place.first):
            self._skip(place, durable, "the head of the file cannot be read", FILE_HEAD.size)
        else:
            place.offset = FILE_HEAD.size
        while place.position < position:
            head = os.pread(place.descriptor, ENTRY.size, place.offset)
            fields = ENTRY.unpack(head) if len(head) == ENTRY.size else None
            if fields is None or fields[0] != ENTRY_MAGIC or fields[6] != place.position:
                at_end = place.position
                self._next_entry(place, durable)
                if place.position == at_end or self._place is None:
                    return
            elif fields[3] == Kind.TABLE:
                self._next_entry(place, durable)
            else:
                place.offset += ENTRY.size + fields[1]
                place.position += 1

    def _next_entry(self, place: _Place, durable: Durable) -> Entry | None:
        """Read the entry at the place and go on; ``None`` if there was damage instead."""
        end = self._end(place, durable)
        found = read_entry(
            lambda offset, size: os.pread(place.descriptor, size, offset), place.offset, end
        )
        if isinstance(found, str):
            self._skip(place, durable, found, place.offset)
            return None
        entry, offset = found
        if entry.position != place.position:
            reason = f"entry {entry.position} stands where {place.position} should"
            self._skip(place, durable, reason, place.offset)
            return None
        place.offset, place.position = offset, entry.position + 1
        if entry.kind is Kind.TABLE:
            self._learn(entry.payload)
        return entry

    def _end(self, place: _Place, durable: Durable) -> int:
        if place.first == durable.first:
            return durable.end
        return os.fstat(place.descriptor).st_size

    def _skip(self, place: _Place, durable: Durable, reason: str, start: int) -> None:
        """Tell damage; then the place is at the next entry of the file, or behind the file."""
        end = self._end(place, durable)
        data = os.pread(place.descriptor, max(0, end - start), start)
        at = find_entry(data, 0, place.position)
        if at is not None:
            to = ENTRY.unpack_from(data, at)[6]
        else:
            to = durable.next if place.behind is None else place.behind
        name = f"{place.first:020}.xlseg"
        if to > place.position or at is not None:
            self._tell(Damage(name, place.offset, place.position, to, reason))
        place.position = to
        place.offset = start + (len(data) if at is None else at)

    def _tell(self, damage: Damage) -> None:
        if self._on_damage is None:
            self._leave()
            raise LogDamageError(damage)
        self._on_damage(damage)

    def _learn(self, payload: bytes) -> None:
        digest = sha256(payload).hexdigest()
        if digest not in self._tables:
            if len(self._tables) >= _TABLES_MAX:
                self._tables.clear()
            self._tables[digest] = TagTable.from_json(orjson.loads(payload))

    def _leave(self) -> None:
        if self._place is not None:
            os.close(self._place.descriptor)
            self._place = None

    def close(self) -> None:
        """Let go of files. May be called twice."""
        self._leave()
        if self._watermark >= 0:
            os.close(self._watermark)
            self._watermark = -1
