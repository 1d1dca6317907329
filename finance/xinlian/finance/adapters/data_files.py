"""Readers of the dated data that ships with finance: business days and market rules."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from xinlian.finance.model.calendar import BusinessCalendar, CalendarError
from xinlian.finance.model.rules import MarketRules, Rule, RuleError
from xinlian.ledger.model.days import Day, DayError, day_from_iso


@cache
def china_calendar() -> BusinessCalendar:
    """The calendar that ships with the package."""
    return parse_calendar(_packaged("calendar_cn.yaml"))


@cache
def market_rules() -> MarketRules:
    """The market rules that ship with the package."""
    return parse_market_rules(_packaged("market_rules.yaml"))


def read_calendar(path: Path) -> BusinessCalendar:
    """A calendar of one's own, in the form of ``data/calendar_cn.yaml``."""
    return parse_calendar(path.read_text(encoding="utf-8"))


def read_market_rules(path: Path) -> MarketRules:
    """Market rules of one's own, in the form of ``data/market_rules.yaml``."""
    return parse_market_rules(path.read_text(encoding="utf-8"))


def parse_calendar(text: str) -> BusinessCalendar:
    """Read the YAML text of a calendar; raises ``CalendarError`` where it is malformed."""
    try:
        years: dict[int, Any] = yaml.safe_load(text)["years"]
        holidays: set[Day] = set()
        make_up: set[Day] = set()
        for block in years.values():
            for entry in block["holidays"]:
                holidays |= _span(entry)
            make_up |= {day_from_iso(entry) for entry in block.get("make_up", ())}
        return BusinessCalendar(frozenset(years), frozenset(holidays), frozenset(make_up))
    except CalendarError:
        raise
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as exc:
        raise CalendarError(f"the calendar file is malformed: {exc}") from exc


def parse_market_rules(text: str) -> MarketRules:
    """Read the YAML text of market rules; raises ``RuleError`` where it is malformed."""
    try:
        return MarketRules.of(
            Rule(str(row["name"]), row["value"], day_from_iso(row["valid_from"]), row["source"])
            for row in yaml.safe_load(text)["rules"]
        )
    except (yaml.YAMLError, KeyError, TypeError, DayError) as exc:
        raise RuleError(f"the market rules file is malformed: {exc}") from exc


def _span(entry: str) -> set[Day]:
    first, _, last = entry.partition("/")
    start, end = day_from_iso(first), day_from_iso(last or first)
    if end < start or end - start > 31:
        raise CalendarError(f"the holiday {entry} runs backwards or over a month")
    return {Day(day) for day in range(start, end + 1)}


def _packaged(name: str) -> str:
    return (files("xinlian.finance.data") / name).read_text(encoding="utf-8")
