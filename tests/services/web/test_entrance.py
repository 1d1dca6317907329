"""The doors that strangers stand before: bounded forms, rates for each, nothing kept of names."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from xinlian.services.api.ratelimit import RateLimit, VisitorRate
from xinlian.services.api.web import entrance, items, parts
from xinlian.services.api.web.forms import BYTES_MAX, FIELDS_MAX
from xinlian.services.app.trace_policy import PagePolicy, Strangers
from xinlian.services.bootstrap import Store

from tests.trace.plant import Plant, item, link, serial, vehicle
from tests.trace.store_fixtures import Logs

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PER_SECOND, BURST = 4, 3
CAR, SUPPLIER = 2, 3
VIN = vehicle("LXLBE2A01TH100113")
PACK = serial("https://id.gs1.org/01/09521100000024/21/PACK1")


@dataclass
class Door:
    """The pages over a store, before a clock that stands."""

    store: Store
    api: FastAPI
    now_ns: int = 0

    def http(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def answer() -> httpx.Response:
            transport = httpx.ASGITransport(self.api, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
                return await http.request(method, path, **more)

        return asyncio.run(answer())

    def ask(self, client: str, path: str = "/scan") -> int:
        return self.http("GET", path, headers={"X-Forwarded-For": client}).status_code

    def enter(self, client: str) -> int:
        headers = {"X-Forwarded-For": client}
        return self.http("POST", "/t/-/login", data={"token": "x"}, headers=headers).status_code

    def endless(self, path: str, headers: dict[str, str], piece: bytes) -> tuple[int, int]:
        """The answer to a form without end, and how many bytes of it were fetched."""
        return asyncio.run(_endless(self.api, path, headers, piece))


@pytest.fixture
def door(store: Store) -> Door:
    api = FastAPI()
    for module in (entrance, parts, items):
        api.router.routes.extend(module.router.routes)
    made = Door(store, api)
    api.state.api = SimpleNamespace(
        app=store,
        visitor_of=lambda _: None,
        rate=RateLimit(PER_SECOND, BURST, lambda: made.now_ns),
        visitors=VisitorRate(PER_SECOND, BURST, lambda: made.now_ns),
        whole_pages=threading.BoundedSemaphore(1),
    )
    return made


async def _endless(
    api: FastAPI, path: str, headers: dict[str, str], piece: bytes
) -> tuple[int, int]:
    taken, status = 0, 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += len(piece)
        assert taken < 1 << 20, "the form is read without bounds"
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "scheme": "http", "http_version": "1.1", "root_path": "",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip
    await api(scope, receive, send)
    return status, taken


@pytest.mark.parametrize("path", ["/scan", "/t/-/login", "/t/-/logout"])
@pytest.mark.parametrize("piece", [b"A" * 4_096, b"a=1&" * 1_024])
def test_an_endless_form_is_read_to_its_bound_alone(door: Door, path: str, piece: bytes) -> None:
    status, taken = door.endless(path, FORM, piece)
    assert status == 413
    assert taken <= BYTES_MAX + len(piece)


@pytest.mark.parametrize("path", ["/scan", "/t/-/login", "/t/-/logout"])
def test_files_are_not_taken_at_the_door(door: Door, path: str) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert door.endless(path, kind, b"x" * 4_096) == (415, 0)
    assert door.http("POST", path, content=b"code=1").status_code == 415


@pytest.mark.parametrize("path", ["/scan", "/t/-/login", "/t/-/logout"])
def test_of_a_form_beyond_the_rate_nothing_is_read(door: Door, path: str) -> None:
    for _ in range(BURST):
        door.http("POST", path, data={"code": "x", "token": "x"})
    assert door.endless(path, FORM, b"x" * 4_096) == (429, 0)


@pytest.mark.parametrize(
    "body", [b"&".join(b"a%d=1" % n for n in range(FIELDS_MAX + 1)), b"code=%FF", b"code=\xff"]
)
def test_odd_forms_are_refused(door: Door, body: bytes) -> None:
    assert door.http("POST", "/scan", content=body, headers=FORM).status_code == 400


def test_a_form_says_what_it_says(door: Door) -> None:
    Plant(door.store.engine, Logs(door.store.engine)).must(item(serial("号 1+1&2", 5)), party=5)
    answer = door.http("POST", "/scan", data={"code": " 号 1+1&2 ", "more": ""})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/t/")


@pytest.mark.parametrize(
    ("page_url", "secure"),
    [
        (None, False),
        ("http://plant.example", False),
        ("https://qr.example", True),
        ("HTTPS://qr.example", True),
    ],
)
def test_a_session_travels_over_https_where_the_pages_do(
    door: Door, page_url: str | None, secure: bool
) -> None:
    api = door.api.state.api
    api.app = SimpleNamespace(
        settings=door.store.settings.model_copy(update={"page_url": page_url}),
        tokens=SimpleNamespace(verify=lambda _: SimpleNamespace(party=CAR)),
        page_sessions=SimpleNamespace(open=lambda _: "opened", close=lambda _: None),
    )
    # What a request says of itself changes nothing: the proxy before the pages speaks plain HTTP.
    for claimed in ("http", "https"):
        door.now_ns += 1_000_000_000
        headers = {"X-Forwarded-Proto": claimed}
        for path, data in (("login", {"token": "x"}), ("logout", {"back": "/scan"})):
            answer = door.http("POST", f"/t/-/{path}", data=data, headers=headers)
            cookie = answer.headers["Set-Cookie"]
            assert (answer.status_code, "secure" in cookie.lower()) == (303, secure)
            assert "httponly" in cookie.lower()


def test_one_client_keeps_nobody_from_the_pages_nor_from_signing_in(door: Door) -> None:
    asked = [door.ask("203.0.113.7") for _ in range(3 * BURST)]
    assert asked == [200] * BURST + [429] * (2 * BURST)
    assert door.ask("203.0.113.8") == 200
    # Where it comes from is the last entry, the proxy's own: not what the client claims.
    assert door.ask("203.0.113.9, 203.0.113.7") == 429
    assert door.enter("203.0.113.7") == 403
    assert [door.enter("203.0.113.7") for _ in range(BURST)][-1] == 429
    door.now_ns += 1_000_000_000
    assert door.ask("203.0.113.7") == 200


def test_a_subscriber_has_one_rate_for_all_its_addresses(door: Door) -> None:
    asked = [door.ask(f"2001:db8:1:2::{number:x}") for number in range(2 * BURST)]
    assert asked == [200] * BURST + [429] * BURST
    assert door.ask("2001:db8:1:3::1") == 200
    assert door.ask("::ffff:203.0.113.7") == 200
    assert [door.ask("203.0.113.7") for _ in range(BURST)][-1] == 429


def test_all_strangers_together_have_a_rate_too(door: Door) -> None:
    asked = [door.ask(f"198.51.100.{number}") for number in range(10 * BURST)]
    assert asked.count(200) == 8 * BURST
    assert asked[-1] == 429
    assert door.enter("198.51.100.1") == 403


def test_names_that_strangers_make_up_are_not_kept(door: Door) -> None:
    parts._read.cache_clear()
    for number in range(50):
        assert door.http("GET", f"/t/-/{'x' * 100}{number}").status_code == 404
    assert parts._read.cache_info().currsize == 0
    assert door.http("GET", "/t/-/page.css").status_code == 200
    assert parts._read.cache_info().currsize == 1


def test_pages_of_things_have_a_lower_rate_for_strangers(door: Door) -> None:
    Plant(door.store.engine, Logs(door.store.engine)).must(item(VIN, name="car"), party=CAR)
    address = door.store.trace.items.find(VIN.id, None)[0].address
    one = "203.0.113.7"
    assert [door.ask(one, address) for _ in range(2)] == [200, 429]
    # Other doors stay open to it, and the page to others.
    assert door.ask(one) == 200
    assert door.ask("203.0.113.8", address) == 200
    door.now_ns += 1_000_000_000
    assert door.ask(one, address) == 200


def test_few_whole_pages_are_made_for_strangers_at_once(door: Door) -> None:
    Plant(door.store.engine, Logs(door.store.engine)).must(item(VIN, name="car"), party=CAR)
    address = door.store.trace.items.find(VIN.id, None)[0].address
    door.store.trace.policies.set(CAR, PagePolicy(Strangers.ALL, guessable=True))
    places = door.api.state.api.whole_pages

    def asked() -> list[int]:
        wanted = (address, f"{address}/dossier.pdf", f"{address}/proof.xlproof")
        told = []
        for path in wanted:
            door.now_ns += 10_000_000_000
            told.append(door.ask("203.0.113.7", path))
        return told

    with places:
        assert asked() == [429, 429, 429]
        door.store.trace.policies.set(CAR, PagePolicy(Strangers.IDENTITY, guessable=True))
        assert asked() == [200, 404, 404]
    door.store.trace.policies.set(CAR, PagePolicy(Strangers.ALL, guessable=True))
    # Nothing is in an evidence log under a head yet, so that there is no proof file.
    assert asked() == [200, 200, 409]


def test_strangers_see_parts_and_not_what_a_part_went_into(door: Door) -> None:
    plant, trace = Plant(door.store.engine, Logs(door.store.engine)), door.store.trace
    plant.must(item(VIN, name="car"), link(PACK, VIN), party=CAR)
    plant.must(item(PACK, name="pack"), party=SUPPLIER)
    for party in (CAR, SUPPLIER):
        trace.policies.set(party, PagePolicy(Strangers.ALL, guessable=True))

    def page(code: str, more: str = "") -> str:
        door.now_ns += 10_000_000_000
        found = trace.items.find(code, None)[0].address
        answer = door.http("GET", found + more)
        return answer.text if answer.status_code == 200 else str(answer.status_code)

    assert PACK.id in page(VIN.id)
    assert VIN.id not in page(PACK.id)
    assert PACK.id in page(VIN.id, "/branch")
    assert page(PACK.id, "/branch?direction=up") == "404"
    link_of_pack = trace.items.find(PACK.id, None)[0].address
    assert link_of_pack in page(VIN.id)
    trace.policies.set(SUPPLIER, PagePolicy(Strangers.ALL, guessable=False))
    assert link_of_pack not in page(VIN.id)
    assert PACK.id in page(VIN.id)
