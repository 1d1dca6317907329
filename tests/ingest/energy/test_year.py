"""The year report of the public steel plant against a recomputation that shares no code with it:
plain csv, Decimal and scipy."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import linalg
from xinlian.ingest.adapters.energy.meter_csv import read_meter_csv
from xinlian.ingest.adapters.energy.rows import factor_table, tariff
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.usecases.energy_year import YearReport, year_report

from tests.support.repository import ROOT

FILE = ROOT.parent / "shared" / "data" / "energy" / "steel_industry_energy.csv"
needs_file = pytest.mark.skipif(not FILE.exists(), reason="the public steel data is not here")
YUAN = {"peak": "1.0320", "flat": "0.6480", "valley": "0.3120", "sharp": "1.2150", "deep": "0.2460"}
FROM_JULY = {
    "peak": "1.0050", "flat": "0.6290", "valley": "0.3050", "sharp": "1.1980", "deep": "0.2390",
}  # fmt: skip
HOLIDAYS = {"01-01", "02-15", "02-16", "02-17", "10-01", "10-02", "10-03"}


class Row(NamedTuple):
    start: datetime
    kwh: Decimal
    kvarh: Decimal
    co2: Decimal


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    out = []
    with FILE.open(encoding="utf-8-sig") as text:
        for row in csv.DictReader(text):
            day = datetime.strptime(row["date"].split()[0], "%d-%m-%y")  # noqa: DTZ007
            seconds = int(row["NSM"]) or 86_400
            numbers = (
                row["Usage_kWh"], row["Lagging_Current_Reactive_Power_kVarh"], row["CO2(tCO2)"],
            )  # fmt: skip
            start = day + timedelta(seconds=seconds - 900)
            out.append(Row(start, *(Decimal(number) for number in numbers)))
    return out


@pytest.fixture(scope="module")
def report() -> YearReport:
    factor = factor_table().find("electricity", "CN", date(2018, 1, 1), early=True)
    return year_report(read_meter_csv(FILE), tariff("sample-industry"), factor)


def _period(start: datetime) -> str:
    hour, rest = start.hour, start.weekday() >= 5 or start.strftime("%m-%d") in HOLIDAYS
    if start.strftime("%m-%d") in HOLIDAYS and hour < 6:
        return "deep"
    if start.month in (1, 7, 8, 12) and not rest and 19 <= hour < 21:
        return "sharp"
    if hour < 8 or hour >= 22:
        return "valley"
    return "peak" if 8 <= hour < 11 or 17 <= hour < 22 else "flat"


def _fen(yuan: Decimal) -> int:
    return int((yuan * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _percent(factor: Decimal) -> Decimal:
    hundredth = int((factor * 100).quantize(Decimal(1), ROUND_HALF_UP))
    assert hundredth >= 70
    if hundredth >= 90:
        return max(Decimal("-0.75"), Decimal("-0.15") * (hundredth - 90))
    return Decimal("0.5") * (90 - hundredth)


@needs_file
def test_totals_equal_the_file(report: YearReport, rows: list[Row]) -> None:
    assert len(rows) == 35_040
    assert report.energy_wh == sum(row.kwh for row in rows) * 1_000
    assert report.load.reactive_varh is not None
    assert int(report.load.reactive_varh.sum()) == sum(row.kvarh for row in rows) * 1_000
    assert report.recorded_co2_g == sum(row.co2 for row in rows) * 1_000_000
    assert report.co2_g == sum(row.kwh for row in rows) * 1_000 * Decimal("0.5366")
    assert report.load.missing == 0


@needs_file
def test_the_bill_equals_a_recomputation(report: YearReport, rows: list[Row]) -> None:
    used: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    reactive: dict[int, Decimal] = defaultdict(Decimal)
    highest: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        used[row.start.month, _period(row.start)] += row.kwh
        reactive[row.start.month] += row.kvarh
        highest[row.start.month] = max(highest[row.start.month], row.kwh * 4)
    whole = 0
    for month in range(1, 13):
        prices = YUAN if month < 7 else FROM_JULY
        mine = {period: kwh for (at, period), kwh in used.items() if at == month}
        energy = sum(_fen(kwh * Decimal(prices[period])) for period, kwh in mine.items())
        demand = _fen(highest[month] * Decimal("40.80"))
        active = sum(mine.values())
        factor = active / (active * active + reactive[month] ** 2).sqrt()
        adjusted = _fen((energy + demand) * _percent(factor) / Decimal(100) / 100)
        told = report.months[month - 1]
        assert told.month == f"2018-{month:02d}"
        assert told.energy_wh == active * 1_000
        assert {str(period): wh for period, wh in told.by_period_wh if wh} == {
            period: kwh * 1_000 for period, kwh in mine.items()
        }
        assert (told.energy_fen, told.demand_fen, told.adjustment_fen) == (energy, demand, adjusted)
        whole += energy + demand + adjusted
    assert report.total_fen == whole


@needs_file
def test_profile_peaks_and_baseline_equal_a_recomputation(
    report: YearReport, rows: list[Row]
) -> None:
    cells: dict[tuple[int, int], list[Decimal]] = defaultdict(list)
    for row in rows:
        cells[row.start.weekday(), row.start.hour].append(row.kwh)
    for (weekday, hour), values in cells.items():
        mean = float(sum(values) * 4 / len(values))
        assert report.profile_kw[weekday, hour] == pytest.approx(mean)
    top = max(rows, key=lambda row: row.kwh)
    assert (report.peaks[0].at, report.peaks[0].power_w) == (top.start, int(top.kwh * 4_000))
    assert report.baseline is not None
    daily = np.array([float(row.kwh) for row in rows]).reshape(365, 96)
    hours = (daily > float(top.kwh) / 10).sum(axis=1) / 4
    day = np.array([row.start.weekday() for row in rows[::96]])
    design = np.column_stack([np.ones(365), hours, day == 5, day == 6])
    solved, *_ = linalg.lstsq(design[:182], daily.sum(axis=1)[:182])
    assert [term.value for term in report.baseline.model.terms] == pytest.approx(list(solved))
    saved = (design[182:] @ solved - daily.sum(axis=1)[182:]).sum()
    assert report.baseline.savings_wh[-1] / 1_000 == pytest.approx(saved)
    assert report.anomalies[0].day == date(2018, 11, 7)
    assert report.anomalies[0].hours == (23,)
    assert all(abs(odd.score) > 3.5 for odd in report.anomalies[1:])


def _write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(["time,kwh,kvarh", *lines]), encoding="utf-8")
    return path


def test_gaps_and_repeats_are_told(tmp_path: Path) -> None:
    lines = [f"2024-03-01 {at // 4:02d}:{at % 4 * 15:02d},1.5,0.5" for at in range(96) if at != 7]
    load = read_meter_csv(_write(tmp_path / "m.csv", [*lines, lines[3]]))
    assert load.days == 1
    assert load.missing == 1
    assert load.energy_wh[7] == 0
    assert int(load.energy_wh.sum()) == 95 * 1_500
    told = " ".join(english for english, _ in load.notes)
    assert "dropped: 1" in told
    assert "missing: 1" in told


@pytest.mark.parametrize(
    "line",
    ["x,1,1", "2024-03-01 00:15,NaN,1", "2024-03-01 00:15,1", "2024-03-01 00:07,1,1",
     "2024-13-01 00:15,1,1", "2024-03-01 00:15,0.00001,1", "2024-03-01 00:15,1e30,1", ",,"],
)  # fmt: skip
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(EnergyError, match=r"m\.csv, line 3") as caught:
        read_meter_csv(_write(tmp_path / "m.csv", ["2024-03-01 00:00,1,1", line]))
    assert "第 3 行" in caught.value.zh


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.text("0123456789-/: .T", max_size=20) | st.just("2024-03-01 00:15"),
            st.text("0123456789.eE+-nainf", max_size=12) | st.just("1.5"),
        ),
        max_size=8,
    ),
    st.binary(max_size=40),
)
def test_no_file_crashes_the_reader(
    tmp_path: Path, cells: list[tuple[str, str]], tail: bytes
) -> None:
    path = tmp_path / "m.csv"
    lines = ["time,kwh", *(",".join(cell) for cell in cells)]
    path.write_bytes("\n".join(lines).encode() + tail)
    try:
        load = read_meter_csv(path)
    except EnergyError:
        return
    assert load.days >= 1
