"""A recall is a draft until it is published, and ends; what others are told follows that."""

from typing import Any

import pytest
from xinlian.trace.model.recall import Cause, CauseKind, RecallList
from xinlian.trace.model.standing import NamedBy, RecallState, StandingError
from xinlian.trace.usecases.ports import OnlyOwn
from xinlian.trace.usecases.recall import Recalls

from tests.trace.plant import NOW, OWNER, Plant, batch, candidate, item, link, serial, vehicle

DRAFT, PUBLISHED, CLOSED, WITHDRAWN = RecallState
LOT, OTHER_LOT, CELL = batch("LOT"), batch("LOT2"), serial("C2")
SURE, MAYBE, CLEAN, SPARE = vehicle("V1"), vehicle("V2"), vehicle("V3"), serial("SPARE")
CAUSES = (Cause(CauseKind.ITEMS, (LOT.id,)),)
DEALER = 8


class Shared:
    """The dealer sees the owner's records; an auditor everything."""

    def parties(self, connection: Any, reader: int) -> frozenset[int] | None:
        return None if reader == 0 else frozenset({OWNER} if reader == DEALER else ())


@pytest.fixture
def recalls(plant: Plant) -> Recalls:
    plant.must(
        *(item(car) for car in (SURE, MAYBE, CLEAN)),
        *(link(LOT, SURE), link(LOT, SPARE), link(CELL, MAYBE)),
        *(candidate(LOT, CELL, "g"), candidate(OTHER_LOT, CELL, "g")),
    )
    return Recalls(plant.site, Shared(), plant.logs)


def make(recalls: Recalls, at: int = 0, title: str = "") -> RecallList:
    return recalls.make(OWNER, CAUSES, NOW + at, title=title)


def told(found: list[NamedBy]) -> list[tuple[int, str, str]]:
    return [(each.number, each.finding.value, each.state.value) for each in found]


def test_nothing_says_so_of_a_vehicle_before_the_recall_is_published(
    plant: Plant, recalls: Recalls
) -> None:
    made = make(recalls, title="Coil")
    assert [recalls.naming(reader, SURE) for reader in (OWNER, DEALER, 0)] == [[], [], []]
    standing = recalls.go(OWNER, "1", PUBLISHED, "", NOW + 5)
    assert (standing.recall_id, standing.number, standing.title) == (made.recall_id, 1, "Coil")
    for reader in (OWNER, DEALER, 0):
        assert told(recalls.naming(reader, SURE)) == [(1, "certain", "published")]
        assert told(recalls.naming(reader, MAYBE)) == [(1, "possible", "published")]
        assert told(recalls.naming(reader, SPARE)) == [(1, "certain", "published")]
        assert told(recalls.naming(reader, LOT)) == [(1, "certain", "published")]
        assert recalls.naming(reader, CLEAN) == []
    assert recalls.naming(99, SURE) == [], "a stranger to the owner's records"
    signals = [s for s in plant_signals(plant) if s.kind.startswith("recall-")]
    assert [(s.kind, s.party, s.subject) for s in signals] == [
        ("recall-published", OWNER, "recall 1 Coil")
    ]
    assert sorted(signals[0].detail["vehicles"]) == [SURE.id, MAYBE.id]


def plant_signals(plant: Plant) -> list[Any]:
    with plant.site.read() as store:
        return store.signals([OWNER])


@pytest.mark.parametrize("end", [CLOSED, WITHDRAWN])
def test_an_ended_recall_warns_no_more_and_stays_in_history(
    plant: Plant, recalls: Recalls, end: RecallState
) -> None:
    make(recalls)
    recalls.go(OWNER, "1", PUBLISHED, "", NOW + 5)
    gone = recalls.go(OWNER, "1", end, "all changed", NOW + 9)
    assert [(step.state, step.at_ms, step.reason) for step in gone.steps] == [
        *((DRAFT, NOW, ""), (PUBLISHED, NOW + 5, ""), (end, NOW + 9, "all changed")),
    ]
    assert recalls.all(OWNER)[0].standing == gone == recalls.standing(OWNER, gone.recall_id)
    assert told(recalls.naming(DEALER, SURE)) == [(1, "certain", end.value)]
    records = [r for r in plant.logs.records if r["subject"] == f"recall:{gone.recall_id}"]
    assert [(r["schema"], r.get("step")) for r in records] == [
        ("xinlian-recall/1", None),
        ("xinlian-recall-step/1", "published"),
        ("xinlian-recall-step/1", end.value),
    ]
    assert {r["list_sha256"] for r in records} == {records[0]["list_sha256"]}
    assert records[-1]["reason"] == "all changed"


def test_a_step_taken_again_changes_nothing(plant: Plant, recalls: Recalls) -> None:
    make(recalls)
    first = recalls.go(OWNER, "1", PUBLISHED, "", NOW + 5)
    count = len(plant.logs.records)
    assert recalls.go(OWNER, "1", PUBLISHED, "", NOW + 6) == first
    assert len(plant.logs.records) == count
    last = recalls.go(OWNER, "1", WITHDRAWN, "wrong lot", NOW + 7)
    assert recalls.go(OWNER, "1", WITHDRAWN, "wrong lot", NOW + 8) == last
    for state, reason in ((WITHDRAWN, "another"), (PUBLISHED, ""), (CLOSED, "done")):
        with pytest.raises(StandingError):
            recalls.go(OWNER, "1", state, reason, NOW + 9)
    assert recalls.standing(OWNER, "1") == last


def test_a_draft_may_be_thrown_away_but_not_closed_or_told_of(
    plant: Plant, recalls: Recalls
) -> None:
    made = make(recalls)
    with pytest.raises(StandingError):
        recalls.go(OWNER, "1", CLOSED, "done", NOW + 1)
    with pytest.raises(StandingError):
        recalls.notify(OWNER, "1", [SURE], "letter", NOW + 1)
    recalls.go(OWNER, made.recall_id, WITHDRAWN, "a try", NOW + 2)
    assert recalls.naming(DEALER, SURE) == []
    assert [s for s in plant_signals(plant) if s.kind.startswith("recall-")] == []


def test_numbers_count_a_party_s_own_recalls(plant: Plant, recalls: Recalls) -> None:
    make(recalls), make(recalls, 1), make(recalls, 1)
    recalls.make(DEALER, CAUSES, NOW)
    assert [each.standing.number for each in recalls.all(OWNER)] == [2, 1]
    assert [each.standing.number for each in recalls.all(DEALER)] == [1]
    for strange in ("3", "0", "9" * 12, "x"):
        assert recalls.get(OWNER, strange) is None
        with pytest.raises(KeyError):
            recalls.go(OWNER, strange, PUBLISHED, "", NOW)
    with pytest.raises(KeyError):
        recalls.go(DEALER, "2", PUBLISHED, "", NOW)


def test_lists_made_at_one_moment_are_told_apart_by_title(recalls: Recalls) -> None:
    one, two = make(recalls, title="one"), make(recalls, title="two")
    assert one.recall_id != two.recall_id
    assert [each.standing.title for each in recalls.all(OWNER)] == ["two", "one"]
    assert make(recalls, title="one") == one


def test_what_is_captured_while_a_list_is_reckoned_is_not_in_its_proof(plant: Plant) -> None:
    plant.must(link(LOT, SURE))

    class Slow(OnlyOwn):
        """Somebody captures at the moment at which the list is reckoned: nobody waits."""

        def parties(self, connection: Any, reader: int) -> Any:
            done.append(True)
            if len(done) == 2:  # the first time it is asked before the moment of the list
                plant.must(link(LOT, MAYBE))
            return super().parties(connection, reader)

    done: list[bool] = []
    recalls = Recalls(plant.site, Slow(), plant.logs)
    made = recalls.make(OWNER, CAUSES, NOW)
    assert len(done) > 1, "the capture was let in"
    assert [line.vehicle for line in made.lines] == [SURE]
    assert recalls.disclosure(OWNER, made.recall_id) == {OWNER: [0]}
    assert len(recalls.make(OWNER, CAUSES, NOW + 1).lines) == 2
