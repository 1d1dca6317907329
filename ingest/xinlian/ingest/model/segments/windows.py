"""When windows of a group close, reckoned from the order of segments alone.

Whoever feeds the same segments and marks gets the same closed windows, whenever and wherever: a
reader that saves the state with what it made of the windows makes each exactly once.

A segment belongs to the window in which it begins. A window closes when a segment of its group
begins, or a mark of the recorder's clock stands, ``GRACE_US`` or more behind its end; or when
``IDLE_SEGMENTS`` segments of the group have come without one for it (a clock that was ahead). A
segment of a window that has closed is late: late ones are gathered and come as amendments of their
windows with the next close of their group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from xinlian.ingest.model.frames import Counts
from xinlian.ingest.model.segments.segment import Segment
from xinlian.ingest.model.segments.summary import Summary, window_root

__all__ = ["GRACE_US", "IDLE_SEGMENTS", "ClosedWindow", "WindowState"]

GRACE_US: Final = 5_000_000
IDLE_SEGMENTS: Final = 256
_SPANS_MAX: Final = 1024
SEGMENTS_MAX: Final = 65_536
"""A window that has as many segments closes; what follows amends it."""


@dataclass(frozen=True)
class ClosedWindow:
    """A window of a device group, or late segments of one. Segments by sequence."""

    party: int
    group: str
    start_us: int
    end_us: int
    amendment: bool
    """Whether the window had closed before: then these segments came later."""
    summaries: tuple[Summary, ...]
    positions: tuple[int, ...]
    """Where the segments stand in the log."""
    devices: dict[str, Counts]
    tables: tuple[str, ...]
    """Digests of the tag tables, sorted; drivers, calibrations, clock states likewise."""
    drivers: tuple[str, ...]
    calibrations: tuple[str, ...]
    clock_states: tuple[str, ...]
    offset_us: tuple[int, int] | None
    """Least and greatest offset of the collector's clock, where known."""
    silent: tuple[int, ...] = ()
    """Sequences of the segments in which no device answered."""

    @property
    def root(self) -> bytes:
        """The root over the segments' summaries."""
        return window_root(self.summaries)

    @property
    def counts(self) -> Counts:
        """Sums over all devices."""
        return sum(self.devices.values(), Counts())


@dataclass
class _Open:
    """A window that gathers segments. Everything in it can be JSON."""

    summaries: list[dict[str, Any]] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    devices: dict[str, dict[str, int]] = field(default_factory=dict)
    # Names as keys, in the order in which they came: a plant may have one for each device.
    tables: dict[str, None] = field(default_factory=dict)
    drivers: dict[str, None] = field(default_factory=dict)
    calibrations: dict[str, None] = field(default_factory=dict)
    clock_states: dict[str, None] = field(default_factory=dict)
    offset_us: list[int] = field(default_factory=list)
    silent: list[int] = field(default_factory=list)
    idle: int = 0
    """Segments of the group since the last one for this window."""

    def add(self, position: int, segment: Segment) -> None:
        self.summaries.append(segment.summary.to_json())
        self.positions.append(position)
        self.idle = 0
        if not any(block.frame.counts.received for block in segment.blocks):
            self.silent.append(segment.sequence)
        for block in segment.blocks:
            counts = block.frame.counts
            before = self.devices.get(block.frame.device)
            self.devices[block.frame.device] = asdict(
                counts if before is None else Counts(**before) + counts
            )
            self.tables[block.frame.table.digest] = None
            self.drivers[block.driver] = None
            self.calibrations[block.calibration] = None
            self.clock_states[block.clock.state] = None
            if block.clock.offset_us is not None:
                known = [*self.offset_us, block.clock.offset_us]
                self.offset_us = [min(known), max(known)]

    def close(self, start_us: int, amendment: bool) -> ClosedWindow:
        order = sorted(range(len(self.positions)), key=lambda at: self.summaries[at]["sequence"])
        summaries = tuple(Summary.from_json(self.summaries[at]) for at in order)
        first = summaries[0]
        return ClosedWindow(
            first.party,
            first.group,
            start_us,
            start_us + first.window_s * 1_000_000,
            amendment,
            summaries,
            tuple(self.positions[at] for at in order),
            {device: Counts(**counts) for device, counts in sorted(self.devices.items())},
            tuple(sorted(self.tables)),
            tuple(sorted(filter(None, self.drivers))),
            tuple(sorted(filter(None, self.calibrations))),
            tuple(sorted(self.clock_states)),
            (self.offset_us[0], self.offset_us[1]) if self.offset_us else None,
            tuple(self.silent),
        )


def _reopened(members: dict[str, Any]) -> _Open:
    names = ("tables", "drivers", "calibrations", "clock_states")
    return _Open(**(members | {name: dict.fromkeys(members[name]) for name in names}))


@dataclass
class _Group:
    open: dict[int, _Open] = field(default_factory=dict)
    late: dict[int, _Open] = field(default_factory=dict)
    closed: list[list[int]] = field(default_factory=list)
    """Spans of time all of whose windows have closed or never had a segment before a later one
    closed: [start, end], in order, apart from each other."""


class WindowState:
    """What must be remembered between segments; ``position`` is the next to be fed."""

    def __init__(self) -> None:
        self.position = 0
        self._groups: dict[str, _Group] = {}

    def feed(self, position: int, segment: Segment) -> list[ClosedWindow]:
        """Take the next segment of the log; the windows that it closes, in order of time."""
        if position < self.position:
            return []
        self.position = position + 1
        group = self._groups.setdefault(segment.group, _Group())
        summary = segment.summary
        start = summary.window_us
        closed: list[ClosedWindow] = []
        for window in group.open.values():
            window.idle += 1
        if start not in group.open and _within(group.closed, start):
            group.late.setdefault(start, _Open()).add(position, segment)
            enough = sum(len(each.positions) for each in group.late.values()) >= SEGMENTS_MAX
            return _amend(group) if enough else closed
        closed += _close(group, summary.start_us)
        window = group.open.setdefault(start, _Open())
        window.add(position, segment)
        if len(window.positions) >= SEGMENTS_MAX:
            closed += _finish(group, [start])
        return closed

    def mark(self, position: int, now_us: int, final: bool = False) -> list[ClosedWindow]:
        """Take a mark of the recorder's clock. After a ``final`` one nothing stays open."""
        if position < self.position:
            return []
        self.position = position + 1
        closed: list[ClosedWindow] = []
        for name in sorted(self._groups):
            group = self._groups[name]
            closed += _finish(group, sorted(group.open)) if final else _close(group, now_us)
            if final:
                closed += _amend(group)
        return closed

    def to_json(self) -> dict[str, Any]:
        """All of it, to be kept in the same transaction as what was made of the windows."""
        groups = {
            name: {
                "open": {str(start): asdict(each) for start, each in group.open.items()},
                "late": {str(start): asdict(each) for start, each in group.late.items()},
                "closed": [list(span) for span in group.closed],
            }
            for name, group in self._groups.items()
        }
        return {"position": self.position, "groups": groups}

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> WindowState:
        """The reverse."""
        made = cls()
        made.position = members["position"]
        for name, group in members["groups"].items():
            made._groups[name] = _Group(
                {int(start): _reopened(each) for start, each in group["open"].items()},
                {int(start): _reopened(each) for start, each in group["late"].items()},
                [list(span) for span in group["closed"]],
            )
        return made


def _close(group: _Group, now_us: int) -> list[ClosedWindow]:
    over = [
        start
        for start, each in group.open.items()
        if now_us >= start + each.summaries[0]["window_s"] * 1_000_000 + GRACE_US
        or each.idle >= IDLE_SEGMENTS
    ]
    return _finish(group, sorted(over))


def _finish(group: _Group, starts: Sequence[int]) -> list[ClosedWindow]:
    """Close these windows, then give the late segments of earlier ones."""
    made = []
    for start in starts:
        window = group.open.pop(start).close(start, amendment=False)
        _remember(group.closed, start, window.end_us)
        made.append(window)
    return made + (_amend(group) if made else [])


def _amend(group: _Group) -> list[ClosedWindow]:
    made = [group.late[start].close(start, amendment=True) for start in sorted(group.late)]
    group.late.clear()
    return made


def _within(spans: list[list[int]], start: int) -> bool:
    return any(low <= start < high for low, high in spans)


def _remember(spans: list[list[int]], start: int, end: int) -> None:
    """Add a span; those that touch become one. Of too many the oldest two become one."""
    spans.append([start, end])
    spans.sort()
    merged = [spans[0]]
    for low, high in spans[1:]:
        if low <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    while len(merged) > _SPANS_MAX:
        merged[0:2] = [[merged[0][0], merged[1][1]]]
    spans[:] = merged
