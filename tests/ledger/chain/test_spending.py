"""What reading may cost: a token that only reads neither stops the chain nor fills the memory."""

import http.client
import json
import urllib.parse
from typing import Any

import pytest
from xinlian.ledger.chain import errors
from xinlian.ledger.chain.gateway.spending import (
    ANSWER_BYTES_MAX,
    READER_CALLS_MAX,
    READER_GAS_MAX,
)
from xinlian.ledger.chain.gateway.tokens import Bucket

from tests.support.node import NodeProcess
from tests.support.transactions import Account

NOWHERE = "0x" + "22" * 20
ENDLESS = "5b5f56"  # JUMPDEST PUSH0 JUMP: uses up whatever gas it is given
GAS_LEFT = "5a5f5260205ff3"  # GAS PUSH0 MSTORE PUSH1 32 PUSH0 RETURN


def run(code: str) -> tuple[str, list[Any]]:
    return "eth_call", [{"data": "0x" + code}, "latest"]


def deploy(node: NodeProcess, seed: str, code: str) -> str:
    """The address of a new contract with this code."""
    size = f"60{len(code) // 2:02x}"
    raw = Account(seed, node.chain_id).sign(
        data=bytes.fromhex(f"{size}600c600039{size}6000f3{code}"), gas=300_000
    )
    with node.rpc() as rpc:
        height = rpc.wait_final(0).height
        (sent,) = rpc.send_raw([raw])
        rpc.wait_final(height + 1)
        address: str = rpc.call("eth_getTransactionReceipt", sent)["contractAddress"]
        assert rpc.call("eth_getCode", address, "latest") == "0x" + code
    return address


def test_a_reader_runs_no_code_of_its_own(node: NodeProcess) -> None:
    with node.rpc(node.tokens["reader"]) as reader:
        for method in ("eth_call", "eth_estimateGas"):
            with pytest.raises(errors.UnauthorisedError, match="only reads"):
                reader.call(method, {"data": "0x5f5ff3"}, "latest")
        assert reader.call("eth_call", {"to": NOWHERE}, "latest") == "0x"
    with node.rpc(node.tokens["operator"]) as operator:
        assert operator.call("eth_call", {"data": "0x5f5ff3"}, "latest") == "0x"


def test_a_reader_asks_for_few_at_once(node: NodeProcess) -> None:
    asked: list[tuple[str, list[Any]]] = [("eth_call", [{"to": NOWHERE}, "latest"])]
    with node.rpc(node.tokens["reader"]) as reader:
        answers = reader.batch([*asked * (READER_CALLS_MAX + 2), ("eth_blockNumber", [])])
        assert answers[:READER_CALLS_MAX] == ["0x"] * READER_CALLS_MAX
        for answer in answers[READER_CALLS_MAX:-1]:
            assert isinstance(answer, errors.LimitExceededError)
        assert isinstance(answers[-1], str)
    with node.rpc(node.tokens["operator"]) as operator:
        assert operator.batch(asked * 400) == ["0x"] * 400


def test_cheap_calls_are_not_counted_by_what_they_might_have_used(node: NodeProcess) -> None:
    with node.rpc(node.tokens["reader"]) as reader:
        for _ in range(200):
            assert reader.call("eth_call", {"to": NOWHERE, "gas": "0xffffffff"}, "latest") == "0x"


def test_a_reader_that_burns_gas_has_to_wait(node: NodeProcess) -> None:
    endless = deploy(node, "endless", ENDLESS)
    call = {"method": "eth_call", "params": [{"to": endless, "gas": "0xffffffff"}, "latest"]}
    body = json.dumps([{**call, "id": n} for n in range(READER_CALLS_MAX)])
    place = urllib.parse.urlsplit(node.url).netloc
    headers = {"Authorization": f"Bearer {node.tokens['reader']}"}
    first, second = (http.client.HTTPConnection(place, timeout=120) for _ in range(2))
    first.request("POST", "/", body, headers)
    while True:  # whichever comes first has all the gas there is
        second.request("POST", "/", body, headers)
        answer = second.getresponse()
        told = answer.read()
        if answer.status == 429:
            break
    assert b"asks for too much gas" in told
    assert int(answer.headers["Retry-After"]) >= 1
    found = json.loads(first.getresponse().read())
    first.close()
    second.close()
    assert isinstance(found, dict) or all("error" in each for each in found)
    with node.rpc(node.tokens["operator"]) as operator:  # has an allowance of its own
        assert operator.call("eth_call", {"to": NOWHERE}, "latest") == "0x"


def test_the_gas_of_one_call_of_a_reader_is_bounded(node: NodeProcess) -> None:
    address = deploy(node, "gas left", GAS_LEFT)
    with node.rpc() as rpc, node.rpc(node.tokens["reader"]) as reader:
        assert int(rpc.call("eth_call", {"to": address}, "latest"), 16) > READER_GAS_MAX
        assert int(reader.call("eth_call", {"to": address}, "latest"), 16) < READER_GAS_MAX


def test_answers_have_a_bound_together(node: NodeProcess) -> None:
    size = 3 << 20
    revert = run(f"63{size:08x}5ffd")
    with node.rpc() as rpc:
        found = rpc.batch([revert] * 4)
        assert isinstance(found[0], errors.ExecutionRevertedError)
        assert len(found[0].data) == 2 + 2 * size
        assert isinstance(found[-1], errors.LimitExceededError)
        whole = sum(len(each.data or "") for each in found if isinstance(each, errors.RpcError))
        assert whole <= ANSWER_BYTES_MAX
        (alone,) = rpc.batch([run("6300b000005ffd")])
        assert isinstance(alone, errors.LimitExceededError)


def test_a_bucket_gives_no_more_than_it_holds() -> None:
    bucket = Bucket(100, 3.0)
    bucket.give_back(1_000)
    assert bucket.take(300) == 0.0
    assert 0.9 < bucket.take(100) <= 1.0
    bucket.give_back(200)
    assert bucket.take(150) == 0.0
