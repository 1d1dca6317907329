"""A capture raises its signals at once, with the vehicles, once only, on both databases."""

from typing import Any

from xinlian.trace.adapters.quality.watch import MORE_SIGNALS, SIGNALS_MAX, QualityWatch
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.usecases.ports import OnlyOwn
from xinlian.trace.usecases.quality import LiveSignals, StreamPlan

from tests.trace.plant import NOW, OWNER, Plant, item, link, serial, vehicle


def _watch(plant: Plant) -> QualityWatch:
    return QualityWatch(
        plant.site, OnlyOwn(), lambda: NOW, lambda _: LiveSignals(plan_of=lambda _: StreamPlan())
    )


def _inspected(number: int, value: str, **more: Any) -> Inspection:
    given: dict[str, Any] = {
        "result": Result.PASSED,
        "time_ms": NOW - 1_000_000 + number,
        "machine": "M1",
    } | more
    return Inspection(f"i{number}", serial(f"p{number % 40}"), "bore", value=value, **given)


def _raised(plant: Plant) -> list[Any]:
    with plant.site.read() as store:
        return list(store.signals([OWNER]))


def _calm(first: int, count: int) -> list[Inspection]:
    return [_inspected(first + at, f"10.{at % 3}") for at in range(count)]


def test_a_chart_rule_and_a_failed_key_inspection_name_their_vehicles(plant: Plant) -> None:
    watch = _watch(plant)
    plant.must(
        item(vehicle("VIN1")),
        item(serial("p30")),
        link(serial("p30"), serial("module"), NOW - 50),
        link(serial("module"), vehicle("VIN1"), NOW - 40),
        *_calm(0, 30),
    )
    assert watch.look(OWNER) == []
    plant.must(_inspected(30, "99"), _inspected(31, "10", result=Result.FAILED, key=True))
    found = watch.look(OWNER)
    assert {(one.kind, one.rule) for one in found} >= {
        ("control-chart", "nelson-1"),
        ("failed-key", ""),
    }
    signals = _raised(plant)
    (chart,) = [one for one in signals if one.detail.get("rule") == "nelson-1"]
    assert chart.detail["vehicles"] == ["VIN1"]
    assert (chart.party, chart.kind, chart.detail["machine"]) == (OWNER, "control-chart", "M1")
    (failed,) = [one for one in signals if one.kind == "failed-key"]
    assert failed.detail["vehicles"] == []
    assert watch.look(OWNER) == []
    assert len(_raised(plant)) == len(signals)


def test_another_watch_raises_nothing_twice_and_goes_on_after_a_restart(plant: Plant) -> None:
    one, two = _watch(plant), _watch(plant)
    plant.must(*_calm(0, 30), _inspected(30, "99"))
    raised = one.look(OWNER)
    assert raised
    assert two.look(OWNER) == []
    later = _watch(plant)
    assert later.look(OWNER) == []
    plant.must(_inspected(31, "10.1"), _inspected(32, "99"))
    assert [each.rule for each in later.look(OWNER) if each.rule == "nelson-1"] == ["nelson-1"]


def test_a_flood_is_cut_and_says_so(plant: Plant) -> None:
    watch = _watch(plant)
    plant.must(
        *[_inspected(at, "1", result=Result.FAILED, key=True) for at in range(SIGNALS_MAX + 7)]
    )
    assert len(watch.look(OWNER)) == SIGNALS_MAX
    (more,) = [one for one in _raised(plant) if one.kind == MORE_SIGNALS]
    assert more.detail["count"] == 7


def test_parties_do_not_mix(plant: Plant) -> None:
    watch = _watch(plant)
    plant.must(*_calm(0, 30), party=9)
    plant.must(_inspected(40, "99"))
    assert watch.look(OWNER) == []
    assert watch.look(9) == []
