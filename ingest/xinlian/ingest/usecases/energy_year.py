"""The energy report of a load: profile, months, bill, peaks, baseline, odd days, carbon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.bill import Bill, bill_of, power_factor
from xinlian.ingest.model.energy.carbon import Factor, grams
from xinlian.ingest.model.energy.demand import (
    block_demand,
    load_factor,
    peaks,
    sliding_demand,
)
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.load import LoadSeries, months_of
from xinlian.ingest.model.energy.profile import (
    Alarm,
    Anomaly,
    Limit,
    alarms,
    anomalies,
    week_profile,
)
from xinlian.ingest.model.energy.regression import Baseline, cusum, fit
from xinlian.ingest.model.energy.tariff import Period, Tariff

__all__ = ["BaselineReport", "DemandPeak", "MonthRow", "YearReport", "year_report"]

QUARTER_S: Final = 900
TRAINING_DAYS_MIN: Final = 28
RUNNING_SHARE: Final = 10
"""A quarter hour with more than a tenth of the highest power counts as production."""


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month of the report. Amounts are exact."""

    month: str
    energy_wh: int
    by_period_wh: tuple[tuple[Period, int], ...]
    demand_w: int
    """Highest mean power over 15 minutes."""
    factor: Decimal | None
    """Mean power factor; ``None`` without reactive energy."""
    energy_fen: int
    demand_fen: int
    adjustment_fen: int
    """Power-factor adjustment."""
    co2_g: Decimal

    @property
    def total_fen(self) -> int:
        """What the month costs."""
        return self.energy_fen + self.demand_fen + self.adjustment_fen


@dataclass(frozen=True, slots=True)
class DemandPeak:
    """A high of the mean power, and when its window began."""

    at: datetime
    power_w: int


@dataclass(frozen=True)
class BaselineReport:
    """Daily energy by drivers, fitted on the days up to ``trained_to``, and what came after."""

    model: Baseline
    trained_to: date
    actual_wh: npt.NDArray[np.int64]
    expected_wh: npt.NDArray[np.float64]
    savings_wh: npt.NDArray[np.float64]
    """Cumulative, from the day after ``trained_to``; below 0: more was used than expected."""


@dataclass(frozen=True)
class YearReport:
    """Everything the report shows, as numbers; papers and screens only lay it out."""

    load: LoadSeries
    tariff: Tariff
    factor: Factor
    months: tuple[MonthRow, ...]
    bill: Bill
    profile_kw: npt.NDArray[np.float64]
    """float64[7, 24], Monday first."""
    peaks: tuple[DemandPeak, ...]
    sliding_peak: DemandPeak | None
    """The highest mean power over an hour that begins at any quarter hour."""
    load_factor: float
    factor_mean: Decimal | None
    base_load_w: int
    """The power that is passed in 95 of 100 quarter hours."""
    standstill_wh: int
    """Energy outside production: quarter hours at or below a tenth of the highest power."""
    standstill_hours: Decimal
    baseline: BaselineReport | None
    anomalies: tuple[Anomaly, ...]
    alarms: tuple[Alarm, ...]
    alarm_limit: Limit

    @property
    def energy_wh(self) -> int:
        """All energy."""
        return int(self.load.energy_wh.sum())

    @property
    def total_fen(self) -> int:
        """The whole bill."""
        return self.bill.total_fen

    @property
    def co2_g(self) -> Decimal:
        """Emissions by the grid factor, exact."""
        return grams(self.energy_wh, self.factor)

    @property
    def recorded_co2_g(self) -> int | None:
        """Emissions as the source itself writes them."""
        recorded = self.load.recorded_co2_g
        return None if recorded is None else int(recorded.sum())


def year_report(
    load: LoadSeries, tariff: Tariff, factor: Factor, *, alarm_kw: int | None = None
) -> YearReport:
    """Reckon the report. ``alarm_kw``: limit of demand; nine tenths of the highest if ``None``.

    ``EnergyError`` where the tariff does not cover the days.
    """
    energy = load.energy_wh
    bill = bill_of(tariff, energy, load.first, reactive_varh=load.reactive_varh)
    power = block_demand(energy, QUARTER_S, QUARTER_S)
    highest = int(power.max())
    running = power > highest // RUNNING_SHARE
    measured = load.measured
    idle = measured & ~running
    limit = Limit("demand", alarm_kw * 1_000 if alarm_kw is not None else highest * 9 // 10)
    hour = sliding_demand(energy, QUARTER_S, 3_600)
    sliding = [DemandPeak(_moment(load.first, peak.step), peak.power_w) for peak in peaks(hour, 1)]
    highs = [DemandPeak(_moment(load.first, at.step), at.power_w) for at in peaks(power, 10, 96)]
    reactive = load.reactive_varh
    return YearReport(
        load=load,
        tariff=tariff,
        factor=factor,
        months=tuple(_months(load, tariff, bill, factor)),
        bill=bill,
        profile_kw=week_profile(energy, load.first, measured),
        peaks=tuple(highs),
        sliding_peak=sliding[0] if sliding else None,
        load_factor=load_factor(energy[measured]),
        factor_mean=None
        if reactive is None
        else power_factor(int(energy.sum()), int(reactive.sum())),
        base_load_w=int(np.percentile(power[measured], 5, method="lower")),
        standstill_wh=int(energy[idle].sum()),
        standstill_hours=Decimal(int(idle.sum())) / 4,
        baseline=_baseline(load, running),
        anomalies=tuple(anomalies(energy, load.first, load.whole_days)),
        alarms=tuple(alarms(power, limit)),
        alarm_limit=limit,
    )


def _months(load: LoadSeries, tariff: Tariff, bill: Bill, factor: Factor) -> list[MonthRow]:
    rows: list[MonthRow] = []
    places = tariff.year_periods(load.first, load.days)
    for month, span in months_of(load.first, load.days):
        energy = load.energy_wh[span]
        used = int(energy.sum())
        lines = [line for line in bill.lines if line.month == month]
        charges = dict.fromkeys(("demand", "power_factor", "energy"), 0)
        for line in lines:
            kind = line.kind if line.kind in charges else "energy"
            charges[kind] += line.amount_fen
        reactive = load.reactive_varh
        rows.append(
            MonthRow(
                month,
                used,
                tuple(
                    (period, int(energy[places[span] == place].sum()))
                    for place, period in enumerate(Period)
                ),
                int(energy.max()) * 4,
                None if reactive is None else power_factor(used, int(reactive[span].sum())),
                charges["energy"],
                charges["demand"],
                charges["power_factor"],
                grams(used, factor),
            )
        )
    return rows


def _baseline(load: LoadSeries, running: npt.NDArray[np.bool_]) -> BaselineReport | None:
    """Daily kWh by hours of production and day of the week, fitted on the first half.

    The hours come from the meter itself (a source that counts pieces does better): the model then
    judges the energy of an hour of production, not how many hours there were. Days that are not
    known whole teach nothing, and count as expected.
    """
    half, whole = load.days // 2, load.whole_days
    learnt = np.flatnonzero(whole[:half])
    if len(learnt) < TRAINING_DAYS_MIN:
        return None
    weekday = (load.first.weekday() + np.arange(load.days)) % 7
    drivers = [
        ("production_hours", running.reshape(-1, 96).sum(axis=1) / 4),
        ("saturday", (weekday == 5).astype(np.float64)),
        ("sunday", (weekday == 6).astype(np.float64)),
    ]
    daily = load.daily_wh
    try:
        model = fit(daily[learnt] / 1_000, [(name, each[learnt]) for name, each in drivers])
    except EnergyError:
        return None
    expected = model.expected([each for _, each in drivers]) * 1_000
    return BaselineReport(
        model,
        load.first + timedelta(half - 1),
        daily,
        expected,
        cusum(np.where(whole, daily, expected)[half:], expected[half:]),
    )


def _moment(first: date, step: int) -> datetime:
    return datetime.combine(first, time()) + timedelta(minutes=15 * step)
