"""A record about several subjects stands in the chain of each, and is kept and erased once."""

import json
import random
from typing import Any

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.usecases.evidence import Request, preparing, proving

from tests.ledger.evidence.plainly import Twin, recomputed, records_of
from tests.support.xlproof import record


def among(rnd: random.Random, records: list[dict[str, Any]], subjects: int) -> list[list[str]]:
    """Further subjects of some of the records, each named once."""
    found = []
    for each in records:
        names = {f"VIN-{rnd.randrange(subjects)}" for _ in range(rnd.choice([0, 0, 1, 2, 40]))}
        found.append(sorted(names - {each["subject"]}))
    return found


@pytest.mark.parametrize("sm3", [False, True])
def test_leaves_of_one_record_are_those_of_the_plain_log(engine: Engine, sm3: bool) -> None:
    twin, rnd = Twin(engine, sm3=sm3), random.Random(5)
    for _ in range(6):
        records = records_of(rnd, rnd.choice([1, 40]), 9)
        twin.append(records, among(rnd, records, 60))
        twin.cut()
        twin.another_process()
    size = len(twin.plain.leaves)
    assert len(recomputed(engine, twin.info)) == size > 300
    every = [f"VIN-{n}" for n in range(60)]
    for wanted in ({"subjects": every}, {"subjects": ["VIN-3", "VIN-50", "nobody"]}):
        assert twin.prove(**wanted) == twin.expected(size, **wanted)
    some = list(range(0, size, 3))
    assert twin.prove(indices=some) == twin.expected(size, shown=some)
    show = {"/subject", "/schema", "/value"}
    assert twin.prove(subjects=every, show=show) == twin.expected(size, subjects=every, show=show)


def test_a_record_is_stored_once(sqlite: Engine) -> None:
    twin = Twin(sqlite)
    twin.append([record("A", note="n" * 10_000)], [[f"VIN-{n}" for n in range(100)]])
    with begin_read(sqlite) as conn:
        stored = conn.exec_driver_sql(
            "SELECT sum(length(records)) FROM evidence_leaves"
        ).scalar_one()
        places = twin.logs.record(conn, twin.info.log_id, 100)
    assert stored < 12_000
    assert places["note"] == "n" * 10_000


def test_a_record_that_a_chain_shows_is_not_shown_again(sqlite: Engine) -> None:
    twin = Twin(sqlite)
    twin.append([record("A"), record("A", 1), record("C")], [["B"], [], []])
    twin.cut()
    made = json.loads(twin.prove(subjects=["B"], indices=[0, 2, 3], once=True))
    assert [each["index"] for each in made["parts"][0]["records"]] == [1, 2, 3]
    asked = json.loads(twin.prove(subjects=["B"], indices=[0]))
    assert [each["index"] for each in asked["parts"][0]["records"]] == [0, 1]


def test_a_large_record_of_many_subjects_is_refused_before_it_is_written_out(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = Twin(sqlite)
    names = [f"VIN-{n}" for n in range(300)]
    twin.append([record("A", note="n" * 10_000)], [names])
    twin.cut()
    monkeypatch.setattr(proving, "BUNDLE_BYTES_MAX", 1 << 20)
    assert len(twin.prove(subjects=names[:50])) < 1 << 20
    with pytest.raises(EvidenceError) as refused:
        twin.prove(subjects=names)
    assert refused.value.refusal is Refusal.TOO_LARGE


@pytest.mark.parametrize("by", [1, 2, 40])
def test_erasing_by_any_leaf_erases_the_record_of_all(engine: Engine, by: int) -> None:
    twin = Twin(engine)
    secret_text = "torque-of-the-one-bolt"
    twin.append(
        [record("first"), record("A", note=secret_text)], [[], [f"B{n}" for n in range(39)]]
    )
    twin.cut()
    with begin_write(engine) as conn:
        assert twin.logs.erase(conn, twin.info.log_id, by)
        assert not twin.logs.erase(conn, twin.info.log_id, 1)
    with begin_read(engine) as conn:
        row = twin.logs.logs(conn)[0]
        held = SqlEvidence().records(conn, row.id, range(1, 41))
        assert all(each.erased for _, each in held.values())
        with pytest.raises(EvidenceError) as gone:
            twin.logs.record(conn, twin.info.log_id, 33)
        assert gone.value.refusal is Refusal.ERASED
        stored = b"".join(
            bytes(one) for (one,) in conn.exec_driver_sql("SELECT records FROM evidence_leaves")
        )
        made = twin.logs.prove(conn, {twin.info.log_id: Request(subjects=["A", "B7", "first"])})
    assert secret_text.encode() not in stored
    shown = json.loads(made)["parts"][0]["records"]
    assert [each["index"] for each in shown] == [0, 1, 9]
    assert all(isinstance(one, str) for each in shown[1:] for one in each["fields"])


def test_subjects_are_named_once_and_bounded(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = Twin(sqlite)
    with begin_write(sqlite) as conn:
        done = twin.logs.append(
            conn, twin.info.log_id, [record("\u00e9"), record("Z")], [["A", "e\u0301", "A"], []]
        )
    assert [one.index for one in done] == [0, 2]
    monkeypatch.setattr(preparing, "SUBJECTS_MAX", 3)
    for also in (["A", "B", "C"], [""], ["\ud800"]):
        with begin_write(sqlite) as conn, pytest.raises(EvidenceError) as refused:
            twin.logs.append(conn, twin.info.log_id, [record("Z"), record("Z")], [[], also])
        assert refused.value.at == 1
