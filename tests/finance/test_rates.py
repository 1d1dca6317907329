"""Rates, interest, XIRR and fair splitting."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from xinlian.finance.model.rates import (
    PPM,
    Basis,
    RateError,
    RatePpm,
    apportion,
    days_between,
    interest,
    percent,
    rate_from_percent,
    rate_ppm,
)
from xinlian.finance.model.xirr import CashFlow, XirrError, xirr
from xinlian.ledger.model.days import Day, day_from_iso
from xinlian.ledger.model.money import Fen


def flows(*pairs: tuple[str, int]) -> list[CashFlow]:
    return [CashFlow(day_from_iso(day), Fen(amount)) for day, amount in pairs]


# The example in the documentation of spreadsheets' XIRR: 0.373362535.
SPREADSHEET = flows(
    ("2008-01-01", -1_000_000),
    ("2008-03-01", 275_000),
    ("2008-10-30", 425_000),
    ("2009-02-15", 325_000),
    ("2009-04-01", 275_000),
)


def test_xirr_gives_the_spreadsheets_figure() -> None:
    assert xirr(SPREADSHEET) == Decimal("0.373363")
    assert xirr([CashFlow(flow.day, -flow.amount) for flow in SPREADSHEET]) == Decimal("0.373363")
    assert xirr(SPREADSHEET[::-1]) == Decimal("0.373363")


def test_xirr_of_three_flows_agrees_with_that_of_two() -> None:
    two = flows(("2025-01-01", 98_944), ("2025-04-05", -100_000))
    three = [*two, CashFlow(day_from_iso("2025-04-06"), Fen(-1))]
    assert abs(xirr(three) - xirr(two)) < Decimal("0.0001")
    split = flows(("2025-01-01", 98_944), ("2025-04-05", -40_000), ("2025-04-05", -60_000))
    assert xirr(split) == xirr(two)


@pytest.mark.parametrize(
    ("pairs", "rate"),
    [
        # A year of 365 days: the rate is the interest.
        ((("2025-01-01", 10_000), ("2026-01-01", -11_000)), "0.100000"),
        ((("2025-01-01", 10_000), ("2026-01-01", -10_000)), "0.000000"),
        # 2 % over 90 days: 1.02 ** (365 / 90) - 1.
        ((("2025-01-01", 100_000), ("2025-04-01", -102_000)), "0.083624"),
        # 1 % over ten days, compounded 36.5 times: 1.01 ** 36.5 - 1.
        ((("2025-01-01", 10_000), ("2025-01-11", -10_100)), "0.437905"),
        ((("2025-01-01", 10_000), ("2026-01-01", -5_000)), "-0.500000"),
    ],
)
def test_xirr_of_two_flows_is_the_closed_form(
    pairs: tuple[tuple[str, int], ...], rate: str
) -> None:
    assert xirr(flows(*pairs)) == Decimal(rate)


@given(st.integers(1_000, 10**13), st.integers(1, 3_000), st.integers(1, 700), st.integers(0, 365))
def test_xirr_of_two_flows_solves_the_equation(price: int, extra: int, days: int, gap: int) -> None:
    owed = price + price * extra // 100_000
    start = Day(15_000 + gap)
    rate = xirr([CashFlow(start, Fen(price)), CashFlow(Day(start + days), -Fen(owed))])
    exact = (Decimal(owed) / Decimal(price)) ** (Decimal(365) / Decimal(days)) - 1
    assert abs(rate - exact) <= Decimal("0.000001")


@pytest.mark.parametrize(
    "bad",
    [
        [],
        flows(("2025-01-01", 100)),
        flows(("2025-01-01", 100), ("2025-02-01", 100)),
        flows(("2025-01-01", 100), ("2025-01-01", -90)),
        flows(("2025-01-01", -100), ("2025-02-01", 230), ("2025-03-01", -132)),
        flows(("2025-01-01", 1), ("2025-01-02", -(10**15))),
        flows(("2025-01-01", 1), ("2025-01-02", -(10**15)), ("2025-01-03", -1)),
    ],
)
def test_xirr_refuses_flows_without_one_rate(bad: list[CashFlow]) -> None:
    with pytest.raises(XirrError):
        xirr(bad)


@pytest.mark.parametrize(
    ("principal", "rate", "days", "basis", "fen"),
    [
        # 1 000 000 yuan at 3.85 % for 90 days.
        (100_000_000, "3.85", 90, Basis.ACT_360, 962_500),
        (100_000_000, "3.85", 90, Basis.ACT_365, 949_315),
        (100_000_000, "4.35%", 365, Basis.ACT_365, 4_350_000),
        (1, "100", 180, Basis.ACT_360, 0),  # half a fen goes to the even one
        (3, "100", 180, Basis.ACT_360, 2),
        (5, "100", 180, Basis.ACT_360, 2),
    ],
)
def test_simple_interest(principal: int, rate: str, days: int, basis: Basis, fen: int) -> None:
    assert interest(Fen(principal), rate_from_percent(rate), days, basis) == fen


def test_rates_are_exact_text() -> None:
    assert rate_from_percent("3.85") == 38_500
    assert percent(RatePpm(38_500)) == "3.8500"
    for bad in ("", "-1", "3,85", "1e1", "3.85001", "101", "NaN", "3.85 %"):
        with pytest.raises(RateError):
            rate_from_percent(bad)
    for value in (-1, PPM + 1, True, 0.5):
        with pytest.raises(RateError):
            rate_ppm(value)  # type: ignore[arg-type]
    with pytest.raises(RateError):
        days_between(Day(2), Day(1))
    with pytest.raises(RateError):
        interest(Fen(-1), RatePpm(1), 1, Basis.ACT_360)


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_apportioned_parts_add_up_and_are_fair(total: int, weights: list[int]) -> None:
    assume(sum(weights) > 0)
    parts = apportion(Fen(total), weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(total * weight, sum(weights)) - int(part)) < 1


def test_nothing_is_apportioned_over_nothing() -> None:
    for total, weights in ((1, []), (1, [0]), (1, [2, -1]), (-1, [1])):
        with pytest.raises(RateError):
            apportion(Fen(total), weights)
