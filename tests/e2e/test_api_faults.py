"""The API while something else is broken: it says so, loses nothing and goes on by itself."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from xinlian.ledger.adapters.sql.books import set_halted
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.api.main import create_api

from tests.support.api import ApiNetwork, Server

SECONDS = 60


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_who_asks_too_often_is_told_when_to_come_back(api: ApiNetwork) -> None:
    settings = api.app.settings.model_copy(update={"rate_per_second": 1, "rate_burst": 3})
    server = Server(create_api(dataclasses.replace(api.app, settings=settings)))
    url = server.start()
    caller = api.caller(api.call("supplier").token)
    answers = [caller.http.get(f"{url}/api/v1/me") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["code"] == "rate_limited"
    assert answers[3].headers["Retry-After"] == "1"
    # Others are not held up, but guessers share one allowance.
    assert api.caller(api.call("bank").token).http.get(f"{url}/api/v1/me").status_code == 200
    nobody = api.call("nobody").http
    guesses = [nobody.get(f"{url}/api/v1/me").status_code for _ in range(4)]
    assert guesses == [401, 401, 401, 429]
    # So does who asks for what is not there.
    lost = nobody.post(f"{url}/nothing")
    assert (lost.status_code, lost.headers["Retry-After"]) == (429, "1")
    server.stop()


def test_strangers_leave_nothing_in_the_audit_log(
    api: ApiNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    def newest() -> int:
        found = api.call("operator").get("/audit-log", limit=1).json()["items"]
        return int(found[0]["id"])

    settings = api.app.settings.model_copy(update={"rate_per_second": 1, "rate_burst": 3})
    server = Server(create_api(dataclasses.replace(api.app, settings=settings)))
    url, before = server.start(), newest()
    nobody, caller = api.call("nobody").http, api.caller(api.call("supplier").token).http
    answers = [nobody.post(f"{url}{path}") for path in ("/api/v1/orders", "/nothing", "/healthz")]
    assert [answer.status_code for answer in answers] == [401, 404, 405]
    kept = [caller.post(f"{url}/api/v1/orders").status_code for _ in range(4)]
    server.stop()
    # A party's own refusals are kept, as far as its rate goes.
    assert (kept, newest() - before) == ([400, 400, 400, 429], 3)
    told = [
        record for record in caplog.records if "not in the audit log: 1 with 401" in record.message
    ]
    assert len(told) == 1


def test_a_write_that_cannot_be_audited_is_not_acknowledged(api: ApiNetwork) -> None:
    def full(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if "api_audit_log" in statement and statement.startswith("INSERT"):
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    document = {"document": "0x" + "31" * 32, "kind": "invoice", "amount_fen": 5}
    body = {**document, "seller": api.id("supplier")}
    event.listen(api.app.engine, "before_cursor_execute", full)
    try:
        answer = api.call("issuer").post("/documents", body, key="full-1")
    finally:
        event.remove(api.app.engine, "before_cursor_execute", full)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    again = api.call("issuer").done("/documents", body, key="full-1")
    assert again["exists"] is True


def test_while_the_node_is_away_reads_go_on_and_orders_wait(api: ApiNetwork) -> None:
    piece = api.voucher(1_000)
    port = str(urlsplit(api.node.url).port)
    api.node.kill()
    assert api.call("supplier").get(f"/pieces/{piece}").status_code == 200
    ready = api.call("nobody").http.get(f"{api.url}/readyz")
    assert (ready.status_code, ready.json()["node_height"]) == (503, None)
    body = {"amount_fen": 10, "to": api.id("supplier2"), "purpose": 1}
    taken = api.call("supplier").post(f"/pieces/{piece}/transfer", body, wait="final", timeout=1)
    assert (taken.status_code, taken.json()["state"]) == (202, "submitted")
    api.node.start("--port", port, seal_ms=5)
    path = f"/orders/{taken.json()['digest']}"

    def final() -> bool:
        found = api.call("supplier").get(path, wait="final", timeout=5).json()
        return bool(found["state"] == "final")

    until(final)
    until(lambda: api.call("nobody").http.get(f"{api.url}/readyz").status_code == 200)


def test_halted_books_are_for_reading_alone(api: ApiNetwork) -> None:
    """Last in this module: it leaves the indexer stopped."""
    piece = api.voucher(1_000)
    with begin_write(api.app.engine) as connection:
        set_halted(connection, "the books differ from the chain at root 1")
    body = {"amount_fen": 10, "to": api.id("supplier2"), "purpose": 1}
    answer = api.call("supplier").post(f"/pieces/{piece}/transfer", body)
    assert (answer.status_code, answer.json()["code"]) == (503, "halted")
    assert "differ from the chain" in answer.json()["detail"]
    assert api.call("supplier").get(f"/pieces/{piece}").json()["state"] == "held"
    assert "root 1" in api.call("auditor").get("/chain").json()["halted"]
    ready = api.call("nobody").http.get(f"{api.url}/readyz")
    assert (ready.status_code, "root 1" in ready.json()["halted"]) == (503, True)
