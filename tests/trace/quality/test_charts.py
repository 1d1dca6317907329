"""Control charts against limits and points published with their data."""

import numpy as np
import pytest
from xinlian.trace.model.quality.charts import (
    Chart,
    ChartKind,
    attribute_baseline,
    attribute_chart,
    choose_kind,
    subgroups_of,
    variable_baseline,
    variable_chart,
)
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.rules import chart_signals
from xinlian.trace.model.quality.weighted import cusum_chart, ewma_chart

from tests.trace.quality.published import (
    CUSUM_LOWER,
    CUSUM_UPPER,
    CUSUM_VALUES,
    EWMA_AVERAGES,
    EWMA_VALUES,
    FLOW_RATES,
    PISTON_RINGS,
)


def _limits(chart: Chart, panel: int) -> tuple[float, float, float]:
    drawn = chart.panels[panel]
    return float(drawn.lower[0]), float(drawn.centre[0]), float(drawn.upper[0])


def test_piston_rings_by_range() -> None:
    """Montgomery, example of table 5-3 (5th ed.): limits to the three decimals he prints."""
    baseline = variable_baseline(ChartKind.XBAR_R, PISTON_RINGS)
    chart = variable_chart(baseline, PISTON_RINGS)
    assert _limits(chart, 0) == pytest.approx((73.988, 74.001, 74.014), abs=6e-4)
    assert _limits(chart, 1) == pytest.approx((0, 0.023, 0.049), abs=6e-4)
    assert baseline.sigma == pytest.approx(0.0099, abs=1.1e-4)
    assert chart_signals(chart) == []


def test_piston_rings_by_deviation() -> None:
    """Montgomery, example 6.3 (6th ed.): s̄ = 0.0094, limits 74.014 and 73.988, B4 s̄ = 0.0196."""
    baseline = variable_baseline(ChartKind.XBAR_S, PISTON_RINGS)
    chart = variable_chart(baseline, PISTON_RINGS)
    assert _limits(chart, 0) == pytest.approx((73.988, 74.001, 74.014), abs=6e-4)
    assert _limits(chart, 1) == pytest.approx((0, 0.0094, 0.0196), abs=6e-5)


def test_flow_rates_as_individuals() -> None:
    """NIST/SEMATECH 6.3.2.2: centre 50.81, limits 55.8041 and 45.8159 (from a rounded d2)."""
    chart = variable_chart(variable_baseline(ChartKind.I_MR, FLOW_RATES), FLOW_RATES)
    assert _limits(chart, 0) == pytest.approx((45.8159, 50.81, 55.8041), abs=2e-3)
    assert _limits(chart, 1)[1] == pytest.approx(1.8778, abs=5e-5)
    assert _limits(chart, 1)[2] == pytest.approx(1.8778 * 3.267, abs=2e-3)


def test_ewma_of_the_handbook() -> None:
    """NIST/SEMATECH 6.3.2.4: every average as printed, limits 47.4115 and 52.5884."""
    chart = ewma_chart(EWMA_VALUES, target=50, sigma=2.0539, weight=0.3, settled=True)
    panel = chart.panels[0]
    assert panel.values == pytest.approx(np.array(EWMA_AVERAGES), abs=5.1e-3)
    assert _limits(chart, 0) == pytest.approx((47.4115, 50, 52.5884), abs=2e-4)
    assert chart_signals(chart) == []


def test_early_limits_of_an_ewma_are_narrower_and_grow_to_the_settled_ones() -> None:
    """The variance of EWMA_1 is weight² σ²."""
    values = [0.0] * 200
    chart = ewma_chart(values, target=0, sigma=2, weight=0.3)
    assert chart.panels[0].upper[0] == pytest.approx(3 * 2 * 0.3)
    settled = ewma_chart(values, target=0, sigma=2, weight=0.3, settled=True)
    assert chart.panels[0].upper[-1] == pytest.approx(settled.panels[0].upper[-1])


def test_cusum_of_the_handbook() -> None:
    """NIST/SEMATECH 6.3.2.3: both sums as printed; the first signal at sample 14."""
    chart = cusum_chart(CUSUM_VALUES, target=325, sigma=0.635, slack=0.5, decision=4.1959 / 0.635)
    assert chart.panels[0].values == pytest.approx(np.array(CUSUM_UPPER), abs=1.01e-2)
    assert chart.panels[1].values == pytest.approx(np.array(CUSUM_LOWER), abs=1.01e-2)
    assert chart_signals(chart)[0].at == 13


def test_wafer_defects_as_c_chart() -> None:
    """NIST/SEMATECH 6.3.3.1: 400 defects on 25 wafers: centre 16, limits 4 and 28."""
    counts = [16] * 25
    chart = attribute_chart(attribute_baseline(ChartKind.C, counts), counts)
    assert _limits(chart, 0) == pytest.approx((4, 16, 28))


def test_wafer_proportions_as_p_and_np_chart() -> None:
    """NIST/SEMATECH 6.3.3.2: p̄ = 0.2313 of 50 chips: limits 0.0524 and 0.4102."""
    counts = [11] * 13 + [12] * 17  # 347 of 1500, as 30 wafers
    chart = attribute_chart(attribute_baseline(ChartKind.P, counts, 50), counts, 50)
    assert _limits(chart, 0) == pytest.approx((0.0524, 0.2313, 0.4102), abs=2e-4)
    whole = attribute_chart(attribute_baseline(ChartKind.NP, counts, 50), counts, 50)
    assert _limits(whole, 0) == pytest.approx([50 * value for value in _limits(chart, 0)])


def test_limits_of_p_and_u_charts_follow_the_size_of_each_sample() -> None:
    counts, sizes = [5, 9, 20], [50, 100, 200]
    chart = attribute_chart(attribute_baseline(ChartKind.P, counts, sizes), counts, sizes)
    panel, mean = chart.panels[0], 34 / 350
    assert panel.upper == pytest.approx(mean + 3 * np.sqrt(mean * (1 - mean) / np.array(sizes)))
    per_unit = attribute_chart(attribute_baseline(ChartKind.U, counts, sizes), counts, sizes)
    assert per_unit.panels[0].upper == pytest.approx(mean + 3 * np.sqrt(mean / np.array(sizes)))
    assert (panel.lower >= 0).all()


def test_phase_two_judges_new_data_by_the_old_limits() -> None:
    """Montgomery continues the rings: a shifted sample must signal against phase I."""
    baseline = variable_baseline(ChartKind.XBAR_R, PISTON_RINGS)
    shifted = [[value + 0.02 for value in PISTON_RINGS[0]]]
    signals = chart_signals(variable_chart(baseline, shifted))
    assert [(signal.rule.value, signal.panel) for signal in signals] == [("nelson-1", "mean")]


def test_unequal_subgroups_get_limits_of_their_own() -> None:
    rows = [[1.0, 2.0, 3.0], [2.0, 2.5], [1.0, 2.0, 3.0, 4.0]]
    for kind in (ChartKind.XBAR_R, ChartKind.XBAR_S):
        chart = variable_chart(variable_baseline(kind, rows), rows)
        width = chart.panels[0].upper - chart.panels[0].centre
        assert width * np.sqrt([3, 2, 4]) == pytest.approx([3 * chart.baseline.sigma] * 3)
        assert len(set(chart.panels[1].upper.tolist())) == 3


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"attribute": False, "size": 1}, ChartKind.I_MR),
        ({"attribute": False, "size": 5}, ChartKind.XBAR_R),
        ({"attribute": False, "size": 12}, ChartKind.XBAR_S),
        ({"attribute": True, "size": 50}, ChartKind.NP),
        ({"attribute": True, "size": 50, "constant_size": False}, ChartKind.P),
        ({"attribute": True, "size": 1, "defects": True}, ChartKind.C),
        ({"attribute": True, "size": 9, "defects": True, "constant_size": False}, ChartKind.U),
    ],
)
def test_the_chart_follows_the_characteristic(asked: dict[str, bool], kind: ChartKind) -> None:
    assert choose_kind(**asked) is kind


def test_an_unfinished_subgroup_is_left_out() -> None:
    assert subgroups_of([1, 2, 3, 4, 5], 2).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: variable_baseline(ChartKind.I_MR, [1.0]), "at least 2"),
        (lambda: variable_baseline(ChartKind.XBAR_R, [[1.0, float("nan")]]), "not a finite"),
        (lambda: variable_baseline(ChartKind.XBAR_R, [[1.0, 2.0], [1.0]]), "subgroup 2"),
        (lambda: variable_baseline(ChartKind.P, [1.0]), "not a chart of measured data"),
        (lambda: attribute_baseline(ChartKind.P, [51], [50]), "more defective units"),
        (lambda: attribute_baseline(ChartKind.NP, [1, 1], [50, 60]), "one size"),
        (lambda: attribute_baseline(ChartKind.P, [1]), "size of every sample"),
        (lambda: attribute_baseline(ChartKind.C, [-1]), "below zero"),
        (lambda: ewma_chart([1.0], target=0, sigma=0), "above 0"),
        (lambda: ewma_chart([1.0], target=0, sigma=1, weight=1.5), "weight"),
    ],
)
def test_what_cannot_be_charted_is_refused(call: object, said: str) -> None:
    with pytest.raises(QualityError, match=said):
        call()  # type: ignore[operator]
