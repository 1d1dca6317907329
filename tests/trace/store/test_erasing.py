"""What was erased is gone from the log and from the tables; what others rest on stays."""

import pytest
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.evidence_erasing import erase_record
from xinlian.trace.adapters.sql.erasing import ErasingTable
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Gap,
    GapKind,
    Inspection,
    ProcessRecord,
    Result,
)

from tests.trace.plant import NOW, OWNER, Plant, batch, event, item, link, serial, vehicle

A, B, CAR, LOT = serial("A"), serial("部件 1"), vehicle("CAR"), batch("LOT", 7)
WORD = "wang-xiaoming"
SAID = (
    item(A, name=WORD, attributes={"by": WORD}),
    event("e1", A, CAR, read_point=WORD),
    Inspection("i1", A, "torque", Result.PASSED, NOW, "3.5", operator=WORD),
    ProcessRecord("p1", B, "OP-1", NOW, NOW, operator=WORD, parameters={"t": WORD}),
    Claim("c1", CAR, ClaimKind.FIELD, NOW, finding=WORD),
    Gap(A, GapKind.MISSING_CERTIFICATE, WORD),
    Correction("i0", "inspection", WORD, NOW),
    link(A, CAR, NOW - 5, unit="C62", quantity="1"),
)


def take(plant: Plant, party: int = OWNER) -> None:
    plant.must(item(CAR), item(LOT), party=party)
    plant.must(list(SAID), [event("e2", A, CAR), link(B, CAR)], party=party)


def places_of(plant: Plant, word: str) -> set[str]:
    """The tables in which a text stands."""
    found = set()
    with plant.engine.connect() as conn:
        for name in plant_tables(plant):
            for row in conn.exec_driver_sql(f"SELECT * FROM {name}"):
                if any(word.encode() in _bytes(value) for value in row):
                    found.add(name)
    return found


def plant_tables(plant: Plant) -> list[str]:
    from sqlalchemy import inspect

    return [name for name in inspect(plant.engine).get_table_names() if "_" in name]


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()


@pytest.mark.parametrize("leaf", [2, 4])
def test_erasing_by_any_leaf_leaves_no_value_anywhere(plant: Plant, leaf: int) -> None:
    take(plant, party=9)
    take(plant)
    with plant.engine.begin() as conn:
        conn.exec_driver_sql(f"UPDATE trace_records SET source = '{WORD}' WHERE record IN (3, 7)")
    assert len(places_of(plant, WORD)) >= 8
    with begin_read(plant.engine) as conn:
        infos = [row.info for row in plant.logs.logs.logs(conn)]
        table = ErasingTable(conn)
        assert [table.record_at(party, at) for party in (9, OWNER) for at in (0, 2, 3)] == [
            *(1, 3, None),
            *(5, 7, None),
        ]
    for info in infos:
        assert erase_record(plant.engine, plant.logs.logs, info, leaf)
        assert not erase_record(plant.engine, plant.logs.logs, info, 2)
        with begin_read(plant.engine) as conn, pytest.raises(EvidenceError) as gone:
            plant.logs.logs.record(conn, info.log_id, leaf)
        assert gone.value.refusal is Refusal.ERASED
    assert places_of(plant, WORD) == set()
    assert plant.count("trace_links") == 4
    assert plant.count("trace_events") == 2
    assert plant.count("trace_inspections") == plant.count("trace_claims") == 0
    assert plant.count("trace_records") == 8
    with plant.engine.connect() as conn:
        told = conn.exec_driver_sql("SELECT count(*) FROM trace_touched WHERE shrinks = 1")
        assert told.scalar_one() >= 6


def test_what_another_record_said_stays(plant: Plant) -> None:
    take(plant)
    plant.must([SAID[2], item(B, name="cell")])
    with begin_read(plant.engine) as conn:
        info = plant.logs.logs.logs(conn)[0].info
        last = plant.logs.logs.logs(conn)[0].size - 1
    assert erase_record(plant.engine, plant.logs.logs, info, last)
    assert plant.count("trace_inspections") == 1
    assert plant.count("trace_descriptions") == 3


def test_a_record_that_is_not_there_cannot_be_erased(plant: Plant) -> None:
    take(plant)
    with begin_write(plant.engine) as conn:
        info = plant.logs.logs.logs(conn)[0].info
    with pytest.raises(RefusedError) as refused:
        erase_record(plant.engine, plant.logs.logs, info, 1_000)
    assert refused.value.code is Code.NOT_FOUND
