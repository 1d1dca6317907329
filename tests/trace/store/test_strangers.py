"""What others say of a party's things neither stops nor slows it."""

import itertools

import pytest
from xinlian.trace.model.recall import Cause, CauseKind, Finding
from xinlian.trace.model.tree import Direction, Truncation
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.ports import Everything
from xinlian.trace.usecases.recall import Recalls

from tests.trace.plant import NOW, OWNER, Plant, item, link, serial, vehicle

CAR, PACK = vehicle("LSVAU2A37N2100001"), serial("P1")
STRANGER = OWNER + 2


def test_a_circle_through_another_s_link_is_taken_and_walked(plant: Plant) -> None:
    plant.must(link(CAR, PACK), party=STRANGER)
    plant.must(item(CAR), link(PACK, CAR))
    everyone = Genealogy(plant.site, Everything())
    for root, direction in itertools.product((CAR, PACK), Direction):
        tree = everyone.tree(OWNER, root, direction)
        assert tree is not None
        assert dict(tree.truncations) == {Truncation.CYCLE: 1}
    recalls = Recalls(plant.site, Everything(), plant.logs)
    found = recalls.scope(OWNER, (Cause(CauseKind.ITEMS, (PACK.id,)),), NOW)
    assert [(line.vehicle, line.finding) for line in found.lines] == [(CAR, Finding.CERTAIN)]


def test_how_deep_others_go_does_not_count(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xinlian.trace.adapters.sql.graph.DEPTH_MAX", 3)
    top, chain = serial("top"), [serial(f"s{number}") for number in range(4)]
    for steps in itertools.pairwise([*chain, PACK]):
        plant.take(link(*steps), party=STRANGER)
    plant.must(link(CAR, top), party=STRANGER)
    assert plant.take(link(serial("cell"), PACK)).taken
    assert plant.take(link(PACK, CAR)).taken
    plant.must(*(link(*steps) for steps in itertools.pairwise(map(serial, "abc"))))
    plant.must(*(link(*steps) for steps in itertools.pairwise(map(serial, "xyz"))))
    assert not plant.take(link(serial("c"), serial("x"))).taken
