import operator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.model.days import (
    DAY_MAX,
    Day,
    DayError,
    add_months,
    date_of,
    day_at,
    day_from_iso,
    day_of,
    end_of,
    iso_of,
    start_of,
)
from xinlian.ledger.model.money import FEN_MAX, Fen, MoneyError


@given(st.integers(-(10**19), 10**19).filter(lambda value: abs(value) <= FEN_MAX))
def test_yuan_text_reads_back(amount: int) -> None:
    assert Fen.from_yuan(Fen(amount).yuan()) == amount


@pytest.mark.parametrize(
    ("text", "amount"), [("0", 0), ("12.34", 1234), ("12.3", 1230), ("-0.01", -1), ("7", 700)]
)
def test_reads_plain_yuan(text: str, amount: int) -> None:
    assert Fen.from_yuan(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.234",
        "1e9",
        "NaN",
        "Infinity",
        "1,000",
        " 1",
        "1 ",
        "01",
        ".5",
        "1.",
        "+1",
        "١",
        "1_0",
        "92233720368547758.08",
        "9" * 40,
    ],
)
def test_refuses_other_texts(text: str) -> None:
    with pytest.raises(MoneyError):
        Fen.from_yuan(text)


@pytest.mark.parametrize("value", [1.0, True, "1", None, Decimal(1), FEN_MAX + 1, -FEN_MAX - 1])
def test_only_whole_numbers_in_range_are_fen(value: object) -> None:
    with pytest.raises(MoneyError):
        Fen(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("other", [0.5, True, "1", Decimal(1)])
def test_money_refuses_floats_and_flags(other: object) -> None:
    for operation in (operator.add, operator.sub, operator.mul):
        with pytest.raises((MoneyError, TypeError)):
            operation(Fen(1), other)
    with pytest.raises(MoneyError):
        Fen(1) / 2


def test_sums_stay_money_and_in_range() -> None:
    assert isinstance(sum([Fen(1), Fen(2)]), Fen)
    assert isinstance(-Fen(1), Fen)
    with pytest.raises(MoneyError):
        Fen(FEN_MAX) + Fen(1)


@pytest.mark.parametrize(("amount", "expected"), [(5, 2), (7, 4), (-5, -2), (1, 0), (3, 2)])
def test_halves_round_to_even(amount: int, expected: int) -> None:
    assert Fen(amount).times(Fraction(1, 2)) == expected


@given(st.integers(0, DAY_MAX))
def test_days_and_dates_agree(number: int) -> None:
    day = Day(number)
    assert day_of(date_of(day)) == day
    assert day_from_iso(iso_of(day)) == day
    assert day_at(start_of(day)) == day_at(end_of(day)) == day


def test_a_day_begins_at_midnight_in_china() -> None:
    assert start_of(day_from_iso("2025-01-01")) == 1_735_660_800
    assert iso_of(day_at(1_735_660_799)) == "2024-12-31"


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-08-31", 6, "2025-02-28"),
        ("2025-03-31", -1, "2025-02-28"),
        ("2025-12-15", 1, "2026-01-15"),
    ],
)
def test_months_keep_the_day_or_the_end_of_month(start: str, months: int, end: str) -> None:
    assert iso_of(add_months(day_from_iso(start), months)) == end


@pytest.mark.parametrize("text", ["2025-02-29", "2025-1-1", "25-01-01", "1969-12-31", "", "x"])
def test_refuses_what_is_no_day(text: str) -> None:
    with pytest.raises(DayError):
        day_from_iso(text)


def test_a_moment_is_no_date() -> None:
    with pytest.raises(DayError):
        day_of(datetime(2025, 1, 1))  # noqa: DTZ001
    with pytest.raises(DayError):
        day_of(date(1969, 12, 31))
