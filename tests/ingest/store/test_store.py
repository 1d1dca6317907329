"""What people and the log's consumer rely on, on every store."""

import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.query import (
    DAY_US,
    Aggregate,
    Amendment,
    Downsample,
    QueryError,
    Retention,
    Roll,
    Window,
)
from xinlian.ingest.model.tags import Tag, TagTable, ValueType
from xinlian.ingest.usecases.store_ports import NOTHING, StoreError

from tests.ingest.store.conftest import Opener
from tests.ingest.store.made import DAY, NARROW, START, WIDE, frame

SECOND = 1_000_000


def _window(device: str, *tags: str, **more: int | bool) -> Window:
    span = {"start_us": START, "end_us": START + 30 * DAY_US}
    return Window(device=device, tags=tags, **(span | more))  # type: ignore[arg-type]


def _amendment(key: str, value: float = 7.0, **more: object) -> Amendment:
    members = {"device": "mill", "tag": "volts", "times_us": (START,), "reason": "late"}
    return Amendment(key=key, values=(value,), made_us=START, **(members | more))  # type: ignore[arg-type]


def test_a_position_is_applied_once(opener: Opener) -> None:
    store = opener()
    assert store.applied("line") == NOTHING
    assert store.append("line", 0, [frame("mill", [START])])
    assert not store.append("line", 0, [frame("mill", [START])])
    entries = [(0, [frame("mill", [START])]), (3, [frame("mill", [START + 1])]), (4, [])]
    assert store.append_many("line", entries) == 4
    assert store.append("other", 0, [frame("mill", [START + 2])])
    store = opener()
    assert (store.applied("line"), store.applied("other")) == (4, 0)
    assert store.unfinished("line") is None
    assert store.window(_window("mill", "volts"))[0].times_us.tolist() == [
        START, START + 1, START + 2,
    ]  # fmt: skip
    with pytest.raises(StoreError, match="ascend"):
        store.append_many("line", [(9, []), (8, [])])


def test_values_are_the_nearest_doubles_and_qualities_stay(opener: Opener) -> None:
    table = TagTable(
        "fine",
        (
            Tag(name="a", address="1", scale=Decimal("0.1")),
            Tag(name="big", address="2", type=ValueType.UINT32),
            Tag(name="real", address="4", type=ValueType.FLOAT64),
        ),
        fixed=True,
    )
    codes = [[0, 1, 17], [0, 0, 0], [0, 23, 2]]
    made = frame("oven", [START, START + 1, START + 2], table, first=213, quality=codes)
    store = opener()
    store.append("s", 0, [made])
    a, big, real = store.window(_window("oven", "a", "big", "real"))
    assert a.values[:2].tolist() == [21.3, 21.4]
    assert np.isnan(a.values[2])
    assert [a.quality.tolist(), big.quality.tolist(), real.quality.tolist()] == codes
    assert big.values.tolist() == [223.0, 224.0, 225.0]
    assert np.isnan(real.values[1])
    assert real.values[2] == 235.0


def test_rate_groups_versions_and_kinds_of_tables_meet_in_one_window(opener: Opener) -> None:
    store = opener()
    later = TagTable(WIDE.name, WIDE.tags, fixed=True, version="2")
    store.append("s", 0, [frame("mill", [START, START + SECOND]), frame("mill", [START], group=1)])
    store.append("s", 1, [frame("mill", [START + 2 * SECOND], later, first=50)])
    store.append("s", 2, [frame("mill", [START + 3 * SECOND], NARROW, first=90)])
    volts, heat, none = store.window(_window("mill", "volts", "heat", "none"))
    assert volts.values.tolist() == [0.0, 0.5, 25.0, 45.0]
    assert heat.values.tolist() == [0.0]
    assert len(none) == 0
    assert [len(each) for each in store.window(_window("mill", "volts", limit=2))] == [2]
    steps = store.downsample(
        Downsample(
            devices=("mill",), tags=("volts",), start_us=START, end_us=START + DAY_US,
            step_us=2 * SECOND, aggregates=(Aggregate.COUNT, Aggregate.AVG),
        )
    )  # fmt: skip
    assert steps[0].values[Aggregate.COUNT].tolist() == [2, 2]
    assert steps[0].values[Aggregate.AVG].tolist() == [0.25, 35.0]
    known = store.catalogue()
    assert [(each.table, each.version) for each in known] == [
        ("meter", "1"), ("meter", "2"), ("odd", "1"),
    ]  # fmt: skip
    assert {(each.tag, each.value) for each in store.latest(["mill", "nobody"])} == {
        ("volts", 45.0), ("energy", 120.0), ("heat", 0.0), ("pieces", 97.0),
    }  # fmt: skip


def test_a_batch_is_sorted_by_device_and_time_whatever_order_frames_come_in(
    opener: Opener,
) -> None:
    store = opener()
    frames = [
        frame("b", [START + 5, START + 6], first=5),
        frame("a", [START + DAY_US, START + DAY_US + 1], first=2),
        frame("b", [START, START + 1]),
        frame("a", [START, START + 1, START + DAY_US - 1]),
        frame("c", [START], NARROW, first=3, source=[START - 9]),
    ]
    store.append("s", 0, frames)
    assert store.window(_window("b", "volts"))[0].values.tolist() == [0.0, 0.5, 2.5, 3.0]
    assert store.window(_window("a", "volts"))[0].values.tolist() == [0.0, 0.5, 1.0, 1.0, 1.5]
    across = store.across("volts", ["a", "b", "c"], (START, START + SECOND), SECOND)
    assert [each.values[Aggregate.AVG].tolist() for each in across] == [[0.25], [1.5], [1.5]]
    status = store.status()
    assert (status.rows, status.points, status.devices) == (11, 20, 3)
    assert status.days == (DAY, DAY + 1)


def test_a_correction_needs_a_device_a_reason_and_an_unused_key(opener: Opener) -> None:
    store = opener()
    store.append("s", 0, [frame("mill", [START])])
    assert store.amend([_amendment("k1"), _amendment("k2", times_us=(START + 1,))]) == 2
    assert store.amend([_amendment("k1")]) == 0
    with pytest.raises(StoreError, match="k1"):
        store.amend([_amendment("k3"), _amendment("k1", 8.0)])
    with pytest.raises(StoreError, match="'press'"):
        store.amend([_amendment("k4", device="press")])
    with pytest.raises(QueryError, match="reason"):
        _amendment("k5", reason="")
    store = opener()
    assert [each.key for each in store.amendments("mill", START, START + 1)] == ["k1"]
    assert store.amendments("mill", START, START + 2)[1] == _amendment(
        "k2", times_us=(START + 1,), quality=(0,)
    )
    assert store.window(_window("mill", "volts"))[0].values.tolist() == [7.0, 7.0]
    assert store.window(_window("mill", "volts", amended=False))[0].values.tolist() == [0.0]
    latest = store.latest(["mill"], ["volts"])[0]
    assert (latest.time_us, latest.value, latest.amended) == (START + 1, 7.0, True)


def test_days_are_dropped_whole_once_they_are_rolled_up(opener: Opener) -> None:
    store = opener()
    store.append("s", 0, [frame("mill", [START + day * DAY_US]) for day in range(3)])
    now = START + 3 * DAY_US
    assert store.retain(Retention(raw_days=1), now) == 0  # their roll-ups wait
    assert store.rollup(spans_max=2) == 1
    assert store.rollup() == 0
    assert store.retain(Retention(raw_days=1, tables={"meter": 2}), now) == 1
    assert store.retain(Retention(raw_days=1, rolls={Roll.S1: 2}), now) == 2
    late = frame("mill", [START + 60 * SECOND], first=9)
    store.append("s", 1, [late])
    assert store.window(_window("mill", "volts"))[0].times_us.tolist() == [START + 2 * DAY_US]
    assert store.rollup() == 0
    request = Downsample(
        devices=("mill",), tags=("volts",), start_us=START, end_us=now, step_us=DAY_US
    )
    days = [len(store.rolled(roll, request)[0]) for roll in (Roll.S1, Roll.M1, Roll.H1)]
    assert days == [2, 3, 3]
    assert opener().status().days[-1] == DAY + 2


def test_a_window_is_exported_whole(opener: Opener, tmp_path: Path) -> None:
    store = opener()
    store.append("s", 0, [frame("mill", [START, START + 1], quality=[[0, 17], [0, 0]])])
    store.append("s", 1, [frame("mill", [START + 1], group=1)])
    request = _window("mill", "volts", "heat")
    assert store.export(request, tmp_path / "w.parquet") == 2
    assert store.export(request, tmp_path / "w.csv", "csv") == 2
    rows = parquet.read_table(tmp_path / "w.parquet").to_pydict()
    assert rows["volts"] == [0.0, None]
    assert rows["volts__quality"] == [0, int(Quality.NO_CONNECTION)]
    assert rows["heat__quality"] == [None, 0]
    assert arrow_csv.read_csv(tmp_path / "w.csv")["heat"].to_pylist() == [None, 0.0]
    assert sorted(path.name for path in tmp_path.glob("*w.*")) == ["w.csv", "w.parquet"]
    with pytest.raises(OSError, match="nowhere"):
        store.export(request, tmp_path / "nowhere" / "w.csv", "csv")


@pytest.mark.parametrize(
    ("request_of", "message"),
    [
        (lambda: _window("mill"), "tags"),
        (lambda: _window("mill", "a", "a"), "different"),
        (lambda: _window("mill", "a", limit=0), "limit"),
        (lambda: _window("mill", "a", end_us=START), "span"),
        (lambda: Retention(raw_days=0), "days"),
        (
            lambda: Downsample(devices=("a",), tags=("b",), start_us=0, end_us=DAY_US, step_us=1),
            "longer steps",
        ),
    ],
)
def test_requests_without_bounds_are_refused(
    request_of: Callable[[], object], message: str
) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        request_of()
    assert caught.value.zh


def test_names_with_quotes_are_data(opener: Opener) -> None:
    """Devices, tables, streams and reasons may be any text; none of it becomes SQL."""
    evil = "x'); DROP TABLE xl_streams; -- \" \\ 设备"
    table = TagTable(evil, WIDE.tags, fixed=True, version=evil)
    store = opener()
    store.append(evil, 0, [frame(evil, [START], table)])
    store.amend([_amendment(evil, device=evil, reason=evil)])
    store = opener()
    assert store.applied(evil) == 0
    assert store.window(_window(evil, "volts"))[0].values.tolist() == [7.0]
    assert store.amendments(evil, START, START + 1)[0].reason == evil
    assert len(store.window(_window("mill", 'volts" FROM x; --'))[0]) == 0


def test_readers_see_whole_appends_while_one_writes(opener: Opener) -> None:
    store = opener()
    appends, rows, done = 30, 40, threading.Event()
    failures: list[Exception] = []

    def read() -> None:
        seen = 0
        while not done.is_set() and not failures:
            try:
                count = len(store.window(_window("mill", "volts"))[0])
                store.latest(["mill", "lathe"])
                if count % rows or count < seen:
                    raise AssertionError(f"{count} rows after {seen}")
                seen = count
            except Exception as exc:  # noqa: BLE001 - told below
                failures.append(exc)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number in range(appends):
            times = [START + number * SECOND + row for row in range(rows)]
            store.append("s", number, [frame("mill", times), frame("lathe", times)])
            if number % 10 == 9:
                store.rollup(1)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    assert failures == []
    assert len(store.window(_window("mill", "volts"))[0]) == appends * rows
