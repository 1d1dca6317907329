"""What holds for every request: keys, tags, blocks, pages, limits, headers, the audit log."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xinlian.services.api import route
from xinlian.services.api.json_body import read_json

from tests.support.api import ApiNetwork, effect


@pytest.fixture(scope="module")
def piece(api: ApiNetwork) -> int:
    return api.voucher(10_000)


def test_the_same_write_again_gives_the_same_outcome(api: ApiNetwork, piece: int) -> None:
    path, body = f"/pieces/{piece}/transfer", {"amount_fen": 10, "to": 4, "purpose": 1}
    first = api.call("supplier").done(path, body, key="again-1")
    again = api.call("supplier").order(path, body, key="again-1")
    assert (first["exists"], again["exists"]) == (False, True)
    assert {**first, "exists": True} == again


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        ("transfer", {"amount_fen": 11}, "amount_fen"),
        ("transfer", {"to": 5}, "to"),
        ("transfer", {"back": True}, "back"),
        ("merge", None, "operation"),
    ],
)
def test_a_key_used_for_other_content_names_the_field(
    api: ApiNetwork, piece: int, path: str, change: Any, field: str
) -> None:
    body = {"amount_fen": 10, "to": api.id("supplier2"), "purpose": 1}
    key = f"other-{path}-{field}"
    assert api.call("supplier").post(f"/pieces/{piece}/transfer", body, key=key).status_code == 202
    other = {"other": piece + 1} if change is None else body | change
    answer = api.call("supplier").post(f"/pieces/{piece}/{path}", other, key=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_conflict")
    assert answer.json()["fields"]["field"] == field
    elsewhere = api.call("supplier").post(f"/pieces/{piece + 1}/transfer", body, key=key)
    assert elsewhere.json()["fields"]["field"] in ("piece", "operation")


def test_a_write_without_a_good_key_is_refused(api: ApiNetwork) -> None:
    http = api.call("supplier").http
    assert http.post("/offers/accept", json={}).json()["code"] == "idempotency_key_missing"
    headers = {"Idempotency-Key": "no spaces"}
    answer = http.post("/offers/accept", json={}, headers=headers)
    assert answer.json()["code"] == "idempotency_key_malformed"


def test_many_at_once_under_one_key_make_one_order(api: ApiNetwork, piece: int) -> None:
    body = {"amount_fen": 7, "to": api.id("supplier2"), "purpose": 1}
    answers: list[Any] = []

    def send() -> None:
        caller = api.caller(api.call("supplier").token, api.id("supplier"))
        answers.append(caller.post(f"/pieces/{piece}/transfer", body, key="at-once"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {200, 202}, [a.text for a in answers]
    assert len({answer.json()["digest"] for answer in answers}) == 1
    assert sum(not answer.json()["exists"] for answer in answers) == 1


def test_a_read_that_has_not_changed_is_not_sent_again(api: ApiNetwork) -> None:
    caller = api.call("supplier")
    piece = api.voucher(100)  # Nobody else's orders about it are still on their way.
    first = caller.get(f"/pieces/{piece}")
    tag = first.headers["ETag"]
    api.document(5)  # Another block, the same piece.
    again = caller.http.get(f"/pieces/{piece}", headers={"If-None-Match": f'"old", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert int(again.headers["Xinlian-Block"]) > int(first.headers["Xinlian-Block"])
    api.transfer(piece, "supplier", "supplier2", 3, accept=False)
    changed = caller.http.get(f"/pieces/{piece}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_reads_as_of_a_block_show_what_was(api: ApiNetwork) -> None:
    supplier = api.call("supplier")
    piece = api.voucher(900, accept=False)
    offered = int(supplier.get(f"/pieces/{piece}").headers["Xinlian-Block"])
    supplier.done("/offers/accept", {"pieces": [piece]})
    held = int(supplier.get(f"/pieces/{piece}").headers["Xinlian-Block"])
    states = {
        at: supplier.get(f"/pieces/{piece}", as_of=at).json().get("state") for at in (offered, held)
    }
    assert states == {offered: "issued", held: "held"}
    assert supplier.get(f"/pieces/{piece}", as_of=1).json()["code"] == "not_found"
    ahead = supplier.get(f"/pieces/{piece}", as_of=held + 1_000)
    assert (ahead.status_code, ahead.json()["code"]) == (404, "as_of_ahead")
    before = supplier.get(f"/pieces/{piece}", as_of=offered)
    assert before.headers["Xinlian-Block"] == str(offered)
    assert before.headers["ETag"] == supplier.get(f"/pieces/{piece}", as_of=offered).headers["ETag"]
    events = supplier.get(f"/pieces/{piece}/history").json()["items"]
    assert [event["name"] for event in events] == ["VoucherOffered", "OfferAccepted"]


@pytest.fixture(scope="module")
def pieces(api: ApiNetwork) -> list[int]:
    """Pieces of one holder, more than a page."""
    piece = api.voucher(1_000, payee="supplier2")
    for _ in range(6):
        api.transfer(piece, "supplier2", "outsider", 10)
    listed = api.call("outsider").get("/pieces", limit=500).json()["items"]
    return [item["piece"] for item in listed]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(limits=st.lists(st.integers(1, 4), min_size=8, max_size=8))
def test_pages_of_any_size_add_up_to_the_list(
    api: ApiNetwork, pieces: list[int], limits: list[int]
) -> None:
    found, cursor = [], None
    for limit in itertools.cycle(limits):
        query: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        page = api.call("outsider").get("/pieces", limit=limit, **query).json()
        assert len(page["items"]) <= limit
        found += [item["piece"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == pieces
    assert found == sorted(found)


def test_a_list_shows_one_block_on_all_its_pages(api: ApiNetwork, pieces: list[int]) -> None:
    caller = api.call("outsider")
    first = caller.get("/pieces", limit=1, state="held")
    source = api.voucher(50, payee="supplier2")
    api.transfer(source, "supplier2", "outsider", 5)
    rest = caller.get("/pieces", limit=500, state="held", cursor=first.json()["next"])
    assert rest.headers["Xinlian-Block"] == first.headers["Xinlian-Block"]
    shown = [item["piece"] for page in (first, rest) for item in page.json()["items"]]
    assert shown == pieces


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"limit": 0}, "invalid"),
        ({"limit": 501}, "invalid"),
        ({"limit": "x"}, "invalid"),
        ({"as_of": -1}, "invalid"),
        ({"cursor": "!!!"}, "invalid"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"unknown": 1}, "invalid"),
        ({"limit": ["1", "2"]}, "invalid"),
    ],
)
def test_queries_are_taken_strictly(api: ApiNetwork, query: dict[str, Any], code: str) -> None:
    assert api.call("supplier").get("/pieces", **query).json()["code"] == code


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b'{"pieces": [1], "pieces": [2]}', "application/json", 400, "malformed"),
        (b'{"pieces": [65536.5]}', "application/json", 400, "malformed"),
        (b'{"pieces": [NaN]}', "application/json", 400, "malformed"),
        (b'{"pieces": [1e9]}', "application/json", 400, "malformed"),
        (b"\xff\xfe", "application/json", 400, "malformed"),
        (b"[" * 5_000, "application/json", 400, "malformed"),
        (b"[" * 1_000_000, "application/json", 413, "body_too_large"),
        (b'{"pieces": ' + b"[" * 4_000, "application/json", 400, "malformed"),
        (b'{"pieces": [65536], "more": 1}', "application/json", 422, "invalid"),
        (b'{"pieces": ["65536"]}', "application/json", 422, "invalid"),
        (b'{"pieces": [true]}', "application/json", 422, "invalid"),
        (b'{"pieces": []}', "application/json", 422, "invalid"),
        (b'{"pieces": [9007199254740992]}', "application/json", 422, "invalid"),
        (b"[]", "application/json", 422, "invalid"),
        (b'{"pieces": [65536]}', "text/plain", 415, "media_type"),
        (b"pieces=65536", "application/x-www-form-urlencoded", 415, "media_type"),
        (b" " * 2_000_000, "application/json", 413, "body_too_large"),
    ],
)
def test_bodies_are_taken_strictly(
    api: ApiNetwork, content: bytes, media: str, status: int, code: str
) -> None:
    headers = {"Content-Type": media, "Idempotency-Key": "strict"}
    answer = api.call("supplier").http.post("/offers/accept", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_long_bodies_are_parsed_beside_the_other_requests(
    api: ApiNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers: list[str] = []

    def read(body: bytes, *bounds: int) -> Any:
        readers.append(threading.current_thread().name)
        return read_json(body, *bounds)

    monkeypatch.setattr(route, "read_json", read)
    headers = {"Content-Type": "application/json", "Idempotency-Key": "long"}
    for spaces in (0, 5_000):
        body = b'{"pieces": []}' + b" " * spaces
        answer = api.call("supplier").http.post("/offers/accept", content=body, headers=headers)
        assert answer.status_code == 422
    assert readers[0] == "api"
    assert readers[1].startswith("AnyIO worker thread")


def test_a_whole_number_written_with_a_point_is_that_number(api: ApiNetwork) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "whole"}
    body = b'{"pieces": [65536000.0]}'
    answer = api.call("supplier").http.post("/offers/withdraw", content=body, headers=headers)
    assert answer.status_code == 202, answer.text


def test_every_answer_carries_its_id_and_the_headers_that_protect(api: ApiNetwork) -> None:
    for answer in (
        api.call("supplier").get("/pieces"),
        api.call("nobody").get("/pieces"),
        api.call("supplier").get("/nothing/here"),
        api.call("supplier").http.delete("/pieces"),
    ):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] in ("private, no-cache", "no-store")
        assert answer.headers["X-Request-Id"]
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"
    named = api.call("nobody").http.get("/me", headers={"X-Request-Id": "my-request-0001"})
    assert named.headers["X-Request-Id"] == "my-request-0001"
    assert named.json()["instance"] == "urn:xinlian:request:my-request-0001"
    evil = api.call("nobody").http.get("/me", headers={"X-Request-Id": "a b<c>"})
    assert evil.headers["X-Request-Id"] != "a b<c>"


def test_writes_are_in_the_audit_log_and_reads_are_not(api: ApiNetwork, piece: int) -> None:
    def newest() -> dict[str, Any]:
        items = api.call("auditor").get("/audit-log", limit=1).json()["items"]
        found: dict[str, Any] = items[0]
        return found

    body = {"amount_fen": 1, "to": api.id("supplier2"), "purpose": 1}
    answer = api.call("supplier").post(f"/pieces/{piece}/transfer", body, key="audited")
    entry = newest()
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    assert (entry["party"], entry["operation"]) == (api.id("supplier"), "transfer_piece")
    assert (entry["status"], entry["code"], entry["key"]) == (202, None, "audited")
    api.call("supplier").get("/pieces")
    assert newest() == entry
    api.call("supplier").post("/orders", {})
    assert (newest()["status"], newest()["code"]) == (422, "invalid")
    assert api.call("supplier").token not in api.call("operator").get("/audit-log").text


def test_health_needs_no_token(api: ApiNetwork) -> None:
    http = api.call("nobody").http
    assert http.get(f"{api.url}/healthz").json() == {"status": "live"}
    ready = http.get(f"{api.url}/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["lag_blocks"] is not None


def test_reports_add_up(api: ApiNetwork) -> None:
    auditor = api.call("auditor")
    exposure = {row["issuer"]: row for row in auditor.get("/reports/exposure").json()["items"]}
    vouchers = auditor.get("/vouchers", limit=500).json()["items"]
    for issuer, row in exposure.items():
        mine = [v["unpaid_fen"] for v in vouchers if v["issuer"] == issuer]
        assert row["unpaid_fen"] == row["outstanding_fen"] == sum(mine)
    ladder = auditor.get("/reports/maturity-ladder").json()["items"]
    assert sum(row["receivable_fen"] for row in ladder) == sum(v["unpaid_fen"] for v in vouchers)
    held = api.call("supplier").get("/reports/holdings").json()["items"]
    pieces = api.call("supplier").get("/pieces", relation="holder", limit=500).json()["items"]
    assert sum(row["amount_fen"] for row in held) == sum(p["amount_fen"] for p in pieces)


def test_declining_is_free_and_counted(api: ApiNetwork) -> None:
    before = api.call("issuer").get("/reports/decline-rates").json()["items"][0]
    piece = api.voucher(70, accept=False)
    declined = api.call("supplier").done("/offers/decline", {"pieces": [piece], "reason": 3})
    assert effect(declined, "OfferEnded")["reason"] == 3
    after = api.call("issuer").get("/reports/decline-rates").json()["items"][0]
    assert after["declined"] == before["declined"] + 1
    assert api.call("issuer").get(f"/vouchers/{piece >> 16}").json()["state"] == "cancelled"
    assert api.call("supplier").get("/reports/decline-rates").json()["items"] == []
