"""A counter as the store exports it becomes quarter hours that sum to what it counted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from xinlian.ingest.adapters.energy.counter_csv import read_counter_csv
from xinlian.ingest.adapters.energy.meter_csv import read_meter_csv
from xinlian.ingest.adapters.store.export import write
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.query import Series

MIDNIGHT = 1_704_038_400_000_000
"""2024-01-01 00:00 in Beijing."""


def _export(folder: Path, kwh: list[float], quality: list[int], step_s: int = 300) -> Path:
    times = MIDNIGHT + np.arange(len(kwh), dtype=np.int64) * step_s * 1_000_000
    codes = np.array(quality, dtype=np.uint8)
    never = np.zeros(len(kwh), dtype=np.bool_)
    series = Series("meter-1", "energy_import", times, np.array(kwh), codes, never)
    path = folder / "counter.csv"
    write([series], path, "csv")
    return path


def test_the_export_of_the_store_is_read(tmp_path: Path) -> None:
    kwh = [1_000 + 0.25 * at for at in range(289)]
    quality = [0] * 289
    kwh[50], quality[50] = 0.0, 18
    load = read_meter_csv(_export(tmp_path, kwh, quality))
    assert (load.name, load.first, load.days) == ("meter-1", date(2024, 1, 1), 1)
    assert load.energy_wh.tolist() == [750] * 96
    assert load.missing == 0


def test_rollover_and_gap_are_told(tmp_path: Path) -> None:
    kwh = [(99_990 + 5 * at) % 100_000 for at in range(20)]
    quality = [0] * 20
    quality[8:16] = [18] * 8
    path = _export(tmp_path, [float(value) for value in kwh], quality)
    load = read_counter_csv(path, rollover_kwh=Decimal(100_000))
    assert int(load.energy_wh.sum()) == 19 * 5_000
    assert load.missing == 96 - 7
    told = " ".join(english for english, _ in load.notes)
    assert "rolled over: 1" in told
    assert "spread: 1" in told


@pytest.mark.parametrize(
    "text",
    [
        "time,energy_import,energy_import__quality\n",
        "time,energy_import__quality\n1,2\n",
        "time,energy_import,energy_import__quality\nyesterday,1,0\n",
        "time,energy_import,energy_import__quality\n2024-01-01 00:00:00Z,NaN,0\n",
        "time,energy_import,energy_import__quality\n2024-01-01 00:00:00Z,1e99,0\n",
        "time,energy_import,energy_import__quality\n2024-01-01 00:00:00Z,5,0\n",
        "time,device,energy_import,energy_import__quality\n2024-01-01 00:00:00Z,a,5,0\n"
        "2024-01-01 00:01:00Z,b,5,0\n",
    ],
)
def test_what_is_no_counter_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EnergyError, match=r"x\.csv"):
        read_meter_csv(path)
