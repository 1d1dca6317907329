"""Helper processes make the same commitments, and nothing hangs on their lives."""

import random

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


def test_too_many_bytes_or_records_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = records_of(random.Random(1), 30, 9)
    for name, bound in (("BYTES_MAX", 4_000), ("BATCH_MAX", 29)):
        with monkeypatch.context() as patch:
            patch.setattr(preparing, name, bound)
            with pytest.raises(EvidenceError) as refused:
                Preparer().prepare(made)
        assert refused.value.refusal is Refusal.TOO_LARGE
    assert len(Preparer().prepare(made)) == 30
