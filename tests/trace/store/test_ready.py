"""A file is read and committed to before the store is locked, and memory does not grow with it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from xinlian.trace.adapters.sql.bulk import TRACE_LOCK
from xinlian.trace.model.capture import Problem, Row, RowStatus
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Event,
    EventType,
    Gap,
    GapKind,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.items import Item, Scheme
from xinlian.trace.model.row_text import line_of, row_of
from xinlian.trace.usecases import capture_ready
from xinlian.trace.usecases.capture_ready import Ready

from tests.trace.plant import (
    NOW,
    OWNER,
    Plant,
    batch,
    candidate,
    event,
    item,
    link,
    serial,
    vehicle,
)

CAR, LOT = vehicle("车 1"), batch("LOT", 7)
EVERYTHING = (
    Item(CAR, " 车\n1", Scheme.VEHICLE_ID, made_at_ms=NOW, attributes={"a/b": "e\u0301\u2028"}),
    link(LOT, CAR, NOW, NOW + 1, quantity="1.50", unit="KGM"),
    candidate(serial("A"), CAR, "g"),
    Event(
        *("e", "ni:///e", EventType.TRANSFORMATION, NOW, {"x": [{"y": "1.0"}, None, True, 7]}),
        items=(CAR, LOT),
        action="ADD",
        is_correction=True,
        corrective_event_ids=("f", "g"),
    ),
    Inspection("i", CAR, "torque", Result.NOT_MEASURED, NOW, "3.5", key=True, defects=0),
    ProcessRecord("p", CAR, "OP", NOW, NOW, parameters={"t": "21.5"}),
    Claim("c", CAR, ClaimKind.ZERO_KM, NOW, "E42"),
    Gap(CAR, GapKind.UNKNOWN_ASPECT, "urn:x"),
    Correction("i", "inspection", "typo", NOW),
)


def made(count: int) -> Iterator[Row]:
    for n in range(count):
        facts = (item(serial(f"S{n}")), event(f"e{n}", serial(f"S{n}"), CAR))
        yield Row(n, f"row {n}", f"source {n}", facts)


def test_a_row_laid_aside_comes_back_as_it_was() -> None:
    row = Row(7, "行 7", '{"a":\n1}', EVERYTHING, None, {"id": "零件号"})
    line = line_of(row)
    assert row_of(line) == row
    assert len(line.splitlines()) == 1


def test_nobody_waits_while_a_file_is_read(plant: Plant) -> None:
    def another_may_write() -> bool:
        if plant.engine.dialect.name != "sqlite":
            with plant.engine.begin() as other:
                asked = "SELECT pg_try_advisory_xact_lock(%s)"
                return bool(other.exec_driver_sql(asked, (TRACE_LOCK,)).scalar_one())
        with closing(sqlite3.connect(str(plant.engine.url.database), timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
        return True

    free: list[bool] = []

    def slow() -> Iterator[Row]:
        for row in made(3):
            free.append(another_may_write())
            yield row

    assert plant.capture.take(OWNER, slow(), now_ms=NOW, capture_key="slow").taken
    assert free == [True] * 3
    with plant.site.write():
        assert not another_may_write()


def test_a_file_that_does_not_fit_in_memory_is_taken_in_the_same(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_ready, "CHUNK_ROWS", 10)
    whole = plant.capture.take(OWNER, made(95), now_ms=NOW, capture_key="in memory")
    monkeypatch.setattr(capture_ready, "HELD_BYTES", 300)
    again = plant.capture.take(OWNER, made(95), now_ms=NOW, capture_key="laid aside")
    assert [each.status for each in again.rows] == [RowStatus.EXISTS] * 95
    assert [each.record_hash for each in again.rows] == [each.record_hash for each in whole.rows]
    other = plant.capture.take(8, made(95), now_ms=NOW, capture_key="another party")
    assert other.taken
    assert plant.count("trace_records") == 190
    with plant.engine.connect() as conn:
        sources = conn.exec_driver_sql("SELECT source FROM trace_records ORDER BY record").all()
    assert [source for (source,) in sources] == [f"source {n}" for n in range(95)] * 2


def test_most_of_a_large_file_lies_outside_memory(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_ready, "CHUNK_ROWS", 10)
    monkeypatch.setattr(capture_ready, "HELD_WEIGHT", 200)
    with Ready(plant.logs, NOW) as ready:
        ready.read(made(1_000))
        held = [each for each in ready._chunks if isinstance(each, capture_ready.Chunk)]
        assert len(held) < 5
        assert [row for chunk in ready for row in chunk.rows] == list(made(1_000))
        file = ready._file
    assert file is not None
    assert file.closed


def bad(place: int) -> Iterator[Row]:
    for row in made(60):
        problem = Problem("x", "no good \ud800", "不行") if row.number == place else None
        yield Row(row.number, row.place, row.source, () if problem else row.facts, problem)


@pytest.mark.parametrize("place", [0, 35])
def test_a_bad_row_is_named_wherever_it_lies(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr(capture_ready, "CHUNK_ROWS", 10)
    monkeypatch.setattr(capture_ready, "HELD_BYTES", 100)
    with Ready(plant.logs, NOW) as ready:
        ready.read(bad(place))
        assert ready.refused
        found = [(r.number, p) for c in ready for r, p in zip(c.rows, c.problems, strict=True) if p]
    assert [number for number, _ in found] == [place]


def test_a_row_of_too_many_fields_is_invalid_and_named(plant: Plant) -> None:
    many = {f"a{n}": "x" for n in range(5_000)}
    rows: list[Any] = [item(serial("A")), item(serial("B"), attributes=many), item(serial("C"))]
    receipt = plant.take(*rows)
    assert not receipt.taken
    assert [each.status for each in receipt.rows] == [
        *(RowStatus.NOT_TAKEN, RowStatus.INVALID, RowStatus.NOT_TAKEN)
    ]
    assert "at most 4096 fields" in receipt.rows[1].why
    assert plant.count("trace_records") == 0
