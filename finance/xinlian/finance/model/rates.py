"""Annual rates, day counts and interest in exact arithmetic.

A rate is an integer number of parts per million a year: 3.85 % is 38 500 ppm. Interest is a
``Fraction`` until the last step, where it becomes whole fen, rounded half to even.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Final, NewType

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.money import Fen

RatePpm = NewType("RatePpm", int)
"""Parts per million a year: 1 % = 10 000."""

PPM: Final = 1_000_000
RATE_MAX_PPM: Final = PPM
"""100 % a year; a higher annual rate is a typing error or usury."""

_RATE = re.compile(r"(0|[1-9][0-9]{0,3})(?:\.([0-9]{1,4}))?%?", re.ASCII)


class RateError(ValueError):
    """A rate, day count or split is impossible."""


class Basis(StrEnum):
    """Day-count convention: actual days over a year of 360 or 365 days."""

    ACT_360 = "ACT/360"
    ACT_365 = "ACT/365"

    @property
    def year_days(self) -> int:
        """Days in the convention's year."""
        return 360 if self is Basis.ACT_360 else 365


def rate_ppm(value: int) -> RatePpm:
    """A rate in parts per million a year, checked to lie in [0, 1 000 000]."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise RateError(f"a rate is a whole number of ppm, not {type(value).__name__}")
    if not 0 <= value <= RATE_MAX_PPM:
        raise RateError(f"a rate of {value} ppm lies outside 0 to {RATE_MAX_PPM}")
    return RatePpm(value)


def rate_from_percent(text: str) -> RatePpm:
    """Read ``3.85`` or ``3.85%`` (per cent a year, at most four decimals)."""
    match = _RATE.fullmatch(text)
    if match is None:
        raise RateError(f"not a rate in per cent with at most four decimals: {text[:40]!r}")
    whole, decimals = match.groups()
    return rate_ppm(int(whole) * 10_000 + int(((decimals or "") + "0000")[:4]))


def percent(rate: RatePpm) -> str:
    """The rate in per cent with four decimals, such as ``3.8500``."""
    whole, rest = divmod(rate, 10_000)
    return f"{whole}.{rest:04d}"


def days_between(start: Day, end: Day) -> int:
    """Actual days from ``start`` (counted) to ``end`` (not counted); never negative."""
    if end < start:
        raise RateError("a period ends before it starts")
    return end - start


def interest(principal: Fen, rate: RatePpm, days: int, basis: Basis) -> Fen:
    """Simple interest: principal × rate × days / basis, in whole fen, rounded half to even."""
    if principal < 0 or days < 0:
        raise RateError("interest needs a principal and a number of days that are not negative")
    return Fen(round(Fraction(int(principal) * rate * days, PPM * basis.year_days)))


def apportion(total: Fen, weights: Sequence[int]) -> tuple[Fen, ...]:
    """Split ``total`` by ``weights``, to the fen, the parts adding up to ``total``.

    Largest remainder first, earlier part first where remainders are equal.
    """
    whole = sum(weights)
    if total < 0 or whole <= 0 or any(weight < 0 for weight in weights):
        raise RateError("an amount is split by weights that are not negative and not all zero")
    floors = [int(total) * weight // whole for weight in weights]
    rests = [int(total) * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-rests[index], index))
    for index in order[: int(total) - sum(floors)]:
        floors[index] += 1
    return tuple(Fen(part) for part in floors)
