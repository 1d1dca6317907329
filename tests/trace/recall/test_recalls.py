"""What a recall team sees: who is affected, why, where, what changed, who was told."""

import pytest
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.trace.model.facts import (
    Correction,
    Fact,
    Gap,
    GapKind,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import REASONS, Cause, CauseKind, Reason, RecallList, Whereabouts
from xinlian.trace.model.recompute import list_digest, recompute
from xinlian.trace.model.standing import RecallState
from xinlian.trace.usecases.ports import Everything, OnlyOwn
from xinlian.trace.usecases.recall import Recalls

from tests.trace.plant import (
    NOW,
    OWNER,
    Plant,
    batch,
    candidate,
    event,
    item,
    link,
    serial,
    vehicle,
)

T = NOW - 1_000_000_000
LOT, OTHER_LOT = batch("LOT"), batch("LOT2")
CARS = [vehicle(f"V{number}") for number in range(8)]
CELLS = [serial(f"C{number}") for number in range(8)]


@pytest.fixture
def recalls(plant: Plant) -> Recalls:
    return Recalls(plant.site, Everything(), plant.logs)


def lot(**more: int) -> tuple[Cause, ...]:
    return (Cause(CauseKind.ITEMS, (LOT.id,), more.get("from_ms"), more.get("to_ms")),)


def told(recall: RecallList) -> dict[str, tuple[str, str]]:
    return {line.vehicle.id: (line.finding.value, line.reason) for line in recall.lines}


def fitted(number: int, begins: int | None = None, ends: int | None = None) -> list[Fact]:
    return [link(CELLS[number], CARS[number], begins, ends)]


def test_findings_with_reasons(plant: Plant, recalls: Recalls) -> None:
    spare = serial("SPARE")
    plant.must(
        *(item(car) for car in CARS),
        link(LOT, CELLS[0]),
        link(CELLS[0], CARS[0]),
        link(LOT, CELLS[1]),
        link(CELLS[1], CARS[1], T, T + 10),
        candidate(LOT, CELLS[2], "g"),
        candidate(OTHER_LOT, CELLS[2], "g"),
        link(CELLS[2], CARS[2]),
        candidate(LOT, CELLS[3], "g"),
        link(CELLS[3], CARS[3]),
        link(LOT, CELLS[4]),
        candidate(CELLS[4], CARS[4], "h", T),
        candidate(spare, CARS[4], "h", T),
        link(CELLS[4], CARS[5], T),
        link(serial("clean"), CARS[6]),
    )
    found = recalls.scope(OWNER, lot(), NOW)
    assert told(found) == {
        "V0": ("certain", Reason.CONTAINS),
        "V1": ("excluded", Reason.REMOVED),
        "V2": ("possible", Reason.CANDIDATE),
        "V3": ("certain", Reason.SOLE_CANDIDATE),
        "V4": ("excluded", Reason.CANDIDATE_RESOLVED),
        "V5": ("certain", Reason.CONTAINS),
    }
    assert (found.certain, found.possible, found.excluded, found.population) == (3, 1, 2, 8)
    assert found.lines[0].path == ("LOT", "C0", "V0")
    both = (Cause(CauseKind.ITEMS, (LOT.id, OTHER_LOT.id)),)
    assert told(recalls.scope(OWNER, both, NOW))["V2"] == ("certain", Reason.ALL_CANDIDATES)
    assert set(REASONS) == set(Reason)


def test_the_window_of_a_batch_is_when_it_was_used(plant: Plant, recalls: Recalls) -> None:
    for number, begins in enumerate([T - 1, T, T + 9, T + 10, None]):
        plant.must(link(LOT, CELLS[number], begins), link(CELLS[number], CARS[number]))
    assert told(recalls.scope(OWNER, lot(from_ms=T, to_ms=T + 10), NOW)) == {
        "V0": ("excluded", Reason.FITTED_BEFORE),
        "V1": ("certain", Reason.CONTAINS),
        "V2": ("certain", Reason.CONTAINS),
        "V3": ("excluded", Reason.FITTED_AFTER),
        "V4": ("possible", Reason.TIME_UNKNOWN),
    }


def test_machine_shift_station_gauge_and_supplier(plant: Plant, recalls: Recalls) -> None:
    def work(number: int, start: int, end: int) -> ProcessRecord:
        return ProcessRecord(
            f"p{number}", CELLS[number], "OP1", start, end, machine="M1", shift="late"
        )

    plant.must(
        *(link(cell, car, T - 5) for cell, car in zip(CELLS[:5], CARS[:5], strict=True)),
        work(0, T, T + 5),
        work(1, T - 2, T + 1),
        work(2, T - 500, T - 400),
        work(3, T - 90_000_000, T - 89_000_000),
        link(CELLS[5], CARS[5], T - 50, T - 40),
        work(5, T + 1, T + 2),
        Inspection(*("i1", CELLS[4], "width", Result.PASSED, T + 3, "1.0", "MMT"), gauge="G7"),
        item(CELLS[6], maker="ACME", made_at_ms=T),
        link(CELLS[6], CARS[6]),
    )
    expected = {
        "V0": ("certain", Reason.CONTAINS),
        "V1": ("possible", Reason.WINDOW_EDGE),
        "V2": ("excluded", Reason.OUTSIDE_WINDOW),
        "V5": ("excluded", Reason.REMOVED_BEFORE),
    }
    for kind, name in (
        (CauseKind.MACHINE, "M1"),
        (CauseKind.STATION, "OP1"),
        (CauseKind.SHIFT, "late"),
    ):
        cause = Cause(kind, (name,), T, T + 10)
        assert told(recalls.scope(OWNER, (cause,), NOW)) == expected
    gauge = recalls.scope(OWNER, (Cause(CauseKind.GAUGE, ("G7",), T, T + 10),), NOW)
    assert told(gauge) == {"V4": ("certain", Reason.CONTAINS)}
    supplier = recalls.scope(OWNER, (Cause(CauseKind.SUPPLIER, ("ACME",)),), NOW)
    assert told(supplier) == {"V6": ("certain", Reason.CONTAINS)}


def test_what_can_be_stopped_and_what_is_in_nothing_yet(plant: Plant, recalls: Recalls) -> None:
    sold = "https://ref.gs1.org/cbv/Disp-retail_sold"
    plant.must(
        *(link(LOT, cell) for cell in CELLS[:4]),
        *(link(cell, car) for cell, car in zip(CELLS[:3], CARS, strict=False)),
        event("a", CARS[0], time_ms=T, disposition="in_transit"),
        event("b", CARS[0], time_ms=T + 2, disposition=sold),
        event("c", CARS[0], time_ms=T + 1, disposition="urn:epcglobal:cbv:disp:in_progress"),
        event("d", CARS[1], time_ms=T, disposition="in_progress"),
        event("e", CELLS[3], time_ms=T, disposition="active"),
    )
    found = recalls.scope(OWNER, lot(), NOW)
    assert [line.whereabouts for line in found.lines] == [
        *(Whereabouts.FIELD, Whereabouts.STOPPABLE, Whereabouts.UNKNOWN),
    ]
    assert [(s.vehicle, s.whereabouts) for s in found.stock] == [(CELLS[3], Whereabouts.STOPPABLE)]


def test_late_data_shows_as_a_difference_and_the_told_stay_told(
    plant: Plant, recalls: Recalls
) -> None:
    gap = Gap(CARS[0], GapKind.MISSING_CHILD, "BMS")
    wrong: list[Fact] = [event("w", CELLS[1], CARS[1]), link(CELLS[1], CARS[1])]
    plant.must(link(LOT, CELLS[0]), *fitted(0), link(LOT, CELLS[1]), wrong, gap)
    plant.must(candidate(LOT, CELLS[3], "g"), candidate(OTHER_LOT, CELLS[3], "g"), *fitted(3))
    first = recalls.make(OWNER, lot(), NOW)
    assert told(first) == {
        "V0": ("certain", "contains"),
        "V1": ("certain", "contains"),
        "V3": ("possible", "candidate"),
    }
    assert first.gaps == 1
    recalls.go(OWNER, first.recall_id, RecallState.PUBLISHED, "", NOW)
    assert recalls.notify(OWNER, first.recall_id, [CARS[0], CARS[1]], "letter", NOW) == 2
    assert recalls.notify(OWNER, first.recall_id, [CARS[0]], "letter", NOW) == 0
    with pytest.raises(ValueError, match="V7 is not on this recall"):
        recalls.notify(OWNER, first.recall_id, [CARS[7]], "letter", NOW)
    plant.must(
        Correction("w", "event", "wrong part scanned", NOW),
        link(LOT, CELLS[2]),
        *fitted(2),
        Correction("LOT2>C3", "link", "not used", NOW),
    )
    second = recalls.make(OWNER, lot(), NOW + 1, earlier=first.recall_id)
    assert second.diff is not None
    assert second.diff.added == (CARS[2],)
    assert second.diff.removed == (CARS[1],)
    assert [change[0] for change in second.diff.changed] == [CARS[3]]
    assert second.notified == (CARS[0], CARS[1])
    assert told(second)["V1"] == ("excluded", "withdrawn")
    assert recalls.get(OWNER, second.recall_id) == second
    assert recalls.get(OWNER + 1, second.recall_id) is None
    assert recalls.make(OWNER, lot(), NOW + 1, earlier=first.recall_id) == second
    listed = [each.standing.recall_id for each in recalls.all(OWNER)]
    assert listed == [second.recall_id, first.recall_id]
    with pytest.raises(KeyError):
        recalls.make(OWNER, lot(), NOW + 2, earlier="none")


def test_a_third_party_reckons_again_from_what_is_disclosed(plant: Plant, recalls: Recalls) -> None:
    test_findings_with_reasons(plant, recalls)
    plant.must(*(link(serial(f"x{at}"), CARS[7]) for at in range(50)))
    made = recalls.make(OWNER, lot(), NOW)
    plant.take(link(LOT, CARS[6]), now_ms=NOW + 5)
    leaves = recalls.disclosure(OWNER, made.recall_id)
    log = plant.logs.ensure_log(OWNER, "trace")
    with begin_read(plant.engine) as connection:
        records = [plant.logs.logs.record(connection, log, at) for at in leaves[OWNER]]
    assert len(records) < 40
    again = recompute({OWNER: records}, made.causes, made.made_at_ms)
    assert list_digest(again.lines) == list_digest(made.lines)
    digests = [r["list_sha256"] for r in plant.logs.records if r["schema"] == "xinlian-recall/1"]
    assert digests == [list_digest(again.lines)]
    less = [r for r in records if "serial:0:C0" not in str(r)]
    assert list_digest(recompute({OWNER: less}, made.causes, NOW).lines) != digests[0]


def test_another_s_records_do_not_count_without_the_right_to_see_them(plant: Plant) -> None:
    plant.must(*fitted(0), *fitted(1), link(LOT, CELLS[1]))
    plant.must(link(LOT, CELLS[0]), party=OWNER + 1)
    own = Recalls(plant.site, OnlyOwn(), plant.logs).scope(OWNER, lot(), NOW)
    assert set(told(own)) == {"V1"}
    assert own.population == 2
    supplier = Recalls(plant.site, OnlyOwn(), plant.logs).scope(OWNER + 1, lot(), NOW)
    assert told(supplier) == {}
    assert [line.vehicle for line in supplier.stock] == [CELLS[0]]
    everyone = Recalls(plant.site, Everything(), plant.logs).scope(OWNER, lot(), NOW)
    assert set(told(everyone)) == {"V0", "V1"}


def test_packing_does_not_spread_a_recall(plant: Plant, recalls: Recalls) -> None:
    from xinlian.trace.model.items import WORLD, ItemType
    from xinlian.trace.model.links import Link, LinkKind

    pallet = ItemId(WORLD, ItemType.PACKAGE, "SSCC")
    plant.must(
        link(LOT, CELLS[0]),
        Link(CELLS[0], pallet, LinkKind.PACKED),
        Link(pallet, CARS[0], LinkKind.PACKED),
        *fitted(1),
    )
    assert recalls.scope(OWNER, lot(), NOW).lines == ()


def test_a_drill_is_timed_and_recorded(plant: Plant) -> None:
    ticks = iter(range(0, 10_000_000, 1_000_000))
    recalls = Recalls(plant.site, Everything(), plant.logs, lambda: next(ticks))
    plant.must(link(LOT, CELLS[0]), *fitted(0))
    drill = recalls.drill(OWNER, lot(), NOW)
    assert (drill.took_us, drill.steps_us) == (2_000, {"scope_us": 1_000, "digest_us": 1_000})
    assert drill.counts == {"certain": 1, "possible": 0, "excluded": 0}
    assert recalls.drills(OWNER) == [drill]
    assert plant.logs.records[-1]["schema"] == "xinlian-drill/1"
