"""A collector's log with readings in it, as a running collector would leave it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.model.devices import DeviceGroup
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.tags import Role, Tag, TagTable, ValueType
from xinlian.ingest.usecases.recording import DeviceFacts

TABLE = TagTable(
    "test-meter",
    (
        Tag(name="power", address="holding:0", scale=Decimal("0.1"), unit="kW", role=Role.POWER),
        Tag(
            name="energy",
            address="holding:2",
            type=ValueType.UINT32,
            unit="kW.h",
            role=Role.ENERGY_IMPORT,
        ),
    ),
    fixed=True,
)
LINE = DeviceGroup(id="line-1", window_s=10, segment_ms=1_000)


def frame(device: str, start_us: int, powers: list[int], *, table: TagTable = TABLE) -> Frame:
    """Readings a second apart: raw tenths of a kW, and a counter that rises by one."""
    count = len(powers)
    return Frame(
        device,
        table,
        0,
        start_us + 1_000_000 * np.arange(count, dtype=np.int64),
        (np.array(powers, "<u2"), (1_000 + np.arange(count)).astype("<u4")),
        counts=Counts(expected=count, received=count),
    )


def record(folder: Path, party: int, frames: list[Frame], stream: str = "collector") -> None:
    """Write frames to the log of a party below the folder of telemetry, and close it."""
    devices = {each.device: DeviceFacts("test/1", "CAL-1") for each in frames}
    recorder = open_recorder(folder / str(party) / "log" / stream, party, [LINE], devices)
    try:
        for each in frames:
            assert recorder.put(LINE.id, [each])
    finally:
        recorder.close()
