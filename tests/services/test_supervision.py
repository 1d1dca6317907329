"""Recognised points are held against their terms by what is on record, and by time alone."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from sqlalchemy import text
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.services.app import trace_supervision
from xinlian.services.app.evidence import Evidence
from xinlian.services.app.task_worker import Task, TaskWorker
from xinlian.services.app.trace_supervision import Supervision
from xinlian.trace.adapters.quality.recognition_store import SqlRecognitions
from xinlian.trace.model.facts import Correction, Inspection, Result
from xinlian.trace.model.quality.recognition import Recognition, State
from xinlian.trace.model.quality.recognition_terms import DAY_MS, Terms
from xinlian.trace.usecases.quality.ports import PointKey

from tests.services.conftest import StandingClock
from tests.trace.plant import NOW, OWNER, Plant, serial
from tests.trace.quality.test_recognition import GOOD
from tests.trace.store_fixtures import engine, plant, postgres_store, sqlite_template

__all__ = ["engine", "plant", "postgres_store", "sqlite_template"]

CUSTOMER = 9
TERMS = Terms()
SIGNED = replace(GOOD, measured_at_ms=NOW, calibrated_at_ms=NOW - 30 * DAY_MS)


class Desk:
    """A supervision with a clock to be moved; the points are recognised as both signed."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.clock = StandingClock(NOW // 1000)
        self.supervision = Supervision(plant.engine, self.clock, cast(Evidence, plant.logs))

    def recognise(self, point: str = "CP-1", terms: Terms = TERMS) -> None:
        made = Recognition(point, OWNER, CUSTOMER, "bore", terms, State.RECOGNISED, NOW, 2)
        record = {"cause": "agreement", "standing": SIGNED.record()}
        with begin_write(self.plant.engine) as connection:
            SqlRecognitions(connection).add(made, record)

    def later(self, days: int) -> None:
        self.clock.time += days * DAY_MS // 1000

    def steps(self, point: str = "CP-1") -> Sequence[Any]:
        with begin_read(self.plant.engine) as connection:
            return SqlRecognitions(connection).steps(PointKey(OWNER, CUSTOMER, point))

    def reason(self) -> str:
        last = self.steps()[-1]
        assert (last["to"], last["cause"]) == ("suspended", "condition")
        return str(last["reason"])


@pytest.fixture
def desk(plant: Plant) -> Desk:
    return Desk(plant)


def _inspected(number: int, value: str, **more: Any) -> Inspection:
    given: dict[str, Any] = {"lower": "9", "upper": "11", "time_ms": NOW - 100_000 + number} | more
    return Inspection(
        f"i{number}", serial(f"p{number}"), "bore", value=value, result=Result.PASSED, **given
    )


def _good(count: int, first: int = 0, **more: Any) -> list[Inspection]:
    return [_inspected(at, f"10.0{at % 3}", **more) for at in range(first, first + count)]


@pytest.mark.parametrize(("days", "term"), [(36, "age-of-data"), (340, "calibration")])
def test_time_alone_suspends_and_both_logs_say_why(desk: Desk, days: int, term: str) -> None:
    desk.recognise(terms=Terms(data_days_max=35 if days < 100 else 999))
    assert desk.supervision.round() == 0
    desk.later(days)
    assert desk.supervision.round() == 1
    assert term in desk.reason()
    told = [one for one in desk.plant.logs.records if one["subject"] == "CP-1"]
    assert told == [desk.steps()[-1]] * 2
    with begin_read(desk.plant.engine) as connection:
        logs = desk.plant.logs.logs.logs(connection)
    assert {(row.info.party, row.size) for row in logs} == {(OWNER, 1), (CUSTOMER, 1)}
    assert desk.supervision.round() == 0


ODD = (
    ([_inspected(99, "10", unit="in")], "different units"),
    ([_inspected(at, "10", time_ms=NOW + at) for at in range(100, 200)], "do not vary"),
    ([_inspected(99, "10", lower="11", upper="9")], "does not lie below"),
)


@pytest.mark.parametrize(("odd", "why"), ODD)
def test_what_gives_no_figure_keeps_no_term(desk: Desk, odd: list[Inspection], why: str) -> None:
    desk.recognise()
    desk.plant.must(*_good(99))
    assert desk.supervision.review(OWNER, {"bore"}) == 0
    desk.plant.must(*odd)
    assert desk.supervision.review(OWNER, {"other"}) == 0
    assert desk.supervision.review(OWNER, {"bore"}) == 1
    assert "cpk ≥ 1.33, found unknown" in desk.reason()
    assert why in desk.reason()


def test_measurements_of_the_future_and_of_others_prove_nothing(desk: Desk) -> None:
    desk.recognise()
    desk.plant.must(*[_inspected(at, f"{20 + at % 7}") for at in range(99)])
    desk.plant.must(*_good(100, 200))
    with desk.plant.engine.begin() as connection:  # as an older store may hold them
        later = "UPDATE trace_inspections SET time_ms = 4000000000000 WHERE value LIKE '10%'"
        connection.execute(text(later))
    desk.plant.must(*_good(100), party=CUSTOMER)
    assert desk.supervision.round() == 1
    assert "cpk" in desk.reason()


def test_signed_figures_stand_until_there_is_enough_by_the_terms(desk: Desk) -> None:
    desk.recognise()
    desk.plant.must(*[_inspected(at, "20") for at in range(49)])
    assert desk.supervision.round() == 0
    desk.plant.must(_inspected(49, "21"))
    assert desk.supervision.round() == 1


def test_what_is_withdrawn_does_not_make_it_too_little_to_judge(desk: Desk) -> None:
    desk.recognise()
    desk.plant.must(*_good(60))
    assert desk.supervision.round() == 0
    desk.plant.must(*[Correction(f"i{at}", "inspection", "typing error", NOW) for at in range(30)])
    assert desk.supervision.round() == 1
    assert "measurements ≥ 50, found 30" in desk.reason()


def test_rounds_reach_every_point(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_supervision, "_BATCH", 2)
    for number in range(5):
        desk.recognise(f"CP-{number}")
    assert [desk.supervision.round() for _ in range(3)] == [0, 0, 0]
    desk.later(40)
    assert [desk.supervision.round() for _ in range(4)] == [2, 2, 1, 0]


def test_the_worker_goes_on_after_what_fails() -> None:
    stop, done = threading.Event(), list[str]()

    def fails() -> None:
        done.append("fails")
        raise OSError("no space left on device")

    def ends() -> None:
        done.append("ends")
        if done.count("ends") == 3:
            stop.set()

    TaskWorker(Task("one", 0.002, fails), Task("two", 0.001, ends)).run(stop)
    assert done[:2] == ["fails", "ends"]
    assert done.count("fails") == 2
