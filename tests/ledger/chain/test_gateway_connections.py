"""Connections to the gateway that are silent, slow or deaf: they end, and lock nobody out."""

import asyncio
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from xinlian.ledger.chain.errors import UnauthorisedError
from xinlian.ledger.chain.gateway.dispatch import Reply
from xinlian.ledger.chain.gateway.http import HttpServer
from xinlian.ledger.chain.gateway.places import Bounds
from xinlian.ledger.chain.node import node_status
from xinlian.ledger.chain.rpc import Rpc

from tests.support.connections import HALF_BODY, HALF_HEAD, SILENT, ended, opened
from tests.support.node import NodeProcess

GOOD = "good"
LARGE = b"[" + b" " * (32 << 20) + b"]"
KNOWN_HALF = HALF_HEAD + b"Authorization: Bearer good\r\nContent-Length: 100\r\n\r\nabc"
WHOLE = HALF_HEAD + b"Authorization: Bearer good\r\nContent-Length: 2\r\n\r\n{}"


async def answer(token: str | None, body: bytes) -> Reply:
    if token not in (GOOD, "other"):
        return Reply(401, b"who are you?")
    return Reply(200, LARGE if body == b"large" else b"[1]")


@contextmanager
def served(**bounds: Any) -> Iterator[int]:
    """A gateway's server in a thread of its own; its port."""
    started, stop = threading.Event(), asyncio.Event()
    found: list[int] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        known = {GOOD, "other"}.__contains__
        server = await HttpServer.start(answer, known, 0, Bounds(**bounds))
        found.append(server.port)
        started.set()
        await stop.wait()
        await server.stop()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(30)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    "sent",
    [b"", HALF_HEAD, HALF_BODY, KNOWN_HALF, WHOLE + HALF_HEAD],
    ids=["silent", "head", "body", "body of a token", "second head of a token"],
)
def test_a_request_that_does_not_come_is_not_waited_for(sent: bytes) -> None:
    with served(request_seconds=0.3, idle_seconds=60.0) as port, ExitStack() as stack:
        assert ended(opened(stack, port, sent))


def test_bytes_one_by_one_buy_no_time() -> None:
    with served(request_seconds=0.5) as port, ExitStack() as stack:
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


def test_between_requests_a_token_has_more_time_than_a_stranger_but_not_for_ever() -> None:
    with served(request_seconds=0.2, idle_seconds=5.0) as port, ExitStack() as stack:
        known = opened(stack, port, WHOLE)
        assert known.recv(1000).endswith(b"[1]")
        time.sleep(0.6)
        known.sendall(WHOLE)
        assert known.recv(1000).endswith(b"[1]")
        assert ended(known)


def test_an_answer_that_is_not_fetched_is_not_kept_and_no_other_is_made() -> None:
    large = WHOLE.replace(b"Length: 2", b"Length: 5").replace(b"{}", b"large")
    with served(send_seconds=0.4) as port, ExitStack() as stack:
        deaf = opened(stack, port, large * 20)
        time.sleep(1.2)
        got = 0
        with suppress(ConnectionResetError):
            while part := len(deaf.recv(1 << 20)):
                got += part
        assert 0 < got < len(LARGE)


def test_answers_that_are_fetched_arrive_one_after_another() -> None:
    large = WHOLE.replace(b"Length: 2", b"Length: 5").replace(b"{}", b"large")
    with served() as port, ExitStack() as stack:
        patient = opened(stack, port, large * 3 + WHOLE.replace(b"x", b"x\r\nConnection: close"))
        got = 0
        while part := patient.recv(1 << 20):
            got += len(part)
            last = part
        assert got > 3 * len(LARGE)
        assert last.endswith(b"[1]")


@SILENT
def test_strangers_give_way_to_those_who_come_later(sent: bytes) -> None:
    with served(strangers_max=8) as port, ExitStack() as stack:
        strangers = [opened(stack, port, sent) for _ in range(40)]
        known = opened(stack, port, WHOLE)
        assert known.recv(1000).endswith(b"[1]")
        for stranger in strangers[:30]:
            assert ended(stranger), "the oldest give way"


def test_a_token_that_takes_all_its_places_takes_them_from_itself_alone() -> None:
    other = WHOLE.replace(b"good", b"other")
    with served(token_max=4, strangers_max=8) as port, ExitStack() as stack:
        neighbour = opened(stack, port, other)
        assert neighbour.recv(1000).endswith(b"[1]")
        busy = [opened(stack, port, KNOWN_HALF) for _ in range(3)]
        idle = opened(stack, port, WHOLE)
        assert idle.recv(1000).endswith(b"[1]")
        more = opened(stack, port, WHOLE)
        assert more.recv(1000).endswith(b"[1]"), "an idle one made room"
        assert ended(idle)
        fourth = opened(stack, port, KNOWN_HALF)
        assert ended(more)
        refused = opened(stack, port, WHOLE)
        assert refused.recv(1000).split(b" ")[1] == b"503"
        neighbour.sendall(other)
        assert neighbour.recv(1000).endswith(b"[1]")
        for each in (*busy, fourth):
            each.sendall(b"x" * 97)
            assert each.recv(1000).endswith(b"[1]"), "what was under way is not disturbed"


@SILENT
def test_a_node_serves_clients_beside_many_strangers(node: NodeProcess, sent: bytes) -> None:
    port = urllib.parse.urlsplit(node.url).port
    assert port is not None
    with ExitStack() as stack:
        for _ in range(700):
            with suppress(OSError):  # it may be ended while it speaks
                opened(stack, port, sent)
        assert node_status(node.url, node.token)["height"] == 0
        with Rpc(node.url, "wrong") as rpc, pytest.raises(UnauthorisedError):
            rpc.call("eth_chainId")
