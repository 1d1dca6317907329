"""``kill -9`` at every step: what was acknowledged is carried, and nothing is carried twice."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.adapters.sql.outbox import carriers
from xinlian.ledger.model.ids import to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.orders import digest
from xinlian.ledger.model.statuses import Exists, Final, Submitted

from tests.ledger.submitter.crash_child import Task
from tests.support.network import ISSUER, REGISTRAR, Network, found, rows
from tests.support.node import NodeProcess
from tests.support.pipeline import Pipeline, document, issue
from tests.support.repository import ROOT

EXECUTED = "0x" + keccak256(b"OrderExecuted(bytes32,uint32,uint256,uint8)").hex()
FAILED = "0x" + keccak256(b"OrderFailed(bytes32,uint32,uint256,uint8,bool,bytes)").hex()
SECONDS = 60
_numbers = iter(range(1, 1_000_000))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[tuple[str, Engine]]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    engine = make_engine(url)
    metadata.create_all(engine)
    yield url, engine
    engine.dispose()


def batches(network: Network) -> list[list[tuple[Any, str]]]:
    """Three batches of documents and the vouchers on them."""
    made = []
    for _ in range(3):
        numbers = [next(_numbers) for _ in range(8)]
        made.append(
            [(network.sign(ISSUER, document(number)), f"d{number}") for number in numbers]
            + [(network.sign(ISSUER, issue(number)), f"i{number}") for number in numbers]
        )
    return made


def run_child(network: Network, url: str, path: Path, task: Task) -> list[bytes]:
    """Let the child die; what it acknowledged."""
    (path / "task").write_bytes(pickle.dumps(task))
    done = subprocess.run(
        [sys.executable, "-m", "tests.ledger.submitter.crash_child", str(path / "task")],
        cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    return [bytes.fromhex(line.split()[1]) for line in done.stdout.splitlines()]


def events(network: Network, topic: str) -> Counter[bytes]:
    """How often each digest occurs in the chain's events of a kind."""
    logs = network.rpc.call(
        "eth_getLogs",
        {
            "fromBlock": "0x0",
            "toBlock": "latest",
            "address": [to_checksum(network.address(name)) for name in ContractName],
            "topics": [topic],
        },
    )
    return Counter(bytes.fromhex(log["topics"][1][2:]) for log in logs)


def finish_and_check(
    network: Network, engine: Engine, work: list[list[tuple[Any, str]]], acks: list[bytes]
) -> None:
    line = Pipeline(network, engine)
    for found_digest in acks:
        assert line.submitter.status(found_digest) is not None
    # The clients do not know what became of their requests, and ask again.
    for batch in work:
        outcomes = line.submitter.submit_many(batch)
        assert {type(outcome) for outcome in outcomes} <= {Submitted, Exists}
    line.settle()
    wanted = {
        digest(signed.order, network.deployment.domain(signed.order.contract))
        for batch in work
        for signed, _ in batch
    }
    assert set(acks) <= wanted
    executed, failed = events(network, EXECUTED), events(network, FAILED)
    for one in wanted:
        assert isinstance(line.submitter.status(one), Final)
        assert (executed[one], failed[one]) == (1, 0)
    numbers = [row.nonce for row in rows(engine, select(carriers.c.nonce))]
    assert len(set(numbers)) == len(numbers)


STEPS = (
    ("take", 2), ("taken", 2), ("begin", 1), ("sign", 1), ("sign", 3), ("persist", 2),
    ("send", 1), ("send", 3), ("sent", 1), ("sent", 2), ("review", 2), ("close", 1),
)  # fmt: skip


@pytest.mark.parametrize(("step", "call"), STEPS)
def test_killed_at_a_step(
    network: Network, store: tuple[str, Engine], tmp_path: Path, step: str, call: int
) -> None:
    url, engine = store
    work = batches(network)
    task = Task(
        network.node.url, network.node.token, url, network.deployment, REGISTRAR.secret(),
        network.now, work, step, call,
    )  # fmt: skip
    acks = run_child(network, url, tmp_path, task)
    # It dies a second time on the way back.
    again = Task(**{**vars(task), "batches": [], "step": "review", "call": 1})
    if step in ("persist", "sent"):
        run_child(network, url, tmp_path, again)
    finish_and_check(network, engine, work, acks)


@pytest.mark.parametrize("step", ["send", "sent", "review"])
def test_the_node_is_killed_too(tmp_path: Path, store: tuple[str, Engine], step: str) -> None:
    """What was sent and not yet in a block is lost by the node, and is sent again."""
    url, engine = store
    node = NodeProcess(tmp_path / "node").start(seal_ms=400)
    try:
        network = found(node)
        work = batches(network)
        task = Task(
            node.url, node.token, url, network.deployment, REGISTRAR.secret(), network.now,
            work, step, 1,
        )  # fmt: skip
        acks = run_child(network, url, tmp_path, task)
        node.kill()
        node.start()
        network.reconnect()
        finish_and_check(network, engine, work, acks)
        network.rpc.close()
    finally:
        node.kill()


def test_the_worker_outlives_a_node_that_goes_away(
    tmp_path: Path, store: tuple[str, Engine]
) -> None:
    _, engine = store
    node = NodeProcess(tmp_path / "node").start("--port", "0", seal_ms=100)
    try:
        network = found(node)
        work = batches(network)
        line = Pipeline(network, engine)
        for batch in work:
            line.submitter.submit_many(batch)
        line.submitter.pump()
        node.kill()
        with pytest.raises(Exception, match="no answer"):
            line.submitter.pump()
        node.start()
        network.reconnect()
        finish_and_check(network, engine, work, [])
        network.rpc.close()
    finally:
        node.kill()
