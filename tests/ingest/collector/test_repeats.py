"""Rows that are sent again: taken once, acknowledged each time."""

from decimal import Decimal
from typing import Any

import numpy as np
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagTable, ValueType
from xinlian.ingest.usecases.buffers import GroupBuffer
from xinlian.ingest.usecases.repeats import Repeats

from tests.ingest.collector.test_buffers import Hands

AT = 1_794_000_000_000_000


def made(repeats: Repeats, *tags: Tag, name: str = "d") -> GroupBuffer:
    wanted = tags or (Tag(name="a", address="a", type=ValueType.FLOAT32),)
    device = Device(id=name, group="g", table=TagTable("t", wanted), driver="fake")
    return GroupBuffer(device, 0, None, Hands().clock, lambda _: None, repeats=repeats)


def take(each: GroupBuffer) -> Frame:
    frame = each.take()
    assert frame is not None
    return frame


def test_the_same_row_is_taken_once_and_acknowledged_twice() -> None:
    each = made(Repeats())
    acknowledged: list[int] = []

    def send(number: int, value: float | None, at: int | None, code: int = 0) -> None:
        each.row([value], [code], source_us=at, durable=lambda: acknowledged.append(number))

    send(1, 0.1, AT)
    send(2, 0.1, AT)
    send(3, 0.1, AT + 1)
    send(4, 0.2, AT)  # another value of the same time is no repetition
    send(5, None, AT, Quality.SENSOR)
    send(6, 0.1, None)
    send(7, 0.1, None)  # without a time, nobody knows
    frame = take(each)
    assert frame.columns[0].tolist() == [np.float32(v) for v in (0.1, 0.1, 0.2, 0, 0.1, 0.1)]
    assert (frame.counts.expected, frame.counts.received, frame.counts.missed) == (6, 6, 0)
    assert len(each.durable) == 7
    send(8, 0.1, AT)
    assert each.take() is None
    assert len(each.durable) == 8


def test_other_devices_and_rate_groups_are_others() -> None:
    repeats = Repeats()
    tags = (
        Tag(name="a", address="a", type=ValueType.INT16),
        Tag(name="b", address="b", type=ValueType.INT16, period_ms=5_000),
    )
    device = Device(id="d", group="g", table=TagTable("t", tags), driver="fake")
    groups = [
        GroupBuffer(device, group, None, Hands().clock, lambda _: None, repeats=repeats)
        for group in (0, 1)
    ]
    for each in (*groups, made(repeats, tags[0], name="e")):
        each.row([1], source_us=AT)
        assert len(take(each)) == 1


def test_what_lies_in_the_log_is_known_after_a_restart() -> None:
    """Judged, suppressed and cut to the tag's type as it was: the log's rows are hashed alike."""
    tags = (
        Tag(name="a", address="a", type=ValueType.FLOAT32, high=Decimal(10)),
        Tag(name="b", address="b", type=ValueType.UINT16, deadband=Decimal(5)),
    )
    rows: list[tuple[list[Any], int]] = [
        ([0.1, 7], AT), ([11, 7], AT + 1), ([float("nan"), 70_000], AT + 2), ([0.1, 8], AT + 3),
    ]  # fmt: skip
    each = made(Repeats(), *tags)
    for values, at in rows:
        each.row(values, source_us=at)
    written = take(each)
    again = Repeats()
    again.seen(written)
    each = made(again, *tags)
    for values, at in rows:
        each.row(values, source_us=at)
    assert len(written) == 4
    assert each.take() is None


def test_memory_is_bounded_and_the_busiest_device_pays() -> None:
    repeats = Repeats(rows_max=1_000, device_rows_max=400)
    quiet = made(repeats, name="quiet")
    quiet.row([1], source_us=AT)
    take(quiet)
    for name in ("x", "y", "z"):
        busy = made(repeats, name=name)
        for number in range(900):
            busy.row([1], source_us=AT + number)
        take(busy)
        assert len(repeats) <= 1_000
    quiet.row([1], source_us=AT)
    assert quiet.take() is None
    newest = made(repeats, name="z")
    newest.row([1], source_us=AT + 899)
    assert newest.take() is None
