"""Clocks without a battery, and clocks that are centuries ahead: stores take their readings too."""

from __future__ import annotations

import numpy as np
from xinlian.ingest.model.query import DAY_US, Aggregate, Downsample, Retention, Window

from tests.ingest.store.conftest import Opener, clickhouse_server, fresh, opener
from tests.ingest.store.made import NARROW, WIDE, frame

__all__ = ["clickhouse_server", "fresh", "opener"]

SECOND = 1_000_000
NOW = 20_780 * DAY_US
AGES = (5 * SECOND, 230_200 * DAY_US)
"""In 1970, and in 2600: beyond what dates of 16 bits hold."""


def test_readings_of_other_ages_are_stored_rolled_up_and_dropped(opener: Opener) -> None:
    store = opener()
    for number, start in enumerate(AGES):
        times = [start + row * SECOND for row in range(4)]
        store.append("s", number, [frame("a", times, WIDE), frame("b", times, NARROW)])
    store.append("s", 2, [frame("a", [NOW, NOW + SECOND], WIDE, first=7)])
    store = opener()
    while store.rollup():
        pass
    for start in AGES:
        for device in ("a", "b"):
            [series] = store.window(
                Window(device=device, tags=("volts",), start_us=start, end_us=start + DAY_US)
            )
            assert series.times_us.tolist() == [start + row * SECOND for row in range(4)]
        first = start // DAY_US * DAY_US
        [steps] = store.downsample(
            Downsample(devices=("a",), tags=("volts",), start_us=first, end_us=first + DAY_US,
                       step_us=DAY_US, aggregates=(Aggregate.COUNT,))
        )  # fmt: skip
        assert steps.values[Aggregate.COUNT].tolist() == [4]
    store.retain(Retention(raw_days=30), NOW)
    [series] = store.window(Window(device="a", tags=("volts",), start_us=NOW, end_us=NOW + DAY_US))
    assert np.array_equal(series.values, [3.5, 4.0])
    assert not len(store.window(Window(device="a", tags=("volts",), start_us=0, end_us=DAY_US))[0])
