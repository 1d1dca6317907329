"""A stream says what the chart of all its points says, at the moment it can be said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.trace.model.quality.charts import Baseline, ChartKind, variable_chart
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.live import Stream, StreamPlan
from xinlian.trace.model.quality.rules import (
    NELSON,
    WESTERN_ELECTRIC,
    Rule,
    chart_signals,
    panel_signals,
)
from xinlian.trace.model.quality.weighted import cusum_chart, ewma_chart

# Steps of half a σ make ties, runs and trends frequent.
VALUES = st.lists(st.integers(-9, 9).map(lambda half: half / 2), min_size=1, max_size=80)
Key = tuple[Rule, str, tuple[int, ...]]


def _streamed(plan: StreamPlan, values: list[float]) -> list[tuple[int, Key]]:
    """Signals with the number of the measurement at which they came."""
    stream: Stream[str] = Stream(plan)
    return [
        (at, (signal.rule, signal.panel, signal.points))
        for at, value in enumerate(values)
        for signal in stream.feed(f"item {at}", value)
    ]


@settings(max_examples=150, deadline=None)
@given(VALUES, st.sampled_from([NELSON, WESTERN_ELECTRIC]))
def test_individuals_signal_as_their_chart_does(values: list[float], rules: tuple[Rule]) -> None:
    baseline = Baseline(ChartKind.I_MR, 0.25, 1.0, 1, 25)
    batch = chart_signals(variable_chart(baseline, values), rules)
    streamed = _streamed(StreamPlan(baseline=baseline, rules=rules), values)
    assert {key for _, key in streamed} == {(one.rule, one.panel, one.points) for one in batch}
    for at, (_, panel, points) in streamed:
        assert at == points[-1] + (panel == "moving range"), "a signal came late or early"


@settings(max_examples=80, deadline=None)
@given(st.data(), st.sampled_from([(ChartKind.XBAR_R, 3), (ChartKind.XBAR_S, 9)]))
def test_subgroups_signal_as_their_chart_does(
    data: st.DataObject, of: tuple[ChartKind, int]
) -> None:
    kind, size = of
    groups = data.draw(
        st.lists(
            st.lists(st.integers(-6, 6).map(float), min_size=size, max_size=size),
            min_size=1,
            max_size=30,
        )
    )
    baseline = Baseline(kind, 0.1, 1.5, size, 25)
    batch = chart_signals(variable_chart(baseline, groups))
    flat = [value for group in groups for value in group]
    streamed = _streamed(StreamPlan(size=size, baseline=baseline), flat)
    assert {key for _, key in streamed} == {(one.rule, one.panel, one.points) for one in batch}
    assert all(at % size == size - 1 for at, _ in streamed)


@settings(max_examples=80, deadline=None)
@given(VALUES)
def test_averages_and_sums_signal_as_their_charts_do(values: list[float]) -> None:
    baseline = Baseline(ChartKind.I_MR, 0.25, 1.0, 1, 25)
    plan = StreamPlan(baseline=baseline, rules=(), ewma=(0.2, 2.7), cusum=(0.5, 4.0))
    streamed = {key for _, key in _streamed(plan, values) if key[1] != "moving range"}
    ewma = ewma_chart(values, target=0.25, sigma=1.0, weight=0.2, width=2.7)
    cusum = cusum_chart(values, target=0.25, sigma=1.0, slack=0.5, decision=4.0)
    batch = chart_signals(ewma) + chart_signals(cusum)
    assert streamed == {(one.rule, one.panel, one.points) for one in batch}


def test_phase_one_is_learned_from_the_first_points() -> None:
    generator = np.random.default_rng(5)
    calm = generator.normal(10, 0.1, 25).tolist()
    stream: Stream[str] = Stream(StreamPlan(learn=25))
    assert [stream.feed("x", value) for value in calm] == [[]] * 25
    assert not stream.learning
    assert stream.baseline is not None
    assert stream.baseline.mean == pytest.approx(np.mean(calm))
    signals = stream.feed("VIN 26", 11.0)
    assert [signal.rule for signal in signals] == [Rule.N1]
    assert signals[0].items == ("VIN 26",)


def test_a_signal_names_every_item_of_its_pattern() -> None:
    stream: Stream[str] = Stream(StreamPlan(baseline=Baseline(ChartKind.I_MR, 0, 1, 1, 25)))
    signals = [signal for at in range(9) for signal in stream.feed(f"car {at}", 0.1)]
    assert [(one.rule, one.items) for one in signals] == [
        (Rule.N2, tuple(f"car {at}" for at in range(9)))
    ]


def test_memory_stays_bounded() -> None:
    stream: Stream[str] = Stream(
        StreamPlan(baseline=Baseline(ChartKind.I_MR, 0, 1, 1, 25), cusum=(0.5, 5))
    )
    for at in range(3_000):
        stream.feed(f"item {at}", (-1) ** at * 0.5)
    held = sum(len(value) for value in vars(stream).values() if hasattr(value, "__len__"))
    assert held < 40


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(QualityError, match="car 7 is not a finite number"):
        Stream[str](StreamPlan()).feed("car 7", float("inf"))
    with pytest.raises(QualityError, match="20 points or more"):
        StreamPlan(learn=5)


def test_a_panel_of_one_point_has_no_run() -> None:
    chart = variable_chart(Baseline(ChartKind.I_MR, 0, 1, 1, 25), [0.5])
    assert panel_signals(chart.panels[0], NELSON) == []


def test_a_stream_that_does_not_vary_learns_on() -> None:
    stream: Stream[str] = Stream(StreamPlan(learn=20, cusum=(0.5, 5), ewma=(0.2, 3)))
    for _ in range(500):
        assert stream.feed("x", 5.0) == []
    assert stream.learning
    for at in range(100):
        stream.feed("x", 5.0 + at % 3)
    assert not stream.learning


def test_a_baseline_without_spread_judges_by_any_distance() -> None:
    baseline = Baseline(ChartKind.I_MR, 5.0, 0.0, 1, 25)
    plan = StreamPlan(baseline=baseline, rules=(Rule.N1,), cusum=(0.5, 5), ewma=(0.2, 3))
    stream: Stream[str] = Stream(plan)
    assert stream.feed("a", 5.0) == []
    found = {(signal.rule, signal.panel) for signal in stream.feed("b", 5.1)}
    assert (Rule.N1, "value") in found
    assert (Rule.LIMIT, "ewma") in found
