"""A node of a test's own, and what its chain holds: for tests that break things."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.chain.node import node_status

from tests.support.node import NodeProcess
from tests.support.transactions import Account


@pytest.fixture(name="fresh")
def fresh_node(tmp_path: Path) -> Iterator[NodeProcess]:
    """A node of the test's own, not started yet."""
    made = NodeProcess(tmp_path / "node")
    yield made
    made.kill()


def status(node: NodeProcess) -> dict[str, Any]:
    return node_status(node.url, node.token)


def fill(node: NodeProcess, account: Account, blocks: int, contract: str | None = None) -> str:
    """Make ``blocks`` blocks of a few transactions; returns the store contract."""
    with node.rpc() as rpc:
        head = rpc.wait_final(0)
        if contract is None:
            raw, contract = account.deploy()
            rpc.send_raw([raw])
            head = rpc.wait_final(head.height + 1)
        for _ in range(blocks):
            keys = random.sample(range(1, 10**6), 5)
            sent = rpc.send_raw([account.store(contract, key, key) for key in keys])
            assert all(isinstance(answer, str) for answer in sent)
            head = rpc.wait_final(head.height + 1)
    return contract


def history(node: NodeProcess) -> list[tuple[str, str, tuple[str, ...]]]:
    """Hash, state root and transactions of every block, as the gateway shows them."""
    with node.rpc() as rpc:
        top = rpc.wait_final(0).height
        blocks = rpc.batch([("eth_getBlockByNumber", [hex(at)]) for at in range(top + 1)])
    return [(block["hash"], block["stateRoot"], tuple(block["transactions"])) for block in blocks]
