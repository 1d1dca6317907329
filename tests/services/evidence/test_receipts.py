"""Receipts of captures: signed by the log's writer, kept by clients, and nobody else's to make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.evidence.receipts import Promise, make_receipt

from tests.support.api import ApiNetwork

pytest_plugins = ["tests.support.node"]
STRANGER = LocalSigner(b"\x09" * 32)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiNetwork]:
    made = ApiNetwork(tmp_path_factory.mktemp("receipts"), evidence_seconds_max=3600).found()
    made.join("supplier", ["supplier"])
    made.join("other", ["supplier"])
    yield made
    made.stop()


def check(net: ApiNetwork, content: Any, who: str = "supplier") -> Any:
    return net.call(who).post("/evidence/receipts/check", content)


def test_a_promise_that_the_writer_did_not_sign_is_never_called_broken(net: ApiNetwork) -> None:
    evidence, now = net.app.evidence, 1000 * net.app.clock.now()
    log = evidence.ensure_log(net.id("supplier"), "forged")
    with begin_write(net.app.engine) as connection:
        done = evidence.append(
            connection,
            log,
            [{"schema": "x/1", "subject": "a", "event_time": "2025-06-01T01:00:00.000Z"}],
        )
    genuine = evidence.receipt(log, done)
    assert check(net, genuine).json()["promise"] == "pending"
    signer = net.app.evidence._writers.signer(evidence.writer_of(net.id("supplier")))
    assert signer is not None
    leaves = [(0, done[0].leaf_hash)]
    unsigned = [
        {**genuine, "signature": "0x" + "00" * 65},
        {**genuine, "deadline": "1970-01-01T00:00:00.000Z"},
        {**genuine, "leaves": [{"index": 10**9, "leaf_hash": "00" * 32}]},
        {**genuine, "signer": "0x" + STRANGER.address.hex()},
        make_receipt(log, leaves, now - 10**9, Promise(1), STRANGER).to_json(),
        make_receipt(log, [(10**9, bytes(32))], 0, Promise(0), STRANGER).to_json(),
    ]
    for content in unsigned:
        answer = check(net, content)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), content
        assert answer.json()["detail_zh"] == "本回执并非由该日志当时的写入账户签名"
    backwards = make_receipt(log, leaves, now, Promise(-1), signer).to_json()
    assert check(net, backwards).status_code == 422
    # A promise that its writer did give, about a record that the log does not hold, is broken.
    lost = make_receipt(log, [(10**9, bytes(32))], now - 1000, Promise(0), signer).to_json()
    assert check(net, lost).json()["promise"] == "missed"
