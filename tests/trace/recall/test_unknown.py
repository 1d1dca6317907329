"""What a recall says of what its reader cannot know."""

import itertools
from typing import Any

import pytest
from xinlian.trace.model.causes import CauseError
from xinlian.trace.model.facts import Inspection, ProcessRecord, Result
from xinlian.trace.model.recall import Cause, CauseKind, RecallList
from xinlian.trace.usecases.ports import Everything, Seen
from xinlian.trace.usecases.recall import Recalls

from tests.trace.plant import NOW, Plant, batch, item, link, serial, vehicle

CARS, PACKS, THIRD = 1, 2, 3
T = NOW - 1_000_000
_LATER = itertools.count()


class Sees:
    """What others let the car maker see."""

    def __init__(self, *parties: int) -> None:
        self.given = frozenset(parties)

    def parties(self, connection: Any, reader: int) -> Seen:
        return self.given if reader == CARS else frozenset()


@pytest.fixture
def chain(plant: Plant) -> Plant:
    """A coil in two packs of another party; one is in a car."""
    plant.must(item(batch("COIL")), party=CARS)
    for name in ("P1", "P2"):
        plant.must(link(batch("COIL"), serial(name), T), party=PACKS)
    plant.must(link(serial("P1"), vehicle("V1"), T), item(vehicle("V2")), party=CARS)
    work = ProcessRecord("w1", serial("P1"), "OP1", T, T + 1, machine="LW-01", shift="N")
    found = Inspection("i1", serial("P1"), "bore", Result.PASSED, T, gauge="G-7")
    plant.must(work, found, item(serial("P1"), maker="S1"), party=PACKS)
    return plant


def scope(plant: Plant, cause: Cause, *seen: int) -> RecallList:
    recalls = Recalls(plant.site, Sees(*seen), plant.logs)
    recalls.check(CARS, [cause])
    made = recalls.make(CARS, [cause], NOW + next(_LATER))
    again = recalls.get(CARS, made.recall_id)
    assert again is not None
    assert (again.hidden, again.at_most) == (made.hidden, made.at_most)
    return made


def test_where_a_tier_is_hidden_nobody_says_how_many_at_most(chain: Plant) -> None:
    coil = Cause(CauseKind.ITEMS, ("COIL",))
    seen = scope(chain, coil, PACKS)
    assert (seen.certain, seen.hidden, seen.at_most) == (1, 0, 1)
    closed = scope(chain, coil)
    assert (closed.certain, closed.possible, closed.hidden, closed.at_most) == (0, 0, 1, None)
    everything = Recalls(chain.site, Everything(), chain.logs).scope(CARS, [coil], NOW)
    assert everything.hidden == 0


def test_hidden_is_what_leads_on_from_what_may_be_affected(chain: Plant) -> None:
    coil = Cause(CauseKind.ITEMS, ("COIL",))
    # The same link told by a party that is seen hides nothing, nor does one that was not meant.
    chain.must(link(batch("COIL"), serial("P1"), T + 5), party=THIRD)
    assert scope(chain, coil, PACKS).hidden == 0
    chain.must(link(serial("P2"), serial("MODULE"), T), party=THIRD)
    chain.must(link(vehicle("V1"), serial("TRAIN"), T), party=THIRD)
    found = scope(chain, Cause(CauseKind.ITEMS, ("COIL",), T - 9), PACKS)
    assert (found.hidden, found.at_most) == (1, None)
    late = Cause(CauseKind.ITEMS, ("COIL",), T + 9, T + 99)
    assert scope(chain, late, PACKS).hidden == 0


@pytest.mark.parametrize(
    ("kind", "name", "near"),
    [
        (CauseKind.MACHINE, "LW-10", ("LW-01",)),
        (CauseKind.MACHINE, "lw-01", ("LW-01",)),
        (CauseKind.GAUGE, "G-8", ("G-7",)),
        (CauseKind.SHIFT, "X", ()),
        (CauseKind.SUPPLIER, "S2", ("S1",)),
        (CauseKind.STATION, "OP2", ("OP1",)),
    ],
)
def test_a_name_that_is_on_no_record_is_refused(
    chain: Plant, kind: CauseKind, name: str, near: tuple[str, ...]
) -> None:
    with pytest.raises(CauseError) as caught:
        scope(chain, Cause(kind, (name,), T - 9, T + 9), PACKS)
    assert (caught.value.name, caught.value.near) == (name, near)
    for known in near:
        scope(chain, Cause(kind, (known,), T - 9, T + 9), PACKS)
        with pytest.raises(CauseError) as caught:  # nobody who may not see it is told
            scope(chain, Cause(kind, (known,), T - 9, T + 9))
        assert caught.value.near == ()


def test_a_window_that_ends_before_it_begins_is_refused(chain: Plant) -> None:
    for kind, name in ((CauseKind.ITEMS, "COIL"), (CauseKind.MACHINE, "LW-01")):
        with pytest.raises(CauseError) as caught:
            scope(chain, Cause(kind, (name,), T + 9, T + 9), PACKS)
        assert caught.value.name == ""
