"""Carbon: dated emission factors as rows, and footprints of products with their primary share.

Factors are exact decimals (kg CO2e a unit); amounts are decimals; a footprint is the exact sum, and
is rounded only where it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from xinlian.ingest.model.energy.exact import EnergyError

__all__ = ["Activity", "Factor", "FactorTable", "Footprint", "grams"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """What one unit of something emits, in a year and a region, by whose reckoning."""

    kind: str
    """``electricity``, ``natural_gas`` ..."""
    region: str
    year: int
    calibre: str
    """What is counted: ``average``, ``fossil`` ..."""
    value: Decimal
    """kg CO2e a unit."""
    unit: str
    source: str
    verified: bool = False
    """Whether the value was checked against its source, or a copy of it."""

    @property
    def name(self) -> str:
        """One line for tables."""
        return f"{self.kind}/{self.region}/{self.year}/{self.calibre}"


class FactorTable:
    """Finds the factor of a time: the year itself, else the latest year before it."""

    def __init__(self, rows: Sequence[Factor]) -> None:
        self._rows: dict[tuple[str, str, str], dict[int, Factor]] = {}
        for row in rows:
            years = self._rows.setdefault((row.kind, row.region, row.calibre), {})
            if row.year in years:
                raise EnergyError(f"factor {row.name} stands twice", f"排放因子 {row.name} 重复")
            if row.value < 0:
                raise EnergyError(f"factor {row.name} is negative", f"排放因子 {row.name} 为负")
            years[row.year] = row

    def find(
        self, kind: str, region: str, day: date, calibre: str = "average", *, early: bool = False
    ) -> Factor:
        """The factor for a day. Only with ``early`` does a year before the first row take the first
        (the footprint then says which year it took); ``EnergyError`` otherwise."""
        years = self._rows.get((kind, region, calibre), {})
        usable = [year for year in years if year <= day.year]
        if not usable and early:
            usable = sorted(years)[:1]
        if not usable:
            raise EnergyError(
                f"no emission factor {kind}/{region}/{calibre} for {day.year}",
                f"没有 {day.year} 年的排放因子 {kind}/{region}/{calibre}",
            )
        return years[max(usable)]

    @property
    def rows(self) -> tuple[Factor, ...]:
        """All rows."""
        return tuple(row for years in self._rows.values() for row in years.values())


@dataclass(frozen=True, slots=True)
class Activity:
    """An amount of something that emits: measured (primary) or taken from a data base."""

    name: str
    amount: Decimal
    factor: Factor
    primary: bool
    """Whether the amount was measured at the process itself."""
    proof: str = ""
    """Reference of the evidence behind the amount, such as a segment's record."""

    @property
    def kg(self) -> Decimal:
        """kg CO2e, exact."""
        return self.amount * self.factor.value


@dataclass(frozen=True, slots=True)
class Footprint:
    """CO2e of a declared unit of a product, cradle to gate."""

    product: str
    unit: str
    """Declared unit in PACT's words, such as ``kilogram`` or ``piece``."""
    amount: Decimal
    """How many units all activities together stand for."""
    start: date
    end: date
    activities: tuple[Activity, ...]

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise EnergyError(
                f"{self.product}: a footprint needs an amount above 0",
                f"{self.product}：碳足迹的产量须大于 0",
            )

    @property
    def total_kg(self) -> Decimal:
        """kg CO2e of all units together, exact."""
        return sum((activity.kg for activity in self.activities), Decimal(0))

    @property
    def unit_kg(self) -> Decimal:
        """kg CO2e a declared unit, to 28 digits."""
        return self.total_kg / self.amount

    @property
    def primary_share(self) -> Decimal:
        """Percent of the result that comes from measured amounts, 0 to 100."""
        total = sum((abs(activity.kg) for activity in self.activities), Decimal(0))
        measured = sum((abs(each.kg) for each in self.activities if each.primary), Decimal(0))
        return measured / total * 100 if total else Decimal(0)


def grams(wh: int, factor: Factor) -> Decimal:
    """Grams CO2e of integer Wh by a factor in kg/kWh: exact."""
    return Decimal(wh) * factor.value
