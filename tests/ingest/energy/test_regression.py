"""Least squares against certified values of NIST's Statistical Reference Datasets (public domain):
Norris (simple regression) and Longley (ill-conditioned, six drivers)."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.regression import cusum, degree_days, fit

NORRIS = """0.1 0.2 338.8 337.4 118.1 118.2 888.0 884.6 9.2 10.1 228.1 226.5 668.5 666.3 998.5 996.3
449.1 448.6 778.9 777.0 559.2 558.2 0.3 0.4 0.1 0.6 778.1 775.5 668.8 666.9 339.3 338.0 448.9 447.5
10.8 11.6 557.7 556.0 228.3 228.1 998.0 995.8 888.8 887.6 119.6 120.2 0.3 0.3 0.6 0.3 557.6 556.8
339.3 339.1 888.0 887.2 998.5 999.0 778.9 779.0 10.2 11.1 117.6 118.3 228.9 229.2 668.4 669.1
449.2 448.9 0.2 0.5"""
LONGLEY = """60323 83.0 234289 2356 1590 107608 1947 61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949 61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951 63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953 63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955 67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957 66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959 69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961 70551 116.9 554894 4007 2827 130081 1962"""


def _table(text: str, columns: int) -> np.ndarray:
    return np.array(text.split(), dtype=np.float64).reshape(-1, columns)


def test_norris() -> None:
    data = _table(NORRIS, 2)
    model = fit(data[:, 0], [("x", data[:, 1])])
    assert model.observations == 36
    values = [(term.value, term.error) for term in model.terms]
    assert values[0] == pytest.approx((-0.262323073774029, 0.232818234301152), rel=1e-10)
    assert values[1] == pytest.approx((1.00211681802045, 0.000429796848199937), rel=1e-10)
    assert model.residual_error == pytest.approx(0.884796396144373, rel=1e-10)
    assert model.r2 == pytest.approx(0.999993745883712, rel=1e-12)
    assert model.f == pytest.approx(5436385.54079785, rel=1e-9)


def test_longley() -> None:
    data = _table(LONGLEY, 7)
    model = fit(data[:, 0], [(f"x{number}", data[:, number]) for number in range(1, 7)])
    certified = [
        (-3482258.63459582, 890420.383607373),
        (15.0618722713733, 84.9149257747669),
        (-0.0358191792925910, 0.0334910077722432),
        (-2.02022980381683, 0.488399681651699),
        (-1.03322686717359, 0.214274163161675),
        (-0.0511041056535807, 0.226073200069370),
        (1829.15146461355, 455.478499142212),
    ]
    for term, (value, error) in zip(model.terms, certified, strict=True):
        assert term.value == pytest.approx(value, rel=1e-8), term.name
        assert term.error == pytest.approx(error, rel=1e-8), term.name
    assert model.residual_error == pytest.approx(304.854073561965, rel=1e-9)
    assert model.r2 == pytest.approx(0.995479004577296, rel=1e-12)
    assert model.f == pytest.approx(330.285339234588, rel=1e-8)


def test_against_scipy() -> None:
    random = np.random.default_rng(5)
    x = random.uniform(0, 24, 60)
    y = 120 + 33 * x + random.normal(0, 9, 60)
    model, judge = fit(y, [("hours", x)]), stats.linregress(x, y)
    assert model.terms[1].value == pytest.approx(judge.slope)
    assert model.terms[1].error == pytest.approx(judge.stderr)
    assert model.r2 == pytest.approx(judge.rvalue**2)
    assert model.valid
    assert model.cv_rmse == pytest.approx(model.residual_error / y.mean())


def test_what_cannot_be_fitted_is_refused() -> None:
    x = np.arange(10.0)
    with pytest.raises(EnergyError, match="same thing"):
        fit(x, [("a", x), ("b", 2 * x)])
    with pytest.raises(EnergyError, match="do not determine"):
        fit([1.0, 2.0], [("a", [1.0, 2.0])])
    with pytest.raises(EnergyError, match="finite"):
        fit([1.0, np.nan, 3.0], [("a", [1.0, 2.0, 4.0])])
    with pytest.raises(EnergyError, match="length"):
        fit([1.0, 2.0, 3.0], [("a", [1.0, 2.0])])


def test_savings_and_degree_days() -> None:
    assert cusum([10, 10, 10], [11, 12, 9]).tolist() == [1, 3, 2]
    assert degree_days([-5, 18, 30], 18).tolist() == [23, 0, 0]
    assert degree_days([-5, 26, 30], 26, cooling=True).tolist() == [0, 0, 4]
