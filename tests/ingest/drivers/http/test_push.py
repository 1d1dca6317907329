# mypy: disable-error-code="union-attr, index"
"""Pushes with httpx and bare sockets as the devices."""

import asyncio
import datetime as dt
import ssl
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from xinlian.ingest.adapters.drivers.http import driver, simulator
from xinlian.ingest.adapters.drivers.http.driver import HttpSession, token_line
from xinlian.ingest.model.quality import Quality

from tests.ingest.drivers.certificates import authority, certificate
from tests.ingest.drivers.http.support import TAGS, TOKEN, Saved, listening, post
from tests.ingest.drivers.sinks import KeptSink, Waves, device, free_port, in_loop, until

LISTENER = "xinlian.ingest.adapters.drivers.http.listener"


@in_loop
async def test_readings_of_json_and_csv_become_rows(tmp_path: Path) -> None:
    sinks: list[KeptSink] = [Saved(), Saved()]
    async with listening(tmp_path, sinks) as (_, client):
        when = dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)
        answer = await post(
            client, "a",
            {"time": when.isoformat(), "values": {"P": 1.5, "N": 7, "S": True}},
            {"values": {"N": 8}},
        )  # fmt: skip
        assert answer.status_code == 200
        assert answer.json() == {
            "readings": 2, "accepted": 4, "refused": 0, "results": [], "repeated": False,
        }  # fmt: skip
        assert [row.values for row in sinks[0].rows] == [(1.5, 7), (None, 8)]
        assert sinks[0].rows[0].source_us == int(when.timestamp()) * 1_000_000 + when.microsecond
        assert sinks[0].rows[1].source_us is None
        assert sinks[0].rows[1].quality == (Quality.NO_CONNECTION, 0)
        assert [row.values for row in sinks[1].rows] == [(1,)]
        text = f"time,P,N\n{when.isoformat()},2.5,9\n{when.isoformat()},,10\n"
        answer = await client.post(
            "/v1/devices/d1/readings",
            headers={"Idempotency-Key": "b", "Content-Type": "text/csv; charset=utf-8"},
            content=text,
        )
        assert answer.json()["accepted"] == 3
        assert [row.values for row in sinks[0].rows[2:]] == [(2.5, 9), (None, 10)]


@in_loop
async def test_each_value_that_is_refused_is_told(tmp_path: Path) -> None:
    sinks: list[KeptSink] = [Saved(), Saved()]
    async with listening(tmp_path, sinks) as (_, client):
        soon = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
        answer = await post(
            client, "a",
            {"values": {"P": "x", "N": 70_000, "Q": 1, "S": 1}},
            {"time": "2026-07-01T08:00:00", "values": {"N": 1}},
            {"time": soon, "values": {"N": 2}},
            {"time": None, "values": {"N": 3}},
            {"values": {"P": [1] * 100_000}},
        )  # fmt: skip
        told = answer.json()
        assert (told["accepted"], told["refused"]) == (1, 7)
        assert [(each["reading"], each["value"], each["quality"]) for each in told["results"]] == [
            (0, "P", "MALFORMED"), (0, "N", "MALFORMED"), (0, "Q", "UNKNOWN_TAG"),
            (1, "N", "CLOCK"), (2, "N", "CLOCK"), (3, "N", "CLOCK"), (4, "P", "MALFORMED"),
        ]  # fmt: skip
        assert [row.quality[1] for row in sinks[0].rows[1:4]] == [Quality.CLOCK] * 3
        assert [row.values for row in sinks[0].rows] == [(None, None)] * 5


@in_loop
async def test_an_answer_comes_after_the_disk_and_a_key_counts_once(tmp_path: Path) -> None:
    sink = Saved()
    sink.quick = False
    async with listening(tmp_path, [sink, Saved()]) as (_, client):
        reading = {"values": {"N": 7}}
        first = asyncio.create_task(post(client, "a", reading))
        again = asyncio.create_task(post(client, "a", reading))
        await until(lambda: len(sink.durable) == 1)
        await asyncio.sleep(0.1)
        assert not first.done()
        assert not again.done()
        sink.durable.pop()()
        answers = [(await each).json() for each in (first, again)]
        assert sorted(each["repeated"] for each in answers) == [False, True]
        assert (await post(client, "a", reading)).json()["repeated"] is True
        assert len(sink.rows) == 1
        other = await post(client, "a", {"values": {"N": 8}})
        assert other.status_code == 409
        assert "键" in other.json()["error_zh"]


@in_loop
async def test_a_full_path_behind_is_told_and_nothing_stands_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[HttpSession.__module__], "ROOM_S", 0.1)
    fast, slow = Saved(), Saved()
    async with listening(tmp_path, [fast, slow]) as (_, client):
        slow.full = True
        reading = {"values": {"N": 7, "S": 1}}
        answer = await post(client, "a", reading)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        slow.full = False
        assert (await post(client, "a", reading)).status_code == 200
        assert (len(fast.rows), len(slow.rows)) == (1, 1)

        fast.quick = False
        waiting = [asyncio.create_task(post(client, f"k{n}", reading)) for n in range(8)]
        await until(lambda: len(fast.rows) == 9)
        answer = await post(client, "one-more", reading)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) >= 1
        while fast.durable:
            fast.durable.pop()()
        assert {(await each).status_code for each in waiting} == {200}


@in_loop
async def test_strangers_and_malformed_requests_are_refused(tmp_path: Path) -> None:
    sinks: list[KeptSink] = [Saved(), Saved()]
    async with listening(tmp_path, sinks, body_kb_max=64) as (_, client):
        good = {"values": {"N": 1}}
        path = "/v1/devices/d1/readings"
        key = {"Idempotency-Key": "k"}
        for headers in ({"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}):
            answer = await client.post(path, headers={**key, **headers}, json={"readings": [good]})
            assert answer.status_code == 401
        wrong = await client.post("/v1/devices/d2/readings", headers=key, json={})
        assert wrong.status_code == 401
        assert (await client.post(path, json={"readings": [good]})).status_code == 400
        assert (await client.get(path, headers=key)).status_code == 405
        assert (await client.post("/v1/x", headers=key)).status_code == 404
        assert (await client.post(path, headers=key, content=b"x")).status_code == 415
        zipped = {**key, "Content-Type": "application/json", "Content-Encoding": "gzip"}
        assert (await client.post(path, headers=zipped, content=b"x")).status_code == 415
        for body in ("", "{", "[]", '{"readings": 1}', '{"readings": []}', '{"readings": [1]}',
                     '{"readings": [{"values": {}}]}', "[" * 50_000):  # fmt: skip
            answer = await client.post(
                path, headers={**key, "Content-Type": "application/json"}, content=body
            )
            assert answer.status_code == 400, body[:50]
        assert (await post(client, "big", {"values": {"P": "x" * 70_000}})).status_code == 413

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b" " * 10_000

        answer = await client.post(
            path, headers={**key, "Content-Type": "application/json"}, content=endless()
        )
        assert answer.status_code == 413
        assert (await post(client, "fine", good)).status_code == 200
        assert len(sinks[0].rows) == 1


@in_loop
async def test_a_sender_that_trickles_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{LISTENER}.REQUEST_S", 0.3)
    monkeypatch.setattr(f"{LISTENER}.IDLE_S", 0.2)
    async with listening(tmp_path, [Saved(), Saved()]) as (session, client):
        head = (
            "POST /v1/devices/d1/readings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: a\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 500\r\n\r\n"
        )
        for slow in ("POST /v1", head):
            reader, writer = await asyncio.open_connection("127.0.0.1", session.listener.port)
            writer.write(slow.encode())
            began = time.monotonic()
            answer = b""
            while time.monotonic() - began < 5:
                writer.write(b" ")
                try:
                    async with asyncio.timeout(0.05):
                        part = await reader.read(1_000)
                except TimeoutError:
                    continue
                answer += part
                if not part:
                    break
            assert b" 408 " in answer
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", session.listener.port)
        async with asyncio.timeout(5):
            assert await reader.read() == b""  # says nothing at all
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", session.listener.port)
        writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        async with asyncio.timeout(5):
            assert b" 400 " in await reader.read()
        writer.close()
        assert (await post(client, "a", {"values": {"N": 1}})).status_code == 200


@in_loop
async def test_connections_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{LISTENER}.CONNECTIONS_MAX", 3)
    async with listening(tmp_path, [Saved(), Saved()]) as (session, _):
        port = session.listener.port
        links = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        await until(lambda: len(session.listener.connections) == 3)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        for each in (writer, *(link[1] for link in links)):
            each.close()


@in_loop
async def test_pushes_over_tls_and_from_the_simulator(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    server = certificate(tmp_path, ca, "127.0.0.1")
    token, plain = tmp_path / "hash", tmp_path / "plain"
    token.write_text(token_line(TOKEN), encoding="utf-8")
    plain.write_text(TOKEN, encoding="utf-8")
    where: dict[str, object] = {
        "port": free_port(), "token_file": str(token), "device_token_file": str(plain),
    }  # fmt: skip
    sinks = [Saved(), Saved()]
    given = device("http", where, TAGS)
    session = driver().session(given, sinks)
    await session.open()
    async with simulator([given], Waves({"power": 1.5, "count": 3, "slow": 1})):
        await sinks[0].next()
    assert sinks[0].rows[0].values == (1.5, 3)
    assert sinks[0].rows[0].source_us is not None
    await session.close()
    session.poll(0)
    assert sinks[0].failures == [Quality.NO_CONNECTION]

    secure = {**where, "cert_file": str(server.file), "key_file": str(server.key_file)}
    session = driver().session(device("http", secure, TAGS), sinks)
    await session.open()
    context = ssl.create_default_context(cafile=str(ca.file))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"https://127.0.0.1:{where['port']}"
    async with httpx.AsyncClient(
        base_url=url, headers=headers, verify=context, trust_env=False
    ) as client:
        assert (await post(client, "a", {"values": {"N": 1}})).status_code == 200
    await session.close()
