"""Times of EPCIS: ISO 8601 date and time with its offset, exact to the millisecond."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

_STAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,12}))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS: Final = 4_102_444_800_000
"""The beginning of the year 2100: no event is later."""


@lru_cache(maxsize=4096)
def stamp_ms(text: str) -> int | None:
    """Unix milliseconds of a time stamp, half a millisecond rounded to even; None if it is none."""
    match = _STAMP.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match.group(i)) for i in range(1, 7))
    try:
        whole = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    since = whole - _EPOCH
    millis = (since.days * 86_400 + since.seconds) * 1000
    fraction = match.group(7)
    if fraction:
        # CBV's reference keeps microseconds and rounds these half to even.
        micros = int(fraction[:6].ljust(6, "0"))
        quotient, rest = divmod(micros, 1000)
        millis += quotient + (rest > 500 or (rest == 500 and quotient % 2 == 1))
    offset = match.group(8)
    if offset != "Z":
        minutes = int(offset[1:3]) * 60 + int(offset[4:6])
        if int(offset[4:6]) > 59 or minutes > 14 * 60:
            return None
        millis -= (minutes if offset[0] == "+" else -minutes) * 60_000
    return millis


def stamp_of(ms: int) -> str:
    """``YYYY-MM-DDTHH:MM:SS.sssZ`` of Unix milliseconds between the years 1 and 9999."""
    made = _EPOCH + timedelta(milliseconds=ms)
    return made.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
