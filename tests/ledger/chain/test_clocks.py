"""Clocks that go back, are far ahead, or are set by hand: the chain's time never goes back."""

import time
from pathlib import Path

import pytest
from xinlian.ledger.chain import errors
from xinlian.ledger.chain.node import Genesis

from tests.support.history import fill, status
from tests.support.node import CLOCK_START, NodeProcess
from tests.support.transactions import Account


def test_a_clock_that_went_back_does_not_stop_the_chain(tmp_path: Path) -> None:
    ahead = int(time.time()) + 7200  # as if the machine's clock had been set back by two hours
    node = NodeProcess(tmp_path / "node", Genesis(timestamp=ahead)).start()
    try:
        account = Account("clock", node.chain_id)
        fill(node, account, 3)
        with node.rpc() as rpc:
            found = [
                int(rpc.call("eth_getBlockByNumber", hex(n))["timestamp"], 16) for n in range(5)
            ]
        assert found == [ahead] * 5
        report = status(node)
        assert 7000 < report["clock_behind_s"] <= 7200
        assert report["clock"] == "system"
        with node.rpc() as rpc, pytest.raises(errors.RpcError, match="system clock"):
            rpc.set_time(ahead + 1)
    finally:
        node.kill()


def test_a_clock_set_far_ahead(fresh: NodeProcess) -> None:
    fresh.start()
    fresh.set_time(253_402_300_799)
    fill(fresh, Account("far", fresh.chain_id), 1)
    with fresh.rpc() as rpc:
        assert rpc.wait_final(0).time == 253_402_300_799
    assert status(fresh)["engine_restarts"] == 0


def test_a_controlled_clock_survives_a_restart(fresh: NodeProcess) -> None:
    fresh.start()
    fresh.set_time(CLOCK_START + 500)
    fresh.kill()
    fresh.start()
    assert status(fresh)["clock_now"] == CLOCK_START + 500
