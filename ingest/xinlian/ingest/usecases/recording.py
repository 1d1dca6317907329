"""From frames to entries of the log: segments with their sequence, tables, state and marks."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson
from xinlian.ingest.model.devices import DeviceGroup
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.segments.block import Block
from xinlian.ingest.model.segments.layout import layout
from xinlian.ingest.model.segments.segment import Segment, read_head
from xinlian.ingest.model.segments.windows import GRACE_US
from xinlian.ingest.model.tags import TagTable
from xinlian.ingest.usecases.log_ports import Damage, Entry, Kind
from xinlian.ledger.model.evidence.canonical import canonical

__all__ = ["DeviceFacts", "RecorderLimits", "RecorderStatus", "Scribe", "frame_bytes", "span"]


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What blocks of a device tell beside its readings."""

    driver: str = ""
    """Name and version of its driver: ``Driver.version``."""
    calibration: str = ""


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """Bounds of what waits in memory."""

    waiting_bytes: int = 256 << 20
    batch_bytes: int = 48 << 20
    """Readings in one write, about."""
    retry_s: float = 0.5
    """Between attempts while the log cannot be written."""
    close_s: float = 30.0
    """How long ``close`` tries to write what waits."""
    seal: bool = True
    """Whether roots are reckoned here, or by whoever reads the log: that takes work off this
    process, and changes nothing about the roots."""
    seal_leaves: int = 25_000
    """Of a segment with more columns the root is left to readers all the same."""


@dataclass(slots=True)
class RecorderStatus:
    """What was done so far."""

    segments: int = 0
    rows: int = 0
    bytes: int = 0
    writes: int = 0
    refused: int = 0
    """``put`` that found no room."""
    unusable: int = 0
    """Frames that are not what their table says; told in the program's log."""
    waiting_bytes: int = 0
    position: int = 0
    """Behind the last durable entry."""
    fault: str = ""
    """Why nothing can be written right now."""


def frame_bytes(frame: Frame) -> int:
    """About what a frame takes in a segment."""
    return 512 + len(frame) * (16 + layout(frame.table, frame.group).row_bytes)


class Scribe:
    """What a stream must remember to number segments and to close windows; none of it is on disk
    but in the log. Give it the entries of the log's last file first (``replay``)."""

    def __init__(self, party: int) -> None:
        self._party = party
        self._next: dict[str, int] = {}
        self._pending: dict[str, int] = {}
        """End of the newest window of each group that no mark has closed."""
        self._tables: set[str] = set()
        """Digests in the current file."""

    def replay(self, entry: Entry) -> None:
        """Take an entry that stands in the log."""
        if entry.kind is Kind.SEGMENT:
            head = read_head(entry.payload)
            self._next[head.group] = max(self._next.get(head.group, 0), head.sequence + 1)
            self._pending[head.group] = _window_end(head.start_us, head.window_s)
        elif entry.kind is Kind.STATE:
            state = orjson.loads(entry.payload)
            self._next |= state["next"]
            self._pending |= state["pending"]
        elif entry.kind is Kind.MARK:
            mark = orjson.loads(entry.payload)
            self.marked(mark["now_us"], mark["final"])

    def lost(self, damage: Damage) -> None:
        """Leave out the sequences that lost entries may have had."""
        for group in self._next:
            self._next[group] += max(0, damage.next - damage.position)

    def segment(
        self,
        group: DeviceGroup,
        blocks: Sequence[Block],
        now_us: int,
    ) -> Segment:
        """The next segment of a group."""
        start, end = span([block.frame for block in blocks], now_us)
        number = self._next.get(group.id, 0)
        self._next[group.id] = number + 1
        self._pending[group.id] = _window_end(start, group.window_s)
        return Segment(
            self._party, group.id, group.window_s, number, start, end, tuple(blocks),
            secrets.token_bytes(32),
        )  # fmt: skip

    def begin(self, fresh: bool, tables: Iterable[TagTable]) -> list[tuple[Kind, bytes]]:
        """What must stand before segments with these tables; ``fresh``: they begin a file. The
        state tells numbers that segments made so far have, which are in the log or follow it."""
        if fresh:
            self._tables.clear()
        wanted = {table.digest: table for table in tables}
        made = [
            (Kind.TABLE, canonical(table.to_json()))
            for digest, table in wanted.items()
            if digest not in self._tables
        ]
        if fresh:
            state = {"next": self._next, "pending": self._pending}
            made.insert(0, (Kind.STATE, orjson.dumps(state, option=orjson.OPT_SORT_KEYS)))
        return made

    def wrote(self, tables: Iterable[TagTable]) -> None:
        """The tables are in the current file."""
        self._tables.update(table.digest for table in tables)

    def due(self, now_us: int) -> bool:
        """Whether a mark would close a window that no segment has closed."""
        return any(now_us >= end + GRACE_US for end in self._pending.values())

    def mark(self, now_us: int, final: bool = False) -> tuple[Kind, bytes]:
        """A mark."""
        return Kind.MARK, orjson.dumps({"final": final, "now_us": now_us})

    def marked(self, now_us: int, final: bool = False) -> None:
        """The mark stands in the log."""
        self._pending = {
            group: end
            for group, end in self._pending.items()
            if not final and now_us < end + GRACE_US
        }

    @property
    def pending(self) -> bool:
        """Whether any window is open."""
        return bool(self._pending)


def span(frames: Sequence[Frame], now_us: int) -> tuple[int, int]:
    """Earliest and latest reading; now where there is none."""
    rows = [frame.received_us for frame in frames if len(frame)]
    if not rows:
        return now_us, now_us
    return min(int(each[0]) for each in rows), max(int(each[-1]) for each in rows)


def _window_end(start_us: int, window_s: int) -> int:
    length = window_s * 1_000_000
    return (start_us // length + 1) * length
