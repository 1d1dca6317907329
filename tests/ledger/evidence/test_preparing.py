"""Helper processes make the same commitments, and nothing hangs on their lives."""

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.usecases.evidence import EvidenceLogs, Preparer, preparing

from tests.ledger.evidence.plainly import Twin, records_of


def test_helpers_make_the_same_log(engine: Engine) -> None:
    twin = Twin(engine)
    preparer = Preparer(2)
    twin.logs = EvidenceLogs(SqlEvidence(), preparer)
    try:
        twin.append(records_of(random.Random(1), 2_500, 40))
        bad = [*records_of(random.Random(2), 2_000, 40), {"schema": "a/1", "subject": "e\u0301"}]
        bad[-1]["event_time"] = bad[0]["event_time"]
        with pytest.raises(EvidenceError, match="normal form C") as refused:
            twin.append(bad)
        assert refused.value.at == 2_000
        twin.append(records_of(random.Random(3), 1, 40))
    finally:
        preparer.close()
    head = twin.cut()
    assert head is not None
    assert head.size == 2_501


def test_helpers_that_die_are_replaced_and_their_work_is_done(sqlite: Engine) -> None:
    twin = Twin(sqlite)
    preparer = Preparer(1)
    twin.logs = EvidenceLogs(SqlEvidence(), preparer)
    made = records_of(random.Random(1), 1_500, 9)
    try:
        twin.append(made)
        for _ in range(2):
            assert preparer._pool is not None
            for process in list(preparer._pool._processes.values()):
                process.kill()
            twin.append(made)
    finally:
        preparer.close()
    head = twin.cut()
    assert head is not None
    assert head.size == 4_500


def test_helpers_end_with_a_parent_that_was_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.evidence.helper_child"], stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        helper = int(parent.stdout.readline())
        assert alive(helper)
        parent.kill()
    end = time.monotonic() + 20
    while alive(helper) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(helper)


def alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_threads_share_helpers_while_others_close_them(sqlite: Engine) -> None:
    preparer = Preparer(1)
    made = records_of(random.Random(1), 1_100, 9)

    def work(number: int) -> int:
        if number % 3 == 2:
            preparer.close()
            return 0
        return len(preparer.prepare(made).wait()[1])

    try:
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(work, range(9))) == 6 * 1_100
    finally:
        preparer.close()


def test_some_of_what_was_prepared_can_be_appended(sqlite: Engine) -> None:
    twin = Twin(sqlite)
    prepared = twin.logs.prepare(records_of(random.Random(1), 9, 3))
    some = prepared.only([7, 0, 2])
    assert some.payloads == [prepared.payloads[at] for at in (7, 0, 2)]
    whole_roots, whole_times = prepared.wait()
    roots, times = some.wait()
    assert roots == b"".join(whole_roots[32 * at : 32 * at + 32] for at in (7, 0, 2))
    assert list(times) == [whole_times[at] for at in (7, 0, 2)]


def test_too_many_bytes_or_records_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = records_of(random.Random(1), 30, 9)
    for name, bound in (("BYTES_MAX", 4_000), ("BATCH_MAX", 29)):
        with monkeypatch.context() as patch:
            patch.setattr(preparing, name, bound)
            with pytest.raises(EvidenceError) as refused:
                Preparer().prepare(made)
        assert refused.value.refusal is Refusal.TOO_LARGE
    assert len(Preparer().prepare(made)) == 30
