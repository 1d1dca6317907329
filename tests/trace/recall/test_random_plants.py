"""Recalls of random plants equal the naive model, and what the records alone give."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xinlian.trace.model.facts import ProcessRecord
from xinlian.trace.model.items import ItemId, ItemType
from xinlian.trace.model.links import Link
from xinlian.trace.model.recall import Cause, CauseKind, RecallLine, RecallList
from xinlian.trace.model.recompute import list_digest, recompute
from xinlian.trace.usecases.ports import Everything
from xinlian.trace.usecases.recall import Recalls

from tests.trace.plant import NOW, OWNER, Plant, batch, candidate, link, serial, vehicle
from tests.trace.recall.model import Naive

T = NOW - 10_000_000_000
_NUMBERS = itertools.count()
MANY = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def plants(draw: st.DrawFn) -> tuple[Naive, list[ItemId]]:
    mark = next(_NUMBERS)
    count = draw(st.integers(3, 10))
    make = {"s": serial, "b": batch, "v": vehicle}
    names = []
    for at in range(count):
        last = at >= count - 2
        names.append(make["v" if last else draw(st.sampled_from("sbbv"))](f"{mark}.{at}"))
    links: dict[tuple[ItemId, ItemId, int | None], Link] = {}
    for _ in range(draw(st.integers(2, 18))):
        low = draw(st.integers(0, count - 2))
        high = draw(st.integers(low + 1, count - 1))
        begins = draw(st.one_of(st.none(), st.integers(T, T + 9)))
        if draw(st.integers(0, 3)) == 0:
            group = f"g{draw(st.integers(0, 1))}"
            made = candidate(names[low], names[high], group, begins)
        else:
            ends = None
            if begins is not None and draw(st.integers(0, 4)) == 0:
                ends = draw(st.integers(begins, T + 12))
            made = link(names[low], names[high], begins, ends)
        links[made.child, made.parent, begins] = made
    for made in draw(moved(names)):
        if not any(made.child == child and made.parent == parent for child, parent, _ in links):
            links[made.child, made.parent, made.valid_from_ms] = made
    work = []
    for at in range(draw(st.integers(0, 4))):
        start = draw(st.integers(T - 5, T + 9))
        work.append(
            ProcessRecord(
                f"{mark}/{at}",
                names[draw(st.integers(0, count - 1))],
                "OP1",
                start,
                start + draw(st.integers(0, 4)),
                machine=f"M{mark}",
            )
        )
    return Naive(list(links.values()), work), names


@st.composite
def moved(draw: st.DrawFn, names: list[ItemId]) -> list[Link]:
    """Part of a single thing's life: taken out of something, and a candidate for something else,
    with times told or not; the two may be in one another, as where a level is left out."""
    singles = [at for at, name in enumerate(names[:-2]) if name.type is ItemType.SERIAL]
    if not singles or draw(st.booleans()):
        return []
    part = draw(st.sampled_from(singles))
    places = st.integers(part + 1, len(names) - 1)
    one, two = draw(places), draw(places)
    begins = draw(st.one_of(st.none(), st.integers(T, T + 9)))
    ends = draw(st.one_of(st.none(), st.integers(begins or T, T + 12)))
    found = [link(names[part], names[one], begins, ends)]
    begins = draw(st.one_of(st.none(), st.integers(T, T + 12)))
    found.append(candidate(names[part], names[two], "m", begins))
    if part and draw(st.booleans()):
        found.append(candidate(names[part - 1], names[two], "m", begins))
    if one != two and draw(st.booleans()):
        found.append(link(names[min(one, two)], names[max(one, two)], T))
    return found


@st.composite
def causes_of(draw: st.DrawFn, names: list[ItemId]) -> tuple[Cause, ...]:
    found = []
    for _ in range(draw(st.integers(1, 2))):
        if draw(st.booleans()):
            name = draw(st.sampled_from(names)).id
            low = draw(st.one_of(st.none(), st.integers(T, T + 6)))
            high = None if low is None else low + draw(st.integers(1, 6))
            found.append(Cause(CauseKind.ITEMS, (name,), low, high))
        else:
            machine = "M" + names[0].id.split(".")[0]
            low = draw(st.integers(T - 3, T + 6))
            found.append(Cause(CauseKind.MACHINE, (machine,), low, low + draw(st.integers(1, 6))))
    return tuple(found)


def told(lines: Sequence[RecallLine]) -> set[RecallLine]:
    """Lines without paths: of ways that are as good as one another any may be shown."""
    return {replace(line, path=()) for line in lines}


def findings(recall: RecallList) -> dict[ItemId, str]:
    return {line.vehicle: line.finding.value for line in recall.lines}


@MANY
@given(data=st.data())
def test_a_list_equals_the_naive_one_and_the_records(plant: Plant, data: st.DataObject) -> None:
    naive, names = data.draw(plants())
    causes = data.draw(causes_of(names))
    mark = len(plant.logs.records)
    plant.must(*naive.links, *naive.work)
    recalls = Recalls(plant.site, Everything(), plant.logs)
    found = recalls.scope(OWNER, causes, NOW)
    assert findings(found) == naive.findings(causes, NOW)
    again = recompute({OWNER: plant.logs.records[mark:]}, causes, NOW)
    assert told(again.lines) == told(found.lines)
    assert list_digest(again.lines) == list_digest(found.lines)
    assert told(again.stock) == told(found.stock)
    for line in found.lines:
        assert line.path[-1] == line.vehicle.id
        steps = set(itertools.pairwise(line.path))
        assert steps <= {(each.child.id, each.parent.id) for each in naive.links}
