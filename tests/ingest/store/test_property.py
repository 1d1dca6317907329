"""Any sequence of appends, repeats, corrections, roll-ups and retention equals a plain model."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import (
    DAY_US,
    Aggregate,
    Amendment,
    Downsample,
    Retention,
    Roll,
    Window,
)
from xinlian.ingest.usecases.store_ports import TelemetryStore

from tests.ingest.store.conftest import Opener
from tests.ingest.store.made import NARROW, START, WIDE, frame
from tests.ingest.store.plain import PlainStore, Steps

END = START + 4 * DAY_US
DEVICES = {"mill": WIDE, "lathe": WIDE, "scale": NARROW}
EXAMPLES = int(os.environ.get("XINLIAN_TEST_EXAMPLES", "12"))
SLOTS = 12
"""Places of a day, 400 s apart, so that frames of one device never meet."""

append = st.fixed_dictionaries(
    {
        "do": st.just("append"),
        "device": st.sampled_from(sorted(DEVICES)),
        "day": st.integers(0, 2),
        "slot": st.integers(0, SLOTS - 1),
        "rows": st.integers(1, 4),
        "bad": st.none() | st.lists(st.sampled_from([0, 0, 1, 17, 19]), min_size=8, max_size=8),
        "again": st.booleans(),
    }
)
amend = st.fixed_dictionaries(
    {
        "do": st.just("amend"),
        "device": st.sampled_from(sorted(DEVICES)),
        "day": st.integers(0, 2),
        "slot": st.integers(0, SLOTS - 1),
        "row": st.integers(0, 6),
        "code": st.sampled_from([0, 0, 0, 1, 18]),
        "value": st.integers(-50, 50),
    }
)
retain = st.fixed_dictionaries(
    {"do": st.just("retain"), "day": st.integers(0, 4), "keep": st.integers(1, 3)}
)
rollup = st.just({"do": "rollup"})
work = st.lists(st.one_of(append, append, append, amend, rollup, retain), min_size=1, max_size=14)


def _carry_out(store: TelemetryStore, plain: PlainStore, steps: list[dict[str, Any]]) -> None:
    used: set[tuple[str, int, int]] = set()
    for number, step in enumerate(steps):
        at = START + step.get("day", 0) * DAY_US + step.get("slot", 0) * 400_000_000
        if step["do"] == "append":
            place = (step["device"], step["day"], step["slot"])
            if place in used:
                continue
            used.add(place)
            rows = step["rows"]
            times = [at + 700_000 * row for row in range(rows)]
            codes = None if step["bad"] is None else [step["bad"][:rows], step["bad"][4:][:rows]]
            table = DEVICES[step["device"]]
            entries = [(number, [frame(step["device"], times, table, first=number, quality=codes)])]
            for _ in range(2 if step["again"] else 1):
                assert store.append_many("s", entries) == number
                plain.append_many("s", entries)
        elif step["do"] == "amend":
            if not any(key[1] == step["device"] for key in plain.rows):
                continue
            each = Amendment(
                key=f"k{number}",
                device=step["device"],
                tag="volts",
                times_us=(at + 700_000 * step["row"],),
                values=(float(step["value"]),),
                reason="meter was set wrong",
                made_us=END,
                quality=(step["code"],),
            )
            assert store.amend([each, each]) == 1
            plain.amend([each])
        elif step["do"] == "rollup":
            assert store.rollup() == 0
            plain.rollup()
        else:
            policy = Retention(raw_days=step["keep"])
            store.retain(policy, at)
            plain.retain(policy, at)


def _same_windows(store: TelemetryStore, plain: PlainStore, amended: bool) -> None:
    for device in DEVICES:
        request = Window(
            device=device,
            tags=("volts", "energy", "pieces"),
            start_us=START,
            end_us=END,
            amended=amended,
        )
        for series in store.window(request):
            expected = plain.readings(device, series.tag, amended)
            assert series.times_us.tolist() == list(expected)
            assert series.quality.tolist() == [code for _, code, _ in expected.values()]
            assert series.amended.tolist() == [mark for _, _, mark in expected.values()]
            assert np.nan_to_num(series.values).tolist() == [
                value for value, _, _ in expected.values()
            ]
            assert np.isnan(series.values).tolist() == [
                c >= BAD_MIN for _, c, _ in expected.values()
            ]


def _reckoned(values: list[tuple[int, float]]) -> dict[Aggregate, float]:
    numbers = [value for _, value in values]
    return {
        Aggregate.MIN: min(numbers),
        Aggregate.MAX: max(numbers),
        Aggregate.AVG: sum(numbers) / len(numbers),
        Aggregate.FIRST: numbers[0],
        Aggregate.LAST: numbers[-1],
        Aggregate.COUNT: len(numbers),
    }


def _same_steps(store: TelemetryStore, plain: PlainStore) -> None:
    def compare(
        found: Callable[[Downsample], Any],
        step: int,
        expected: Callable[[str, str], Steps],
        amended: bool = True,
    ) -> None:
        request = Downsample(
            devices=tuple(DEVICES),
            tags=("volts", "pieces"),
            start_us=START,
            end_us=END,
            step_us=step,
            amended=amended,
        )
        for each in found(request):
            wanted = expected(each.device, each.tag)
            assert each.times_us.tolist() == list(wanted)
            for place, time in enumerate(wanted):
                got = {name: column[place] for name, column in each.values.items()}
                assert got == pytest.approx(_reckoned(wanted[time]), abs=1e-9)

    for amended in (True, False):
        compare(
            store.downsample,
            600_000_000,
            lambda d, t: plain.steps(d, t, START, END, 600_000_000, amended),  # noqa: B023
            amended,
        )
    for roll in (Roll.S1, Roll.M1, Roll.M15, Roll.H1):

        def rolled(device: str, tag: str) -> Steps:
            if roll is Roll.S1 and DEVICES[device] is NARROW:  # noqa: B023
                return plain.steps(device, tag, START, END, roll.us)  # noqa: B023
            return dict(sorted(plain.rolled[roll, device, tag].items()))  # noqa: B023

        compare(lambda request: store.rolled(roll, request), max(roll.us, 60_000_000), rolled)  # noqa: B023


def _same_latest(store: TelemetryStore, plain: PlainStore) -> None:
    found = {(each.device, each.tag): each for each in store.latest(list(DEVICES))}
    for device in DEVICES:
        for tag in ("volts", "energy", "pieces"):
            recorded = plain.readings(device, tag, amended=False)
            if not recorded:
                assert (device, tag) not in found
                continue
            expected = plain.readings(device, tag)
            last = max(time for time in expected if time >= max(recorded))
            value, code, mark = expected[last]
            each = found[device, tag]
            assert (each.time_us, each.quality, each.amended) == (last, code, mark)
            assert each.value == (None if code >= BAD_MIN else value)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="XINLIAN_TEST_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=work, reopened=st.booleans())
def test_any_sequence_equals_the_plain_model(
    fresh: Callable[[], Opener], steps: list[dict[str, Any]], reopened: bool
) -> None:
    opener = fresh()
    store, plain = opener(), PlainStore()
    _carry_out(store, plain, steps)
    if reopened:
        store = opener()
    assert store.applied("s") == plain.streams.get("s", -1)
    for amended in (True, False):
        _same_windows(store, plain, amended)
    _same_steps(store, plain)
    _same_latest(store, plain)
