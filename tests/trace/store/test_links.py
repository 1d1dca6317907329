"""Fittings and removals of a part give the same links in whichever order they come in."""

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xinlian.trace.model.capture import RowStatus
from xinlian.trace.model.facts import Correction, Fact
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.tree import Direction
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.ports import Everything

from tests.trace.plant import NOW, OWNER, Plant, event, link, serial, statuses

NAMES = itertools.count()
TIMES = st.integers(0, 12).map(lambda each: each * 10)


def holds(plant: Plant, parent: ItemId) -> list[tuple[int | None, int | None]]:
    """From when till when the part is in the parent, as far as anybody said."""
    with plant.site.read() as store:
        edges = store.children_of(store.items.numbers([parent]).values())
    return sorted(
        (
            (None if e.valid_from < 0 else e.valid_from, e.valid_to)
            for e in edges
            if not e.withdrawn
        ),
        key=str,
    )


def fresh() -> tuple[ItemId, ItemId]:
    number = next(NAMES)
    return serial(f"part {number}"), serial(f"parent {number}")


def plainly(begun: set[int], taken_out: set[int]) -> list[tuple[int | None, int | None]]:
    """Each removal, in order of time, ends the fitting before it that is open."""
    left, found = sorted(begun), []
    for ends in sorted(taken_out):
        held = [each for each in left if each < ends] or [each for each in left if each == ends]
        if held:
            left.remove(held[-1])
        found.append((held[-1] if held else None, ends))
    return sorted([*found, *((each, None) for each in left)], key=str)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(begun=st.sets(TIMES, max_size=4), taken_out=st.sets(TIMES, max_size=4), data=st.data())
def test_every_order_gives_the_same_links(
    plant: Plant, begun: set[int], taken_out: set[int], data: Any
) -> None:
    part, parent = fresh()
    facts = [link(part, parent, at) for at in begun]
    facts += [link(part, parent, None, at) for at in taken_out]
    facts = data.draw(st.permutations(facts))
    cut = data.draw(st.integers(0, len(facts)))
    for several in (facts[:cut], facts[cut:]):
        if several:
            plant.must(*several)
    expected = plainly(begun, taken_out)
    assert not facts or holds(plant, parent) == expected
    if facts:  # and nothing of it is new
        assert set(statuses(plant.must(*facts))) == {RowStatus.EXISTS}
        assert holds(plant, parent) == expected


def test_a_part_is_not_in_a_thing_before_it_was_fitted(plant: Plant) -> None:
    part, parent = serial("A"), serial("PAR")
    plant.must(link(part, parent, None, 200))
    assert holds(plant, parent) == [(None, 200)]
    plant.must(link(part, parent, 100))
    genealogy = Genealogy(plant.site, Everything())

    def at(time_ms: int) -> int:
        tree = genealogy.tree(OWNER, parent, Direction.DOWN, at_ms=time_ms)
        return 0 if tree is None else len(tree.nodes) - 1

    assert [at(each) for each in (50, 150, 250)] == [0, 1, 0]


def test_an_end_that_came_with_its_beginning_is_not_moved(plant: Plant) -> None:
    for order in itertools.permutations(range(3)):
        part, parent = fresh()
        said = (link(part, parent, 50), link(part, parent, 100, 200), link(part, parent, None, 200))
        for at in order:
            plant.must(said[at])
        assert holds(plant, parent) == [(100, 200), (50, None)]


def test_a_removal_that_was_withdrawn_does_not_come_back_by_itself(plant: Plant) -> None:
    part, parent = fresh()
    said: list[Fact] = [event("out", part, parent), link(part, parent, None, 200)]
    plant.must(said)
    plant.must(Correction("out", "event", "wrong part", NOW))
    assert holds(plant, parent) == []
    assert statuses(plant.must(said)) == [RowStatus.EXISTS]
    plant.must(link(part, parent, 100))
    assert holds(plant, parent) == [(100, None)]
    again: list[Fact] = [event("out again", part, parent), link(part, parent, None, 200)]
    plant.must(again)
    assert holds(plant, parent) == [(100, 200)]


def test_very_many_uses_of_a_batch_are_taken_in_soon(plant: Plant) -> None:
    part, parent = fresh()
    plant.must(*(link(part, parent, at) for at in range(3_000)))
    plant.must(link(part, parent, None, 5_000))
    assert (2_999, 5_000) in holds(plant, parent)
    assert plant.count("trace_links") == 3_000
