"""Stored logs equal the plain implementation, byte for byte, whatever happens in between."""

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence import bundle as bundles
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.usecases.evidence import EvidenceLogs, Request
from xinlian.ledger.usecases.evidence import writer as writing

from tests.ledger.evidence.plainly import (
    CONTRACT,
    Twin,
    logs_on,
    make_log,
    recomputed,
    records_of,
)


class StopError(Exception):
    """A caller that changes its mind."""


def change_of_mind(twin: Twin, records: list[dict[str, Any]], *, cut: bool) -> None:
    """A transaction that is rolled back after the work is done."""
    with begin_write(twin.engine) as conn:
        twin.logs.append(conn, twin.info.log_id, records)
        if cut:
            twin.logs.cut_head(conn, twin.info.log_id)
        raise StopError


def story(twin: Twin, seed: int, steps: int, subjects: int) -> int:
    """Random appends, heads, restarts and rollbacks; the size of the last head."""
    rnd = random.Random(seed)
    other = EvidenceLogs(SqlEvidence())
    size = 0
    for _ in range(steps):
        what = rnd.random()
        if what < 0.15:
            twin.another_process()
        elif what < 0.3:
            twin.logs, other = other, twin.logs
        elif what < 0.4:
            with pytest.raises(StopError):
                change_of_mind(twin, records_of(rnd, 40, subjects), cut=rnd.random() < 0.5)
        elif what < 0.6:
            head = twin.cut()
            size = head.size if head else size
        else:
            twin.append(records_of(rnd, rnd.choice([1, 2, 31, 33, 90]), subjects))
    twin.append(records_of(rnd, 1, subjects))
    head = twin.cut()
    assert head is not None
    return head.size


@pytest.mark.parametrize("seed", range(3))
def test_any_history_gives_the_plain_heads_and_bundles(engine: Engine, seed: int) -> None:
    twin = Twin(engine, sm3=seed == 2)
    size = story(twin, seed, steps=40, subjects=[5, 90, 300][seed])
    twin.append(records_of(random.Random(seed), 50, 5))  # grows on after the head
    every = list(range(size))
    for wanted in (
        {"subjects": ["VIN-1", "VIN-2", "nobody", "车"]},
        {"subjects": ["nobody"]},
        {"subjects": [f"VIN-{n}" for n in range(400)]},
    ):
        assert twin.prove(**wanted) == twin.expected(size, **wanted)
    for some in ([], [0], [size - 1], every, every[::7]):
        assert twin.prove(indices=some) == twin.expected(size, shown=some)
    show = {"/subject", "/schema", "/event_time", "/tools/0"}
    assert twin.prove(indices=[3], subjects=["VIN-0"], show=show) == twin.expected(
        size, shown=[3], subjects=["VIN-0"], show=show
    )
    hidden = twin.prove(subjects=["VIN-0"], reveal_key=False, hide_ids=True)
    plainly = twin.expected(size, subjects=["VIN-0"], with_key=False, with_ids=False)
    assert hidden == plainly
    for since in (1, size // 2, size):
        assert twin.prove(since=since) == twin.expected(size, joined=since)


def test_many_append_to_one_log_at_once(engine: Engine) -> None:
    shared, info = logs_on(engine)
    own = EvidenceLogs(SqlEvidence())
    places: list[int] = []

    def work(logs: EvidenceLogs, seed: int) -> None:
        rnd = random.Random(seed)
        for _ in range(12):
            prepared = logs.prepare(records_of(rnd, rnd.choice([1, 5, 60]), 20))
            with begin_write(engine) as conn:
                done = logs.append(conn, info.log_id, prepared)
                if rnd.random() < 0.3:
                    logs.cut_head(conn, info.log_id)
            places.extend(one.index for one in done)

    with ThreadPoolExecutor(4) as pool:
        for task in [pool.submit(work, [shared, own][n % 2], n) for n in range(4)]:
            task.result()
    with begin_write(engine) as conn:
        shared.append(conn, info.log_id, records_of(random.Random(9), 1, 20))
        shared.cut_head(conn, info.log_id)
    assert sorted(places) == list(range(len(places)))
    assert len(recomputed(engine, info)) == len(places) + 1


def test_a_refused_record_leaves_nothing_behind(sqlite: Engine) -> None:
    twin = Twin(sqlite)
    twin.append(records_of(random.Random(1), 3, 2))
    with pytest.raises(EvidenceError) as refused:
        twin.append([*records_of(random.Random(1), 2, 2), {"schema": "a/1"}])
    assert (refused.value.refusal, refused.value.at) == (Refusal.RECORD, 2)
    twin.append(records_of(random.Random(2), 3, 2))
    twin.cut()


def test_erasing_a_record_keeps_every_other_proof(engine: Engine) -> None:
    twin = Twin(engine)
    twin.append(records_of(random.Random(1), 70, 3))
    twin.cut()
    log = twin.info.log_id
    before = twin.prove(indices=[4, 6], subjects=["VIN-1"])
    with begin_write(engine) as conn:
        values = twin.logs.record(conn, log, 5)
        assert twin.logs.erase(conn, log, 5)
        assert not twin.logs.erase(conn, log, 5)
        with pytest.raises(EvidenceError) as refused:
            twin.logs.record(conn, log, 5)
    assert refused.value.refusal is Refusal.ERASED
    assert values == twin.plain.records[5]
    # Its own place is still proved, with every field hidden.
    assert twin.prove(indices=[5]) == twin.expected(70, shown=[5], show=())
    if twin.plain.records[5]["subject"] != "VIN-1":
        assert twin.prove(indices=[4, 6], subjects=["VIN-1"]) == before
    with engine.connect() as conn:
        rows = conn.exec_driver_sql("SELECT records FROM evidence_leaves").scalars()
        assert not any(twin.plain.secrets[5] in bytes(row) for row in rows)


def test_an_erased_secret_is_nowhere_in_the_file(sqlite: Engine, tmp_path: Path) -> None:
    twin = Twin(sqlite)
    twin.append(records_of(random.Random(1), 70, 3))
    with begin_write(sqlite) as conn:
        assert twin.logs.erase(conn, twin.info.log_id, 5)
    with sqlite.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert twin.plain.secrets[4] in held
    assert twin.plain.secrets[5] not in held


def test_what_cannot_be_proved_is_refused(sqlite: Engine) -> None:
    logs, info = logs_on(sqlite)

    def refusal(**wanted: object) -> Refusal:
        with pytest.raises(EvidenceError) as refused, begin_read(sqlite) as conn:
            logs.prove(conn, {info.log_id: Request(**wanted)})  # type: ignore[arg-type]
        return refused.value.refusal

    assert refusal(indices=[0]) is Refusal.NO_HEAD
    with begin_write(sqlite) as conn:
        logs.append(conn, info.log_id, records_of(random.Random(1), 5, 2))
        logs.cut_head(conn, info.log_id)
        logs.append(conn, info.log_id, records_of(random.Random(1), 1, 2))
    assert refusal(indices=[5]) is Refusal.NO_HEAD
    assert refusal(indices=[6]) is Refusal.UNKNOWN_LEAF
    assert refusal(indices=[-1]) is Refusal.UNKNOWN_LEAF
    assert refusal(since=6) is Refusal.NO_HEAD
    with begin_write(sqlite) as conn:
        for call in (logs.cut_head, logs.newest_head, logs.gaps):
            with pytest.raises(EvidenceError) as refused:
                call(conn, bytes(32))
            assert refused.value.refusal is Refusal.UNKNOWN_LOG
        with pytest.raises(EvidenceError) as refused:
            logs.erase(conn, info.log_id, 6)
        assert refused.value.refusal is Refusal.UNKNOWN_LEAF
        with pytest.raises(EvidenceError) as refused:
            make_log(logs, conn)
        assert refused.value.refusal is Refusal.LOG_EXISTS
        for stream in ("", "Quality", "a" * 33, "质量", "a/b"):
            with pytest.raises(EvidenceError):
                make_log(logs, conn, stream=stream)
        assert logs.append(conn, info.log_id, []) == []


def test_a_bundle_that_no_verifier_would_read_is_not_made(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = Twin(sqlite)
    twin.append(records_of(random.Random(1), 3, 2))
    twin.cut()
    monkeypatch.setattr(bundles, "BUNDLE_BYTES_MAX", len(twin.prove(indices=[1])))
    assert twin.prove(indices=[1])
    with pytest.raises(EvidenceError) as refused:
        twin.prove(indices=[1, 2])
    assert refused.value.refusal is Refusal.TOO_LARGE


def test_too_many_waiting_leaves_are_refused_until_a_head_is_cut(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "WAITING_MAX", 10)
    logs, info = logs_on(sqlite)
    with begin_write(sqlite) as conn:
        logs.append(conn, info.log_id, records_of(random.Random(1), 10, 2))
    with pytest.raises(EvidenceError) as refused, begin_write(sqlite) as conn:
        logs.append(conn, info.log_id, records_of(random.Random(1), 1, 2))
    assert refused.value.refusal is Refusal.BUSY
    with begin_write(sqlite) as conn:
        assert logs.cut_head(conn, info.log_id)
        assert len(logs.append(conn, info.log_id, records_of(random.Random(1), 1, 2))) == 1


def test_memory_of_subjects_is_bounded_and_the_index_stands_in(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "CLEAN_MAX", 20)
    monkeypatch.setattr(writing, "TAGS_MAX", 20)
    twin = Twin(sqlite)
    rnd = random.Random(3)
    for _ in range(8):
        twin.append(records_of(rnd, 60, 200))
        twin.cut()


def test_subjects_are_asked_for_in_any_normal_form(sqlite: Engine) -> None:
    twin = Twin(sqlite)
    twin.append([records_of(random.Random(1), 1, 2)[0] | {"subject": "caf\u00e9"}])
    twin.cut()
    composed = twin.prove(subjects=["caf\u00e9", "na\u00efve"])
    assert twin.prove(subjects=["cafe\u0301", "nai\u0308ve"]) == composed
    assert composed == twin.expected(1, subjects=["caf\u00e9", "na\u00efve"])
    with pytest.raises(EvidenceError, match="half of a character"):
        twin.prove(subjects=["\ud800"])


def test_streams_do_not_mix(sqlite: Engine) -> None:
    twin = Twin(sqlite)
    with begin_write(sqlite) as conn:
        other = make_log(twin.logs, conn, stream="weld")
        assert twin.logs.find(conn, other.party, "weld") == other
        assert twin.logs.find(conn, other.party, "none") is None
        assert twin.logs.info(conn, other.log_id) == other
        assert other.log_id != twin.info.log_id
        assert other.key_commitment != twin.info.key_commitment
        assert other.contract == CONTRACT
    rnd = random.Random(1)
    for _ in range(3):
        twin.append(records_of(rnd, 40, 4))
        with begin_write(sqlite) as conn:
            twin.logs.append(conn, other.log_id, records_of(rnd, 50, 4))
            twin.logs.cut_head(conn, other.log_id)
        twin.cut()
    with begin_read(sqlite) as conn:
        wanted = {twin.info.log_id: Request(indices=[1]), other.log_id: Request(indices=[1])}
        assert twin.logs.prove(conn, wanted).count(b'"inclusion"') == 2
