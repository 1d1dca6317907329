"""Tariffs: what time costs what, versions that change in a month, demand and power factor."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.adapters.energy.rows import parse_tariff, tariff
from xinlian.ingest.model.energy.bill import bill_of, power_factor
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.tariff import PERIODS, Tariff

TEXT = """
name: t
label: T
label_zh: 电价
versions:
  - since: 2024-01-01
    prices: {flat: "0.5", peak: "1.0", valley: "0.25"}
    demand: {base: capacity, price: "23"}
    rules:
      - {period: peak, from: "08:00", to: "12:00", days: work}
      - {period: valley, from: "22:00", to: "24:00"}
      - {period: valley, from: "00:00", to: "24:00", days: holiday, months: [2]}
  - since: 2024-03-11
    prices: {flat: "0.6", peak: "1.2", valley: "0.3"}
    rules: [{period: peak, from: "08:00", to: "12:00"}]
holidays: [2024-02-12, 2024-05-01]
workdays: [2024-02-18]
"""
MADE = parse_tariff(TEXT, "t.yaml")


def _names(day: date, made: Tariff = MADE) -> list[str]:
    return [str(PERIODS[place]) for place in made.periods(day)]


def test_periods_follow_months_weekdays_and_holidays() -> None:
    monday = _names(date(2024, 1, 8))
    assert monday[31:33] == ["flat", "peak"]
    assert monday[47:49] == ["peak", "flat"]
    assert monday[88:] == ["valley"] * 8
    assert "peak" not in _names(date(2024, 1, 7))
    assert "peak" in _names(date(2024, 2, 18)), "a Sunday that is worked"
    assert set(_names(date(2024, 2, 12))) == {"valley"}
    assert "peak" in _names(date(2024, 5, 1)), "the later version knows no days of rest"
    with pytest.raises(EnergyError, match="2023-12-31"):
        MADE.periods(date(2023, 12, 31))


def test_a_version_that_changes_within_a_month_makes_lines_of_its_own() -> None:
    energy = np.full(31 * 96, 1_000, dtype=np.int64)
    bill = bill_of(MADE, energy, date(2024, 3, 1), capacity_kva=Decimal(400))
    flat = [line for line in bill.lines if line.kind == "flat"]
    assert [line.price for line in flat] == [Decimal("0.5"), Decimal("0.6")]
    assert sum(line.quantity for line in bill.lines if line.kind != "demand") == 31 * 96
    (demand,) = [line for line in bill.lines if line.kind == "demand"]
    assert demand.amount_fen == round(400 * 23 * 100 * 10 / 31)
    assert bill.total_fen == bill.month_fen("2024-03")
    with pytest.raises(EnergyError, match="kVA"):
        bill_of(MADE, energy, date(2024, 3, 1))
    with pytest.raises(EnergyError, match="whole days"):
        bill_of(MADE, energy[:-1], date(2024, 3, 1))


@pytest.mark.parametrize(
    ("factor", "percent"),
    [("0.90", "0"), ("0.95", "-0.75"), ("1", "-0.75"), ("0.92", "-0.30"), ("0.89", "0.5"),
     ("0.85", "2.5"), ("0.70", "10"), ("0.69", "11"), ("0.65", "15"), ("0.64", "17"),
     ("0.60", "25"), ("0.895", "0"), ("0.8949", "0.5")],
)  # fmt: skip
def test_the_power_factor_adjusts_as_the_1983_rule_says(factor: str, percent: str) -> None:
    rule = tariff("sample-industry").version(date(2018, 1, 1)).factor
    assert rule is not None
    assert rule.percent(Decimal(factor)) == Decimal(percent)
    assert power_factor(3, 4) == Decimal("0.6")
    assert power_factor(0, 0) == 1


@given(st.lists(st.integers(0, 10**7), min_size=96, max_size=96), st.integers(0, 300))
def test_energy_of_a_bill_is_the_energy_of_the_load(energy: list[int], day: int) -> None:
    first = date.fromordinal(date(2024, 4, 1).toordinal() + day)
    bill = bill_of(MADE, np.array(energy, dtype=np.int64), first)
    assert sum(line.quantity for line in bill.lines) * 1_000 == sum(energy)
    exact = sum((line.quantity * line.price for line in bill.lines), Decimal(0)) * 100
    assert abs(Decimal(bill.total_fen) - exact) <= Decimal("0.5") * len(bill.lines)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('flat: "0.5", ', ""),
        ('"1.0"', '"NaN"'),
        ('"08:00"', '"08:05"'),
        ("period: peak", "period: noon"),
        ("2024-03-11", "2023-03-11"),
        ('price: "23"', 'price: "-1"'),
        ("holidays: [2024-02-12", "holidays: [soon"),
        ("name: t", "nom: t"),
        ("versions:", "versions: ["),
    ],
)
def test_a_broken_tariff_names_its_file(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(EnergyError, match=r"t\.yaml"):
        parse_tariff(TEXT.replace(old, new), "t.yaml")
