"""Tables, frames and stores for the tests of the telemetry store."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.query import DAY_US
from xinlian.ingest.model.tags import Tag, TagTable, ValueType

DAY = 20_000
START = DAY * DAY_US
WIDE = TagTable(
    "meter",
    (
        Tag(name="volts", address="1", scale=Decimal("0.5"), period_ms=100),
        Tag(name="energy", address="2", type=ValueType.UINT32, scale=Decimal(2), period_ms=100),
        Tag(name="heat", address="4", type=ValueType.FLOAT32, period_ms=5_000),
    ),
    fixed=True,
)
NARROW = TagTable(
    "odd",
    (
        Tag(name="volts", address="1", type=ValueType.INT16, scale=Decimal("0.5")),
        Tag(name="pieces", address="9", type=ValueType.INT32, offset=Decimal(-3)),
    ),
)


def frame(
    device: str,
    times: Sequence[int],
    table: TagTable = WIDE,
    group: int = 0,
    first: int = 0,
    quality: Sequence[Sequence[int]] | None = None,
    source: Sequence[int] | None = None,
) -> Frame:
    """Values count up from ``first``, each tag ten higher."""
    count = len(times)
    codes = None if quality is None else np.array(quality, np.uint8)
    columns = []
    for place, tag in enumerate(table.groups[group]):
        column = (np.arange(count) + first + 10 * place).astype(tag.type.dtype)
        if codes is not None:
            column[codes[place] >= 16] = 0
        columns.append(column)
    return Frame(
        device,
        table,
        group,
        np.array(times, np.int64),
        tuple(columns),
        codes,
        None if source is None else np.array(source, np.int64),
    )
