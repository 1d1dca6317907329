"""Evidence over the API: what a party sees of its logs, receipts, proofs; what others do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.ids import to_checksum
from xinlian.services.app.actors import Scope

from tests.support.api import ApiNetwork

VIN = "LXLBE2A00TH100113"


def record(number: int, subject: str = VIN) -> dict[str, object]:
    return {
        "schema": "inspection/1",
        "subject": subject,
        "event_time": "2025-06-01T01:00:00.000Z",
        "value": str(number),
    }


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiNetwork]:
    made = ApiNetwork(tmp_path_factory.mktemp("evidence"), evidence_seconds_max=3600).found()
    for name, roles in (
        ("supplier", ["supplier"]),
        ("other", ["supplier"]),
        ("auditor", ["auditor"]),
    ):
        made.join(name, roles)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def log(net: ApiNetwork) -> str:
    """A log with five records on chain and two that wait; its id."""
    evidence = net.app.evidence
    name = evidence.ensure_log(net.id("supplier"), "quality")
    for numbers in (range(3), range(3, 5)):
        with begin_write(net.app.engine) as connection:
            evidence.append(connection, name, [record(number) for number in numbers])
        evidence.flush(30)
    with begin_write(net.app.engine) as connection:
        evidence.append(connection, name, [record(5), record(6, "another")])
    return "0x" + name.hex()


def test_a_party_sees_how_its_logs_stand(net: ApiNetwork, log: str) -> None:
    (found,) = net.call("supplier").get("/evidence/logs").json()["items"]
    assert found["log"] == log
    assert (found["records"], found["covered"], found["anchored"]) == (7, 5, 5)
    assert found["opened"] is True
    assert found["gap"]["count"] == 5
    assert net.call("supplier").get(f"/evidence/logs/{log}").json() == found
    heads = net.call("supplier").get(f"/evidence/logs/{log}/heads", limit=1).json()
    assert [head["size"] for head in heads["items"]] == [3]
    more = net.call("supplier").get(
        f"/evidence/logs/{log}/heads", limit=1, cursor=heads["next"]
    ).json()  # fmt: skip
    assert [head["size"] for head in more["items"]] == [5]


def test_logs_of_others_are_not_there(net: ApiNetwork, log: str) -> None:
    other, auditor = net.call("other"), net.call("auditor")
    assert other.get("/evidence/logs").json()["items"] == []
    for path in ("", "/heads", "/records/0"):
        assert other.get(f"/evidence/logs/{log}{path}").status_code == 404, path
    proof = {"logs": [{"log": log, "subjects": [VIN]}]}
    assert other.post("/evidence/proofs", proof).status_code == 404
    # An auditor sees how a log stands; what is in it is its owner's to show.
    assert auditor.get(f"/evidence/logs/{log}").json()["anchored"] == 5
    assert auditor.post("/evidence/proofs", proof).status_code == 404


def test_records_tell_where_they_stand(net: ApiNetwork, log: str) -> None:
    caller = net.call("supplier")
    first = caller.get(f"/evidence/logs/{log}/records/2").json()
    assert (first["standing"], first["head"]["size"]) == ("anchored", 3)
    last = caller.get(f"/evidence/logs/{log}/records/6").json()
    assert last["standing"] == "waiting"
    refused = caller.get(f"/evidence/logs/{log}/records/7")
    assert refused.status_code == 404
    assert refused.json()["detail_zh"] == "存证日志中没有第 7 条记录"


def test_a_bundle_is_handed_out_byte_for_byte(net: ApiNetwork, log: str) -> None:
    body = {"logs": [{"log": log, "subjects": [VIN, "nobody"]}]}
    answer = net.call("supplier").post("/evidence/proofs", body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].endswith('.xlproof"')
    bundle = json.loads(answer.content)
    (part,) = bundle["parts"]
    assert part["head"]["size"] == 5
    assert len(part["records"]) == 5
    assert part["anchor"]["block_number"] > 0
    assert answer.content.endswith(b"}\n")


def test_a_head_can_be_pinned(net: ApiNetwork, log: str) -> None:
    caller = net.call("supplier")
    newest = caller.get(f"/evidence/logs/{log}/pin").json()
    assert (newest["format"], newest["size"]) == ("xinlian-head/1", 5)
    assert caller.get(f"/evidence/logs/{log}/pin", size=3).json()["size"] == 3
    assert caller.get(f"/evidence/logs/{log}/pin", size=4).status_code == 404
    # The chain is every member's, and so are the heads on it.
    for other in ("other", "auditor"):
        assert net.call(other).get(f"/evidence/logs/{log}/pin").json() == newest
    assert caller.get(f"/evidence/logs/0x{'ab' * 32}/pin").status_code == 404


def test_a_receipt_is_checked(net: ApiNetwork) -> None:
    evidence = net.app.evidence
    name = evidence.ensure_log(net.id("supplier"), "receipts")
    with begin_write(net.app.engine) as connection:
        done = evidence.append(connection, name, [record(1)])
    receipt = evidence.receipt(name, done)

    def check(content: Any, who: str = "supplier") -> Any:
        return net.call(who).post("/evidence/receipts/check", content)

    assert check(receipt).json()["promise"] == "pending"
    evidence.flush(30)
    kept = check(receipt).json()
    assert (kept["promise"], kept["head"]["size"]) == ("included", 1)
    assert check(receipt, "other").status_code == 404
    leaf = {**receipt["leaves"][0], "leaf_hash": "00" * 32}
    forged = check({**receipt, "leaves": [leaf]})
    assert forged.json().get("promise") != "included"
    wrong = check({**receipt, "deadline": "tomorrow"})
    assert (wrong.status_code, wrong.json()["detail_zh"]) == (422, "这不是回执")


@pytest.mark.parametrize(
    "content",
    [
        {"logs": []},
        {"logs": [{"log": "0x" + "00" * 32, "subjects": [""]}]},
        {"logs": [{"log": "0x00"}]},
        {"logs": [{"log": "0x" + "00" * 32, "indices": [-1]}]},
    ],
)
def test_a_malformed_request_is_refused(net: ApiNetwork, content: Any) -> None:
    assert net.call("supplier").post("/evidence/proofs", content).status_code == 422


def test_what_is_not_covered_yet_is_refused_in_both_languages(net: ApiNetwork) -> None:
    evidence = net.app.evidence
    name = evidence.ensure_log(net.id("supplier"), "uncovered")
    for number in range(2):
        with begin_write(net.app.engine) as connection:
            evidence.append(connection, name, [record(number)])
        if not number:
            evidence.flush(30)
    body = {"logs": [{"log": "0x" + name.hex(), "indices": [1]}]}
    answer = net.call("supplier").post("/evidence/proofs", body)
    assert answer.status_code == 409
    assert "covers 1 records" in answer.json()["detail"]
    assert "1 条记录" in answer.json()["detail_zh"]


def test_its_owner_erases_a_record_and_nobody_else(net: ApiNetwork) -> None:
    evidence, caller = net.app.evidence, net.call("supplier")
    name = evidence.ensure_log(net.id("supplier"), "erasing")
    with begin_write(net.app.engine) as connection:
        evidence.append(connection, name, [record(1), record(2)], [["a case"], []])
    evidence.flush(30)
    path, yes = f"/evidence/logs/0x{name.hex()}/records/1/erase", {"confirm": True}
    for who in ("other", "auditor"):
        assert net.call(who).post(path, yes).status_code in (403, 404), who
    reading = net.caller(
        net.token(net.id("supplier"), Scope.READ | Scope.WRITE), net.id("supplier")
    )
    assert reading.post(path, yes).status_code == 403
    for unsure in ({}, {"confirm": False}):
        assert caller.post(path, unsure).status_code == 422
    assert caller.post(path.replace("/1/", "/9/"), yes).status_code == 404
    assert caller.post(path, yes).json()["erased_now"] is True
    assert caller.post(path.replace("/1/", "/0/"), yes).json()["erased_now"] is False
    body = {"logs": [{"log": "0x" + name.hex(), "subjects": [VIN, "a case"]}]}
    shown = caller.post("/evidence/proofs", body).json()["parts"][0]["records"]
    open_fields = [sum(isinstance(each, dict) for each in one["fields"]) for one in shown]
    assert open_fields == [0, 0, 4]


def test_a_party_with_its_own_keys_opens_its_log_itself(net: ApiNetwork) -> None:
    account = LocalSigner(b"\x07" * 32)
    net.join("careful", ["supplier"], custody_keys=0, accounts=[to_checksum(account.address)])
    evidence, caller = net.app.evidence, net.call("careful")
    name = evidence.ensure_log(net.id("careful"), "own-keys")
    with begin_write(net.app.engine) as connection:
        evidence.append(connection, name, [record(1)])
    (row,) = caller.get("/evidence/logs").json()["items"]
    assert row["opened"] is False
    item = {
        "stream": "0x" + b"own-keys".ljust(32, b"\0").hex(),
        "key_commitment": row["key_commitment"],
        "writer": row["writer"],
        "sm3": False,
    }
    draft = {"content": {"kind": "OpenLog", "items": [item]}}
    prepared = caller.post("/orders/prepare", draft).json()
    signature = account.sign_digest(bytes.fromhex(prepared["digest"][2:]))
    signed = {
        "party": net.id("careful"),
        "nonce": prepared["nonce"],
        "deadline": prepared["deadline"],
        "content": draft["content"],
        "signatures": ["0x" + signature.hex()],
    }
    answer = caller.post("/orders", signed, wait="final", timeout=30)
    assert answer.json()["state"] == "final", answer.text
    evidence.flush(30, [name])
    assert caller.get(f"/evidence/logs/0x{name.hex()}").json()["anchored"] == 1
