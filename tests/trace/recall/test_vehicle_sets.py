"""Sets of vehicles by view equal what a walk over the links of the parties seen gives."""

from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.services.migrations import configuration, upgrade
from xinlian.trace.adapters.quality import factor_sets as quality_sets
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.adapters.sql import views
from xinlian.trace.adapters.sql.views import SetViews
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.model.facts import Correction, Fact
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import Cause, CauseKind, RecallLine
from xinlian.trace.usecases import recall_scope, vehicle_sets
from xinlian.trace.usecases.ports import Everything, OnlyOwn, Seen
from xinlian.trace.usecases.quality import FactorKey, QualityError
from xinlian.trace.usecases.recall import Recalls
from xinlian.trace.usecases.vehicle_sets import bring_up, keep_views

from tests.trace.plant import NOW, Plant, batch, event, item, link, serial, vehicle
from tests.trace.recall.several import PARTIES, Shares, T, naive, told

KINDS = ("batch", "machine", "shift", "gauge", "supplier", "station")
FEW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def view_of(plant: Plant, seen: Seen) -> dict[Any, tuple[BitMap, BitMap]]:
    """What the kept sets say, with what they lack."""
    with plant.site.read() as store:
        every = store.fresh_all_sets(seen, FactorKind)
        assert every is not None
        found = store.fresh_sets(seen, every)
        assert found is not None
    assert {key: sets[0] for key, sets in found.items()} == every
    return found


def anew(plant: Plant, seen: Seen) -> dict[Any, tuple[BitMap, BitMap]]:
    """The same from a view that is made now."""
    with plant.site.write() as store:
        for name in ("trace_factor_sets", "trace_views"):
            store.connection.exec_driver_sql(f"DELETE FROM {name} WHERE view <> 0")
        store.make_view(seen)
    assert bring_up(plant.site, seen)
    return view_of(plant, seen)


def lines(found: Any) -> list[RecallLine]:
    return [replace(line, path=()) for line in found.lines]


@FEW
@given(data=st.data())
def test_views_tell_what_walks_over_the_links_seen_tell(
    plant: Plant, data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of any statements of any parties, whatever a reader may see, however far behind a view is."""
    names, rounds = data.draw(told())
    reader = 1
    others = data.draw(st.frozensets(st.sampled_from(PARTIES[1:])))
    shares = Shares({reader: others})
    seen = others | {reader}
    recalls = Recalls(plant.site, shares, plant.logs)
    causes = (Cause(CauseKind.ITEMS, (names[0].id, *(n.id for n in names[1:3])), None, None),)
    for facts in rounds:
        for party, fact in facts:
            plant.take(fact, party=party)
        with plant.site.write() as store:
            store.make_view(seen)
        bring_up(plant.site, seen, steps=data.draw(st.integers(0, 3)))
        monkeypatch.setattr(vehicle_sets, "STEPS", 0)  # what a view lacks is reckoned on the fly
        monkeypatch.setattr(recall_scope, "WALKED_MAX", 1 << 40)
        walked = recalls.scope(reader, causes, NOW)
        monkeypatch.setattr(recall_scope, "WALKED_MAX", -1)
        masked = recalls.scope(reader, causes, NOW)
        assert lines(masked) == lines(walked)
        assert masked.population == walked.population
        with begin_read(plant.engine) as connection:
            kept = SqlQuality(connection, shares).factors(reader, KINDS)
            with monkeypatch.context() as patch:
                patch.setattr(SetViews, "fresh_all_sets", lambda *_: None)
                reckoned = SqlQuality(connection, shares).factors(reader, KINDS)
            assert kept == reckoned == naive(connection, seen)
    monkeypatch.undo()
    assert bring_up(plant.site, seen)
    grown = view_of(plant, seen)
    fresh = anew(plant, seen)
    past = FactorKind.WITHDRAWN
    assert {k: s for k, s in grown.items() if s[0] and k[0] is not past} == {
        k: s for k, s in fresh.items() if s[0] and k[0] is not past
    }


def _car_with(lot: ItemId, number: int, party_part: ItemId | None = None) -> list[Fact]:
    car = vehicle(f"CAR{number:03}")
    return [item(car), link(party_part or lot, car, T)]


@pytest.fixture
def cars(plant: Plant) -> Plant:
    """Party 1 builds 30 cars with parts of a lot; party 2 made the lot of a heat."""
    for number in range(30):
        part = serial(f"P{number:03}")
        plant.must(*_car_with(batch("LOT"), number, part), link(batch("LOT"), part, T), party=1)
    plant.must(item(batch("LOT")), link(batch("HEAT"), batch("LOT"), T), party=2)
    return plant


def _recall(plant: Plant, others: frozenset[int], name: str) -> Any:
    recalls = Recalls(plant.site, Shares({1: others}), plant.logs)
    return recalls.scope(1, (Cause(CauseKind.ITEMS, (name,)),), NOW)


def test_a_large_recall_of_a_party_is_made_from_its_sets(
    cars: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_scope, "WALKED_MAX", 10)
    _recall(cars, frozenset(), "LOT")  # makes the view
    monkeypatch.setattr(recall_scope.Scope, "_lines", None)  # no link is walked from here on
    found = Recalls(cars.site, OnlyOwn(), cars.logs).scope(
        1, (Cause(CauseKind.ITEMS, ("LOT",)),), NOW, with_stock=False
    )
    assert (found.certain, found.population) == (30, 30)


def test_sets_hold_what_a_reader_may_see_across_parties(
    cars: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_scope, "WALKED_MAX", 10)
    assert _recall(cars, frozenset({2}), "HEAT").certain == 30
    assert _recall(cars, frozenset(), "HEAT").certain == 0
    with cars.site.read() as store:
        assert set(store.viewed()) == {frozenset({1}), frozenset({1, 2})}


def test_strangers_neither_change_a_view_nor_hold_it_up(
    cars: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_scope, "WALKED_MAX", 10)
    _recall(cars, frozenset(), "LOT")
    before = view_of(cars, frozenset({1}))
    monkeypatch.setattr(views, "_ITEMS_AT_ONCE", 5)
    for number in range(20):  # far more than is reckoned on the fly
        fake = serial(f"junk{number}")
        cars.must(link(batch("LOT"), fake, T), link(fake, vehicle("CAR001"), T), party=3)
    assert view_of(cars, frozenset({1})) == before
    with cars.site.read() as store:
        assert store.next_step(frozenset({1})) is None


def test_steps_are_small_and_one_taken_twice_is_refused(
    cars: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = frozenset({1})
    monkeypatch.setattr(views, "_VEHICLES_AT_ONCE", 7)
    with cars.site.write() as store:
        store.make_view(seen)
        assert store.fresh_sets(seen, []) is None  # more to do than is reckoned on the fly
    taken = 0
    while True:
        with cars.site.read() as store:
            step = store.next_step(seen)
        if step is None:
            break
        with cars.site.write() as store:
            assert store.take_step(step)
            assert not store.take_step(step)
        taken += 1
    assert taken == 5
    lot = next(name for kind, name in view_of(cars, seen) if kind is FactorKind.BATCH)
    assert len(view_of(cars, seen)[FactorKind.BATCH, lot][1]) == 30


def test_the_worker_keeps_views_and_forgets_those_that_nobody_uses(
    cars: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recall_scope, "WALKED_MAX", 10)
    _recall(cars, frozenset({2}), "HEAT")
    cars.must(*_car_with(batch("LOT"), 77), party=1)
    assert keep_views(cars.site) == 0
    with cars.site.read() as store:
        assert store.next_step(frozenset({1, 2})) is None
        assert len(store.spoken(frozenset({1}))) == 31
    with cars.site.write() as store:
        store.connection.exec_driver_sql("UPDATE trace_views SET used_ms = 1 WHERE view <> 0")
    keep_views(cars.site)
    assert cars.count("trace_views") == 1
    assert cars.count("trace_factor_sets") == 1  # of which vehicles the car maker spoke


def test_causes_of_a_party_come_from_its_sets_or_are_put_off(
    cars: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality_sets, "RECKONED_MAX", 5)
    with (
        begin_read(cars.engine) as connection,
        pytest.raises(QualityError, match="ask again"),
    ):
        SqlQuality(connection, OnlyOwn()).factors(1, KINDS)
    assert bring_up(cars.site, frozenset({1}), least=10)
    with begin_read(cars.engine) as connection:
        asked = SqlQuality(connection, OnlyOwn())
        found = asked.factors(1, KINDS)
        assert (asked.population(1), asked.population(2)) == (30, 0)
    assert len(found[FactorKey("batch", "LOT")]) == 30
    assert FactorKey("batch", "HEAT") not in found
    with begin_read(cars.engine) as connection:
        everyone = SqlQuality(connection, Everything())
        assert everyone.population(9) == 30


def test_an_event_taken_back_no_longer_tells_where_a_car_is(cars: Plant) -> None:
    car = vehicle("CAR003")
    cars.must(event("sold", car, disposition="retail_sold"), party=1)
    with cars.site.write() as store:
        store.make_view(frozenset({1}))
    assert bring_up(cars.site, frozenset({1}))
    key = (FactorKind.WHEREABOUTS, "field")
    assert len(view_of(cars, frozenset({1}))[key][0]) == 1
    cars.must(Correction("sold", "event", "not so", NOW - 5), party=1)
    assert key not in {k for k, sets in view_of(cars, frozenset({1})).items() if sets[0]}


def test_a_store_of_before_is_carried_over(cars: Plant) -> None:
    seen = frozenset({1, 2})
    cars.must(event("sold", vehicle("CAR003"), disposition="retail_sold"), party=2)
    with cars.site.write() as store:
        store.make_view(seen)
    assert bring_up(cars.site, seen)
    before = view_of(cars, seen)
    with begin_write(cars.engine) as connection:
        command.downgrade(configuration(connection), "0017")
    upgrade(cars.engine)
    with cars.site.read() as store:
        assert len(store.spoken(frozenset({2}))) == 1
    assert anew(cars, seen) == before
