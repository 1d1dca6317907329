"""What no meter told is no load of zero: of days in which it was silent nothing is concluded."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from xinlian.ingest.adapters.energy.meter_csv import read_meter_csv
from xinlian.ingest.adapters.energy.rows import factor_table, tariff
from xinlian.ingest.usecases.energy_year import year_report


def test_silence_is_neither_base_load_nor_standstill_nor_a_fault(tmp_path: Path) -> None:
    """60 days of 10 kWh a quarter hour, of which every third day is half unknown."""
    lines = ["time,kwh"]
    for day in range(60):
        when = date(2024, 1, 1).toordinal() + day
        for at in range(96):
            if day % 3 == 1 and at >= 48:
                continue
            lines.append(f"{date.fromordinal(when)} {at // 4:02d}:{at % 4 * 15:02d},10")
    file = tmp_path / "m.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    load = read_meter_csv(file)
    factor = factor_table().find("electricity", "CN", date(2024, 1, 1), early=True)
    report = year_report(load, tariff("sample-industry"), factor)
    assert load.missing == 20 * 48
    assert report.energy_wh == (60 * 96 - 20 * 48) * 10_000
    assert report.base_load_w == 40_000
    assert report.standstill_wh == 0
    assert report.standstill_hours == 0
    assert report.load_factor == pytest.approx(1)
    assert report.anomalies == ()
    assert report.profile_kw == pytest.approx(40.0)
