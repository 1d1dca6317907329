"""The archive answers as an engine would that forgets nothing: both are asked the same."""

import asyncio
import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.chain import errors
from xinlian.ledger.chain.data_folder import DataFolder
from xinlian.ledger.chain.engine import Engine, EngineSettings
from xinlian.ledger.chain.errors import RpcError
from xinlian.ledger.chain.gateway.replay import replay_block
from xinlian.ledger.chain.journal import Journal

from tests.support.history import fill, history
from tests.support.node import CLOCK_START, NodeProcess
from tests.support.repository import ROOT
from tests.support.transactions import Account, hash_of, init_code

NOWHERE = "0x" + "22" * 20
UNKNOWN = "0x" + "11" * 32
# Emits logs with 0 to 4 topics: data[0:32], 1, 2, 3.
LOUD = init_code(
    bytes.fromhex(
        "60006000a0" "60003560206000a1" "600160003560006000a2"
        "6002600160003560006000a3" "60036002600160003560406000a4" "00"
    )
)  # fmt: skip
Call = tuple[str, list[Any]]


def word(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


def make_history(node: NodeProcess) -> tuple[str, str]:
    """Blocks of every kind; the contracts that emit logs."""
    account = Account("archive", node.chain_id)
    with node.rpc() as rpc:
        raw, loud = account.deploy(LOUD)
        rpc.send_raw([raw])
        rpc.wait_final(1)
        store = fill(node, account, 2)
        for number in range(1, 8):
            node.set_time(CLOCK_START + 10 * number)
            raws = [
                account.sign(loud, bytes.fromhex(word(number)[2:]) + bytes(32)),
                account.sign_typed(2, loud, bytes.fromhex(word(7)[2:])),
                account.store(store, number, 7),
                account.sign_typed(1, store, bytes(64), (store, loud)),
                account.sign(store, bytes(64), gas=22_000),  # fails: out of gas
                account.sign(NOWHERE),
            ]
            before = rpc.wait_final(0).height
            sent = rpc.send_raw(raws[number % 3 :] if number < 3 else raws)
            assert sent[-1] == hash_of(raws[-1])
            if number < 3:  # those left out come later
                rpc.send_raw(raws[: number % 3])
            while rpc.call("xinlian_status")["pending"]:
                rpc.wait_final(before + 1, 0.1)
        rpc.send_raw([account.sign(loud, bytes(32)) for _ in range(100)])
        rpc.wait_final(rpc.wait_final(0).height + 1)
    return loud, store


def block_calls(top: int, hashes: list[str]) -> Iterator[Call]:
    named = [*map(hex, range(top + 1)), "latest", "earliest", "pending", "safe", "finalized"]
    for block in named:
        yield from (("eth_getBlockByNumber", [block, full]) for full in (True, False))
        yield "eth_getBlockTransactionCountByNumber", [block]
        yield "eth_getBlockReceipts", [block]
        for index in ("0x0", "0x1", "0x5", "0x63", "0x64"):
            yield "eth_getTransactionByBlockNumberAndIndex", [block, index]
    for block in [*hashes, UNKNOWN]:
        yield from (("eth_getBlockByHash", [block, full]) for full in (True, False))
        yield "eth_getBlockTransactionCountByHash", [block]
        yield "eth_getBlockReceipts", [{"blockHash": block}]
        for index in ("0x0", "0x3", "0x64"):
            yield "eth_getTransactionByBlockHashAndIndex", [block, index]
    yield "eth_getBlockReceipts", [{"blockNumber": "0x2"}]
    for above in (hex(top + 1), "0xffffffff"):
        yield "eth_getBlockByNumber", [above, True]
        yield "eth_getBlockReceipts", [above]
        yield "eth_getTransactionByBlockNumberAndIndex", [above, "0x0"]


def log_calls(top: int, hashes: list[str], loud: str, store: str) -> Iterator[Call]:
    addresses: list[Any] = [None, loud, [store], [loud, store], [], [NOWHERE], [NOWHERE, loud]]
    topics: list[Any] = [
        *(None, [], [None], [[]], [word(7)], [[word(7), word(3)]], [word(99)]),
        *([None, word(1)], [word(7), None, word(2)], [None, None, None, word(3)]),
        *([[], [word(1), word(2)]], [None, None], [None, [], None, None], [word(2), word(1)]),
        *([word(1), [word(1)], word(2), [word(3), word(4)]],),
    ]
    spans: list[dict[str, str]] = [
        {"fromBlock": "0x0", "toBlock": "latest"},
        {"fromBlock": "earliest", "toBlock": hex(top // 2)},
        {"fromBlock": hex(top // 2), "toBlock": hex(top // 2)},
        {"fromBlock": "0x3"},
        {"fromBlock": hex(top - 3), "toBlock": "finalized"},
        {},
        *({"blockHash": each} for each in (hashes[0], hashes[4], hashes[-1])),
    ]
    for span, address, topic in itertools.product(spans, addresses, topics):
        wanted = dict(span) | {"address": address, "topics": topic}
        yield "eth_getLogs", [{key: value for key, value in wanted.items() if value is not None}]
    yield "eth_getLogs", [{"blockHash": UNKNOWN}]


async def ask_reference(data: DataFolder, calls: list[Call]) -> list[Any]:
    """What an engine says that made the same blocks and keeps all of them."""
    genesis = data.read_genesis()
    journal = Journal.open(data.journal, data.digest)
    settings = EngineSettings(
        genesis.chain_id, genesis.timestamp, genesis.gas_limit, genesis.hardfork
    )
    program = str(ROOT / ".xl/bin/anvil")
    engine = await Engine.start(settings, program, data.run, blocks_kept=None)
    try:
        for record in journal.recover():
            await replay_block(engine, record)
        found = []
        for name, params in calls:
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": name, "params": params})
            for tag in ("pending", "safe", "finalized"):  # the gateway means the newest by these
                body = body.replace(f'"{tag}"', '"latest"')
            found.append(json.loads(await engine.read(body.encode())))
        return found
    finally:
        await engine.stop()
        journal.close()


def said(answer: Any) -> Any:
    if isinstance(answer, RpcError):
        return answer.code, answer.message
    return answer


@pytest.mark.parametrize("restarted", [False, True], ids=["as made", "after a restart"])
def test_answers_are_those_of_an_engine_that_forgets_nothing(
    fresh: NodeProcess, tmp_path: Path, restarted: bool
) -> None:
    fresh.start("--snapshot-transactions", "40")
    loud, store = make_history(fresh)
    if restarted:
        fresh.stop()
        fresh.start()
    blocks = history(fresh)
    hashes, top = [block for block, _, _ in blocks], len(blocks) - 1
    sent = [each for _, _, held in blocks for each in held]
    calls = [
        *block_calls(top, hashes),
        *((f"eth_getTransaction{what}", [each])
          for each in [*sent, UNKNOWN] for what in ("ByHash", "Receipt")),
        *log_calls(top, hashes, loud, store),
    ]  # fmt: skip
    with fresh.rpc() as rpc:
        found = rpc.batch(calls)
    data = DataFolder(tmp_path)
    for path in (data.genesis, data.journal):
        shutil.copy(fresh.data_dir / path.name, path)
    expected = asyncio.run(ask_reference(data, calls))
    assert len(sent) > 130
    assert sum(bool(answer) for answer in found) > len(calls) // 3
    for call, answer, reference in zip(calls, found, expected, strict=True):
        if "error" in reference:
            error = reference["error"]
            assert said(answer) == (error["code"], error["message"]), call
        else:
            assert said(answer) == reference["result"], call


def test_above_the_head_there_is_nothing(node: NodeProcess) -> None:
    with node.rpc() as rpc:
        above = hex(rpc.wait_final(0).height + 1)
        assert rpc.call("eth_getBlockTransactionCountByNumber", above) is None
        assert rpc.call("eth_getLogs", {"fromBlock": above, "toBlock": "0xffff"}) == []
        with pytest.raises(errors.RpcError, match="a height or a tag"):
            rpc.call("eth_getBlockByNumber", {"blockHash": UNKNOWN}, False)


def test_a_transaction_that_waits_is_known_and_has_no_receipt(fresh: NodeProcess) -> None:
    fresh.start(seal_ms=60_000)
    account = Account("waits", fresh.chain_id)
    first, second = account.sign(NOWHERE), account.sign(NOWHERE)
    with fresh.rpc() as rpc:
        rpc.send_raw([second])
        found = rpc.call("eth_getTransactionByHash", hash_of(second))
        assert (found["hash"], found["blockHash"]) == (hash_of(second), None)
        assert rpc.call("eth_getTransactionReceipt", hash_of(second)) is None
        rpc.send_raw([first])
        rpc.wait_final(1)
        assert int(rpc.call("eth_getTransactionByHash", hash_of(second))["blockNumber"], 16) == 1
