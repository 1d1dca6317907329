"""The bill that a tariff makes of a load profile.

Prices are yuan/kWh as decimals, energy is Wh, money fen. Each line of a bill is reckoned exactly
and rounded once, halves up; the bill is the sum of its lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
from xinlian.ingest.model.energy.exact import EnergyError, half_up
from xinlian.ingest.model.energy.tariff import PERIODS, DemandBase, DemandCharge, Tariff
from xinlian.ingest.model.energy.tree import Wh

__all__ = ["Bill", "BillLine", "bill_of", "power_factor"]


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line: energy of a period, demand, or the power-factor adjustment of a month."""

    month: str
    """``2018-01``."""
    kind: str
    """A period, ``demand`` or ``power_factor``."""
    quantity: Decimal
    """kWh, kW or kVA; percent for the power factor."""
    price: Decimal
    """Yuan a unit; 0 for the power factor."""
    amount_fen: int


@dataclass(frozen=True)
class Bill:
    """Lines by month; all months of a year or some of them."""

    lines: tuple[BillLine, ...]

    @property
    def total_fen(self) -> int:
        """The sum of the lines."""
        return sum(line.amount_fen for line in self.lines)

    def month_fen(self, month: str) -> int:
        """The sum of a month's lines."""
        return sum(line.amount_fen for line in self.lines if line.month == month)

    def kind_fen(self, kind: str) -> int:
        """The sum of a kind over all months."""
        return sum(line.amount_fen for line in self.lines if line.kind == kind)


def bill_of(
    tariff: Tariff,
    energy_wh: Wh,
    first: date,
    *,
    reactive_varh: Wh | None = None,
    capacity_kva: Decimal | None = None,
) -> Bill:
    """Price quarter hours of whole days from ``first`` on.

    The power-factor adjustment needs ``reactive_varh`` (lagging), a capacity charge
    ``capacity_kva``; a version that changes within a month makes lines of its own, and its
    demand charge is shared by days.
    """
    days, rest = divmod(len(energy_wh), 96)
    if rest:
        raise EnergyError("a bill needs whole days of quarter hours", "计费需要整日的 15 分钟数据")
    lines: list[BillLine] = []
    at = 0
    while at < days:
        stretch = _stretch(tariff, first, at, days)
        span = slice(at * 96, (at + stretch) * 96)
        reactive = None if reactive_varh is None else reactive_varh[span]
        start = first + timedelta(at)
        lines += _lines(tariff, energy_wh[span], reactive, start, stretch, capacity_kva)
        at += stretch
    return Bill(tuple(lines))


def _stretch(tariff: Tariff, first: date, at: int, days: int) -> int:
    """Days from ``at`` on within one month and one version."""
    start = first + timedelta(at)
    version, count = tariff.version(start), 1
    while at + count < days:
        day = first + timedelta(at + count)
        if day.month != start.month or tariff.version(day) is not version:
            break
        count += 1
    return count


def _lines(
    tariff: Tariff,
    energy: Wh,
    reactive: Wh | None,
    start: date,
    days: int,
    capacity: Decimal | None,
) -> Sequence[BillLine]:
    version = tariff.version(start)
    month = f"{start.year:04d}-{start.month:02d}"
    periods = tariff.year_periods(start, days)
    lines: list[BillLine] = []
    for place, period in enumerate(PERIODS):
        used = int(energy[periods == place].sum())
        if used:
            price = version.prices[period]
            fen = half_up(Fraction(used) * Fraction(price) / 10)
            lines.append(BillLine(month, period.value, _kilo(used), price, fen))
    if version.demand is not None:
        lines.append(_demand_line(version.demand, energy, start, days, capacity))
    if version.factor is not None and reactive is not None:
        factor = power_factor(int(energy.sum()), int(reactive.sum()))
        percent = version.factor.percent(factor)
        base = sum(line.amount_fen for line in lines)
        fen = half_up(Fraction(base) * Fraction(percent) / 100)
        lines.append(BillLine(month, "power_factor", percent, Decimal(0), fen))
    return lines


def power_factor(active_wh: int, reactive_varh: int) -> Decimal:
    """The mean factor of a time: active by apparent energy; 1 for none."""
    apparent = Decimal(active_wh * active_wh + reactive_varh * reactive_varh).sqrt()
    return Decimal(abs(active_wh)) / apparent if apparent else Decimal(1)


def _demand_line(
    charge: DemandCharge, energy: Wh, start: date, days: int, capacity: Decimal | None
) -> BillLine:
    month = f"{start.year:04d}-{start.month:02d}"
    following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
    share = Fraction(days, (following - start.replace(day=1)).days)
    if charge.base is DemandBase.CAPACITY:
        if capacity is None:
            raise EnergyError(
                "a charge by capacity needs the transformers' kVA",
                "按容量计费需要变压器容量（kVA）",
            )
        quantity = capacity
    else:
        per = charge.window_min // 15
        total = np.concatenate(([0], np.cumsum(energy)))
        highest = int(np.max(total[per:] - total[:-per], initial=0))
        quantity = _kilo(highest) * 60 / charge.window_min
    fen = half_up(Fraction(quantity) * Fraction(charge.price) * 100 * share)
    return BillLine(month, "demand", quantity, charge.price, fen)


def _kilo(units: int) -> Decimal:
    return Decimal(units) / 1_000
