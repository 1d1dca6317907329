"""A capture raises its signals at once, with the vehicles, once only, on both databases."""

import signal
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.adapters.quality.watch import MORE_SIGNALS, SIGNALS_MAX, QualityWatch
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.quality.errors import QualityError
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


def _failed_key(number: int) -> Inspection:
    return _inspected(number, "1", result=Result.FAILED, key=True, machine="M2")


def test_what_was_committed_before_a_process_died_is_judged_by_the_next(plant: Plant) -> None:
    plant.must(_failed_key(0))
    assert len(_watch(plant).look(OWNER)) == 1
    plant.must(_failed_key(1), *_calm(2, 30))  # committed; killed before anybody looked
    plant.must(_failed_key(40), party=9)  # a party that never was looked at
    later = _watch(plant)
    assert later.catch_up() == 2
    assert [one.subject for one in _raised(plant)] == ["0/i0", "0/i1"]
    assert later.catch_up() == 0
    plant.must(_inspected(50, "99"))
    # The streams go on from what was judged before the start.
    assert "nelson-1" in {one.rule for one in later.look(OWNER)}


def test_signals_that_could_not_be_written_are_raised_by_the_next_look(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = _watch(plant)
    plant.must(*_calm(0, 30))
    watch.look(OWNER)
    plant.must(_inspected(30, "99"), _failed_key(31))

    def locked(*_: object) -> None:
        raise OperationalError("", {}, Exception("database is locked"))

    with monkeypatch.context() as broken:
        broken.setattr(watch, "_raise", locked)
        watch.after_capture(OWNER, None)  # type: ignore[arg-type]  # a hook that reads no receipt
    assert _raised(plant) == []
    assert {one.kind for one in watch.look(OWNER)} == {"control-chart", "failed-key"}


def test_vehicles_that_cannot_be_found_hold_up_no_signal(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(*_: object) -> None:
        raise QualityError("more than 2000000 links lie over these items")

    monkeypatch.setattr(SqlQuality, "vehicles_of", too_many)
    plant.must(_failed_key(0))
    assert _watch(plant).catch_up() == 1
    (signal,) = _raised(plant)
    assert (signal.detail["vehicles"], signal.detail["vehicle_count"]) == ([], None)


def test_a_watch_takes_in_silently_what_another_one_judged(plant: Plant) -> None:
    one, two = _watch(plant), _watch(plant)
    plant.must(*_calm(0, 30))
    assert two.look(OWNER) == []
    plant.must(_inspected(30, "99"))
    assert one.look(OWNER)
    plant.must(_inspected(31, "99"))
    # Number 30 is on the chart of both: the pattern went on, it did not begin again.
    assert "nelson-1" not in {each.rule for each in two.look(OWNER)}


_KILLED = """
import os, signal, sys
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.adapters.quality.watch import QualityWatch
from xinlian.trace.adapters.sql.store import SqlTrace, TraceStore
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.usecases.ports import OnlyOwn

watch = QualityWatch(SqlTrace(make_engine(sys.argv[1])), OnlyOwn(), lambda: 1)
written, left = TraceStore.raise_signal, int(sys.argv[2])

def dying(*given):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return written(*given)

TraceStore.raise_signal = dying
watch.catch_up()
"""


def test_a_watch_killed_while_it_writes_leaves_all_to_the_next(plant: Plant) -> None:
    plant.must(*[_failed_key(at) for at in range(9)])
    url = plant.engine.url.render_as_string(hide_password=False)
    ended = subprocess.run([sys.executable, "-c", _KILLED, url, "5"], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert _raised(plant) == []
    assert _watch(plant).catch_up() == 9


def test_an_upgraded_store_signals_nothing_of_what_it_holds(plant: Plant) -> None:
    plant.must(_failed_key(0))
    with plant.engine.begin() as connection:  # as the upgrade leaves it
        newest = "SELECT 0, max(inspection) FROM trace_inspections"
        connection.execute(text(f"INSERT INTO quality_judged (party, judged) {newest}"))
    watch = _watch(plant)
    assert watch.catch_up() == len(watch.look(OWNER)) == 0
    plant.must(_failed_key(1))
    assert [one.subject for one in watch.look(OWNER)] == ["0/i1"]
