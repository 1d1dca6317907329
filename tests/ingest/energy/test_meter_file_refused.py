"""Meter files that would give a wrong bill are refused, by line, in both languages."""

from pathlib import Path

import pytest
from xinlian.ingest.adapters.energy.meter_csv import STEEL, ColumnMap, read_meter_csv
from xinlian.ingest.model.energy.exact import EnergyError

END = ColumnMap(time="date", order="dmy", energy="kwh", time_is_end=True)


@pytest.mark.parametrize(
    ("cell", "said", "zh"),
    [
        ("2026-01-01 00:15,-5", "cannot be", "不可能"),
        ("2026-01-01 00:15,99999999", "cannot be", "不可能"),
        ("2026-01-01 00:15,abc", "'abc' is no number", "不是数字"),
        ("2026-13-01 00:15,1", "is no time", "不是时间"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(tmp_path: Path, cell: str, said: str, zh: str) -> None:
    file = tmp_path / "m.csv"
    file.write_text(f"time,kwh\n2026-01-01 00:00,1\n{cell}\n")
    with pytest.raises(EnergyError, match=f"line 3.*{said}") as refused:
        read_meter_csv(file)
    assert zh in refused.value.zh
    assert "Error" not in str(refused.value) + refused.value.zh


def test_a_file_that_is_newest_first_is_refused(tmp_path: Path) -> None:
    """Its midnights went to the wrong day: a bill for another month."""
    times = ["01/01/2018 00:15", "01/01/2018 23:45", "01/01/2018 00:00"]
    file = tmp_path / "m.csv"
    file.write_text("\n".join(["date,kwh", *(f"{each},1" for each in times)]) + "\n")
    assert read_meter_csv(file, END).first.year == 2018
    file.write_text("\n".join(["date,kwh", *(f"{each},1" for each in times[::-1])]) + "\n")
    with pytest.raises(EnergyError, match="oldest first"):
        read_meter_csv(file, END)


def test_wrong_headings_tell_the_right_ones(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text("when,much\n1,2\n")
    with pytest.raises(EnergyError, match=STEEL.energy):
        read_meter_csv(file)
