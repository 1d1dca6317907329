"""Time-of-use tariffs as dated data: prices (yuan/kWh), periods, demand, power factor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum, unique
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.exact import EnergyError, half_up

__all__ = [
    "PERIODS",
    "Days",
    "DemandBase",
    "DemandCharge",
    "FactorRule",
    "Period",
    "Rule",
    "Tariff",
    "TariffVersion",
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

    def __post_init__(self) -> None:
        if self.window_min not in (15, 30, 60) or not self.price.is_finite() or self.price < 0:
            raise EnergyError(
                "a demand charge has a window of 15, 30 or 60 min and a price not below 0",
                "需量电费的窗口须为 15、30 或 60 分钟，单价不得为负",
            )


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
        if not all(price.is_finite() for price in self.prices.values()):
            raise EnergyError("a price is a finite number", "电价须为有限数")
        missing = used - set(self.prices)
        if missing:
            names = ", ".join(sorted(missing))
            raise EnergyError(f"no price for {names}", f"缺少时段电价：{names}")


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
