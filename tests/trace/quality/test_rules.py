"""Each rule fires on the shortest pattern that it names, and not one point earlier."""

import numpy as np
import pytest
from xinlian.trace.model.quality.charts import Baseline, ChartKind, variable_chart
from xinlian.trace.model.quality.rules import (
    NELSON,
    WESTERN_ELECTRIC,
    Rule,
    Signal,
    panel_signals,
)

UNIT = Baseline(ChartKind.I_MR, 0.0, 1.0, 1, 25)


def _signals(values: list[float], rules: tuple[Rule, ...]) -> list[Signal]:
    return panel_signals(variable_chart(UNIT, values).panels[0], rules)


PATTERNS = [
    (Rule.N1, [3.01]),
    (Rule.N1, [-3.01]),
    (Rule.N2, [0.1] * 9),
    (Rule.N2, [-0.1] * 9),
    (Rule.N3, [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]),
    (Rule.N3, [0.5, 0.4, 0.3, 0.2, 0.1, -0.1]),
    (Rule.N4, [0.5, -0.5] * 7),
    (Rule.N5, [2.1, 0.0, 2.1]),
    (Rule.N5, [-2.1, -2.2]),
    (Rule.N6, [1.1, 1.2, 0.0, 1.1, 1.2]),
    (Rule.N7, [0.9, -0.9, 0.2] * 5),
    (Rule.N8, [1.1, -1.1, 1.2, 1.3, -1.4, -1.1, 1.1, -1.2]),
    (Rule.WE1, [3.01]),
    (Rule.WE2, [2.1, 0.0, 2.1]),
    (Rule.WE3, [1.1, 1.2, 0.0, 1.1, 1.2]),
    (Rule.WE4, [0.1] * 8),
]


@pytest.mark.parametrize(("rule", "values"), PATTERNS)
def test_a_rule_names_itself_its_points_and_its_statistic(rule: Rule, values: list[float]) -> None:
    (signal,) = _signals(values, (rule,))
    assert signal.at == len(values) - 1
    assert signal.statistic == values[-1]
    assert set(signal.points) <= set(range(len(values)))
    assert _signals(values[:-1] or [0.0], (rule,)) == []


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (Rule.N1, [3.0]),
        (Rule.N2, [0.1] * 8 + [0.0]),
        (Rule.N3, [0.1, 0.2, 0.3, 0.4, 0.4, 0.5]),
        (Rule.N5, [2.1, 0.0, 0.0, 2.1]),
        (Rule.N5, [2.1, -2.1, 0.0]),
        (Rule.N5, [2.1, 2.2, 0.0][1:]),
        (Rule.N6, [1.1, 1.1, 1.1, -1.1, 0.0]),
        (Rule.N7, [0.9] * 14 + [1.0]),
        (Rule.N8, [1.1] * 7 + [1.0]),
    ],
)
def test_what_is_no_pattern_is_no_signal(rule: Rule, values: list[float]) -> None:
    assert _signals(values, (rule,)) == []


def test_two_of_three_names_the_two() -> None:
    (signal,) = _signals([0.0, 2.1, 0.0, 2.2], (Rule.N5,))
    assert signal.points == (1, 3)


def test_signals_come_in_the_order_in_which_they_arise() -> None:
    signals = _signals([3.5, 3.6, 0.2], NELSON)
    assert [(signal.at, signal.rule) for signal in signals] == [
        (0, Rule.N1),
        (1, Rule.N1),
        (1, Rule.N5),
    ]


def test_a_quiet_process_signals_rarely() -> None:
    """The four Western Electric rules together: one false alarm in 92 points (Champ, Woodall 1987,
    Technometrics 29: average run length 91.75), here counted as runs until the first signal."""
    generator = np.random.default_rng(20260101)
    lengths = []
    for _ in range(400):
        values = generator.standard_normal(2_000)
        signals = panel_signals(variable_chart(UNIT, values).panels[0], WESTERN_ELECTRIC)
        lengths.append(signals[0].at + 1)
    assert np.mean(lengths) == pytest.approx(91.75, rel=0.15)


def test_a_process_without_spread_is_judged_by_any_distance() -> None:
    still = Baseline(ChartKind.I_MR, 5.0, 0.0, 1, 25)
    panel = variable_chart(still, [5.0, 5.1, 5.0]).panels[0]
    assert [signal.points for signal in panel_signals(panel, (Rule.N1,))] == [(1,)]
