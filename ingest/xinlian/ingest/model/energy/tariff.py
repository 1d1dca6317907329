"""Time-of-use tariffs as dated data, and the bill that they make of a load profile.

Prices are yuan/kWh as decimals, energy is Wh, money fen. Each line of a bill is reckoned exactly
and rounded once, halves up; the bill is the sum of its lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum, unique
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.exact import EnergyError, half_up
from xinlian.ingest.model.energy.tree import Wh

__all__ = [
    "Bill",
    "BillLine",
    "Days",
    "DemandBase",
    "DemandCharge",
    "FactorRule",
    "Period",
    "Rule",
    "Tariff",
    "TariffVersion",
    "power_factor",
]

DAY_MINUTES: Final = 1_440


@unique
class Period(StrEnum):
    """Times of a day by their price; sharp is dearer than peak, deep cheaper than valley."""

    SHARP = "sharp"
    PEAK = "peak"
    FLAT = "flat"
    VALLEY = "valley"
    DEEP = "deep"


PERIODS: Final = tuple(Period)


@unique
class Days(StrEnum):
    """Days to which a rule applies."""

    ALL = "all"
    WORK = "work"
    REST = "rest"
    """Weekends and holidays, less the days made up for."""
    HOLIDAY = "holiday"


@unique
class DemandBase(StrEnum):
    """By what a demand charge is reckoned."""

    MAXIMUM = "maximum"
    """The month's highest mean power over the tariff's window, kW."""
    CAPACITY = "capacity"
    """The transformers' capacity, kVA."""


@dataclass(frozen=True, slots=True)
class Rule:
    """From ``start`` to ``end`` minutes of the day, in these months, on these days, it is
    ``period``. Later rules override earlier ones."""

    period: Period
    start: int
    end: int
    months: frozenset[int] = frozenset(range(1, 13))
    days: Days = Days.ALL

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= DAY_MINUTES or self.start % 15 or self.end % 15:
            raise EnergyError(
                f"a rule runs between quarter hours of a day, not {self.start} to {self.end} min",
                f"时段须在一天内按 15 分钟划分，而非第 {self.start} 至 {self.end} 分钟",
            )


@dataclass(frozen=True, slots=True)
class DemandCharge:
    """Yuan per kW (maximum) or kVA (capacity) and month."""

    base: DemandBase
    price: Decimal
    window_min: int = 15


@dataclass(frozen=True, slots=True)
class FactorRule:
    """Power-factor adjustment: percent of the energy and demand charges by the month's factor.

    Above ``norm`` the bill falls by ``bonus`` percent for each 0.01, at most ``bonus_most``. Below,
    it rises by the percent of the step in which each 0.01 lies; ``steps`` are (down to, percent),
    highest first.
    """

    norm: Decimal
    bonus: Decimal
    bonus_most: Decimal
    steps: tuple[tuple[Decimal, Decimal], ...]

    def percent(self, factor: Decimal) -> Decimal:
        """What is added (below 0: taken off) for a factor, which is rounded to 0.01 first."""
        hundredth = half_up(factor * 100)
        norm = half_up(self.norm * 100)
        if hundredth >= norm:
            return -min(self.bonus_most, self.bonus * (hundredth - norm))
        total = Decimal(0)
        for at in range(norm - 1, hundredth - 1, -1):
            total += next((by for low, by in self.steps if at >= low * 100), self.steps[-1][1])
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffVersion:
    """What holds from a day on until the next version."""

    since: date
    prices: Mapping[Period, Decimal]
    rules: tuple[Rule, ...]
    demand: DemandCharge | None = None
    factor: FactorRule | None = None
    source: str = ""

    def __post_init__(self) -> None:
        used = {rule.period for rule in self.rules} | {Period.FLAT}
        missing = used - set(self.prices)
        if missing:
            names = ", ".join(sorted(missing))
            raise EnergyError(f"no price for {names}", f"缺少时段电价：{names}")


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


@dataclass(frozen=True)
class Tariff:
    """A supplier's tariff over time. Times are the clock of the place."""

    name: str
    label: str
    label_zh: str
    versions: tuple[TariffVersion, ...]
    holidays: frozenset[date] = field(default_factory=frozenset)
    workdays: frozenset[date] = field(default_factory=frozenset)
    """Days of a weekend that are worked, to make up for a holiday."""

    def __post_init__(self) -> None:
        days = [version.since for version in self.versions]
        if not days or days != sorted(set(days)):
            raise EnergyError(
                f"tariff {self.name!r}: versions are dated, each after the one before",
                f"电价 {self.name!r}：各版本须有生效日期且依次递增",
            )

    def version(self, day: date) -> TariffVersion:
        """What holds on a day; ``EnergyError`` before the first version."""
        held = [version for version in self.versions if version.since <= day]
        if not held:
            raise EnergyError(
                f"tariff {self.name!r} says nothing of {day}", f"电价 {self.name!r} 未覆盖 {day}"
            )
        return held[-1]

    def periods(self, day: date) -> npt.NDArray[np.int8]:
        """The period (its place in ``Period``) of each of the day's 96 quarter hours."""
        out = np.full(96, PERIODS.index(Period.FLAT), dtype=np.int8)
        rest = (day.weekday() >= 5 and day not in self.workdays) or day in self.holidays
        for rule in self.version(day).rules:
            applies = {
                Days.ALL: True,
                Days.WORK: not rest,
                Days.REST: rest,
                Days.HOLIDAY: day in self.holidays,
            }[rule.days]
            if applies and day.month in rule.months:
                out[rule.start // 15 : rule.end // 15] = PERIODS.index(rule.period)
        return out

    def year_periods(self, first: date, days: int) -> npt.NDArray[np.int8]:
        """The periods of ``days`` days, quarter hour after quarter hour."""
        made = [self.periods(first + timedelta(day)) for day in range(days)]
        return np.concatenate(made) if made else np.zeros(0, dtype=np.int8)

    def bill(
        self,
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
            raise EnergyError(
                "a bill needs whole days of quarter hours", "计费需要整日的 15 分钟数据"
            )
        lines: list[BillLine] = []
        at = 0
        while at < days:
            stretch = self._stretch(first, at, days)
            span = slice(at * 96, (at + stretch) * 96)
            reactive = None if reactive_varh is None else reactive_varh[span]
            start = first + timedelta(at)
            lines += self._lines(energy_wh[span], reactive, start, stretch, capacity_kva)
            at += stretch
        return Bill(tuple(lines))

    def _stretch(self, first: date, at: int, days: int) -> int:
        """Days from ``at`` on within one month and one version."""
        start = first + timedelta(at)
        version, count = self.version(start), 1
        while at + count < days:
            day = first + timedelta(at + count)
            if day.month != start.month or self.version(day) is not version:
                break
            count += 1
        return count

    def _lines(
        self, energy: Wh, reactive: Wh | None, start: date, days: int, capacity: Decimal | None
    ) -> Sequence[BillLine]:
        version = self.version(start)
        month = f"{start.year:04d}-{start.month:02d}"
        periods = self.year_periods(start, days)
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
