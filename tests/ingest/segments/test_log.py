"""The log's files: torn tails, damage, retention, and what readers may see."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from xinlian.ingest.adapters.log.consumers import commit, committed
from xinlian.ingest.adapters.log.entries import ENTRY, FILE_HEAD
from xinlian.ingest.adapters.log.log import LogLimits, SegmentLog
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.usecases.log_ports import (
    Damage,
    Entry,
    Kind,
    LogDamageError,
    LogError,
    LogFullError,
)


def write(log: SegmentLog, *payloads: bytes) -> int:
    log.turn(sum(map(len, payloads)) + 64)
    return log.write([(Kind.AUDIT, each) for each in payloads])


def payloads(folder: Path, position: int = 0) -> list[bytes]:
    reader = LogReader(folder)
    found = reader.read(position, 1000)
    reader.close()
    assert [each.position for each in found] == list(range(position, position + len(found)))
    return [each.payload for each in found]


def only_file(folder: Path) -> Path:
    [path] = folder.glob("*.xlseg")
    return path


def filled(folder: Path) -> tuple[list[int], bytes]:
    """Three writes; where each ends, and the file."""
    log = SegmentLog(folder)
    path = only_file(folder)
    ends = [path.stat().st_size]
    for number in range(3):
        write(log, bytes([number]) * (5 + number), b"second of %d" % number)
        ends.append(path.stat().st_size)
    log.close()
    return ends, path.read_bytes()


def test_a_power_cut_at_every_byte(tmp_path: Path) -> None:
    """The watermark is as old as the last fsync before; the file ends anywhere behind it."""
    made = tmp_path / "made"
    ends, data = filled(made)
    path = only_file(made)
    wholes = [FILE_HEAD.size]
    while wholes[-1] < len(data):
        length = ENTRY.unpack_from(data, wholes[-1])[1]
        wholes.append(wholes[-1] + ENTRY.size + length)
    marks = {}
    for number in range(4):
        place = tmp_path / f"mark-{number}"
        log = SegmentLog(place)
        for each in range(number):
            write(log, bytes([each]) * (5 + each), b"second of %d" % each)
        marks[number] = (place / "durable").read_bytes()
        log.close()
    for cut in range(ends[0], len(data) + 1):
        durable = max(number for number in range(4) if ends[number] <= cut)
        path.write_bytes(data[:cut])
        (made / "durable").write_bytes(marks[durable])
        assert len(payloads(made)) == 2 * durable, "a reader sees what was acknowledged, no more"
        log = SegmentLog(made)
        kept = sum(end <= cut for end in wholes[1:])
        assert (log.damage, log.next) == (None, kept)
        assert log.cut_bytes == cut - wholes[kept]
        assert write(log, b"after") == kept
        log.close()
        assert payloads(made)[kept:] == [b"after"]


def test_garbage_behind_the_durable_end_is_cut(tmp_path: Path) -> None:
    _, data = filled(tmp_path)
    only_file(tmp_path).write_bytes(data + b"XLEN" + os.urandom(300))
    assert len(payloads(tmp_path)) == 6
    log = SegmentLog(tmp_path)
    assert (log.damage, log.cut_bytes) == (None, 304)
    write(log, b"next")
    log.close()
    assert payloads(tmp_path)[6:] == [b"next"]


def to_the_end(reader: LogReader, found: list[Entry]) -> None:
    while True:
        got = reader.read(found[-1].position + 1 if found else 0, 1)
        assert got, "damage went by in silence"
        found += got


def test_damage_is_told_and_never_skipped_unasked(tmp_path: Path) -> None:
    ends, data = filled(tmp_path)
    path = only_file(tmp_path)
    for at in range(FILE_HEAD.size, ends[-1]):
        bent = bytearray(data)
        bent[at] ^= 0x40
        path.write_bytes(bent)
        reader = LogReader(tmp_path)
        found: list[Entry] = []
        with pytest.raises(LogDamageError):
            to_the_end(reader, found)
        reader.close()
        told: list[Damage] = []
        going_on = LogReader(tmp_path, told.append)
        entries = going_on.read(0, 100)
        going_on.close()
        assert len(told) == 1
        lost = set(range(told[0].position, told[0].next))
        assert {each.position for each in entries} == set(range(6)) - lost
        assert len(lost) == 1


def test_a_writer_leaves_damage_as_it_is_and_goes_on(tmp_path: Path) -> None:
    ends, data = filled(tmp_path)
    path = only_file(tmp_path)
    bent = bytearray(data)
    bent[ends[1] + ENTRY.size] ^= 1
    path.write_bytes(bent)
    log = SegmentLog(tmp_path)
    assert log.damage is not None
    assert (log.damage.position, log.next) == (2, 6)
    write(log, b"new")
    log.close()
    assert path.read_bytes() == bytes(bent), "evidence of the damage is kept"
    told: list[Damage] = []
    reader = LogReader(tmp_path, told.append)
    entries = reader.read(0, 100)
    reader.close()
    assert [each.position for each in entries] == [0, 1, 3, 4, 5, 6, 7]
    assert entries[-2].kind is Kind.GAP
    assert entries[-1].payload == b"new"
    assert [(each.position, each.next) for each in told] == [(2, 3)]


def test_lost_acknowledged_entries_are_told_and_their_positions_not_used_again(
    tmp_path: Path,
) -> None:
    """A disk that lied about fsync: the file is shorter than what was durable."""
    ends, data = filled(tmp_path)
    only_file(tmp_path).write_bytes(data[: ends[2]])
    log = SegmentLog(tmp_path)
    assert log.damage is not None
    assert (log.damage.position, log.damage.next) == (4, 6)
    write(log, b"new")
    log.close()
    told: list[Damage] = []
    reader = LogReader(tmp_path, told.append)
    entries = reader.read(0, 100)
    reader.close()
    assert [each.position for each in entries] == [0, 1, 2, 3, 6, 7]
    assert [(each.position, each.next) for each in told] == [(4, 6)]


def test_positions_that_a_consumer_has_are_not_used_again(tmp_path: Path) -> None:
    filled(tmp_path)
    with pytest.raises(LogError, match="ends before 6"):
        commit(tmp_path, "store", 6)
    commit(tmp_path, "store", 5)
    only_file(tmp_path).unlink()
    (tmp_path / "durable").unlink()
    log = SegmentLog(tmp_path)
    assert log.damage is not None
    assert log.next == 6
    log.close()


def test_retention_waits_for_every_consumer(tmp_path: Path) -> None:
    limits = LogLimits(file_bytes=400, keep_bytes=1000, keep_s=1e9)
    log = SegmentLog(tmp_path, limits)
    for number in range(20):
        write(log, bytes([number]) * 100)
    before = len(list(tmp_path.glob("*.xlseg")))
    assert log.retain() == 0
    commit(tmp_path, "store", 19)
    assert log.retain() == 0, "evidence has nothing yet"
    commit(tmp_path, "evidence", 9)
    assert log.retain() > 0
    assert payloads(tmp_path, 10)[0] == bytes([10]) * 100
    commit(tmp_path, "evidence", 19)
    commit(tmp_path, "evidence", 4)
    assert committed(tmp_path, "evidence") == 19, "a position never goes back"
    log.retain()
    assert 400 < log.size <= 1000
    assert len(list(tmp_path.glob("*.xlseg"))) < before
    with pytest.raises(LogDamageError, match="older files are deleted"):
        payloads(tmp_path)
    log.close()


def test_a_bound_on_the_whole_log(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, LogLimits(file_bytes=300, total_bytes=1000, keep_bytes=0))
    for number in range(6):
        write(log, bytes([number]) * 100)
    with pytest.raises(LogFullError, match="consumers lag"):
        write(log, bytes(100))
    there = log.next
    for name in ("store", "evidence"):
        commit(tmp_path, name, there - 1)
    assert log.retain() > 0
    assert write(log, b"room again") == there
    log.close()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_fails_at_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Nothing of a failed write is in the log, and nobody reads it; the next one is."""
    log = SegmentLog(tmp_path)
    write(log, b"first")
    honest = os.fsync

    def failing(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises((LogFullError, OSError)):
        write(log, b"lost")
    assert payloads(tmp_path) == [b"first"]
    monkeypatch.setattr(os, "fsync", honest)
    assert write(log, b"second") == 1
    log.close()
    assert payloads(tmp_path) == [b"first", b"second"]
    log = SegmentLog(tmp_path)
    assert (log.damage, log.next) == (None, 2)
    log.close()


def test_a_reader_in_another_process_follows(tmp_path: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from xinlian.ingest.adapters.log.reader import LogReader
reader, at = LogReader(Path(sys.argv[1])), 0
while at < 400:
    for entry in reader.read(at, 7):
        assert entry.position == at and entry.payload == b"%06d" % at, (entry, at)
        at += 1
    if at < 400:
        time.sleep(0.001)
print(at)
"""
    follower = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    log = SegmentLog(tmp_path, LogLimits(file_bytes=1000))
    for number in range(400):
        write(log, b"%06d" % number)
    log.close()
    out, _ = follower.communicate(timeout=60)
    assert out.strip() == "400"


def test_packed_entries(tmp_path: Path) -> None:
    log = SegmentLog(tmp_path, LogLimits(pack=True))
    write(log, b"\0" * 100_000, os.urandom(2000), b"short")
    log.close()
    assert only_file(tmp_path).stat().st_size < 5000
    assert [len(each) for each in payloads(tmp_path)] == [100_000, 2000, 5]


def test_bytes_from_nowhere_never_crash_a_reader(tmp_path: Path) -> None:
    _, data = filled(tmp_path)
    path = only_file(tmp_path)
    chance = random.Random(5)
    for _ in range(300):
        bent = bytearray(data)
        for _ in range(chance.randrange(1, 8)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        path.write_bytes(bent)
        told: list[Any] = []
        reader = LogReader(tmp_path, told.append)
        entries = reader.read(0, 100)
        assert [each.position for each in entries] == sorted({each.position for each in entries})
        assert len(entries) + sum(each.next - each.position for each in told) == 6
        reader.close()
