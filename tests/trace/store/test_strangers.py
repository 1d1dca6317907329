"""What others say of a party's things neither stops nor slows it."""

import itertools

import pytest
from xinlian.trace.model.recall import Cause, CauseKind, Finding
from xinlian.trace.model.tree import Direction, Truncation
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.ports import Everything, OnlyOwn
from xinlian.trace.usecases.recall import Recalls

from tests.trace.plant import NOW, OWNER, Plant, batch, item, link, serial, vehicle

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


def test_a_part_in_very_many_things_is_told_of_by_some(plant: Plant) -> None:
    for at in range(0, 300, 100):
        plant.must(*(link(PACK, serial(f"p{at + n}")) for n in range(100)), party=STRANGER)
    raised = plant.count("trace_signals")
    assert 0 < raised <= 3 * 8
    assert plant.must(link(PACK, CAR)).taken
    with plant.site.read() as store:
        own = store.signals([OWNER])
    assert [signal.subject for signal in own] == [f"serial:0:P1 in vehicle:0:{CAR.id}"]
    assert plant.count("trace_signals") <= raised + 1 + 8


def test_an_own_double_fit_shows_among_a_stranger_s_many(plant: Plant) -> None:
    plant.must(*(link(PACK, serial(f"a{n}", 1)) for n in range(100)), party=STRANGER)
    plant.must(*(link(vehicle(f"V{n}"), serial("hall")) for n in (1, 2)), party=STRANGER)
    plant.must(link(PACK, vehicle("V1")), link(PACK, serial("module")))
    plant.must(link(serial("module"), vehicle("V1")), link(PACK, vehicle("V2")))
    with plant.site.read() as store:
        own = [signal.subject for signal in store.signals([OWNER])]
    assert "serial:0:P1 in vehicle:0:V1 and vehicle:0:V2" in own


def test_a_batch_that_others_use_much_is_known_to_who_uses_it_too(plant: Plant) -> None:
    heat = batch("HEAT-1")
    uses = [link(heat, serial(f"a{number}")) for number in range(10_001)]
    assert plant.take(*uses, party=OWNER - 1).taken
    plant.must(link(heat, serial("mine")))
    with plant.site.read() as store:
        number = store.items.numbers([heat])[heat]
        assert store.speakers(number) == {OWNER - 1, OWNER}
    alone = Genealogy(plant.site, OnlyOwn())
    assert alone.tree(OWNER, heat, Direction.UP) is not None
    assert alone.tree(STRANGER, heat, Direction.UP) is None
    assert [found.id for found in alone.find(OWNER, "HEAT-1")] == [heat]
