"""Segments of a small plant, their windows and records, and proofs of them: honest ones, and the
parts that a test needs to lie."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from typing import Any

import numpy as np
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.segments.block import Block, ClockState
from xinlian.ingest.model.segments.segment import Segment
from xinlian.ingest.model.segments.windows import ClosedWindow, WindowState
from xinlian.ingest.model.tags import Role, Tag, TagTable, ValueType
from xinlian.ingest.model.telemetry_proof import LATE_US, Claim
from xinlian.ingest.model.window_record import DeviceTree, days_of, service_of, window_record
from xinlian.ingest.usecases.log_ports import Batch, Entry, Kind
from xinlian.ingest.usecases.prove import Asked, StoredWindow, prove
from xinlian.ingest.usecases.windows import Disclosure, closed_windows

from tests.support.rfc9162_plain import PlainLog
from tests.support.xlproof import bundle, part

Json = Any
PARTY = 7
GROUP = "press-line"
SECOND = 1_000_000
START = 1_788_220_800 * SECOND  # 2026-09-01T00:00:00Z
METER = TagTable(
    "meter",
    (
        Tag(name="energy", address="holding:0", type=ValueType.UINT32, scale=Decimal("0.01"),
            unit="kW.h", role=Role.ENERGY_IMPORT),
        Tag(name="power", address="holding:2", type=ValueType.FLOAT32, unit="kW", role=Role.POWER),
        Tag(name="torque", address="holding:4", type=ValueType.INT16, scale=Decimal("0.1"),
            offset=Decimal(-5), unit="N.m"),
        Tag(name="oven", address="holding:6", type=ValueType.INT16, unit="Cel", period_ms=5_000),
    ),
)  # fmt: skip


class MemoryLog:
    """A segment log in memory, as a reader sees it."""

    def __init__(self) -> None:
        self.entries: list[Segment | dict[str, Any]] = []

    @property
    def next(self) -> int:
        return len(self.entries)

    def segments(self, position: int, segments_max: int = 50, bytes_max: int = 0) -> Batch:
        made: list[tuple[int, Segment]] = []
        others: list[Entry] = []
        at = position
        while at < len(self.entries) and len(made) < segments_max:
            entry = self.entries[at]
            if isinstance(entry, Segment):
                made.append((at, entry))
            else:
                others.append(Entry(at, Kind.MARK, json.dumps(entry).encode()))
            at += 1
        return Batch(made, others, at)

    def segment(self, position: int) -> Segment:
        entry = self.entries[position]
        if not isinstance(entry, Segment):
            raise KeyError(position)
        return entry


def frame(
    device: str, group: int, times: list[int], *, meter: int = 1000, power: Any = None
) -> Frame:
    """Rows of a rate group at some times; the counter rises by 3 a second, every seventh power
    reading is bad."""
    seconds = [(at - START) // SECOND for at in times]
    tags = METER.groups[group]
    made = {
        "energy": [meter + 3 * s for s in seconds],
        "power": [10.5 + s % 5 / 8 if power is None else power for s in seconds],
        "torque": [400 + s % 30 for s in seconds],
        "oven": [180 + s % 20 for s in seconds],
    }
    columns = tuple(np.array(made[tag.name], tag.type.dtype) for tag in tags)
    quality = np.zeros((len(tags), len(times)), np.uint8)
    for row, s in enumerate(seconds):
        if group == 0 and s % 7 == 3:
            quality[1, row] = 18
    bad = int((quality >= 16).sum())
    return Frame(
        device, METER, group, np.array(times, np.int64), columns, quality if bad else None,
        counts=Counts(len(times), len(times), 0, 0, bad),
    )  # fmt: skip


@dataclass
class Plant:
    """A log of segments with readings of some devices, and what was recorded of its windows."""

    devices: tuple[str, ...] = ("m1", "m2")
    window_s: int = 10
    segment_s: int = 2
    log: MemoryLog = field(default_factory=MemoryLog)
    evidence: PlainLog = field(default_factory=lambda: PlainLog(party=PARTY, stream="telemetry"))
    state: WindowState = field(default_factory=WindowState)
    windows: list[StoredWindow] = field(default_factory=list)
    closed: list[ClosedWindow] = field(default_factory=list)
    float_value: Any = None
    """What the power always is, if it is anything special."""
    quiet: range = range(0)
    """Seconds in which deadband holds everything back."""
    collector: str = "collector"
    lost: int = 0
    """Segments that were numbered and are gone."""

    def run(self, seconds: int, since: int = 0) -> Plant:
        """Record so many seconds; windows close."""
        for at in range(since, since + seconds, self.segment_s):
            self.segment(at)
        self.log.entries.append({"now_us": START + (since + seconds + 60) * SECOND, "final": True})
        self.record()
        return self

    def segment(self, at: int) -> None:
        """One segment with a row a second, and one every fifth for the slow tags."""
        times = [START + s * SECOND + 1000 for s in range(at, at + self.segment_s)]
        blocks = []
        if at in self.quiet:
            held = Counts(len(times), len(times), 0, len(times), 0)
            silent = [replace(frame(device, 0, []), counts=held) for device in self.devices]
            self._put(at, times[0], times[-1], [self.block(each) for each in silent])
            return
        for number, device in enumerate(self.devices):
            meter = 1000 * (number + 1)
            own = [each + number for each in times]
            blocks.append(self.block(frame(device, 0, own, meter=meter, power=self.float_value)))
            slow = [each for each in own if (each - START) // SECOND % 5 == 0]
            if slow:
                blocks.append(self.block(frame(device, 1, slow)))
        self._put(at, times[0], max(int(each.frame.received_us[-1]) for each in blocks), blocks)

    def _put(self, at: int, first: int, last: int, blocks: list[Block]) -> None:
        count = sum(isinstance(each, Segment) for each in self.log.entries) + self.lost
        secret = sha256(b"segment %d" % at).digest()
        self.log.entries.append(
            Segment(PARTY, GROUP, self.window_s, count, first, last, tuple(blocks), secret)
        )

    def late(self, at: int) -> Segment:
        """A segment of a device that is heard of later."""
        rows = frame("m3", 0, [START + at * SECOND + 77, START + (at + 1) * SECOND + 77])
        first, last = int(rows.received_us[0]), int(rows.received_us[-1])
        count = sum(isinstance(each, Segment) for each in self.log.entries)
        secret = sha256(b"late %d" % at).digest()
        return Segment(PARTY, GROUP, self.window_s, count, first, last, (self.block(rows),), secret)

    def block(self, of: Frame) -> Block:
        return Block(of, "modbus-tcp/1 (fast)", "CAL-2026-7", ClockState("synchronised", -12))

    def record(self) -> None:
        """Make records of the windows that closed."""
        parts: dict[int, int] = {}
        more = True
        while more:
            found, more = closed_windows(self.log, self.state)
            for window in found:
                number = parts.get(window.start_us, 0)
                parts[window.start_us] = number + 1
                self.closed.append(window)
                self._append(window, number)

    def _append(self, window: ClosedWindow, number: int) -> None:
        secret = sha256(b"devices %d" % window.start_us).digest()
        tree = DeviceTree(window.devices, secret)
        made = window_record(
            window,
            collector=self.collector,
            part=number,
            devices=tree,
            service=service_of(window),
            tables={METER.digest: "meter/1"},
        )
        self.evidence.append(made)
        self.windows.append(
            StoredWindow(
                len(self.evidence.leaves) - 1,
                made["first_us"],
                made["last_us"],
                window.root,
                self.collector,
                window.positions,
                window.devices,
                secret,
            )
        )

    def proof(self, start: int, end: int, *claims: Claim, short: bool = False) -> bytes:
        """A proof of claims over seconds ``start`` to ``end``."""
        low, high = START + start * SECOND, START + end * SECOND
        asked = Asked(GROUP, low, high, claims, short)
        wanted = [each for each in self.windows if each.first_us < high and each.last_us >= low]
        days = days_of(PARTY, GROUP, low - LATE_US, high)
        inner = bundle(part(self.evidence, (), days))
        return prove(inner, self.evidence.id, asked, wanted, lambda _: Disclosure(self.log)).data
