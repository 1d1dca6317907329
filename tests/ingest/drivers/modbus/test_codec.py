"""Rows to columns against `struct`, tag by tag, for all types and orders."""

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ingest.adapters.drivers.modbus.codec import RowDecoder, encode
from xinlian.ingest.adapters.drivers.modbus.layout import Limits, plan_of
from xinlian.ingest.model.plan import REGISTERS_MAX
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import ByteOrder, Tag, TagError, ValueType
from xinlian.ingest.usecases.ports import DriverError

NUMBERS = [kind for kind in ValueType if kind is not ValueType.BOOL]


@st.composite
def tag_lists(draw: st.DrawFn) -> list[Tag]:
    made: list[Tag] = []
    for index in range(draw(st.integers(1, 25))):
        way = draw(st.integers(0, 5))
        at = draw(st.integers(0, 60))
        kind: ValueType = draw(st.sampled_from(NUMBERS))
        address = f"{draw(st.sampled_from(['holding', 'input']))}:{at}"
        if way == 0:
            kind, address = ValueType.BOOL, f"coil:{at}"
        elif way == 1:
            kind, address = ValueType.BOOL, f"{address}.{draw(st.integers(0, 15))}"
        elif way == 2:
            kind = ValueType.BOOL
        order = draw(st.sampled_from(list(ByteOrder)))
        made.append(Tag(name=f"t{index}", address=address, type=kind, order=order))
    return made


def expected(tag: Tag, row: bytes, at: int, bit: int) -> Any:
    """A tag's value, decoded alone and in another way."""
    if bit >= 0:
        return row[at] >> bit & 1
    size = tag.type.dtype.itemsize
    wire = row[at : at + max(2, size)]
    words = [wire[k : k + 2] for k in range(0, len(wire), 2)]
    if tag.order in (ByteOrder.BADC, ByteOrder.DCBA):
        words = [word[::-1] for word in words]
    if tag.order in (ByteOrder.CDAB, ByteOrder.DCBA):
        words.reverse()
    big = b"".join(words)
    if tag.type is ValueType.BOOL:
        number = int.from_bytes(big, "big")
        return number >> int(tag.address.split(".")[1]) & 1 if "." in tag.address else number != 0
    code = {1: "b", 2: "h", 4: "i", 8: "q"}[size]
    if tag.type.is_float:
        code = {4: "f", 8: "d"}[size]
    elif tag.type.value.startswith("u"):
        code = code.upper()
    return struct.unpack(">" + code, big[-size:])[0]


@given(tag_lists(), st.integers(0, 40), st.data())
@settings(max_examples=120, deadline=None)
def test_columns_are_what_each_tag_alone_gives(
    tags: list[Tag], max_gap: int, data: st.DataObject
) -> None:
    plan = plan_of(tags, Limits(max_gap, 20, 30))
    rows_count = data.draw(st.integers(1, 4))
    seed = data.draw(st.integers(0, 2**32 - 1))
    rows = np.random.default_rng(seed).integers(0, 256, (rows_count, plan.row_bytes), np.uint8)
    rows[rows > 250] = 0
    columns = RowDecoder(plan).columns(rows)
    assert len(columns) == len(tags)
    for tag, spot, column in zip(tags, plan.spots, columns, strict=True):
        assert column.dtype == tag.type.dtype
        for row, value in zip(rows, column, strict=True):
            right = expected(tag, row.tobytes(), spot.at, spot.bit)
            assert value.item() == right or (math.isnan(right) and math.isnan(value))


@given(tag_lists())
@settings(max_examples=60, deadline=None)
def test_plans_ask_for_every_tag_within_limits(tags: list[Tag]) -> None:
    plan = plan_of(tags, Limits(3, 8, 16))
    assert sorted(index for ask in plan.asks for index in ask.tags) == list(range(len(tags)))
    assert plan.row_bytes == sum(ask.size for ask in plan.asks)
    assert all(ask.count <= (16 if ask.space.bits else 8) for ask in plan.asks)
    for ask in plan.asks:
        for index in ask.tags:
            spot = plan.spots[index]
            assert ask.at <= spot.at < ask.at + ask.size


@pytest.mark.parametrize("order", list(ByteOrder))
@pytest.mark.parametrize("kind", list(ValueType))
def test_what_is_written_reads_back(kind: ValueType, order: ByteOrder) -> None:
    tag = Tag(name="a", address="holding:3", type=kind, order=order)
    plan = plan_of([tag], Limits())
    info = None if kind.is_float or kind is ValueType.BOOL else np.iinfo(kind.dtype)
    values: list[Any] = [int(info.min), int(info.max), 1] if info else [0, 1]
    for value in [*values, *([-2.5] if kind.is_float else [])]:
        row = np.frombuffer(encode(tag, value), np.uint8).reshape(1, -1)
        assert RowDecoder(plan).columns(row)[0][0] == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (ValueType.UINT16, -1), (ValueType.UINT16, 65_536), (ValueType.INT16, 40_000),
        (ValueType.INT8, 200), (ValueType.BOOL, 2), (ValueType.INT32, 1.5),
        (ValueType.UINT16, math.nan), (ValueType.FLOAT32, 1e300),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused(kind: ValueType, value: float) -> None:
    with pytest.raises(DriverError) as caught:
        encode(Tag(name="a", address="holding:3", type=kind), value)
    assert caught.value.quality is Quality.OUT_OF_RANGE


def test_many_rows_of_a_whole_table_at_once() -> None:
    tags = [Tag(name=f"r{index}", address=f"holding:{index}") for index in range(65_536)]
    plan = plan_of(tags, Limits())
    assert len(plan.asks) == -(-65_536 // REGISTERS_MAX)
    assert plan.row_bytes == 131_072
    rows = np.tile(np.arange(65_536, dtype=">u2").view(np.uint8), (3, 1))
    columns = RowDecoder(plan).columns(rows)
    assert all(column.tolist() == [index] * 3 for index, column in enumerate(columns))


@pytest.mark.parametrize(
    "option", [{"max_gap": -1}, {"max_registers": 126}, {"max_registers": 0}, {"max_bits": "9"}]
)
def test_limits_that_no_device_has(option: dict[str, Any]) -> None:
    with pytest.raises(TagError, match="endpoint"):
        Limits.of(option)
