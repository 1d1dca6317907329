"""Chart constants against published tables, and against simulation-free foreign judges."""

import math

import numpy as np
import pytest
from scipy import stats
from xinlian.trace.model.quality.constants import c4, chart_constants, d2, d2_star, d3
from xinlian.trace.model.quality.errors import QualityError

# ASTM MNL 7 / Montgomery, appendix VI: n, A2, A3, B3, B4, D3, D4, d2, d3, c4.
TABLE = [
    (2, 1.880, 2.659, 0, 3.267, 0, 3.267, 1.128, 0.853, 0.7979),
    (3, 1.023, 1.954, 0, 2.568, 0, 2.575, 1.693, 0.888, 0.8862),
    (5, 0.577, 1.427, 0, 2.089, 0, 2.114, 2.326, 0.864, 0.9400),
    (7, 0.419, 1.182, 0.118, 1.882, 0.076, 1.924, 2.704, 0.833, 0.9594),
    (10, 0.308, 0.975, 0.284, 1.716, 0.223, 1.777, 3.078, 0.797, 0.9727),
    (25, 0.153, 0.606, 0.565, 1.435, 0.459, 1.541, 3.931, 0.708, 0.9896),
]


@pytest.mark.parametrize("row", TABLE)
def test_constants_are_those_of_the_tables(row: tuple[float, ...]) -> None:
    found = chart_constants(int(row[0]))
    values = (found.a2, found.a3, found.b3, found.b4, found.big_d3, found.big_d4)
    assert values == pytest.approx(row[1:7], abs=6e-4)
    assert (found.d2, found.d3, found.c4) == pytest.approx(row[7:], abs=6e-4)


def test_the_range_of_two_and_three_has_closed_forms() -> None:
    assert d2(2) == pytest.approx(2 / math.sqrt(math.pi), abs=1e-12)
    assert d3(2) == pytest.approx(math.sqrt(2 - 4 / math.pi), abs=1e-10)
    assert d2(3) == pytest.approx(3 / math.sqrt(math.pi), abs=1e-12)


@pytest.mark.parametrize("size", [2, 4, 9, 50])
def test_c4_is_the_mean_of_a_scaled_chi_distribution(size: int) -> None:
    assert c4(size) == pytest.approx(stats.chi.mean(size - 1) / math.sqrt(size - 1), rel=1e-12)


@pytest.mark.parametrize("size", [4, 7, 20])
def test_the_range_is_the_studentized_one_with_a_known_deviation(size: int) -> None:
    """E W = ∫ P(W > w) dw and E W² = 2 ∫ w P(W > w) dw, from scipy's distribution."""
    steps = np.linspace(0, 12, 241)
    beyond = stats.studentized_range.sf(steps, size, np.inf)
    mean = np.trapezoid(beyond, steps)
    square = 2 * np.trapezoid(steps * beyond, steps)
    assert d2(size) == pytest.approx(mean, rel=1e-3)
    assert d3(size) == pytest.approx(math.sqrt(square - mean**2), rel=2e-2)


def test_d2_star_is_that_of_the_manual() -> None:
    """AIAG MSA, appendix C: one subgroup of 3 and of 10; K2 = 0.5231 and K3 = 0.3146."""
    assert 1 / d2_star(1, 3) == pytest.approx(0.5231, abs=5e-5)
    assert 1 / d2_star(1, 10) == pytest.approx(0.3146, abs=5e-5)
    assert d2_star(10**9, 5) == pytest.approx(d2(5), rel=1e-9)


def test_a_subgroup_of_one_is_refused() -> None:
    with pytest.raises(QualityError, match="2 to 1000 values, not 1"):
        d2(1)
