"""Business days of mainland China: which days banks settle.

The years are data (``data/calendar_cn.yaml``). A year without data counts weekends only, and the
result says so, since a holiday may then be missed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from xinlian.ledger.model.days import Day, add_days, date_of, iso_of

SEARCH_DAYS_MAX: Final = 60
"""More days in a row without business than any published calendar holds."""


class CalendarBasis(StrEnum):
    """What a business-day answer rests on."""

    PUBLISHED = "published"
    WEEKENDS_ONLY = "weekends only"


class CalendarError(ValueError):
    """The calendar's data contradicts itself."""


@dataclass(frozen=True, slots=True)
class BusinessDay:
    """A business day and whether holidays were known for every year that was looked at."""

    day: Day
    calendar: CalendarBasis


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Holidays and make-up working days by year; immutable."""

    years: frozenset[int] = frozenset()
    holidays: frozenset[Day] = frozenset()
    make_up: frozenset[Day] = field(default=frozenset())

    def __post_init__(self) -> None:
        both = self.holidays & self.make_up
        if both:
            raise CalendarError(f"{iso_of(min(both))} is both a holiday and a make-up working day")
        for day in self.holidays | self.make_up:
            if date_of(day).year not in self.years:
                raise CalendarError(f"{iso_of(day)} belongs to a year the calendar does not hold")
        for day in self.make_up:
            if date_of(day).weekday() < 5:
                raise CalendarError(f"{iso_of(day)} is a weekday: only a weekend day is made up")

    def is_business_day(self, day: Day) -> bool:
        """Whether banks work on that day (weekends only, in a year without data)."""
        if day in self.holidays:
            return False
        return day in self.make_up or date_of(day).weekday() < 5

    def basis(self, days: Iterable[Day]) -> CalendarBasis:
        """What an answer that looked at these days rests on."""
        known = all(date_of(day).year in self.years for day in days)
        return CalendarBasis.PUBLISHED if known else CalendarBasis.WEEKENDS_ONLY

    def next_business_day(self, day: Day) -> BusinessDay:
        """The day itself if banks work on it, else the first later day on which they do."""
        seen = [day]
        while not self.is_business_day(seen[-1]):
            if len(seen) > SEARCH_DAYS_MAX:
                raise CalendarError(f"no business day within {SEARCH_DAYS_MAX} of {iso_of(day)}")
            seen.append(add_days(seen[-1], 1))
        return BusinessDay(seen[-1], self.basis(seen))
