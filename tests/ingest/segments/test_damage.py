"""What is damaged is told once, whoever dies before it is told; a mirror keeps its positions."""

from __future__ import annotations

from pathlib import Path

import orjson
from xinlian.ingest.adapters.bus.receive import mirror_entries
from xinlian.ingest.adapters.log.entries import ENTRY, FILE_HEAD
from xinlian.ingest.adapters.log.log import SegmentLog
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.usecases.log_ports import Damage, Entry, Kind
from xinlian.ingest.usecases.recording import Scribe

from tests.ingest.segments.made import GROUP, SECOND, T0, frame


def recorded(folder: Path, *numbers: int) -> None:
    """Segments, each in a write of its own."""
    for number in numbers:
        recorder = open_recorder(folder, 7, [GROUP], {})
        assert recorder.put(GROUP.id, [frame("m1", T0 + number * SECOND, 3)])
        assert recorder.close()


def read(folder: Path) -> tuple[list[Entry], list[Damage]]:
    told: list[Damage] = []
    reader = LogReader(folder, told.append)
    found = reader.read(0, 1000)
    reader.close()
    return found, told


def bend(folder: Path, number: int) -> Path:
    """Alter a byte of an entry of the first file."""
    path = min(folder.glob("*.xlseg"))
    data, at = bytearray(path.read_bytes()), FILE_HEAD.size
    for _ in range(number):
        at += ENTRY.size + ENTRY.unpack_from(data, at)[1]
    data[at + ENTRY.size] ^= 1
    path.write_bytes(data)
    return path


def test_damage_is_told_though_its_finder_dies_before_it_writes(tmp_path: Path) -> None:
    """And no sequence is used twice: those behind the damage can still be read."""
    recorded(tmp_path, 0, 1, 2)
    before, _ = read(tmp_path)
    bend(tmp_path, next(at for at, each in enumerate(before) if each.kind is Kind.SEGMENT))
    for _ in range(3):  # opens, begins a file, and is killed
        SegmentLog(tmp_path, on_entry=Scribe(7).replay).close()
    recorded(tmp_path, 3)
    after, told = read(tmp_path)
    (gap,) = [orjson.loads(each.payload) for each in after if each.kind is Kind.GAP]
    assert [gap["from"]] == [each.position for each in told]
    reader = LogReader(tmp_path, lambda _: None)
    sequences = [segment.sequence for _, segment in reader.segments(0).segments]
    reader.close()
    assert len(set(sequences)) == len(sequences) == 3
    recorded(tmp_path, 4)
    assert sum(each.kind is Kind.GAP for each in read(tmp_path)[0]) == 1


def test_a_damaged_mirror_keeps_the_positions_of_its_model(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    recorded(here, 0, 1, 2, 3)
    model, _ = read(here)
    mirror = SegmentLog(there, mirror=True)
    mirror_entries(mirror, model[:6])
    mirror.close()
    bend(there, 4)
    mirror = SegmentLog(there, mirror=True)
    assert mirror.damage is not None
    assert mirror.next == 6
    mirror_entries(mirror, model[6:])
    mirror.close()
    found, told = read(there)
    assert found == [each for each in model if each.position != 4]
    assert [(each.position, each.next) for each in told] == [(4, 5)]
