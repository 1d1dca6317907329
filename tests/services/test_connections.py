"""Connections that are silent, slow or do not listen: they end, and lock nobody out."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from xinlian.services.api.connections import Bounds
from xinlian.services.api.main import server_options
from xinlian.services.settings import Settings

from tests.support.connections import HALF_HEAD, SILENT, ended, opened

LARGE = b"x" * (32 << 20)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body, then answers; at /large with more than a socket takes."""
    assert scope["type"] == "http"
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    body = LARGE if scope["path"] == "/large" else b"ok"
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(folder: Path, **bounds: Any) -> Iterator[int]:
    settings = Settings(data=folder, api_port=0)
    options = {**server_options(settings, Bounds(**bounds)), "log_level": "error"}
    server = uvicorn.Server(uvicorn.Config(application, lifespan="off", **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


@SILENT
def test_a_request_that_does_not_come_is_not_waited_for(tmp_path: Path, sent: bytes) -> None:
    with served(tmp_path, head_seconds=0.3, body_seconds=0.3) as port, ExitStack() as stack:
        assert ended(opened(stack, port, sent))


def test_bytes_one_by_one_buy_no_time(tmp_path: Path) -> None:
    with served(tmp_path, head_seconds=0.5) as port, ExitStack() as stack:
        slow = opened(stack, port, HALF_HEAD)
        dribble = threading.Thread(target=send_slowly, args=(slow,))
        dribble.start()
        assert ended(slow)
        dribble.join(30)


def send_slowly(connection: socket.socket) -> None:
    with suppress(OSError):
        for _ in range(300):
            connection.sendall(b"X: y\r\n")
            time.sleep(0.05)


def test_an_answer_that_is_not_fetched_is_not_kept(tmp_path: Path) -> None:
    with served(tmp_path, send_seconds=0.3) as port, ExitStack() as stack:
        deaf = opened(stack, port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(1.0)
        got = 0
        with suppress(ConnectionResetError):
            while (part := len(deaf.recv(1 << 20))) > 0:
                got += part
        assert 0 < got < len(LARGE)


@SILENT
def test_who_asks_gets_through_many_that_do_not(tmp_path: Path, sent: bytes) -> None:
    with (
        served(tmp_path, waiting_max=8) as port,
        ExitStack() as stack,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client,
    ):
        strangers = [opened(stack, port, sent) for _ in range(40)]
        assert client.get("/").text == "ok"
        for stranger in strangers[:30]:
            assert ended(stranger), "the oldest give way"


def test_a_connection_is_used_again_and_uploads_arrive(tmp_path: Path) -> None:
    with (
        served(tmp_path, head_seconds=1.0, body_seconds=20.0) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client,
    ):
        for _ in range(5):
            assert client.post("/", content=bytes(3 << 20)).text == "ok"
            assert client.get("/large").content == LARGE
