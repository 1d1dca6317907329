"""Signals as they are raised, over the API."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest
from xinlian.ledger.model.parties import PartyStatus
from xinlian.services.app.actors import Scope
from xinlian.services.cli.downloads import events
from xinlian.services.demo_trace.site import Site

from tests.support.trace_site import SUSPECT, client, inspection, post


def test_a_failed_key_inspection_is_on_the_stream_with_its_vehicles(
    plant: Site, pack: httpx.Client
) -> None:
    found: list[dict[str, Any]] = []
    listening = threading.Event()
    newest = plant.app.trace.signals.newest()

    def listen() -> None:
        with (
            client(plant, "pack", Scope.READ) as http,
            http.stream(
                "GET",
                "/trace/signals",
                params={"seconds": 20},
                headers={"Accept": "text/event-stream", "Last-Event-ID": str(newest)},
            ) as answer,
        ):
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            listening.set()
            for event in events(answer.iter_lines()):
                found.append(event)
                return

    thread = threading.Thread(target=listen)
    thread.start()
    assert listening.wait(10)
    bad = inspection("FAIL-1", result="failed", value="3", key=True, lower="100")
    assert post(pack, "/trace/facts", {"facts": [bad]}).status_code == 201
    thread.join(15)
    assert not thread.is_alive()
    assert found[0]["kind"] == "failed-key"
    assert found[0]["detail"]["vehicles"] == [SUSPECT]
    missed = pack.get("/trace/signals", params={"after": newest}).json()["items"]
    assert missed[0] == found[0]
    assert pack.get("/trace/signals", params={"after": missed[-1]["signal"]}).json()["items"] == []


@pytest.mark.parametrize("what", ["token revoked", "party suspended"])
def test_a_stream_ends_with_the_rights_that_opened_it(
    plant: Site, pack: httpx.Client, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    party = plant.party["pack"]
    token = plant.app.tokens.create(party=party, scopes=Scope.READ, label="t", days=1)
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {token.text}"}
    url = f"{plant.url}/api/v1/trace/signals"
    with (
        httpx.Client(trust_env=False, timeout=30) as http,
        http.stream("GET", url, params={"seconds": 25}, headers=headers) as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines).startswith("retry")
        bad = inspection(f"FAIL {what}", result="failed", value="3", key=True, lower="100")
        if what == "token revoked":
            plant.app.tokens.revoke(token.token.id)
            assert post(pack, "/trace/facts", {"facts": [bad]}).status_code == 201
        else:
            assert post(pack, "/trace/facts", {"facts": [bad]}).status_code == 201
            assert any(line.startswith("data:") for line in lines)
            member = plant.app.parties.member
            monkeypatch.setattr(
                plant.app.parties,
                "member",
                lambda number: replace(member(number), status=PartyStatus.SUSPENDED),
            )
            post(pack, "/trace/facts", {"facts": [{**bad, "inspection_id": "FAIL again"}]})
        assert list(events(lines)) == []


def test_others_hear_nothing_of_it(plant: Site, outsider: httpx.Client) -> None:
    assert outsider.get("/trace/signals", params={"after": 0}).json()["items"] == []


def test_streams_are_bounded_per_token(plant: Site) -> None:
    headers = {"Accept": "text/event-stream"}
    with client(plant, "cell", Scope.READ) as http, ExitStack() as stack:
        readers = []
        for _ in range(4):
            opened = stack.enter_context(
                http.stream("GET", "/trace/signals", params={"seconds": 60}, headers=headers)
            )
            readers.append(opened.iter_lines())
            assert next(readers[-1]).startswith("retry")
        refused = http.get("/trace/signals", params={"seconds": 1}, headers=headers)
        assert refused.json()["code"] == "rate_limited"
        assert refused.headers["Retry-After"]
