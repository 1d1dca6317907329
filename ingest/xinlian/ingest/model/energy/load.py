"""A load over time: quarter hours of one meter, as a report takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.tree import Wh

__all__ = ["DAYS_MAX", "LoadSeries", "months_of"]

DAYS_MAX: Final = 3_660


@dataclass(frozen=True)
class LoadSeries:
    """Whole days of quarter hours from ``first`` on, on the clock of the place."""

    name: str
    first: date
    energy_wh: Wh
    reactive_varh: Wh | None = None
    """Lagging."""
    leading_varh: Wh | None = None
    recorded_co2_g: Wh | None = None
    """CO2 that the source itself writes beside the energy, in grams."""
    unknown: npt.NDArray[np.bool_] | None = None
    """Quarter hours for which the source has nothing; they stand as 0. ``None``: there are none."""
    notes: tuple[tuple[str, str], ...] = ()
    """What the reader found odd about the source, in English and Chinese."""

    def __post_init__(self) -> None:
        count = len(self.energy_wh)
        if not count or count % 96 or count > DAYS_MAX * 96:
            raise EnergyError(
                f"a load is 1 to {DAYS_MAX} whole days of quarter hours, not {count} values",
                f"负荷须为 1 至 {DAYS_MAX} 个整日的 15 分钟数据，而非 {count} 个",
            )
        for other in (self.reactive_varh, self.leading_varh, self.recorded_co2_g, self.unknown):
            if other is not None and len(other) != count:
                raise EnergyError("columns of a load differ in length", "负荷各列长度不一致")

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """Quarter hours of which the source tells, if only that they were 0."""
        return np.ones(len(self.energy_wh), np.bool_) if self.unknown is None else ~self.unknown

    @property
    def whole_days(self) -> npt.NDArray[np.bool_]:
        """Days of which it tells every quarter hour."""
        return np.asarray(self.measured.reshape(-1, 96).all(axis=1))

    @property
    def missing(self) -> int:
        """How many quarter hours it does not tell of."""
        return 0 if self.unknown is None else int(self.unknown.sum())

    @property
    def days(self) -> int:
        """Number of days."""
        return len(self.energy_wh) // 96

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(self.days - 1)

    @property
    def daily_wh(self) -> Wh:
        """Energy of each day."""
        return np.asarray(self.energy_wh.reshape(-1, 96).sum(axis=1))


def months_of(first: date, days: int) -> list[tuple[str, slice]]:
    """Each month (``2018-01``) and its quarter hours."""
    out: list[tuple[str, slice]] = []
    start = 0
    for day in range(1, days + 1):
        here, before = first + timedelta(day), first + timedelta(day - 1)
        if day == days or here.month != before.month:
            name = f"{before.year:04d}-{before.month:02d}"
            out.append((name, slice(start * 96, day * 96)))
            start = day
    return out
