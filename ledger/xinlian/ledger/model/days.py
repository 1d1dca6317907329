"""Calendar days of China Standard Time (UTC+8, no daylight saving) as integers."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Final, NewType

Day = NewType("Day", int)
"""Days since 1970-01-01, counted in China Standard Time."""

SECONDS_PER_DAY: Final = 86_400
CST_OFFSET_SECONDS: Final = 8 * 3_600

_EPOCH = date(1970, 1, 1)
DAY_MAX: Final = Day((date(9999, 12, 31) - _EPOCH).days)
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class DayError(ValueError):
    """The value given is no calendar day between 1970-01-01 and 9999-12-31."""


def day_of(value: date) -> Day:
    """The day number of a calendar date; a ``datetime`` is refused, its zone would be a guess."""
    if type(value) is not date:
        raise DayError(f"a plain date is needed, not {type(value).__name__}")
    return _checked((value - _EPOCH).days)


def date_of(day: Day) -> date:
    """The calendar date of a day number."""
    return _EPOCH + timedelta(days=_checked(day))


def day_from_iso(text: str) -> Day:
    """Read ``YYYY-MM-DD``."""
    if _ISO.fullmatch(text) is None:
        raise DayError(f"not a date of the form YYYY-MM-DD: {text[:40]!r}")
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as exc:
        raise DayError(f"no such calendar day: {text}") from exc


def iso_of(day: Day) -> str:
    """The day as ``YYYY-MM-DD``."""
    return date_of(day).isoformat()


def day_at(unix_seconds: int) -> Day:
    """The China Standard Time day on which a UTC instant (Unix seconds) falls."""
    return _checked((unix_seconds + CST_OFFSET_SECONDS) // SECONDS_PER_DAY)


def start_of(day: Day) -> int:
    """The Unix second at which a day begins in China (00:00 CST)."""
    return _checked(day) * SECONDS_PER_DAY - CST_OFFSET_SECONDS


def end_of(day: Day) -> int:
    """The last Unix second of a day in China (23:59:59 CST)."""
    return start_of(day) + SECONDS_PER_DAY - 1


def add_days(day: Day, days: int) -> Day:
    """The day that lies ``days`` later (earlier when negative)."""
    return _checked(day + days)


def add_months(day: Day, months: int) -> Day:
    """The same day of the month ``months`` later; past a shorter month's end it is its last day.

    31 January + 1 month = 28 (29) February; 29 February + 12 months = 28 February.
    """
    start = date_of(day)
    year, month0 = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not 1970 <= year <= 9999:
        raise DayError(f"{months} months from {start.isoformat()} leaves the calendar")
    last = calendar.monthrange(year, month0 + 1)[1]
    return day_of(date(year, month0 + 1, min(start.day, last)))


def _checked(days: int) -> Day:
    if not 0 <= days <= DAY_MAX:
        raise DayError(f"day {days} lies outside 1970-01-01 to 9999-12-31")
    return Day(days)
