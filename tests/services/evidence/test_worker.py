"""The worker of evidence on a real chain: logs opened, heads carried, histories that contradict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.evidence.tables import evidence_heads
from xinlian.ledger.adapters.sql.outbox import calls
from xinlian.ledger.model.evidence.receipts import ReceiptState
from xinlian.ledger.usecases.evidence import Request
from xinlian.services.app.evidence import Standing

from tests.support.api import ApiNetwork

pytest_plugins = ["tests.support.node"]


def record(number: int, subject: str = "LXLBE2A00TH100113") -> dict[str, object]:
    return {
        "schema": "inspection/1",
        "subject": subject,
        "event_time": "2025-06-01T01:00:00.000Z",
        "value": str(number),
    }


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiNetwork]:
    made = ApiNetwork(tmp_path_factory.mktemp("evidence"), evidence_seconds_max=3600).found()
    made.join("supplier", ["supplier"])
    made.join("other", ["supplier"])
    yield made
    made.stop()


def append(net: ApiNetwork, log: bytes, *numbers: int) -> list[int]:
    with begin_write(net.app.engine) as connection:
        done = net.app.evidence.append(connection, log, [record(number) for number in numbers])
    return [each.index for each in done]


def test_records_come_to_stand_under_heads_on_chain(net: ApiNetwork) -> None:
    evidence = net.app.evidence
    log = evidence.ensure_log(net.id("supplier"), "quality")
    assert evidence.ensure_log(net.id("supplier"), "quality") == log
    append(net, log, *range(5))
    assert evidence.proof_state(log, 4).standing is Standing.WAITING
    evidence.flush(30)
    append(net, log, *range(5, 9))
    evidence.flush(30)
    first, later = evidence.proof_state(log, 4), evidence.proof_state(log, 5)
    assert first.standing is later.standing is Standing.ANCHORED
    assert first.head is not None
    assert later.head is not None
    assert (first.head.size, later.head.size) == (5, 9)
    with net.app.engine.connect() as connection:
        assert [head.size for head in queries.heads_of(connection, log)] == [5, 9]
        chain = queries.evidence_log(connection, log)
        assert chain is not None
        assert (chain.party, chain.stream) == (net.id("supplier"), "quality")
        gaps = evidence.logs.gaps(connection, log)
    assert gaps.count == 9


def test_a_receipt_is_kept(net: ApiNetwork) -> None:
    evidence = net.app.evidence
    log = evidence.ensure_log(net.id("other"), "quality")
    with begin_write(net.app.engine) as connection:
        done = evidence.append(connection, log, [record(1)])
    receipt = evidence.receipt(log, done)
    assert evidence.receipt_state(receipt)[1] is ReceiptState.PENDING
    evidence.flush(30)
    assert evidence.receipt_state(receipt)[1] is ReceiptState.INCLUDED


def test_a_bundle_is_made_against_an_anchored_head(net: ApiNetwork) -> None:
    evidence = net.app.evidence
    log = evidence.ensure_log(net.id("supplier"), "bundle")
    append(net, log, 1, 2, 3)
    evidence.flush(30)
    bundle = evidence.prove({log: Request(subjects=["LXLBE2A00TH100113", "nobody"])})
    assert b'"anchor"' in bundle
    assert bundle.endswith(b"}\n")


def test_a_head_sent_again_is_the_same_call(net: ApiNetwork) -> None:
    evidence = net.app.evidence
    log = evidence.ensure_log(net.id("supplier"), "again")
    append(net, log, 1)
    evidence.flush(30)
    query = select(calls.c.key).where(calls.c.key.like(f"head:{log.hex()}:%"))
    with net.app.engine.connect() as connection:
        before = connection.execute(query).scalars().all()
    # As if the process had died before it noted where the head stands.
    for _ in range(3):
        evidence.worker.round()
    with net.app.engine.connect() as connection:
        assert connection.execute(query).scalars().all() == before
        assert [head.size for head in queries.heads_of(connection, log)] == [1]


def test_a_rewritten_history_is_not_carried(net: ApiNetwork) -> None:
    evidence = net.app.evidence
    log = evidence.ensure_log(net.id("supplier"), "rewritten")
    append(net, log, 1, 2)
    evidence.flush(30)
    append(net, log, 3)
    with begin_write(net.app.engine) as connection:
        anchored = evidence.logs.head_at(connection, log, 2)
        assert anchored is not None
        table = evidence_heads
        mine = table.c.root == anchored.head.root
        connection.execute(update(table).where(mine).values(root=b"\x66" * 32))
    with pytest.raises(TimeoutError):
        evidence.flush(2)
    assert "are not those that the chain fixed" in evidence.worker.troubles[log]
    with net.app.engine.connect() as connection:
        assert [head.size for head in queries.heads_of(connection, log)] == [2]


def test_heads_of_a_suspended_party_wait_and_go_on(net: ApiNetwork) -> None:
    evidence = net.app.evidence
    log = evidence.ensure_log(net.id("supplier"), "suspended")
    append(net, log, 1)
    evidence.flush(30, [log])
    operator = net.call("operator")

    def status(word: str) -> None:
        body = {"status": word, "evidence": "0x" + "01" * 32}
        path = f"/parties/{net.id('supplier')}/status"
        answer = operator.post(path, body, wait="final", timeout=30)
        assert answer.json()["state"] == "final", answer.text

    status("suspended")
    append(net, log, 2)
    with pytest.raises(TimeoutError):
        evidence.flush(2, [log])
    assert "directory_party_suspended" in evidence.worker.troubles[log]
    status("active")
    evidence.flush(30, [log])
    assert evidence.worker.troubles.get(log) is None
    assert evidence.proof_state(log, 1).standing is Standing.ANCHORED
