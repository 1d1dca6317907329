"""The collector's part of ``./xl soak ingest``: records and stores under load until it is killed.

    python -m xinlian.services.soak.ingest_child FOLDER ROUND SECONDS PACE

Frames of ``GROUPS`` device groups are put as fast as the recorder takes them (``PACE`` of them a
second for each group); one thread brings the store up to the log. Every ``put`` that is durable is
told on the standard output, one line ``group number``, after its acknowledgement and not before.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.adapters.log.consumers import commit
from xinlian.ingest.adapters.log.log import LogLimits
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.devices import DeviceGroup
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.tags import Tag, TagTable, ValueType
from xinlian.ingest.usecases.recording import DeviceFacts
from xinlian.ingest.usecases.store_ports import TelemetryStore

__all__ = [
    "GROUPS",
    "PARTY",
    "ROWS",
    "STREAM",
    "TABLE",
    "frames_of",
    "number_of",
    "pump",
    "pump_for_ever",
    "same_values",
    "values_of",
]

PARTY: Final = 7
STREAM: Final = "soak"
GROUPS: Final = 3
DEVICES: Final = 8
"""In each group."""
ROWS: Final = 5
"""Of each device in one put."""
TABLE: Final = TagTable(
    "soak-meter",
    (
        *(Tag(name=f"r{n}", address=f"holding:{n}") for n in range(20)),
        Tag(name="energy", address="holding:20", type=ValueType.UINT32, unit="kWh"),
    ),
    fixed=True,
)
_BEGIN_US: Final = 1_760_000_000_000_000
_STEP_US: Final = 1_000_000
_FILE_BYTES: Final = 1 << 20
_BATCH: Final = 40
_ROLLED: Final = 0.3


def device_group(number: int) -> DeviceGroup:
    """A group of the soak."""
    return DeviceGroup(id=f"line-{number}", window_s=10, segment_ms=1_000)


def start_us(number: int) -> int:
    """When the readings of put ``number`` begin: that tells puts apart ever after."""
    return _BEGIN_US + number * _STEP_US


def frames_of(group: int, number: int) -> list[Frame]:
    """The frames of put ``number`` of a group: their values follow from both."""
    times = start_us(number) + np.arange(ROWS, dtype=np.int64) * (_STEP_US // ROWS)
    counts = Counts(ROWS, ROWS)
    made = []
    for device in range(DEVICES):
        name = f"line-{group}-m{device}"
        columns = tuple(
            values_of(name, np.array([number]), column).astype(tag.type.dtype)
            for column, tag in enumerate(TABLE.tags)
        )
        made.append(Frame(name, TABLE, 0, times, columns, counts=counts))
    return made


def values_of(device: str, numbers: npt.NDArray[np.int64], column: int) -> npt.NDArray[np.int64]:
    """The values of one column of a device in these puts, one after the other."""
    _, group, meter = device.split("-")
    rows = np.arange(ROWS)
    if TABLE.tags[column].name == "energy":
        return (numbers[:, None] * ROWS + rows).ravel()
    base = (numbers * 31 + int(meter[1:]) * 7 + int(group)) % 40_000
    return (base[:, None] + column + rows).ravel()


def number_of(frame: Frame | int) -> int:
    """The put that a frame, or a time, is of."""
    time_us = frame if isinstance(frame, int) else int(frame.received_us[0])
    return (time_us - _BEGIN_US) // _STEP_US


def same_values(frame: Frame, number: int) -> bool:
    """Whether a frame has the values that its put had."""
    numbers = np.array([number])
    return all(
        np.array_equal(column, values_of(frame.device, numbers, at))
        for at, column in enumerate(frame.columns)
    )


def pump(store: TelemetryStore, reader: LogReader, folder: Path) -> bool:
    """Bring the store some segments nearer to the log; whether there was anything."""
    position = store.applied(STREAM) + 1
    owed = store.unfinished(STREAM)
    batch = reader.segments(position, _BATCH)
    entries = [(at, segment.frames) for at, segment in batch.segments if owed is None or at <= owed]
    if entries:
        store.append_many(STREAM, entries)
        commit(folder, "store", entries[-1][0])
    return bool(entries)


def main(arguments: list[str]) -> int:
    """Run until killed, or for some seconds."""
    folder, number, seconds, pace = (
        Path(arguments[0]),
        int(arguments[1]),
        *map(float, arguments[2:]),
    )
    log = folder / "log" / STREAM
    facts = {
        f"line-{group}-m{device}": DeviceFacts("soak/1", "CAL-1")
        for group in range(GROUPS)
        for device in range(DEVICES)
    }
    limits = LogLimits(file_bytes=_FILE_BYTES)
    groups = [device_group(each) for each in range(GROUPS)]
    recorder = open_recorder(log, PARTY, groups, facts, log_limits=limits)
    threading.Thread(target=pump_for_ever, args=(folder, log), daemon=True).start()
    os.write(1, b"ready\n")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for group in range(GROUPS):
            line = f"{group} {number}\n".encode()
            while not recorder.put(f"line-{group}", frames_of(group, number), partial(_tell, line)):
                time.sleep(0.005)
        number += 1
        time.sleep(1 / pace)
    return 0 if recorder.close() else 1


def pump_for_ever(folder: Path, log: Path) -> None:
    """Keep the store up to the log; a thread that ends takes its process with it."""
    chance = random.Random()  # noqa: S311
    try:
        store = open_duckdb(folder / "store", memory_mb=256, threads=1)
        reader = LogReader(log)
        while True:
            busy = pump(store, reader, log)
            # Roll-ups are reckoned now and then, so that kills fall into them too.
            if chance.random() < _ROLLED:
                store.rollup(2)
            if not busy:
                time.sleep(0.02)
    finally:
        os.write(2, b"the store's thread ended\n")
        os._exit(3)


def _tell(line: bytes) -> None:
    os.write(1, line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
