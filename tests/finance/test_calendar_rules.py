from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.finance.adapters.data_files import (
    china_calendar,
    market_rules,
    parse_calendar,
    parse_market_rules,
    read_calendar,
    read_market_rules,
)
from xinlian.finance.model.calendar import BusinessCalendar, CalendarBasis, CalendarError
from xinlian.finance.model.rules import MarketRules, Rule, RuleError, judge_term
from xinlian.ledger.model.days import Day, date_of, day_from_iso, iso_of


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2013-02-09", "2013-02-16"),  # Spring Festival; the Saturday after it is worked
        ("2014-01-31", "2014-02-07"),
        ("2013-10-01", "2013-10-08"),
        ("2025-01-28", "2025-02-05"),
        ("2025-10-01", "2025-10-09"),
        ("2026-02-15", "2026-02-24"),
        ("2024-02-04", "2024-02-04"),  # a worked Sunday
        ("2025-07-05", "2025-07-07"),  # a plain Saturday
        ("2025-07-07", "2025-07-07"),
        ("2012-12-31", "2012-12-31"),
    ],
)
def test_next_business_day(day: str, expected: str) -> None:
    found = china_calendar().next_business_day(day_from_iso(day))
    assert iso_of(found.day) == expected
    assert found.calendar is CalendarBasis.PUBLISHED


@pytest.mark.parametrize("year", range(2012, 2027))
def test_every_year_holds_its_festivals(year: int) -> None:
    calendar = china_calendar()
    off = [
        day
        for day in range(day_from_iso(f"{year}-01-01"), day_from_iso(f"{year}-12-31") + 1)
        if not calendar.is_business_day(Day(day))
    ]
    months = {date_of(Day(day)).month for day in off if date_of(Day(day)).weekday() < 5}
    assert {1, 4, 5, 10} <= months
    # 11 holidays by law until 2024, 13 since; make-up days shift them, weekends are 104 or 105.
    assert 113 <= len(off) <= 119


def test_a_year_without_data_says_so() -> None:
    found = china_calendar().next_business_day(day_from_iso("2031-10-01"))
    assert found.calendar is CalendarBasis.WEEKENDS_ONLY
    assert iso_of(found.day) == "2031-10-01"


def test_running_into_an_unknown_year_says_so() -> None:
    calendar = BusinessCalendar(frozenset({2022}))
    found = calendar.next_business_day(day_from_iso("2022-12-31"))
    assert (iso_of(found.day), found.calendar) == ("2023-01-02", CalendarBasis.WEEKENDS_ONLY)


@given(st.integers(day_from_iso("2012-01-01"), day_from_iso("2026-12-31")))
def test_the_next_business_day_is_the_first_one(number: int) -> None:
    calendar, day = china_calendar(), Day(number)
    found = calendar.next_business_day(day).day
    assert calendar.is_business_day(found)
    assert not any(calendar.is_business_day(Day(x)) for x in range(day, found))


@pytest.mark.parametrize(
    "text",
    [
        "years: {2025: {holidays: ['2025-01-01'], make_up: ['2025-01-01']}}",
        "years: {2025: {holidays: [], make_up: ['2025-07-07']}}",
        "years: {2025: {holidays: ['2024-01-01']}}",
        "years: {2025: {holidays: ['2025-02-05/2025-02-01']}}",
        "years: {2025: {holidays: ['2025-13-01']}}",
        "years: {2025: {}}",
        "years: [1]",
        "no: years",
        "]",
    ],
)
def test_malformed_calendars_are_refused(text: str) -> None:
    with pytest.raises(CalendarError):
        parse_calendar(text)


def test_own_files_are_read_like_the_bundled_ones(tmp_path: Path) -> None:
    for name, read, bundled in (
        ("calendar_cn.yaml", read_calendar, china_calendar()),
        ("market_rules.yaml", read_market_rules, market_rules()),
    ):
        path = tmp_path / name
        path.write_bytes((files("xinlian.finance.data") / name).read_bytes())
        assert read(path) == bundled


def test_a_calendar_of_nothing_but_holidays_is_refused() -> None:
    first = day_from_iso("2025-01-01")
    days = frozenset(Day(day) for day in range(first, first + 100))
    with pytest.raises(CalendarError, match="no business day"):
        BusinessCalendar(frozenset({2025}), days).next_business_day(first)


def test_rules_change_on_their_day() -> None:
    rules = market_rules()
    before, after = rules.at(day_from_iso("2025-06-14")), rules.at(day_from_iso("2025-06-15"))
    assert before.version != after.version
    assert after.version.startswith("2025-06-15/")
    found = after.find("term_months_soft")
    assert found is not None
    assert "77号" in found.source
    assert rules.at(day_from_iso("2025-06-16")).version == after.version
    assert not rules.at(day_from_iso("2007-09-30")).flag("registration_required")
    assert rules.at(day_from_iso("2007-10-01")).flag("registration_required")


def test_a_null_ends_a_rule() -> None:
    rows = [Rule("cap", 6, Day(10), "a"), Rule("cap", None, Day(20), "b")]
    rules = MarketRules.of(rows)
    assert rules.at(Day(15)).number("cap") == 6
    assert rules.at(Day(20)).number("cap") is None
    assert rules.at(Day(9)).find("cap") is None


def test_rules_of_wrong_type_or_twice_are_refused() -> None:
    with pytest.raises(RuleError):
        MarketRules.of([Rule("a", 1, Day(1), ""), Rule("a", 2, Day(1), "")])
    with pytest.raises(RuleError):
        MarketRules.of([Rule("a", True, Day(1), "")]).at(Day(1)).number("a")
    with pytest.raises(RuleError):
        MarketRules.of([Rule("a", 1, Day(1), "")]).at(Day(1)).flag("a")
    for text in ("rules: [{name: a}]", "rules: 1", "]", "[]"):
        with pytest.raises(RuleError):
            parse_market_rules(text)


@pytest.mark.parametrize(
    ("start", "end", "soft", "hard"),
    [
        ("2025-07-01", "2026-01-01", True, True),
        ("2025-07-01", "2026-01-02", False, True),
        ("2025-08-31", "2026-02-28", True, True),
        ("2025-08-31", "2026-03-01", False, True),
        ("2025-07-01", "2026-07-01", False, True),
        ("2025-07-01", "2026-07-02", False, False),
    ],
)
def test_terms_are_judged_in_calendar_months(start: str, end: str, soft: bool, hard: bool) -> None:
    begins = day_from_iso(start)
    verdict = judge_term(begins, day_from_iso(end), market_rules().at(begins))
    assert (verdict.within_soft, verdict.within_hard) == (soft, hard)
    assert verdict.rules_version == market_rules().at(begins).version
