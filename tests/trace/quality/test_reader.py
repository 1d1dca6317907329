"""The reader over the store of traceability, on both databases."""

from typing import Any

import pytest
from pyroaring import BitMap
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Fact,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.items import ItemId
from xinlian.trace.usecases.ports import Everything, OnlyOwn, Visibility
from xinlian.trace.usecases.quality import FactorKey, QualityError, chart, gauge_out, root_cause
from xinlian.trace.usecases.vehicle_sets import bring_up

from tests.trace.plant import NOW, OWNER, Plant, batch, item, link, serial, vehicle

OTHER = 8
CARS = 60


def _inspected(number: int, which: ItemId, **more: Any) -> Inspection:
    given: dict[str, Any] = {
        "characteristic": "bore",
        "result": Result.PASSED,
        "time_ms": NOW - 100_000 + number * 1_000,
        "value": f"{10 + number % 5 / 10}",
        "unit": "mm",
        "gauge": "G1" if number % 2 else "G2",
        "machine": "M1" if number % 3 else "M2",
    } | more
    return Inspection(f"i{number}", which, **given)


def _fill(plant: Plant) -> None:
    """60 cars with one part each; parts 20 to 29 are of the bad batch, and every one fails."""
    facts: list[Fact] = []
    for number in range(CARS):
        name = "bad" if 20 <= number < 30 else f"b{number // 10}"
        facts += [
            item(vehicle(f"VIN{number:02}")),
            item(serial(f"p{number}"), maker="S1" if number % 2 else "S2"),
            link(serial(f"p{number}"), vehicle(f"VIN{number:02}"), NOW - 50_000),
            link(batch(name), serial(f"p{number}"), NOW - 90_000),
            _inspected(number, serial(f"p{number}")),
        ]
    facts += [
        Claim(f"c{number}", vehicle(f"VIN{number:02}"), ClaimKind.FIELD, NOW - 10, "P0A7E")
        for number in range(20, 30)
    ]
    facts += [
        Claim("c99", serial("p5"), ClaimKind.RETURNED, NOW - 10, "X"),
        ProcessRecord("w1", serial("p21"), "press", NOW - 80_000, NOW - 79_000, "M9", shift="N"),
    ]
    plant.must(*facts)


class _Asked:
    """The reader in a transaction of its own per question."""

    def __init__(self, plant: Plant, visibility: Visibility) -> None:
        self._plant, self._visibility = plant, visibility

    def __getattr__(self, name: str) -> Any:
        def ask(*args: Any, **more: Any) -> Any:
            with begin_read(self._plant.engine) as connection:
                found = getattr(SqlQuality(connection, self._visibility), name)(*args, **more)
                return list(found) if name == "inspections" else found

        return ask


@pytest.fixture
def asked(plant: Plant) -> _Asked:
    _fill(plant)
    return _Asked(plant, OnlyOwn())


def test_inspections_come_in_the_order_of_time_and_as_asked(asked: _Asked) -> None:
    rows = asked.inspections(OWNER, characteristic="bore")
    assert [row.inspection_id for row in rows] == [f"i{number}" for number in range(CARS)]
    assert rows[3] == _inspected(3, serial("p3"))
    latest = asked.inspections(OWNER, limit=2)
    assert [row.inspection_id for row in latest] == ["i58", "i59"]
    some = asked.inspections(
        OWNER, gauge="G1", machine="M2", since_ms=rows[3].time_ms, until_ms=rows[15].time_ms
    )
    assert [row.inspection_id for row in some] == ["i3", "i9"]
    assert asked.inspections(OWNER, station="nowhere") == []


def test_another_party_sees_nothing_unless_it_may(plant: Plant, asked: _Asked) -> None:
    assert asked.inspections(OTHER) == []
    assert asked.failures(OTHER) == BitMap()
    assert len(_Asked(plant, Everything()).inspections(OTHER)) == CARS


def test_a_withdrawn_inspection_is_left_out(plant: Plant, asked: _Asked) -> None:
    plant.must(Correction("i7", "inspection", "wrong part", NOW - 5))
    assert "i7" not in [row.inspection_id for row in asked.inspections(OWNER)]
    report = chart(asked, OWNER, "bore")
    assert report.chart.baseline.points == CARS - 1


def test_failures_reach_the_vehicle_of_a_part(asked: _Asked) -> None:
    names = asked.vehicles(OWNER, asked.failures(OWNER))
    assert sorted(names) == ["VIN05", *(f"VIN{number}" for number in range(20, 30))]
    coded = asked.failures(OWNER, code="X")
    assert asked.vehicles(OWNER, coded) == ["VIN05"]
    assert asked.failures(OWNER, since_ms=NOW) == BitMap()


def test_factors_are_vehicles_that_met_them(asked: _Asked) -> None:
    kinds = ("batch", "machine", "shift", "gauge", "supplier", "station")
    factors = asked.factors(OWNER, kinds)
    held = asked.vehicles(OWNER, factors[FactorKey("batch", "bad")])
    assert sorted(held) == [f"VIN{number}" for number in range(20, 30)]
    assert len(factors[FactorKey("supplier", "S1")]) == 30
    assert len(factors[FactorKey("gauge", "G1")]) == 30
    for key in (("machine", "M9"), ("shift", "N"), ("station", "press")):
        assert asked.vehicles(OWNER, factors[FactorKey(*key)]) == ["VIN21"]
    with pytest.raises(QualityError, match="no kind of factor"):
        asked.factors(OWNER, ("weather",))


def test_the_sets_that_the_store_keeps_are_those_reckoned_anew(plant: Plant, asked: _Asked) -> None:
    kinds = ("batch", "machine", "shift", "gauge", "supplier", "station")
    everyone = _Asked(plant, Everything())
    reckoned = everyone.factors(OWNER, kinds)  # there are no kept sets yet
    assert bring_up(plant.site, None, least=1)
    assert bring_up(plant.site, frozenset({OWNER}), least=1)
    assert everyone.factors(OWNER, kinds) == reckoned == asked.factors(OWNER, kinds)


def test_a_party_is_told_how_many_vehicles_it_knows_of(plant: Plant, asked: _Asked) -> None:
    plant.must(item(vehicle("THEIRS")), party=OTHER)
    assert asked.population(OWNER) == CARS
    assert asked.population(OTHER) == 1
    assert _Asked(plant, Everything()).population(OTHER) == CARS + 1


def test_the_bad_batch_is_found_in_the_store(asked: _Asked) -> None:
    report = root_cause(asked, OWNER, code="P0A7E")
    assert report.causes == ((FactorKey("batch", "bad"),),)
    assert (report.population, report.failures) == (CARS, 10)


def test_a_wrong_gauge_gives_the_vins_that_it_measured(asked: _Asked) -> None:
    impact = gauge_out(
        asked,
        OWNER,
        "G1",
        last_good_ms=NOW - 100_000 + 1_000,
        found_bad_ms=NOW - 100_000 + 7_000,
    )
    assert impact.inspection_ids == ("i3", "i5", "i7")
    assert impact.vehicles == ("VIN03", "VIN05", "VIN07")
