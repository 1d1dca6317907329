"""Frames and plants for these tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from xinlian.ingest.model.devices import DeviceGroup
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.tags import Tag, TagTable, ValueType

T0 = 1_760_000_000_000_000
SECOND = 1_000_000
GROUP = DeviceGroup(id="line-1", window_s=10)

METER = TagTable(
    "meter",
    (
        Tag(name="power", address="holding:0", type=ValueType.FLOAT32, unit="kW"),
        Tag(name="energy", address="holding:2", type=ValueType.UINT32, unit="kWh"),
        Tag(name="on", address="coil:0", type=ValueType.BOOL),
    ),
)
PLAIN = TagTable("plain", tuple(Tag(name=f"t{n}", address=f"holding:{n}") for n in range(5)))


def frame(
    device: str = "m1",
    start_us: int = T0,
    rows: int = 3,
    table: TagTable = METER,
    *,
    seed: int = 0,
    bad: Sequence[tuple[int, int]] = (),
    source: bool = False,
    counts: Counts | None = None,
) -> Frame:
    """Rows every 100 ms; ``bad`` names (tag, row) of quality TIMEOUT."""
    chance = np.random.default_rng(seed)
    columns = []
    for tag in table.groups[0]:
        if tag.type.is_float:
            made: Any = chance.normal(10, 3, rows).astype(tag.type.dtype)
        else:
            made = chance.integers(0, 2 if tag.type is ValueType.BOOL else 100, rows)
            made = made.astype(tag.type.dtype)
        columns.append(made)
    quality = None
    if bad:
        quality = np.zeros((len(columns), rows), np.uint8)
        for tag_number, row in bad:
            quality[tag_number, row] = 18
    times = start_us + np.arange(rows, dtype=np.int64) * 100_000
    return Frame(
        device, table, 0, times, tuple(columns), quality, times - 5 if source else None,
        counts or Counts(rows, rows, 0, 0, len(bad)),
    )  # fmt: skip


def same(left: Frame, right: Frame) -> bool:
    """Whether two frames say the same, bit for bit."""

    def equal(a: Any, b: Any) -> bool:
        return (a is None and b is None) or (
            a is not None and b is not None and a.tobytes() == b.tobytes() and a.dtype == b.dtype
        )

    return (
        (left.device, left.table, left.group, left.counts)
        == (right.device, right.table, right.group, right.counts)
        and equal(left.received_us, right.received_us)
        and equal(left.source_us, right.source_us)
        and equal(left.quality, right.quality)
        and len(left.columns) == len(right.columns)
        and all(equal(a, b) for a, b in zip(left.columns, right.columns, strict=True))
    )
