"""What a writer finds when it opens a log: the end, a torn tail, or damage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
from xinlian.ingest.adapters.log.consumers import committed
from xinlian.ingest.adapters.log.entries import (
    FILE_HEAD,
    FILE_MAGIC,
    find_entry,
    log_files,
    read_entry,
)
from xinlian.ingest.adapters.log.watermark import Durable, load_watermark
from xinlian.ingest.usecases.log_ports import Damage, Entry, Kind

__all__ = ["Found", "gap_json", "recover"]


@dataclass(frozen=True, slots=True)
class Found:
    """The state of a log that is opened for writing."""

    next: int
    """Position of the next entry."""
    first: int | None
    """The file to go on with; ``None``: a new one."""
    end: int
    """Its length."""
    cut_bytes: int
    """Torn tail that was never acknowledged and is to be cut off."""
    damage: Damage | None


def recover(folder: Path, on_entry: Callable[[Entry], None]) -> Found:
    """Scan the last file. ``on_entry`` gets every entry of it that can be read; before them those
    of the file before, if the last one does not begin with a STATE that can be read: it may have
    been begun just before the end."""
    told = load_watermark(folder) or Durable()
    names = folder / "consumers"
    taken = [committed(folder, path.name) for path in names.glob("[a-z]*")]
    # No position is used twice, or a store would take an entry for one that it has.
    least = max([told.next, *[position + 1 for position in taken]])
    files = log_files(folder)
    if not files:
        lost = Damage("", 0, 0, least, "the files of the log are gone") if least else None
        return Found(least, None, 0, 0, lost)
    first, path = files[-1]
    readable: list[Entry] = []
    data = _Scan(path, first, readable.append)
    untold: Damage | None = None
    if not readable or readable[0].kind is not Kind.STATE:
        missing = _replay_before(files[:-1], first, on_entry)
        # Whoever found it began this file, and died before anything could be written into it.
        untold = None if readable else missing
    for entry in readable:
        on_entry(entry)
    durable = told.end if told.first == first else 0
    beyond = find_entry(data.bytes, data.end, data.next) if data.reason else None
    if data.reason and beyond is not None:
        behind = _last_position(data.bytes, beyond, on_entry)
        least = max(least, behind + 1)
    elif data.end >= durable and data.next >= least:
        whole = data.end >= FILE_HEAD.size
        return Found(data.next, first if whole else None, data.end, data.size - data.end, untold)
    reason = data.reason or "the file is shorter than what was durable"
    least = max(least, data.next)
    damage = Damage(path.name, data.end, data.next, least, reason)
    return Found(least, None, 0, 0, damage)


def _replay_before(
    files: list[tuple[int, Path]], behind: int, on_entry: Callable[[Entry], None]
) -> Damage | None:
    """The entries of the last of these files that has any; what is missing up to ``behind``."""
    for first, path in reversed(files):
        data = _Scan(path, first, on_entry)
        if data.next == behind:
            return None
        if data.size > FILE_HEAD.size:
            beyond = find_entry(data.bytes, data.end, data.next)
            if beyond is not None:
                _last_position(data.bytes, beyond, on_entry)
            reason = data.reason or "the file is shorter than what was durable"
            return Damage(path.name, data.end, data.next, behind, reason)
    return None


class _Scan:
    """Reads a file from its beginning as far as it can be read."""

    def __init__(self, path: Path, first: int, on_entry: Callable[[Entry], None]) -> None:
        self.bytes = path.read_bytes()
        self.size = len(self.bytes)
        self.next = first
        self.end = 0
        self.reason = ""
        if self.size < FILE_HEAD.size or FILE_HEAD.unpack_from(self.bytes) != (FILE_MAGIC, first):
            self.reason = "the head of the file cannot be read"
            return
        self.end = FILE_HEAD.size
        while self.end < self.size:
            found = read_entry(self._read, self.end, self.size)
            if isinstance(found, str):
                self.reason = found
                return
            entry, end = found
            if entry.position != self.next:
                self.reason = f"entry {entry.position} stands where {self.next} should"
                return
            on_entry(entry)
            self.next, self.end = entry.position + 1, end

    def _read(self, offset: int, length: int) -> bytes:
        return self.bytes[offset : offset + length]


def _last_position(data: bytes, start: int, on_entry: Callable[[Entry], None]) -> int:
    """The last position that can be read from ``start`` on, where an entry begins."""
    last = -1
    at: int | None = start
    while at is not None:
        found = read_entry(lambda where, size: data[where : where + size], at, len(data))
        if isinstance(found, str):
            at = find_entry(data, at + 1, last + 1)
            continue
        on_entry(found[0])
        last, at = found[0].position, found[1]
        at = at if at < len(data) else None
    return last


def gap_json(damage: Damage) -> bytes:
    """The payload of the GAP entry that tells of damage."""
    return orjson.dumps(
        {
            "file": damage.file, "offset": damage.offset, "from": damage.position,
            "to": damage.next - 1, "reason": damage.reason,
        },
        option=orjson.OPT_SORT_KEYS,
    )  # fmt: skip
