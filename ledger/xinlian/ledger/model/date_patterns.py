"""Dates as files write them, by patterns such as ``YYYY-MM-DD`` or ``YYYY年M月D日``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from xinlian.ledger.model.days import Day, DayError, day_of

_TOKENS: Final = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "MM": r"(?P<month>[0-9]{2})",
    "M": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{2})",
    "D": r"(?P<day>[0-9]{1,2})",
    # A time of day beside the date is read and left out.
    "hh": r"(?:[01][0-9]|2[0-3])",
    "mm": r"[0-5][0-9]",
    "ss": r"[0-5][0-9]",
}
_SPLIT = re.compile("YYYY|MM|M|DD|D|hh|mm|ss")


class PatternError(ValueError):
    """A date pattern is malformed."""


@dataclass(frozen=True)
class DatePattern:
    """A pattern of YYYY, MM or M, DD or D, hh, mm, ss; all else stands for itself."""

    text: str

    def __post_init__(self) -> None:
        tokens = _SPLIT.findall(self.text)
        kinds = [token[0] for token in tokens if token[0] in "YMD"]
        if sorted(kinds) != ["D", "M", "Y"] or len(self.text) > 40:
            raise PatternError(f"{self.text[:40]!r} needs one year, one month and one day")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts, last = [], 0
        for match in _SPLIT.finditer(self.text):
            parts += [re.escape(self.text[last : match.start()]), _TOKENS[match.group()]]
            last = match.end()
        return re.compile("".join([*parts, re.escape(self.text[last:])]), re.ASCII)

    def parse(self, text: str) -> Day | None:
        """The day, or None where the text does not fit the pattern or is no calendar day."""
        match = self._pattern.fullmatch(text) if len(text) <= 40 else None
        if match is None:
            return None
        try:
            return day_of(date(int(match["year"]), int(match["month"]), int(match["day"])))
        except (ValueError, DayError):
            return None
