"""Who shows no token keeps no device out."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from xinlian.ingest.adapters.drivers.http import listener

from tests.ingest.drivers.http.support import Saved, listening, post
from tests.ingest.drivers.sinks import in_loop

ROW = {"values": {"N": 8}}


async def idle(port: int, count: int) -> list[socket.socket]:
    """Connections that say nothing."""
    made = []
    for _ in range(count):
        made.append(socket.create_connection(("127.0.0.1", port)))
        await asyncio.sleep(0.005)
    return made


@in_loop
async def test_idle_connections_of_strangers_keep_no_device_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "CONNECTIONS_MAX", 40)
    monkeypatch.setattr(listener, "STRANGERS_OF_PEER_MAX", 20)
    async with listening(tmp_path, [Saved(), Saved()]) as (session, client):
        assert session.listener is not None
        first = await post(client, "k1", ROW)
        assert first.status_code != 503
        held = await idle(session.listener.port, 100)
        assert len(session.listener.strangers) <= 20
        # The device's own connection is still there, and a new one finds room.
        again = await post(client, "k2", ROW)
        assert again.status_code == first.status_code
        async with httpx.AsyncClient(base_url=client.base_url, headers=client.headers) as new:
            assert (await post(new, "k3", ROW)).status_code == first.status_code
        for each in held:
            each.close()


@in_loop
async def test_a_port_that_is_full_of_devices_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(tmp_path, [Saved(), Saved()]) as (session, client):
        assert session.listener is not None
        await post(client, "k1", ROW)
        monkeypatch.setattr(listener, "CONNECTIONS_MAX", 1)
        (stranger,) = await idle(session.listener.port, 1)
        with stranger:
            stranger.setblocking(False)
            told = await asyncio.get_running_loop().sock_recv(stranger, 64)
        assert told.startswith(b"HTTP/1.1 503 ")
        assert (await post(client, "k2", ROW)).status_code != 503
