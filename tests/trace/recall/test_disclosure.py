"""What a proof of a recall holds: what its list rests on, and nothing of parties not seen."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.trace.model.facts import Correction, Fact, Inspection, ProcessRecord, Result
from xinlian.trace.model.recall import Cause, CauseKind, RecallList, Whereabouts
from xinlian.trace.model.recompute import list_digest, recompute
from xinlian.trace.usecases.ports import OnlyOwn, Visibility
from xinlian.trace.usecases.recall import Recalls

from tests.trace.plant import NOW, Plant, batch, event, item, link, serial, vehicle
from tests.trace.recall.test_random_plants import causes_of, plants

CAR, LOT = vehicle("LXLBE2A01TH100113"), batch("LOT-7")
MAKER, OTHER = 2, 9
_LATER = itertools.count(1)
CAUSES = (Cause(CauseKind.ITEMS, (LOT.id,)),)
SOLD = "https://ref.gs1.org/cbv/Disp-retail_sold"


class Sees:
    """The maker sees the other's records."""

    def parties(self, connection: Any, reader: int) -> frozenset[int]:
        return frozenset({OTHER} if reader == MAKER else ())


def recalls(plant: Plant, visibility: Visibility | None = None) -> Recalls:
    return Recalls(plant.site, visibility or OnlyOwn(), plant.logs)


def disclosed(
    plant: Plant, found: Mapping[int, Sequence[int]]
) -> dict[int, list[Mapping[str, Any]]]:
    records = {}
    with begin_read(plant.engine) as connection:
        for party, leaves in found.items():
            log = plant.logs.logs.find(connection, party, "trace")
            assert log is not None
            records[party] = [plant.logs.logs.record(connection, log.log_id, at) for at in leaves]
    return records


def again(plant: Plant, made: RecallList, visibility: Visibility | None = None) -> str:
    found = disclosed(plant, recalls(plant, visibility).disclosure(MAKER, made.recall_id))
    return list_digest(recompute(found, made.causes, made.made_at_ms).lines)


def test_records_of_parties_that_are_not_seen_are_not_disclosed(plant: Plant) -> None:
    plant.must(
        item(LOT, name="secret formula"),
        Inspection("i1", LOT, "secret", value="1.23", result=Result.FAILED, time_ms=NOW - 5_000),
        ProcessRecord("p1", LOT, "OP1", NOW - 9_000, NOW - 8_000),
        event("e1", LOT),
        Correction("nothing", "claim", "an internal reason", NOW - 1),
        Correction("LOT-7>LXLBE2A01TH100113", "link", "not mine", NOW - 1),
        party=OTHER,
    )
    plant.must(link(LOT, CAR, NOW - 4_000), party=OTHER)
    plant.must(
        link(LOT, CAR, NOW - 4_000),
        item(serial("unrelated")),
        Correction("nothing", "claim", "another reason", NOW - 1),
        Inspection("i2", CAR, "torque", value="5", result=Result.PASSED, time_ms=NOW - 5_000),
        party=MAKER,
    )
    made = recalls(plant).make(MAKER, CAUSES, NOW + 1)
    assert recalls(plant).disclosure(MAKER, made.recall_id) == {MAKER: [0]}
    assert again(plant, made) == list_digest(made.lines)
    shared = recalls(plant, Sees()).disclosure(MAKER, made.recall_id)
    texts = str(disclosed(plant, shared)[OTHER])
    assert "secret formula" in texts
    assert "an internal reason" not in texts
    assert "'secret'" not in texts  # no cause is about inspections


def test_one_s_correction_leaves_another_s_link(plant: Plant) -> None:
    plant.must(link(LOT, CAR, NOW - 4_000), party=MAKER)
    plant.must(link(LOT, CAR, NOW - 4_000), party=OTHER)
    plant.must(Correction(f"{LOT.id}>{CAR.id}", "link", "wrong", NOW), party=OTHER)
    made = recalls(plant, Sees()).make(MAKER, CAUSES, NOW + 1)
    assert [line.finding.value for line in made.lines] == ["certain"]
    assert again(plant, made, Sees()) == list_digest(made.lines)


def test_own_corrections_are_disclosed(plant: Plant) -> None:
    for number in (1, 2):
        plant.must([event(f"e{number}", CAR), link(LOT, CAR, number)], party=MAKER)
    plant.must(Correction("e1", "event", "wrong", NOW), party=MAKER)
    plant.must(link(LOT, vehicle("V2"), 3), party=MAKER)
    plant.must(Correction(f"{LOT.id}>V2", "link", "wrong", NOW), party=MAKER)
    made = recalls(plant).make(MAKER, CAUSES, NOW + 1)
    assert {line.vehicle.id: line.reason for line in made.lines} == {
        CAR.id: "contains",
        "V2": "withdrawn",
    }
    assert again(plant, made) == list_digest(made.lines)


def test_what_came_in_the_same_moment_but_later_is_left_out(plant: Plant) -> None:
    plant.must(link(LOT, CAR, NOW - 4_000), party=MAKER)
    made = recalls(plant).make(MAKER, CAUSES, NOW)
    plant.must(link(LOT, vehicle("later"), NOW - 3_000), party=MAKER)
    assert again(plant, made) == list_digest(made.lines)


def test_work_is_disclosed_where_it_is_the_cause(plant: Plant) -> None:
    plant.must(ProcessRecord("p1", CAR, "OP1", NOW - 9_000, NOW - 8_000, machine="M"), party=MAKER)
    plant.must(Correction("p2", "processrecord", "wrong", NOW), party=MAKER)
    plant.must(
        ProcessRecord("p2", vehicle("V2"), "OP1", NOW - 9_000, NOW - 8_000, machine="M"),
        party=MAKER,
    )
    cause = Cause(CauseKind.MACHINE, ("M",), NOW - 10_000, NOW)
    made = recalls(plant).make(MAKER, (cause,), NOW + 1)
    assert [line.vehicle for line in made.lines] == [CAR]
    assert again(plant, made) == list_digest(made.lines)


def test_where_a_car_is_its_maker_s_partners_tell(plant: Plant) -> None:
    plant.must(link(LOT, CAR, NOW - 4_000), event("sold", CAR, disposition=SOLD), party=MAKER)

    def where(visibility: Visibility) -> list[Whereabouts]:
        lines = recalls(plant, visibility).scope(MAKER, CAUSES, NOW + 1).lines
        return [line.whereabouts for line in lines]

    plant.must(event("x", CAR, time_ms=NOW - 1, disposition="in_progress"), party=OTHER)
    assert where(OnlyOwn()) == [Whereabouts.FIELD]
    assert where(Sees()) == [Whereabouts.STOPPABLE]
    plant.must(event("sold again", CAR, time_ms=NOW, disposition=SOLD), party=MAKER)
    ahead = event("y", CAR, time_ms=NOW + 10**12, disposition="in_progress")
    assert not plant.take(ahead, party=OTHER).taken
    assert where(Sees()) == [Whereabouts.FIELD]


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_what_is_disclosed_gives_the_list_whoever_said_it(
    plant: Plant, data: st.DataObject
) -> None:
    naive, names = data.draw(plants())
    causes = data.draw(causes_of(names))
    stranger = OTHER + 1
    said: dict[int, list[Fact]] = {MAKER: [], OTHER: [], stranger: []}
    facts: list[Fact] = [*naive.links, *naive.work]
    for fact in facts:
        for party in data.draw(st.sets(st.sampled_from(sorted(said)), min_size=1)):
            said[party].append(fact)
    for each in data.draw(st.lists(st.sampled_from(naive.links), max_size=3)):
        party = data.draw(st.sampled_from(sorted(said)))
        said[party].append(Correction(f"{each.child.id}>{each.parent.id}", "link", "", NOW))
    for party, told in said.items():
        plant.must(*told, party=party)
    made = recalls(plant, Sees()).make(MAKER, causes, NOW + next(_LATER))
    plant.must(link(names[0], vehicle(f"{names[0].id}.later"), 1), party=MAKER)
    found = recalls(plant, Sees()).disclosure(MAKER, made.recall_id)
    assert stranger not in found
    assert again(plant, made, Sees()) == list_digest(made.lines)
