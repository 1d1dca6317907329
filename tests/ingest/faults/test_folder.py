"""The folder of a log is moved away, deleted or replaced while its collector runs."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from xinlian.ingest.adapters.log.log import LogLimits, SegmentLog
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.usecases.log_ports import Kind, LogError
from xinlian.ingest.usecases.recorder import RecorderLimits

from tests.support.collected import LINE, frame

START_US = 1_790_000_000_000_000


def moved(folder: Path) -> None:
    folder.rename(folder.with_name("away"))


def replaced(folder: Path) -> None:
    moved(folder)
    folder.mkdir()


def emptied(folder: Path) -> None:
    for each in folder.glob("*.xlseg"):
        each.unlink()


def write(log: SegmentLog) -> None:
    log.turn(200)
    log.write([(Kind.MARK, b"x" * 200)])


@pytest.mark.parametrize(
    ("fault", "file_bytes"),
    [
        *((fault, 1 << 20) for fault in (moved, replaced, emptied, shutil.rmtree)),
        *((fault, 256) for fault in (moved, replaced, shutil.rmtree)),
    ],
)
def test_nothing_is_acknowledged_that_no_reader_finds(
    tmp_path: Path, fault: Callable[[Path], None], file_bytes: int
) -> None:
    """Neither in the file that is open nor in one that would be begun (``file_bytes``)."""
    folder = tmp_path / "log"
    log = SegmentLog(folder, LogLimits(file_bytes=file_bytes))
    try:
        write(log)
        fault(folder)
        with pytest.raises(LogError, match="moved or deleted"):
            write(log)
        assert log.next == 1
    finally:
        log.close()


def test_a_folder_that_comes_back_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    recorder = open_recorder(folder, 1, [LINE], {}, limits=RecorderLimits(retry_s=0.01))
    durable = [threading.Event() for _ in range(3)]
    for number, each in enumerate(durable[:2]):
        assert recorder.put(LINE.id, [frame("m1", START_US + number * 10**7, [1, 2])], each.set)
        assert each.wait(10)
    moved(folder)
    assert recorder.put(LINE.id, [frame("m1", START_US + 2 * 10**7, [3, 4])], durable[2].set)
    end = time.monotonic() + 10
    while not recorder.status.fault:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert "moved or deleted" in recorder.status.fault
    assert not durable[2].is_set()
    folder.with_name("away").rename(folder)
    assert durable[2].wait(10)
    assert recorder.close()
    segments = LogReader(folder).segments(0).segments
    assert [int(each.frames[0].columns[0][0]) for _, each in segments] == [1, 1, 3]
