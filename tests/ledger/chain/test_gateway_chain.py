"""What a caller sees of the chain through the gateway: waiting, blocks, logs, time, errors."""

from pathlib import Path

import pytest
from xinlian.ledger.chain import errors
from xinlian.ledger.chain.node import node_status
from xinlian.ledger.chain.rpc import Rpc

from tests.support.node import NodeProcess
from tests.support.transactions import Account, hash_of

NOWHERE = "0x" + "22" * 20


def test_wait_final_returns_with_the_block(node: NodeProcess) -> None:
    account = Account("wait", node.chain_id)
    with node.rpc() as rpc:
        before = rpc.wait_final(0)
        assert rpc.wait_final(before.height + 1, seconds=0.05) == before
        raw = account.sign(NOWHERE)
        assert rpc.send_raw([raw]) == [hash_of(raw)]
        after = rpc.wait_final(before.height + 1)
        assert after.height == before.height + 1
        receipt = rpc.call("eth_getTransactionReceipt", hash_of(raw))
        assert (receipt["blockHash"], int(receipt["blockNumber"], 16)) == (after.hash, after.height)
        for tag in ("latest", "safe", "finalized", "pending", hex(after.height)):
            assert rpc.call("eth_getBlockByNumber", tag)["hash"] == after.hash
        assert rpc.send_raw([raw]) == [hash_of(raw)], "the same once more is no error"
        assert rpc.wait_final(after.height + 1, seconds=0.1) == after, "and no transaction"


def test_nonces_may_arrive_in_any_order_and_never_make_an_empty_block(node: NodeProcess) -> None:
    account = Account("gap", node.chain_id)
    raws = [account.sign(NOWHERE) for _ in range(5)]
    with node.rpc() as rpc:
        before = rpc.wait_final(0)
        assert rpc.send_raw(reversed(raws[1:])) == [hash_of(raw) for raw in reversed(raws[1:])]
        assert rpc.wait_final(before.height + 1, seconds=0.3) == before, "nothing can enter a block"
        assert node_status(node.url, node.token)["pending"] == 4
        assert rpc.call("eth_getTransactionByHash", hash_of(raws[2]))["blockHash"] is None
        rpc.send_raw([raws[0]])
        after = rpc.wait_final(before.height + 1)
        block = rpc.call("eth_getBlockByNumber", hex(after.height))
        assert block["transactions"] == [hash_of(raw) for raw in raws]
        status = node_status(node.url, node.token)
        assert (status["pending"], status["empty_blocks"], status["lag_s"]) == (0, 0, 0.0)


def test_what_the_engine_refuses_comes_as_our_errors(node: NodeProcess) -> None:
    account = Account("refused", node.chain_id)
    used = account.sign(NOWHERE)
    with node.rpc() as rpc:
        head = rpc.wait_final(0)
        rpc.send_raw([used])
        rpc.wait_final(head.height + 1)
        other = account.sign(NOWHERE, b"\x01", nonce=0)
        rich = account.sign(NOWHERE, value=1)
        foreign = account.sign(NOWHERE, chain_id=1)
        found = rpc.send_raw([other, rich, foreign])
        assert [type(answer) for answer in found] == [
            errors.NonceTooLowError,
            errors.InsufficientFundsError,
            errors.TransactionRejectedError,
        ]
        with pytest.raises(errors.StateGoneError, match="no longer held"):
            rpc.call("eth_getBalance", NOWHERE, hex(10**6))


def test_logs_are_bounded_and_found(node: NodeProcess) -> None:
    account = Account("logs", node.chain_id)
    raw, contract = account.deploy()
    with node.rpc() as rpc:
        head = rpc.wait_final(0)
        rpc.send_raw([raw, *(account.store(contract, key, key + 1) for key in range(1, 4))])
        last = rpc.wait_final(head.height + 1).height
        span = {"fromBlock": hex(last), "toBlock": "latest", "address": contract}
        assert [int(entry["topics"][0], 16) for entry in rpc.call("eth_getLogs", span)] == [1, 2, 3]
        second = {**span, "topics": [["0x" + "00" * 31 + "02"]]}
        assert len(rpc.call("eth_getLogs", second)) == 1
        assert rpc.call("eth_getLogs", {"fromBlock": hex(10**9), "toBlock": hex(10**9 + 1)}) == []
        assert int(rpc.call("eth_getStorageAt", contract, "0x2"), 16) == 3
        assert int(rpc.call("eth_getTransactionCount", account.address, "pending"), 16) == 4


def test_time_moves_forward_only_and_into_the_next_block(node: NodeProcess) -> None:
    account = Account("time", node.chain_id)
    with node.rpc() as rpc:
        now = node_status(node.url, node.token)["clock_now"]
        node.set_time(now + 86_400)
        with pytest.raises(errors.RpcError, match="forward"):
            rpc.set_time(now)
        times = []
        for _ in range(2):
            head = rpc.wait_final(0)
            rpc.send_raw([account.sign(NOWHERE)])
            times.append(rpc.wait_final(head.height + 1).time)
        assert times == [now + 86_400, now + 86_400], "equal times follow each other"


def test_the_engine_cannot_be_reached_around_the_gateway(node: NodeProcess) -> None:
    status = node_status(node.url, node.token)
    if not status["engine_isolated"]:
        pytest.skip("this system permits no network namespace")
    same = Path("/proc/self/ns/net").readlink()
    assert Path(f"/proc/{status['engine_pid']}/ns/net").readlink() != same
    assert (node.data_dir / "run").stat().st_mode & 0o777 == 0o700


def test_a_client_error_names_the_place(node: NodeProcess) -> None:
    with (
        Rpc("http://127.0.0.1:1", "x") as rpc,
        pytest.raises(errors.NodeUnavailableError, match=":1"),
    ):
        rpc.call("eth_chainId")
    with pytest.raises(ValueError, match="http"):
        Rpc("ftp://somewhere")
