"""What does not add up is flagged; what simply varies is not."""

from __future__ import annotations

import numpy as np
import pytest
from xinlian.ingest.model.flags import Band, Flag, FlagKind, Severity, Steps, band_of, number_text
from xinlian.ingest.model.plausibility import (
    check_balance,
    check_counter,
    check_frozen,
    check_output,
    check_power,
    check_run_time,
)
from xinlian.ledger.model.evidence.canonical import canonical

AT = Steps("press-3", 1_788_220_800_000_000, 900_000_000)
RNG = np.random.default_rng(5)


def values(*numbers: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(numbers, np.float64)


def spans(flags: list[Flag]) -> list[tuple[int, int]]:
    """Flagged steps, first and behind the last."""
    return [
        ((each.start_us - AT.start_us) // AT.step_us, (each.end_us - AT.start_us) // AT.step_us)
        for each in flags
    ]


def test_parts_that_use_more_than_the_whole_are_flagged() -> None:
    own, below = values(100, 100, 100, 100, 0), values(98, 102, 120, 140, 3)
    found = check_balance(AT, own, below)
    # 2 % over is what two honest meters differ by; the whole may use more than its parts.
    assert spans(found) == [(2, 5)]
    assert found[0].severity is Severity.CRITICAL
    assert "263.00 kWh, it measured 200.00 kWh" in found[0].reason
    assert check_balance(AT, values(np.nan, 100), values(5, np.nan)) == []
    assert check_balance(AT, own, own * 0.4) == []


def test_a_band_is_not_moved_by_a_few_odd_steps() -> None:
    usual = 2.5 + 0.05 * RNG.standard_normal(600)
    usual[::40] = 9.0
    band = band_of(usual)
    assert band is not None
    assert band.low == pytest.approx(2.2, abs=0.1)
    assert band.high == pytest.approx(2.8, abs=0.1)
    assert band_of(usual[:19]) is None
    assert band_of(np.full(50, np.nan)) is None


def test_output_without_its_energy_is_flagged() -> None:
    band = Band(2.5, 2.2, 2.8)
    pieces = values(100, 100, 100, 0, 100, 100)
    kwh = values(250, 260, 100, 5, 0, np.nan)
    found = check_output(AT, pieces, kwh, band)
    assert [(each.severity, span) for each, span in zip(found, spans(found), strict=True)] == [
        (Severity.CRITICAL, (4, 5)),
        (Severity.WARNING, (2, 3)),
    ]
    assert dict(found[1].numbers) == {"kwh_per_piece": "1", "low": "2.2", "high": "2.8"}
    assert [each.severity for each in check_output(AT, pieces, kwh, None)] == [Severity.CRITICAL]


def test_output_without_its_time_is_flagged() -> None:
    band = Band(8.0, 7.0, 9.0)
    run = values(880, 1_200, 0, 300, 850)
    pieces = values(110, 110, 50, 100, 106)
    found = check_run_time(AT, run, pieces, band)
    assert spans(found) == [(1, 2), (2, 4)]
    assert found[0].reason == "it ran 1200 s in 900 s"
    assert found[1].severity is Severity.WARNING
    assert spans(check_run_time(AT, run, pieces, None)) == [(1, 2), (2, 3)]


def test_a_counter_that_goes_back_is_flagged() -> None:
    first = values(10, 20, np.nan, 25, 7, 12)
    last = values(20, 25, np.nan, 30, 12, 11)
    found = check_counter(AT, "energy", first, last)
    assert spans(found) == [(4, 6)]
    assert "from 30 back to 7" in found[0].reason
    steady = np.cumsum(RNG.random(200))
    assert check_counter(AT, "energy", steady, steady + 0.001) == []


def test_power_beyond_the_nameplate_is_flagged() -> None:
    least, most = values(0, -1, -20, np.nan), values(70, 160, 50, np.nan)
    found = check_power(AT, "power", least, most, 100.0, generates=False)
    assert spans(found) == [(1, 3)]
    assert found[0].numbers["kw"] == "160"
    assert spans(check_power(AT, "power", least, most, 100.0, generates=True)) == [(1, 2)]


def test_a_value_that_hangs_while_the_machine_runs_is_flagged() -> None:
    least = np.concatenate([180 + RNG.random(20), np.full(30, 181.5), 180 + RNG.random(10)])
    most = np.where(least == 181.5, least, least + 0.2)
    counts = np.full(60, 15.0)
    running = np.ones(60, np.bool_)
    found = check_frozen(AT, "oven", least, most, counts, running)
    assert spans(found) == [(20, 50)]
    assert found[0].reason == "oven stood at 181.5 while the machine ran"
    assert check_frozen(AT, "oven", least, most, counts, ~running) == []
    # Set points change in steps: each stands for a while, none for long.
    stairs = np.repeat(np.arange(1.0, 13.0), 5)
    assert check_frozen(AT, "set", stairs, stairs, counts, running) == []


def test_flags_can_be_records() -> None:
    flag = check_power(AT, "power", values(0), values(1e9), 1.0, generates=False)[0]
    assert flag.kind is FlagKind.POWER
    assert b'"kw":"1000000000"' in canonical(flag.to_json())
    assert number_text(1.25e-7) == "0.000000125"
