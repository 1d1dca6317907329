"""The client's connections: one for each living thread, none once it is closed."""

import threading
from pathlib import Path

import pytest
from xinlian.ledger.chain.errors import NodeUnavailableError

from tests.support.node import NodeProcess


def sockets() -> int:
    """Open sockets of this process."""
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        try:
            count += str(link.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue  # the one that lists the folder
    return count


def test_threads_that_ended_leave_no_connections(node: NodeProcess) -> None:
    with node.rpc() as rpc:
        before = sockets()
        for _ in range(12):
            thread = threading.Thread(target=rpc.call, args=("eth_chainId",))
            thread.start()
            thread.join()
        assert sockets() <= before + 1
    assert sockets() <= before


def test_a_closed_client_opens_nothing_any_more(node: NodeProcess) -> None:
    before = sockets()
    rpc = node.rpc()
    rpc.call("eth_chainId")
    rpc.close()
    with pytest.raises(NodeUnavailableError, match="was closed"):
        rpc.call("eth_chainId")
    assert sockets() == before


def test_closing_while_a_thread_waits_leaves_nothing_open(node: NodeProcess) -> None:
    before = sockets()
    rpc = node.rpc()
    height = rpc.wait_final(0).height
    found: list[object] = []

    def wait() -> None:
        try:
            found.append(rpc.wait_final(height + 1_000, 1.0).height)
        except NodeUnavailableError as exc:
            found.append(exc)

    thread = threading.Thread(target=wait)
    thread.start()
    while sockets() < before + 2:  # its own connection beside ours
        threading.Event().wait(0.005)
    rpc.close()
    thread.join(30)
    assert len(found) == 1
    assert sockets() == before
