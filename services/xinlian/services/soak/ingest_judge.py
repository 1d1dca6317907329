"""What must hold of a log, a store and the evidence after a collector was killed."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.query import Aggregate, Downsample, Window
from xinlian.ingest.model.segments.leaves import leaf_hash
from xinlian.ingest.model.segments.segment import Segment
from xinlian.ingest.model.segments.summary import summary_proof
from xinlian.ingest.model.segments.windows import WindowState
from xinlian.ingest.usecases.log_ports import LogError
from xinlian.ingest.usecases.store_ports import TelemetryStore
from xinlian.ingest.usecases.windows import Disclosure, closed_windows
from xinlian.ledger.model.evidence.tree import root_from_multiproof, verify_inclusion
from xinlian.services.soak.ingest_child import (
    GROUPS,
    TABLE,
    frames_of,
    number_of,
    same_values,
    values_of,
)

__all__ = ["LogJudge", "judge_proofs", "judge_store"]

_FAULTS_MAX: Final = 20
_MINUTE_US: Final = 60_000_000
_TAGS: Final = ("r0", "r7", "energy")
_PROOFS: Final = 60


@dataclass
class LogJudge:
    """Reads a log on from where it was read last, and holds it against what was acknowledged."""

    folder: Path
    faults: list[str] = field(default_factory=list)
    segments: int = 0
    rows: int = 0
    times: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Receive times of each device, in the log's order."""
    positions: list[int] = field(default_factory=list)
    _seen: set[tuple[str, int]] = field(default_factory=set)
    _sequence: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _next: int = 0

    def read(self) -> None:
        """Take what is new; a log that is damaged or has gaps is a fault."""
        reader = LogReader(self.folder)
        try:
            while True:
                batch = reader.segments(self._next)
                if batch.next == self._next:
                    break
                for position, segment in batch.segments:
                    self._segment(position, segment)
                self._next = batch.next
        except (LogError, ValueError) as exc:
            self._fault(f"the log cannot be read: {exc}")
        finally:
            reader.close()

    def acknowledged(self, told: list[tuple[int, int]]) -> None:
        """Each put that was told to be durable is there; that it is there once, ``read`` saw."""
        devices = {group: [each.device for each in frames_of(group, 0)] for group in range(GROUPS)}
        for group, number in told:
            if any((device, number) not in self._seen for device in devices[group]):
                self._fault(f"put {number} of group {group} was acknowledged and is lost")

    def _segment(self, position: int, segment: Segment) -> None:
        self.segments += 1
        self.positions.append(position)
        expected = self._sequence[segment.group]
        if segment.sequence != expected:
            self._fault(f"{segment.group}: sequence {segment.sequence} where {expected} should be")
        self._sequence[segment.group] = segment.sequence + 1
        if segment.tree.root != segment.root:
            self._fault(f"segment {position} was altered")
        for frame in segment.frames:
            number = number_of(frame)
            if (frame.device, number) in self._seen:
                self._fault(f"put {number} of {frame.device} stands twice")
            self._seen.add((frame.device, number))
            self.rows += len(frame)
            self.times[frame.device] += frame.received_us.tolist()
            if not same_values(frame, number):
                self._fault(f"put {number} of {frame.device} has other values")

    def _fault(self, text: str) -> None:
        if len(self.faults) < _FAULTS_MAX:
            self.faults.append(text)


def judge_store(store: TelemetryStore, log: LogJudge) -> tuple[list[str], int]:
    """The store has the rows of the log, each once and in order, and its roll-ups count each once.
    Faults, and rows found."""
    while store.rollup():
        pass
    faults: list[str] = []
    rows = 0
    offsets = {tag.name: number for number, tag in enumerate(TABLE.tags)}
    for device, times in log.times.items():
        expected = np.array(sorted(times), np.int64)
        request = Window(
            device=device, tags=_TAGS, start_us=int(expected[0]), end_us=int(expected[-1]) + 1,
            limit=5_000_000,
        )  # fmt: skip
        for tag, series in zip(_TAGS, store.window(request), strict=True):
            if not np.array_equal(series.times_us, expected):
                faults.append(f"{device} {tag}: {len(series.times_us)} rows for {len(expected)}")
                break
            numbers = np.unique([number_of(each) for each in times])
            wanted = values_of(device, numbers, offsets[tag])
            if not np.array_equal(series.values, wanted):
                faults.append(f"{device} {tag}: values differ")
        if (rolled := _rolled(store, device, expected)) != len(expected):
            faults.append(f"{device}: its roll-ups count {rolled} rows of {len(expected)}")
        rows += len(expected)
    if store.status().rows != log.rows:
        faults.append(f"the store has {store.status().rows} rows, the log {log.rows}")
    return faults[:_FAULTS_MAX], rows


def _rolled(store: TelemetryStore, device: str, times: npt.NDArray[np.int64]) -> int:
    """Rows of a device as whole minutes count them."""
    request = Downsample(
        devices=(device,), tags=("r7",), start_us=int(times[0]) // _MINUTE_US * _MINUTE_US,
        end_us=(int(times[-1]) // _MINUTE_US + 1) * _MINUTE_US, step_us=_MINUTE_US,
        aggregates=(Aggregate.COUNT,),
    )  # fmt: skip
    return sum(int(each.values[Aggregate.COUNT].sum()) for each in store.downsample(request))


def judge_proofs(
    reader: LogReader, log: LogJudge, chance: random.Random, *, final: bool
) -> tuple[list[str], int, int]:
    """Windows hold each segment once (after a ``final`` mark all of them), and random columns
    prove. Faults, windows, proofs tried."""
    faults: list[str] = []
    state = WindowState()
    windows = []
    while True:
        before = state.position
        found, _ = closed_windows(reader, state, 500)
        windows += found
        if state.position == before:
            break
    closed = [position for window in windows for position in window.positions]
    if len(closed) != len(set(closed)) or not set(closed) <= set(log.positions):
        faults.append("a segment is in two windows, or in none that is there")
    if final and set(closed) != set(log.positions):
        faults.append("a segment is in no window")
    firsts = [(window.group, window.start_us) for window in windows if not window.amendment]
    if len(firsts) != len(set(firsts)):
        faults.append("a window closed twice")
    disclosure = Disclosure(reader)
    for _ in range(_PROOFS if windows else 0):
        window = chance.choice(windows)
        index = chance.randrange(len(window.positions))
        device = chance.choice(sorted(window.devices))
        shown = disclosure.disclose(window.positions[index], [(device, chance.choice(_TAGS))])
        hashes = {leaf.index: leaf_hash(leaf.salt, leaf.body) for leaf in shown.leaves}
        summary = window.summaries[index]
        root = root_from_multiproof(hashes, summary.leaves, shown.proof) if hashes else summary.root
        path = summary_proof(window.summaries, index)
        size = len(window.summaries)
        if root != summary.root or not verify_inclusion(
            index, size, summary.leaf_hash, path, window.root
        ):
            faults.append(f"a proof of segment {window.positions[index]} is not valid")
    return faults[:_FAULTS_MAX], len(windows), _PROOFS if windows else 0
