"""Service figures that the collection measures of itself."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.model.frames import Counts, Frame
from xinlian.ingest.model.segments.segment import Segment
from xinlian.ingest.model.segments.windows import WindowState
from xinlian.ingest.model.service import SLACK_US, Delays, Service, delays_of, outage_us
from xinlian.ingest.model.window_record import DeviceTree, service_of, window_record
from xinlian.ledger.model.evidence.canonical import canonical_record
from xinlian.ledger.model.evidence.fields import flatten

from tests.support.telemetry import METER, SECOND, START, Plant


def test_percentiles_are_the_upper_ends_of_their_steps() -> None:
    delays = Delays.of(np.array([50, 900, 900, 1_500, 59_000, 10**9, -5]))
    assert delays.total == 7
    assert delays.percentile_us(500) == 1_000
    assert delays.percentile_us(700) == 2_000
    assert delays.percentile_us(990) == 80_000_000
    assert Delays().percentile_us(500) is None


@given(st.lists(st.integers(0, 10**8), max_size=60))
def test_histograms_add_up_and_come_back_from_text(numbers: list[int]) -> None:
    whole = Delays.of(np.array(numbers, np.int64))
    halves = [Delays.of(np.array(numbers[at::2], np.int64)) for at in (0, 1)]
    assert halves[0] + halves[1] == whole
    assert Delays.from_text(whole.to_text()) == whole


def test_a_silence_is_an_outage_when_it_is_long() -> None:
    second = SECOND
    spans = [(0, 20 * second), (24 * second, 30 * second), (40 * second, 58 * second)]
    assert outage_us(spans, 0, 60 * second) == 10 * second
    assert outage_us([], 0, 60 * second) == 60 * second
    assert outage_us(spans, 0, 60 * second + SLACK_US) == 10 * second + 7 * second
    assert outage_us([(-second, 90 * second)], 0, 60 * second) == 0


def test_jitter_is_the_distance_from_the_period() -> None:
    times = START + np.arange(10, dtype=np.int64) * SECOND
    times[4] += 2_500
    columns = tuple(np.zeros(10, tag.type.dtype) for tag in METER.groups[0])
    frame = Frame("m", METER, 0, times, columns, source_us=times - 7_000)
    latency, jitter = delays_of([frame])
    assert latency.percentile_us(990) == 8_000
    assert (jitter.total, jitter.percentile_us(990), jitter.percentile_us(500)) == (9, 3_000, 100)
    # A cycle left out is missed, not late; what deadband held back says nothing.
    gapped = Frame("m", METER, 0, np.delete(times, 5), tuple(c[:9] for c in columns))
    assert delays_of([gapped])[1].percentile_us(990) == 3_000
    held = Frame("m", METER, 0, times, columns, counts=Counts(20, 20, 0, 10, 0))
    assert delays_of([held])[1].total == 0


def test_figures_stand_beside_their_targets() -> None:
    good = Service(3_600 * SECOND, 0, 100, 99, Counts(10_000, 9_995, 5, 0, 0))
    judged = {each.name: each.kept for each in good.judged()}
    assert judged == {
        "available_ppm": True, "connected_ppm": True, "loss_ppm": True, "latency_p95_us": None,
    }  # fmt: skip
    bad = good + Service(
        3_600 * SECOND, 60 * SECOND, 100, 80, Counts(10_000, 9_900, 100, 0, 0),
        Delays.of(np.full(9, 70_000)),
    )  # fmt: skip
    assert {each.kept for each in bad.judged()} == {False}
    edge = Service(1_000 * SECOND, SECOND, 100, 95, Counts(1_000, 999, 1, 0, 0))
    assert [each.kept for each in edge.judged()[:3]] == [True, True, True]
    assert Service().judged()[0].value is None


def test_a_record_has_a_few_dozen_fields_however_many_devices_there_are() -> None:
    plant = Plant(devices=tuple(f"m{n:03}" for n in range(200)), window_s=2).run(2)
    (window,) = plant.closed
    tree = DeviceTree(window.devices, bytes(32))
    record = window_record(
        window, collector="c", part=0, devices=tree, service=service_of(window), tables={}
    )
    canonical_record(record)
    assert record["devices"] == 200
    assert len(flatten(record)[0]) <= 48
    assert Service.from_record(record) == service_of(window)


def test_segments_that_tell_of_silence_alone_are_an_outage() -> None:
    """Ten seconds in which every poll fails: told second by second, and heard of nobody."""
    plant = Plant(window_s=30)
    for at in range(0, 30, plant.segment_s):
        plant.segment(at)
    for at, segment in enumerate(plant.log.entries):
        if isinstance(segment, Segment) and 5 <= at < 10:
            plant.log.entries[at] = replace(
                segment,
                blocks=tuple(
                    replace(block, frame=replace(block.frame, counts=Counts(2, 0, 2)))
                    for block in segment.blocks
                ),
            )
    state = WindowState()
    for at, segment in enumerate(plant.log.entries):
        assert isinstance(segment, Segment)
        assert state.feed(at, segment) == []
        state = WindowState.from_json(json.loads(json.dumps(state.to_json())))
    (window,) = state.mark(99, 0, final=True)
    assert window.silent == (5, 6, 7, 8, 9)
    assert round(service_of(window).outage_us / SECOND) == 11  # readings come a second apart


def test_key_devices_alone_count_as_connected() -> None:
    (window,) = Plant(window_s=2).run(2).closed
    assert service_of(window).connected_ppm == 1_000_000
    assert service_of(window, ["m1", "absent"]).connected_ppm == 500_000


@pytest.mark.parametrize("device", ["m1", "m2", "m0", "m15", "zz", "é"])
def test_devices_and_their_absence_can_be_shown(device: str) -> None:
    tree = DeviceTree({name: Counts(1, 1) for name in ("m2", "m1", "m10")}, b"s" * 32)
    shown = tree.shown([device])
    named = [each["device"] for each in shown["devices"]]
    assert (named == [device]) == (device in ("m1", "m2"))
    assert named == sorted(named)
