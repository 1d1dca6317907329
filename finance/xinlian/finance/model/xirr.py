"""Annual cost of a series of dated payments: the internal rate of return of XIRR.

The rate r solves Σ amount / (1 + r)^(days / 365) = 0, days counted from the first payment, as
spreadsheets define XIRR. Reckoned with ``Decimal`` at fixed precision by bisection: the same
flows give the same digits on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise
from typing import Final

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.money import Fen

RATE_DECIMALS: Final = 6
"""Decimals of the rate as shown: 0.042311 is 4.2311 % a year."""

FLOWS_MAX: Final = 1_000
_CONTEXT = Context(prec=40, rounding=ROUND_HALF_EVEN)
_LOWEST = Decimal("-0.999999")
_HIGHEST = Decimal(1_000_000)
_WIDTH = Decimal("1E-12")
_STEPS_MAX = 128
_OUT_OF_RANGE = "the flows' annual rate lies outside -99.9999 % to 100 000 000 %"


class XirrError(ValueError):
    """The flows have no single annual rate."""


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Money in (positive) or out (negative) on a day."""

    day: Day
    amount: Fen


def xirr(flows: Sequence[CashFlow]) -> Decimal:
    """The annual rate of the flows, exact to six decimals, rounded half to even.

    The flows must change sign exactly once in the order of their days: then one rate solves
    them and no guess is needed. A rate outside (-99.9999 %, 100 000 000 %) is refused.
    """
    ordered = _ordered(flows)
    first_day = ordered[0].day
    terms = [
        (Decimal(int(flow.amount)), _CONTEXT.divide(Decimal(flow.day - first_day), Decimal(365)))
        for flow in ordered
    ]
    rate = _of_two(ordered) if len(ordered) == 2 else _by_bisection(terms)
    rounded = rate.quantize(Decimal(1).scaleb(-RATE_DECIMALS), context=_CONTEXT)
    return rounded or abs(rounded)


def _of_two(ordered: Sequence[CashFlow]) -> Decimal:
    """Two flows have a closed form: (second / first) ^ (365 / days) - 1."""
    first, second = ordered
    ratio = _CONTEXT.divide(Decimal(-int(second.amount)), Decimal(int(first.amount)))
    exponent = _CONTEXT.divide(Decimal(365), Decimal(second.day - first.day))
    rate = _CONTEXT.subtract(_CONTEXT.power(ratio, exponent), Decimal(1))
    if not _LOWEST < rate < _HIGHEST:
        raise XirrError(_OUT_OF_RANGE)
    return rate


def _by_bisection(terms: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    low, high = _LOWEST, _HIGHEST
    low_value, high_value = _value(terms, low), _value(terms, high)
    if (low_value > 0) == (high_value > 0):
        raise XirrError(_OUT_OF_RANGE)
    for _ in range(_STEPS_MAX):
        if high - low <= _WIDTH:
            break
        middle = _CONTEXT.divide(_CONTEXT.add(low, high), Decimal(2))
        if (_value(terms, middle) > 0) == (low_value > 0):
            low = middle
        else:
            high = middle
    return _CONTEXT.divide(_CONTEXT.add(low, high), Decimal(2))


def _ordered(flows: Sequence[CashFlow]) -> list[CashFlow]:
    """One flow a day, in order, zero sums left out; refused unless the sign turns once."""
    if len(flows) > FLOWS_MAX:
        raise XirrError(f"at most {FLOWS_MAX} flows")
    by_day: dict[Day, Fen] = {}
    for flow in flows:
        by_day[flow.day] = by_day.get(flow.day, Fen(0)) + flow.amount
    ordered = [CashFlow(day, by_day[day]) for day in sorted(by_day) if by_day[day] != 0]
    turns = sum((before.amount > 0) != (after.amount > 0) for before, after in pairwise(ordered))
    if turns != 1:
        raise XirrError("the flows must turn exactly once from money in to money out or back")
    return ordered


def _value(terms: Sequence[tuple[Decimal, Decimal]], rate: Decimal) -> Decimal:
    growth = _CONTEXT.add(Decimal(1), rate)
    total = Decimal(0)
    for amount, years in terms:
        total = _CONTEXT.add(total, _CONTEXT.divide(amount, _CONTEXT.power(growth, years)))
    return total
