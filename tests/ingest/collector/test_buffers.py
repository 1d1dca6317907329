"""The buffer of a rate group: times, judging, counts and deadband of what drivers tell."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.frames import Column, Frame
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagTable, ValueType
from xinlian.ingest.usecases.buffers import GroupBuffer
from xinlian.ingest.usecases.clock import Clock


class Hands:
    """A wall clock and a monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.wall, self.mono = 1_795_000_000_000_000, 100.0
        self.clock = Clock(lambda: self.wall, lambda: self.mono)

    def pass_s(self, seconds: float) -> None:
        self.wall += int(seconds * 1e6)
        self.mono += seconds


class Registers:
    """Big-endian registers."""

    row_bytes = 4

    def columns(self, rows: np.ndarray[Any, np.dtype[np.uint8]]) -> tuple[Column, ...]:
        both = rows.view(">i2").astype("<i2")
        return both[:, 0], both[:, 1]


def tag(name: str, kind: ValueType = ValueType.INT16, **members: Any) -> Tag:
    return Tag(name=name, address=name, type=kind, **members)


def buffer(hands: Hands, *tags: Tag, decoder: Any = None, failures: Any = None) -> GroupBuffer:
    device = Device(id="d", group="g", table=TagTable("t", tags), driver="fake")
    told = failures if failures is not None else []
    return GroupBuffer(device, 0, decoder, hands.clock, told.append)


def take(each: GroupBuffer) -> Frame:
    frame = each.take()
    assert frame is not None
    assert frame.counts.expected == frame.counts.received + frame.counts.missed
    assert (np.diff(frame.received_us) > 0).all()
    return frame


def test_raw_answers_become_judged_columns() -> None:
    hands = Hands()
    limited = tag("b", scale=Decimal("0.1"), low=Decimal(-1), high=Decimal("2.05"))
    each = buffer(hands, tag("a"), limited, decoder=Registers())
    for value in (-11, -10, 20, 21):
        each.raw(np.array([7, value], ">i2").tobytes())
        hands.pass_s(1)
    each.raw(memoryview(bytes(4)))
    frame = take(each)
    assert frame.columns[1].tolist() == [-11, -10, 20, 21, 0]
    assert frame.columns[1].dtype == np.dtype("<i2")
    assert frame.quality is not None
    assert frame.quality.tolist() == [[0] * 5, [2, 0, 0, 2, 0]]
    assert np.diff(frame.received_us).tolist() == [1_000_000] * 4
    assert (frame.counts.received, frame.counts.bad) == (5, 0)
    assert each.take() is None


def test_rows_and_raw_answers_keep_their_order() -> None:
    hands = Hands()
    failures: list[Quality] = []
    each = buffer(hands, tag("a"), tag("b"), decoder=Registers(), failures=failures)
    each.raw(bytes([0, 1, 0, 2]))
    each.row([3, None], [0, Quality.DEVICE_ERROR], source_us=5)
    each.failed(Quality.TIMEOUT)
    each.raw(bytes([0, 5, 0, 6]))
    frame = take(each)
    assert [column.tolist() for column in frame.columns] == [[1, 3, 0, 5], [2, 0, 0, 6]]
    assert frame.quality is not None
    assert frame.quality.tolist() == [[0, 0, 18, 0], [0, 19, 18, 0]]
    assert frame.source_us is not None
    assert frame.source_us[1] == 5
    assert (frame.counts.received, frame.counts.missed, frame.counts.bad) == (3, 1, 3)
    assert failures == [Quality.TIMEOUT]


@pytest.mark.parametrize(
    ("kind", "value", "quality", "kept"),
    [
        (ValueType.FLOAT32, float("nan"), Quality.NOT_A_NUMBER, 0),
        (ValueType.FLOAT64, float("-inf"), Quality.NOT_A_NUMBER, 0),
        (ValueType.FLOAT32, 1e300, Quality.NOT_A_NUMBER, 0),
        (ValueType.FLOAT64, 10**400, Quality.MALFORMED, 0),
        (ValueType.INT16, 32_768, Quality.MALFORMED, 0),
        (ValueType.INT16, 1.5, Quality.MALFORMED, 0),
        (ValueType.INT16, 2.0, Quality.GOOD, 2),
        (ValueType.INT16, float("nan"), Quality.MALFORMED, 0),
        (ValueType.UINT64, 2**64 - 1, Quality.GOOD, 2**64 - 1),
        (ValueType.UINT64, -1, Quality.MALFORMED, 0),
        (ValueType.INT64, -(2**63), Quality.GOOD, -(2**63)),
        (ValueType.INT64, 2**63, Quality.MALFORMED, 0),
        (ValueType.BOOL, True, Quality.GOOD, 1),
        (ValueType.BOOL, 2, Quality.MALFORMED, 0),
        (ValueType.UINT8, "7", Quality.MALFORMED, 0),
        (ValueType.UINT8, [1], Quality.MALFORMED, 0),
        (ValueType.UINT8, None, Quality.BAD, 0),
    ],
)
def test_a_value_that_cannot_be_is_marked_and_nothing_breaks(
    kind: ValueType, value: object, quality: Quality, kept: int
) -> None:
    each = buffer(Hands(), tag("a", kind), tag("b", kind))
    assert each.row([value, 1])
    frame = take(each)
    assert frame.columns[0].tolist() == [kept]
    assert frame.columns[1].tolist() == [1]
    worth = 0 if frame.quality is None else int(frame.quality[0, 0])
    assert Quality(worth) is quality
    if frame.quality is not None:
        assert frame.quality[1, 0] == 0


def test_rows_that_do_not_match_the_table_are_malformed() -> None:
    each = buffer(Hands(), tag("a"), decoder=Registers())
    assert not each.row([1, 2])
    each.raw(bytes(5))
    each.row([1], [200])
    frame = take(each)
    assert frame.counts.missed == 2
    assert frame.quality is not None
    assert frame.quality.tolist() == [[Quality.MALFORMED, Quality.BAD]]


def test_a_failure_that_goes_on_is_counted_but_told_now_and_again() -> None:
    hands = Hands()
    each = buffer(hands, tag("a"))
    for _ in range(35):
        each.failed(Quality.NO_CONNECTION)
        hands.pass_s(1)
    frame = take(each)
    assert frame.counts.missed == 35
    assert len(frame) == 4
    each.row([1])
    each.failed(Quality.NO_CONNECTION)
    assert len(take(each)) == 2


def test_a_bounded_buffer_refuses_and_counts() -> None:
    each = buffer(Hands(), tag("a"))
    called: list[int] = []
    taken = sum(each.row([1], durable=lambda: called.append(1)) for _ in range(6_000))
    frame = take(each)
    assert taken == len(frame) - 1 == 4_096 == len(each.durable)
    assert (frame.counts.received, frame.counts.missed) == (4_096, 6_000 - 4_096)
    assert frame.quality is not None
    assert frame.quality[0, -2:].tolist() == [0, Quality.SHED]  # where the gap is, and why


def test_what_a_sender_holds_is_not_lost_until_it_is_given_up() -> None:
    each = buffer(Hands(), tag("a"))
    while each.row([1]):
        pass
    assert take(each).counts.missed == 1
    while each.row([1], held=True):
        pass
    assert not each.row([2], held=True)
    assert take(each).counts.missed == 0
    each.shed(3)
    each.row([3], held=True)
    frame = take(each)
    assert (frame.counts.expected, frame.counts.missed, each.lost) == (4, 3, 4)
    assert frame.quality is not None
    assert frame.quality.tolist() == [[0, Quality.SHED]]


def test_deadband_holds_rows_back_until_a_change_or_the_heartbeat() -> None:
    hands = Hands()
    each = buffer(hands, tag("a", deadband=Decimal(5), scale=Decimal("0.1")), tag("b"))
    for value, other in ((100, 1), (150, 1), (151, 1), (151, 2), (151, 2)):
        each.row([value, other])
        hands.pass_s(1)
    each.row([None, 2])
    hands.pass_s(61)
    each.row([151, 2])
    hands.pass_s(61)
    each.row([151, 2])
    frame = take(each)
    assert frame.columns[0].tolist() == [100, 151, 151, 0, 151, 151]
    assert (frame.counts.received, frame.counts.suppressed) == (8, 2)


def test_times_ascend_whatever_the_wall_clock_does() -> None:
    hands = Hands()
    each = buffer(hands, tag("a"))
    for step in (0, -3_600_000_000, 0, 86_400_000_000, -90_000_000, 0):
        hands.wall += step
        for _ in range(200):
            hands.pass_s(0.1)
            hands.clock.follow()
            each.row([1])
    frame = take(each)
    assert len(frame) == 1_200
    assert hands.clock.jumps == 2
    assert hands.clock.jumped


def test_a_jump_is_believed_when_it_stands_and_told() -> None:
    hands = Hands()
    clock = hands.clock
    hands.wall += 10_000_000
    clock.follow()
    assert clock.jumped
    assert clock.offset_us == 10_000_000
    hands.wall -= 10_000_000
    clock.follow()
    assert clock.now_us() == hands.wall
    hands.wall += 10_000_000
    for _ in range(60):
        hands.pass_s(0.1)
        clock.follow()
    assert abs(clock.now_us() - hands.wall) <= 1
    assert clock.jumped
    hands.pass_s(61)
    clock.follow()
    assert not clock.jumped


def test_backwards_the_wall_clock_is_reached_at_half_speed() -> None:
    hands = Hands()
    hands.wall -= 4_000_000
    for _ in range(200):
        before = hands.clock.now_us()
        hands.pass_s(0.1)
        hands.clock.follow()
        assert hands.clock.now_us() > before
    assert abs(hands.clock.now_us() - hands.wall) <= 1


def test_a_driver_cannot_set_times_into_the_future() -> None:
    hands = Hands()
    each = buffer(hands, tag("a"))
    each.row([1], received_us=2**62)
    each.row([2], received_us=hands.wall - 5)
    each.row([3], source_us=2**80)
    frame = take(each)
    assert frame.received_us.tolist() == [hands.wall, hands.wall + 1, hands.wall + 2]
    assert frame.source_us is None


def test_65536_tags_are_one_row() -> None:
    hands = Hands()
    tags = [tag(f"t{number}", low=Decimal(0), high=Decimal(9)) for number in range(65_536)]
    each = buffer(hands, *tags)
    each.row([5] * 65_535 + [10])
    frame = take(each)
    assert frame.quality is not None
    assert frame.quality.sum() == Quality.OUT_OF_RANGE
