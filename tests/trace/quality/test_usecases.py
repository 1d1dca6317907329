"""Questions people ask of inspections on record, and signals as they are captured."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.items import ItemId, ItemType
from xinlian.trace.usecases.quality import (
    ChartKind,
    FactorKey,
    QualityError,
    chart,
    gauge_out,
    gauge_study,
    root_cause,
    yields,
)

from tests.trace.quality.memory import MemoryReader
from tests.trace.quality.published import PISTON_RINGS, gauge_rows

OWNER = 5
T0 = 1_780_000_000_000


def part(name: object) -> ItemId:
    return ItemId(OWNER, ItemType.SERIAL, str(name))


def inspection(number: int, value: str | None, **more: Any) -> Inspection:
    given: dict[str, Any] = {
        "result": Result.PASSED,
        "time_ms": T0 + number * 60_000,
        "unit": "mm",
        "lower": "73.95",
        "upper": "74.05",
        "gauge": "G1",
    } | more
    return Inspection(f"i{number}", part(number), "bore", value=value, **given)


def _rings() -> list[Inspection]:
    flat = [value for row in PISTON_RINGS for value in row]
    return [inspection(number, f"{value:.3f}") for number, value in enumerate(flat)]


def test_a_chart_from_inspections_on_record() -> None:
    """The piston rings of Montgomery, as parts that a plant inspected."""
    report = chart(MemoryReader(_rings()), OWNER, "bore", size=5)
    assert report.chart.kind is ChartKind.XBAR_R
    shown = report.to_dict()
    assert shown["panels"][0]["upper"][0] == pytest.approx(74.014, abs=6e-4)
    assert shown["signals"] == []
    assert shown["capability"]["cp"]["value"] == pytest.approx(1.68, abs=0.02)
    assert shown["points"][1]["items"] == ["5", "6", "7", "8", "9"]
    assert shown["points"][1]["time_ms"] == T0 + 9 * 60_000
    assert json.loads(json.dumps(shown)) == shown


def test_a_signal_lists_what_was_built_during_it() -> None:
    rows = _rings()
    rows += [inspection(number, "74.040") for number in range(125, 130)]
    report = chart(MemoryReader(rows), OWNER, "bore", size=5, learn=25)
    assert report.phase_one == 25
    signal = report.to_dict()["signals"][-1]
    assert (signal["rule"], signal["points"]) == ("nelson-1", [25])
    assert signal["items"] == ["125", "126", "127", "128", "129"]
    assert signal["text_zh"] == "一点超出 3σ"


def test_individuals_averages_and_sums_of_the_same_values() -> None:
    generator = np.random.default_rng(1)
    values = np.concatenate((generator.normal(74, 0.01, 40), generator.normal(74.02, 0.01, 20)))
    rows = [inspection(number, f"{value:.4f}") for number, value in enumerate(values)]
    for kind in (ChartKind.I_MR, ChartKind.EWMA, ChartKind.CUSUM):
        report = chart(MemoryReader(rows), OWNER, "bore", kind=kind, learn=40)
        late = [signal for signal in report.signals if signal.at >= 40]
        assert late, kind
        assert report.items_of(late[-1])
    moving = chart(MemoryReader(rows), OWNER, "bore", rules="western-electric")
    assert {one.rule.value for one in moving.signals} <= {
        *(f"western-electric-{number}" for number in range(1, 5)),
        "limit",
    }


def test_a_step_of_the_moving_range_names_both_parts() -> None:
    rows = [inspection(at, value) for at, value in enumerate(["1", "1.1", "1", "1.1", "1", "9"])]
    report = chart(MemoryReader(rows), OWNER, "bore")
    (signal,) = [one for one in report.signals if one.panel == "moving range"]
    assert [item.id for item in report.items_of(signal)] == ["4", "5"]


def test_counted_characteristics_get_charts_of_counts() -> None:
    def row(number: int, defects: int, size: int) -> Inspection:
        return inspection(number, None, sample_size=size, defects=defects, lower=None, upper=None)

    same = [row(at, 2, 50) for at in range(20)] + [row(20, 20, 50)]
    report = chart(MemoryReader(same), OWNER, "bore", learn=20)
    assert report.chart.kind is ChartKind.NP
    assert [signal.at for signal in report.signals] == [20]
    varied = [row(at, 2, 50 + at) for at in range(20)]
    assert chart(MemoryReader(varied), OWNER, "bore").chart.kind is ChartKind.P
    defects = [row(at, 3, 1) for at in range(20)]
    assert chart(MemoryReader(defects), OWNER, "bore").chart.kind is ChartKind.C


def test_what_was_not_measured_is_left_out_and_counted() -> None:
    rows = _rings()
    rows[3] = dataclasses.replace(rows[3], result=Result.NOT_MEASURED, value=None)
    report = chart(MemoryReader(rows), OWNER, "bore", size=5)
    assert report.chart.baseline.points == 24
    assert report.left_out == 1 + 4  # and the four that do not fill a subgroup


@pytest.mark.parametrize(
    ("rows", "asked", "said"),
    [
        ([], {}, "no measurement"),
        ([inspection(1, "1"), inspection(2, "1", unit="in")], {}, "different units: in, mm"),
        (_rings(), {"rules": "other"}, "no set of rules"),
        (_rings(), {"kind": ChartKind.P}, "does not show measurements"),
        (_rings(), {"learn": 1}, "at least 2 points"),
        (_rings()[:1], {}, "at least 2"),
    ],
)
def test_charts_that_cannot_be_drawn_are_refused(
    rows: list[Inspection], asked: dict[str, Any], said: str
) -> None:
    with pytest.raises(QualityError, match=said):
        chart(MemoryReader(rows), OWNER, "bore", **asked)


def test_causes_are_told_in_both_languages() -> None:
    factors = {
        FactorKey("batch", f"b{at}"): BitMap(range(at * 1_000, at * 1_000 + 1_000))
        for at in range(20)
    }
    factors[FactorKey("gauge", "g9")] = BitMap(factors[FactorKey("batch", "b3")])
    factors[FactorKey("shift", "night")] = BitMap(range(5_000))
    failures = BitMap([*range(3_000, 4_000, 20), *range(0, 20_000, 900)])
    reader = MemoryReader(bitmaps=factors, failed=failures, count=20_000)
    report = root_cause(reader, OWNER)
    assert report.causes[0] == (FactorKey("batch", "b3"), FactorKey("gauge", "g9"))
    assert len(report.causes) == 1
    assert report.unknown == {"gauge": 19_000, "shift": 15_000}
    shown = report.to_dict()
    assert "batch b3 and gauge g9 met the same vehicles" in shown["sentences"][0]
    assert "无法区分" in shown["sentences_zh"][0]
    assert json.loads(json.dumps(shown)) == shown


def test_a_gauge_known_for_all_is_judged_against_all() -> None:
    """As before, but every vehicle has a gauge on record: g9 stands out beside the others."""
    factors = {FactorKey("gauge", f"g{at}"): BitMap(range(at, 10_000, 10)) for at in range(10)}
    failures = BitMap(range(9, 10_000, 100))
    reader = MemoryReader((), factors, failures, 10_000)
    report = root_cause(reader, OWNER, kinds=("gauge",))
    assert report.causes == ((FactorKey("gauge", "g9"),),)
    assert report.unknown == {}
    factors.pop(FactorKey("gauge", "g0"))
    some = root_cause(reader, OWNER, kinds=("gauge",), among_known=True)
    assert some.unknown == {"gauge": 1_000}
    assert some.findings[0].others == report.findings[0].others - 1_000


def test_a_wrong_gauge_lists_what_it_measured_since_its_last_good_check() -> None:
    rows = [
        inspection(at, "74.0", gauge="G1" if at % 2 else "G2", time_ms=T0 + at) for at in range(10)
    ]
    holders = {part(3): ["VIN A"], part(5): ["VIN A", "VIN B"]}
    impact = gauge_out(
        MemoryReader(rows, holders=holders), OWNER, "G1", last_good_ms=T0 + 1, found_bad_ms=T0 + 7
    )
    assert impact.inspection_ids == ("i3", "i5", "i7")
    assert impact.vehicles == ("VIN A", "VIN B")
    assert (impact.passed, impact.truncated) == (3, False)
    few = gauge_out(MemoryReader(rows), OWNER, "G1", last_good_ms=0, found_bad_ms=T0 + 9, limit=2)
    assert (few.inspection_ids, few.truncated) == (("i7", "i9"), True)
    with pytest.raises(QualityError, match="lies after"):
        gauge_out(MemoryReader(rows), OWNER, "G1", last_good_ms=2, found_bad_ms=1)


def test_yields_count_units_and_not_measurements() -> None:
    """Ten units with two characteristics each at one station; unit 0 fails one and is repaired,
    unit 1 fails for good, unit 2 has one characteristic that was not measured."""

    rows: list[Inspection] = []
    for unit in range(10):
        for name in ("leak", "bore"):
            result = Result.FAILED if unit < 2 and name == "leak" else Result.PASSED
            if unit == 2 and name == "bore":
                result = Result.NOT_MEASURED
            rows.append(_at_station(unit, name, result, len(rows)))
    rows.append(_at_station(0, "leak", Result.PASSED, len(rows)))
    found = yields(MemoryReader(rows), OWNER)
    (station,) = found.stations
    assert (station.first_pass.count, station.first_pass.total) == (8, 10)
    assert (station.rework.count, station.scrap.count) == (1, 1)
    assert (found.rolled, found.final.share) == (0.8, 0.9)


def _at_station(unit: int, name: str, result: Result, number: int) -> Inspection:
    given: dict[str, Any] = {
        "inspection_id": f"s{number}",
        "characteristic": name,
        "station": "EOL",
    }
    return dataclasses.replace(inspection(number, None, result=result), item=part(unit), **given)


def test_a_gauge_study_through_the_door() -> None:
    assert gauge_study(gauge_rows()).categories == 4
