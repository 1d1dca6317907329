"""Signals at the moment of capture, from inspections one by one."""

import dataclasses
import json

import numpy as np
from xinlian.trace.model.facts import Result
from xinlian.trace.model.quality.charts import Baseline
from xinlian.trace.model.quality.rules import WESTERN_ELECTRIC
from xinlian.trace.usecases.quality import ChartKind, LiveSignals, StreamKey, StreamPlan

from tests.trace.quality.test_usecases import OWNER, T0, inspection, part


def test_a_failed_key_inspection_signals_at_once() -> None:
    live = LiveSignals()
    assert live.feed(inspection(1, "74.0")) == []
    assert live.feed(inspection(2, "74.2", result=Result.FAILED)) == []
    (signal,) = live.feed(inspection(3, "74.2", result=Result.FAILED, key=True))
    assert (signal.kind, signal.items) == ("failed-key", (part(3),))
    assert signal.text == "key characteristic bore failed 74.2 mm"
    missing = inspection(4, None, result=Result.NOT_MEASURED, key=True)
    assert live.feed(missing) == [], "not measured is not failed"


def test_a_stream_signals_with_its_parts_and_machines_do_not_mix() -> None:
    live = LiveSignals(plan_of=lambda _: StreamPlan(learn=20))
    generator = np.random.default_rng(2)
    for at in range(40):
        machine = "M1" if at % 2 else "M2"
        assert (
            live.feed(inspection(at, f"{generator.normal(74, 0.001):.4f}", machine=machine)) == []
        )
    (signal,) = [
        one for one in live.feed(inspection(50, "74.020", machine="M1")) if one.panel == "value"
    ]
    assert (signal.kind, signal.rule, signal.machine) == ("control-chart", "nelson-1", "M1")
    assert signal.items == (part(50),)
    detail = signal.detail()
    assert json.loads(json.dumps(detail)) == detail
    assert detail["items"] == [{"owner": OWNER, "type": "serial", "id": "50"}]


def test_after_a_restart_the_streams_are_rebuilt_from_the_record() -> None:
    rows = [inspection(at, f"74.0{at % 3}") for at in range(30)]
    after = inspection(99, "75")
    steady, fresh = LiveSignals(), LiveSignals()
    for row in rows:
        steady.feed(row)
    fresh.warm(rows)
    assert [one.subject for one in fresh.feed(after)] == [one.subject for one in steady.feed(after)]
    assert [one.rule for one in fresh.feed(dataclasses.replace(after, time_ms=0))] == []
    assert fresh.late == 1


def test_a_pattern_that_goes_on_is_raised_when_it_begins() -> None:
    baseline = Baseline(ChartKind.I_MR, 74.0, 0.01, 1, 25)
    live = LiveSignals(plan_of=lambda _: StreamPlan(baseline=baseline, rules=WESTERN_ELECTRIC))
    raised = [one for at in range(30) for one in live.feed(inspection(at, "74.005"))]
    assert [(one.rule, len(one.items)) for one in raised] == [("western-electric-4", 8)]
    live.feed(inspection(30, "73.995"))
    again = [one for at in range(31, 50) for one in live.feed(inspection(at, "74.005"))]
    assert [one.rule for one in again] == ["western-electric-4"]


def test_an_overdue_gauge_signals_when_it_measures() -> None:
    live = LiveSignals(due_ms={"G1": T0 + 60_000})
    assert live.feed(inspection(0, "74.0")) == []
    (signal,) = live.feed(inspection(1, "74.0"))
    (again,) = live.feed(inspection(2, "74.0"))
    assert signal.kind == "gauge-overdue"
    assert signal.subject == again.subject, "one finding, however often it measures"


def test_a_value_beyond_all_floats_stops_no_stream() -> None:
    live = LiveSignals()
    assert live.feed(inspection(1, "1e999")) == []
    assert live.feed(inspection(2, "74.0")) == []


def test_streams_are_bounded() -> None:
    live = LiveSignals(streams_max=10)
    for at in range(50):
        live.feed(inspection(at, "1", machine=f"M{at}"))
    assert live.forgotten == 40


def test_a_stream_without_a_plan_is_left_alone() -> None:
    live = LiveSignals(plan_of=lambda key: None if key == StreamKey("bore", "") else StreamPlan())
    for at in range(60):
        assert live.feed(inspection(at, str(at))) == []
