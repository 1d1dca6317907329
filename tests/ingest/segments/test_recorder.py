"""Recorder, log and readers together: what is acknowledged is there, once, in order."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from xinlian.ingest.adapters.log.log import LogLimits, SegmentLog
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.devices import DeviceGroup
from xinlian.ingest.model.segments.windows import WindowState
from xinlian.ingest.usecases.log_ports import Kind, LogError
from xinlian.ingest.usecases.recorder import Recorder, RecorderLimits
from xinlian.ingest.usecases.recording import DeviceFacts
from xinlian.ingest.usecases.windows import closed_windows
from xinlian.ledger.model.evidence.tree import root_from_multiproof, verify_inclusion

from tests.ingest.segments.made import GROUP, METER, PLAIN, SECOND, T0, frame, same

FACTS = {"m1": DeviceFacts("modbus-tcp/1 (fast)", "JJF-2026-118"), "m2": DeviceFacts("s7/1")}


def recorder(folder: Path, *groups: DeviceGroup, **more: Any) -> Recorder:
    return open_recorder(folder, 7, groups or (GROUP,), FACTS, **more)


def put(made: Recorder, *frames: Any, group: str = GROUP.id) -> None:
    """Put, and wait until it is durable."""
    done = threading.Event()
    assert made.put(group, frames, done.set)
    assert done.wait(10)


def test_what_is_put_is_read_back_bit_for_bit(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    first = [frame("m1", bad=[(0, 1)], source=True), frame("m2", table=PLAIN)]
    put(made, *first)
    reader = LogReader(tmp_path)
    [(position, segment)] = reader.segments(0).segments
    assert all(same(*pair) for pair in zip(first, segment.frames, strict=True))
    assert [block.driver for block in segment.blocks] == ["modbus-tcp/1 (fast)", "s7/1"]
    assert segment.blocks[0].calibration == "JJF-2026-118"
    put(made, frame("m1", T0 + SECOND))
    [(later, second)] = reader.segments(position + 1).segments
    assert (later, second.sequence) == (position + 1, 1)
    assert made.close()
    assert made.status.rows == 9
    reader.close()


def test_a_recorder_goes_on_with_its_numbers(tmp_path: Path) -> None:
    other = DeviceGroup(id="line-2")
    for start in range(3):
        made = recorder(tmp_path, GROUP, other, log_limits=LogLimits(file_bytes=2048))
        for number in range(4):
            put(made, frame("m1", T0 + (10 * start + number) * SECOND))
        put(made, frame("m2", T0 + start * SECOND), group="line-2")
        made.close()
    reader = LogReader(tmp_path)
    segments = reader.segments(0).segments
    numbers = [each.sequence for _, each in segments if each.group == GROUP.id]
    assert numbers == list(range(12))
    assert [each.sequence for _, each in segments if each.group == "line-2"] == [0, 1, 2]
    assert len(list(tmp_path.glob("*.xlseg"))) > 3
    # From any position on, in a reader that has seen nothing before.
    for position, segment in segments:
        fresh = LogReader(tmp_path)
        assert fresh.segments(position, 1).segments[0][1].sequence == segment.sequence
        fresh.close()
    reader.close()


def test_one_writer(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    with pytest.raises(LogError, match="another process"):
        SegmentLog(tmp_path)
    made.close()
    SegmentLog(tmp_path).close()


def test_windows_and_disclosure(tmp_path: Path) -> None:
    from xinlian.ingest.usecases.windows import Disclosure

    made = recorder(tmp_path)
    for second in range(25):
        put(made, frame("m1", T0 + second * SECOND, rows=10, seed=second))
    made.close()
    reader = LogReader(tmp_path)
    state = WindowState()
    windows, more = closed_windows(reader, state)
    assert not more
    assert [len(each.summaries) for each in windows] == [10, 10, 5]
    assert sum(each.counts.received for each in windows) == 250
    window = windows[1]
    shown = Disclosure(reader).disclose(window.positions[3], [("m1", "energy")])
    from xinlian.ingest.model.segments.leaves import leaf_hash
    from xinlian.ingest.model.segments.summary import summary_proof

    hashes = {leaf.index: leaf_hash(leaf.salt, leaf.body) for leaf in shown.leaves}
    assert root_from_multiproof(hashes, shown.summary.leaves, shown.proof) == shown.summary.root
    assert len(hashes) == 4
    index = window.summaries.index(shown.summary)
    path = summary_proof(window.summaries, index)
    assert verify_inclusion(index, 10, shown.summary.leaf_hash, path, window.root)
    reader.close()


def test_a_full_disk_holds_up_the_scheduler_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 3 * 1024
    made = recorder(tmp_path, limits=RecorderLimits(waiting_bytes=size, retry_s=0.01))
    put(made, frame("m1"))
    room = threading.Event()
    honest = os.writev

    def writev(descriptor: int, parts: Any) -> int:
        if room.is_set():
            return honest(descriptor, parts)
        # Half of it finds room: a torn write in the middle of the file.
        honest(descriptor, [bytes(parts[0])[:7]])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "writev", writev)
    taken = 0
    done = threading.Event()
    while made.put(GROUP.id, [frame("m1", T0 + (taken + 1) * SECOND)], done.set):
        taken += 1
        assert taken < 100
    assert taken >= 1
    assert not done.wait(0.1)
    assert "no room" in made.status.fault
    room.set()
    assert done.wait(10)
    assert made.close()
    reader = LogReader(tmp_path)
    frames = [each for _, segment in reader.segments(0).segments for each in segment.frames]
    assert [int(each.received_us[0]) for each in frames] == [
        T0 + n * SECOND for n in range(taken + 1)
    ]
    reader.close()


def test_audits_stand_in_the_log(tmp_path: Path) -> None:
    made = recorder(tmp_path)
    made.audit({"device": "m1", "tag": "setpoint", "raw": 4}).result(10)
    made.close()
    reader = LogReader(tmp_path)
    [entry] = [each for each in reader.read(0) if each.kind is Kind.AUDIT]
    assert b"setpoint" in entry.payload
    assert METER.digest not in reader.tables
    reader.close()


def test_a_reader_that_stays_open_while_writers_come_and_go(tmp_path: Path) -> None:
    reader = LogReader(tmp_path)
    assert reader.segments(0).next == 0
    found: list[int] = []
    position = 0
    for life in range(6):
        limits = LogLimits(file_bytes=64 << 20 if life % 2 else 2000)
        made = recorder(tmp_path, log_limits=limits)
        for number in range(3):
            put(made, frame("m1", T0 + (life * 3 + number) * SECOND))
            batch = reader.segments(position)
            found += [segment.sequence for _, segment in batch.segments]
            position = batch.next
        made.close()
        last = max(tmp_path.glob("*.xlseg"))
        last.write_bytes(last.read_bytes() + b"XLEN torn")
        if life == 3:
            position = reader.segments(position).next
    assert found == list(range(18))
    reader.close()


def test_a_recorder_that_fails_takes_nothing_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recorder(tmp_path)
    put(made, frame("m1"))

    def broken(*_: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(SegmentLog, "turn", broken)
    told = threading.Event()
    assert made.put(GROUP.id, [frame("m1", T0 + SECOND)], told.set)
    for _ in range(500):
        if not made.put(GROUP.id, [frame("m1", T0 + 2 * SECOND)]):
            break
        told.wait(0.01)
    else:
        raise AssertionError("it went on taking readings")
    assert "out of order" in made.status.fault
    with pytest.raises(LogError):
        made.audit({"device": "m1"}).result(10)
    assert not told.is_set()
    assert not made.close()


def test_frames_that_cannot_be_are_left_out_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from dataclasses import replace

    made = recorder(tmp_path)
    good = frame("m1")
    put(made, replace(good, columns=good.columns[:1]), good)
    assert made.close()
    assert made.status.unusable == 1
    assert "1 columns for 3 tags" in caplog.text
    reader = LogReader(tmp_path)
    [(_, segment)] = reader.segments(0).segments
    assert len(segment.frames) == 1
    reader.close()


@pytest.mark.parametrize("torn", [0, 7, 100])
def test_a_kill_just_after_a_file_was_begun(tmp_path: Path, torn: int) -> None:
    """The new file has its head, and of its first write nothing or a torn part."""
    made = recorder(tmp_path)
    for number in range(3):
        put(made, frame("m1", T0 + number * SECOND))
    made.close()
    log = SegmentLog(tmp_path, LogLimits(file_bytes=100))
    assert log.turn(100)
    log.close()
    if torn:
        last = max(tmp_path.glob("*.xlseg"))
        last.write_bytes(last.read_bytes() + b"XLEN" + bytes(torn))
    made = recorder(tmp_path)
    put(made, frame("m1", T0 + 3 * SECOND))
    made.close()
    reader = LogReader(tmp_path)
    assert [segment.sequence for _, segment in reader.segments(0).segments] == [0, 1, 2, 3]
    reader.close()


def test_roots_of_wide_segments_are_left_to_readers(tmp_path: Path) -> None:
    made = recorder(tmp_path, limits=RecorderLimits(seal_leaves=8))
    put(made, frame("m1"))
    put(made, frame("m1", T0 + SECOND), frame("m2", T0 + SECOND))
    made.close()
    reader = LogReader(tmp_path)
    state = WindowState()
    small, wide = [segment for _, segment in reader.segments(0).segments]
    assert small.root == small.tree.root
    assert wide.root is None
    [window], _ = closed_windows(reader, state)
    assert [each.root for each in window.summaries] == [small.tree.root, wide.tree.root]
    reader.close()


def test_a_file_system_that_ends(tmp_path: Path) -> None:
    """The kernel itself refuses (a bound on file sizes): short writes, then errors; then room."""
    program = """
import resource, signal, sys, threading
from pathlib import Path
from tests.ingest.segments.made import GROUP, SECOND, T0, frame
from xinlian.ingest.adapters.log.log import LogLimits
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.usecases.recorder import RecorderLimits

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
made = open_recorder(
    Path(sys.argv[1]), 7, [GROUP], {}, limits=RecorderLimits(waiting_bytes=20_000, retry_s=0.01)
)
count, done = 0, threading.Event()
while made.put(GROUP.id, [frame("m1", T0 + count * SECOND)], done.set):
    count += 1
    done.wait(0.02)
    done.clear()
assert "no room" in made.status.fault, made.status
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
assert made.close()
print(count)
"""
    told = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE, text=True, check=True, timeout=60,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    reader = LogReader(tmp_path)
    frames = [each for _, segment in reader.segments(0, 999).segments for each in segment.frames]
    begins = [int(each.received_us[0]) for each in frames]
    assert begins == [T0 + number * SECOND for number in range(int(told.stdout))]
    reader.close()
