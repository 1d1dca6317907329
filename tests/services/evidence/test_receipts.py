"""Receipts of captures: signed by the log's writer, kept by clients, and nobody else's to make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.evidence.receipts import Promise, make_receipt
from xinlian.services.app import trace_receipts
from xinlian.services.cli.downloads import keep_receipt

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


def facts(*numbers: int) -> dict[str, Any]:
    return {
        "facts": [
            {
                "type": "inspection",
                "inspection_id": f"R-{number}",
                "item": {"id": "S-1", "type": "serial"},
                "characteristic": "torque",
                "result": "passed",
                "time": "2025-06-01T01:00:00.000Z",
            }
            for number in numbers
        ]
    }


def test_a_capture_is_answered_with_a_receipt_that_the_chain_then_keeps(net: ApiNetwork) -> None:
    caller = net.call("supplier")
    made = caller.post("/trace/facts", facts(1, 2), key="receipt-1")
    assert made.status_code == 201, made.text
    body = made.json()
    receipt = body["signed_receipt"]
    assert receipt["format"] == "xinlian-receipt/1"
    assert receipt["log"] == body["log_id"]
    hashes = [row["record_hash"] for row in body["rows"]]
    assert [leaf["leaf_hash"] for leaf in receipt["leaves"]] == hashes
    assert body["receipt_after"] is None
    assert check(net, receipt).json()["promise"] == "pending"
    again = caller.post("/trace/facts", facts(1, 2), key="receipt-1").json()
    assert again["signed_receipt"] == receipt
    path = f"/trace/captures/{body['capture']}"
    assert caller.get(path).json()["signed_receipt"] == receipt
    assert caller.get(path + "/receipt").json() == receipt
    assert net.call("other").get(path + "/receipt").status_code == 404
    net.app.evidence.flush(30)
    kept = check(net, receipt).json()
    assert (kept["promise"], kept["head"]["size"]) == ("included", 2)
    # The chain knows the log by now; the receipt stays the same.
    assert caller.get(path).json()["signed_receipt"] == receipt
    other = {**receipt, "leaves": receipt["leaves"][:1]}
    assert check(net, other).status_code == 422


def test_records_that_were_known_have_a_receipt_and_refused_ones_none(net: ApiNetwork) -> None:
    caller = net.call("supplier")
    first = caller.post("/trace/facts", facts(11)).json()["signed_receipt"]
    again = caller.post("/trace/facts", facts(11, 12)).json()
    assert again["counts"]["exists"] == 1
    assert again["signed_receipt"]["leaves"][0] == first["leaves"][0]
    assert len(again["signed_receipt"]["leaves"]) == 2
    bad = facts(13)
    bad["facts"][0]["value"] = "much"
    refused = caller.post("/trace/facts", bad).json()
    assert (refused["taken"], refused["signed_receipt"]) == (False, None)
    assert caller.get(f"/trace/captures/{refused['capture']}/receipt").status_code == 409


def test_a_long_capture_has_several_receipts(
    net: ApiNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace_receipts, "LEAVES_MAX", 2)
    caller = net.call("supplier")
    body = caller.post("/trace/facts", facts(*range(20, 25))).json()
    path, found, after = f"/trace/captures/{body['capture']}/receipt", [], -1
    for count in (2, 2, 1):
        receipt = caller.get(path, after=after).json()
        assert len(receipt["leaves"]) == count
        assert check(net, receipt).json()["promise"] == "pending"
        after = receipt["leaves"][-1]["index"]
        found += [leaf["leaf_hash"] for leaf in receipt["leaves"]]
    assert found == [row["record_hash"] for row in body["rows"]]
    assert body["receipt_after"] == body["signed_receipt"]["leaves"][-1]["index"]
    assert caller.get(path, after=after).status_code == 409


def test_the_command_line_keeps_a_receipt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed = {"format": "xinlian-receipt/1", "leaves": [{"index": 3, "leaf_hash": "5a" * 32}]}
    out = tmp_path / "mine.xlreceipt"
    keep_receipt({"capture": "c1", "signed_receipt": signed, "receipt_after": 3}, out)
    assert json.loads(out.read_text()) == signed
    assert "./xl capture receipt c1 --after 3" in capsys.readouterr().err
    nothing = tmp_path / "nothing"
    keep_receipt({"capture": "c2", "signed_receipt": None, "receipt_after": None}, nothing)
    assert not nothing.exists()
