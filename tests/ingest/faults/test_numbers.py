"""Numbers at the edge: scales that no double holds, readings that overflow, NaN and infinities."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.query import DAY_US, Aggregate, Downsample, Window
from xinlian.ingest.model.tags import Tag, TagError, TagTable, ValueType
from xinlian.ingest.usecases.buffers import GroupBuffer
from xinlian.ingest.usecases.clock import Clock

from tests.ingest.store.conftest import Opener, clickhouse_server, fresh, opener
from tests.ingest.store.made import START

__all__ = ["clickhouse_server", "fresh", "opener"]


@pytest.mark.parametrize("member", ["scale", "offset", "deadband", "low", "high"])
@pytest.mark.parametrize("number", ["1e400", "1e-400", "9.9e-99999", "1e30", "-1e31"])
def test_numbers_that_no_store_can_reckon_with_are_refused(member: str, number: str) -> None:
    with pytest.raises(TagError, match="below 1e30"):
        replace(Tag(name="power", address="holding:0"), **{member: Decimal(number)})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [ValueType.FLOAT32, ValueType.FLOAT64])
def test_readings_that_are_no_numbers_reach_no_aggregate(opener: Opener, kind: ValueType) -> None:
    """NaN and infinities as read, and numbers that their scale makes infinite."""
    tags = (
        Tag(name="plain", address="1", type=kind),
        Tag(name="scaled", address="2", type=kind, scale=Decimal("1e3"), offset=Decimal(-5)),
    )
    table = TagTable("odd", tags, fixed=True)
    most = float(np.finfo(kind.dtype).max)
    read = [1.5, math.nan, math.inf, -math.inf, most, -most, 2.5]
    device = Device(id="d", group="g", table=table, driver="played")
    buffer = GroupBuffer(device, 0, None, Clock(lambda: START + 10**7, lambda: 0.0), lambda _: None)
    for value in read:
        assert buffer.row([value, value])
    made = buffer.take()
    assert made is not None
    assert made.quality is not None
    assert [int(code) for code in made.quality[0]] == [0, 21, 21, 21, 0, 0, 0]
    assert [int(code) for code in made.quality[1]] == [0, 21, 21, 21, 21, 21, 0]
    store = opener()
    store.append("s", 0, [made])
    plain, scaled = store.window(
        Window(device="d", tags=("plain", "scaled"), start_us=START, end_us=START + DAY_US)
    )
    assert np.isfinite(plain.values).sum() == 4
    assert scaled.values[np.isfinite(scaled.values)].tolist() == [1495.0, 2495.0]
    told = (Aggregate.MIN, Aggregate.MAX, Aggregate.AVG, Aggregate.LAST, Aggregate.COUNT)
    [steps] = store.downsample(
        Downsample(devices=("d",), tags=("scaled",), start_us=START, end_us=START + DAY_US,
                   step_us=DAY_US, aggregates=told)
    )  # fmt: skip
    found = [float(steps.values[each][0]) for each in told]
    assert found == [1495.0, 2495.0, 1995.0, 2495.0, 2.0]
    store.rollup()
    assert {each.tag: each.value for each in store.latest(["d"])} == {"plain": 2.5, "scaled": 2495}
