"""Clients that others wrote, through the gateway: Foundry's cast, ethers, web3.py."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import Any

import pytest
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3RPCError
from xinlian.ledger.chain.abi import RELAY
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.ids import DocumentKey, to_checksum
from xinlian.ledger.model.items import ContractName, Issue, RegisterDocument
from xinlian.ledger.model.orders import Order, digest, encode_items, typed_data

from tests.support.network import BANK, ISSUER, SUPPLIER, TODAY, Network
from tests.support.node import NodeProcess
from tests.support.repository import ROOT

DOCUMENT = DocumentKey(hashlib.sha256(b"an invoice").digest())
EXECUTED = Web3.to_hex(Web3.keccak(text="OrderExecuted(bytes32,uint32,uint256,uint8)"))
REFUSED = (
    ["rpc", "anvil_setBalance", "0x" + "11" * 20, "0x1"],
    ["rpc", "evm_mine"],
    ["rpc", "evm_increaseTime", "60"],
    ["rpc", "debug_traceTransaction", "0x" + "11" * 32],
    ["rpc", "eth_sendTransaction", "{}"],
    ["rpc", "eth_accounts"],
    ["rpc", "personal_listAccounts"],
    ["rpc", "txpool_content"],
)


def cast(node: NodeProcess, token: str | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run cast against the node; the token goes by a variable, as a person would do it."""
    environment = {**os.environ, "ETH_RPC_URL": node.url}
    environment.pop("ETH_RPC_HEADERS", None)
    if token is not None:
        environment["ETH_RPC_HEADERS"] = f"Authorization: Bearer {token}"
    return subprocess.run(
        [ROOT / ".xl" / "bin" / "cast", *arguments],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_cast_reads_with_a_token(network: Network) -> None:
    registry = to_checksum(network.address(ContractName.REGISTRY))
    answer = cast(
        network.node, network.node.tokens["reader"], "call", registry, "partyCount()(uint32)"
    )
    assert answer.stdout.strip() == "8", answer.stderr


def test_cast_is_refused_without_a_token_or_with_a_wrong_one(network: Network) -> None:
    for token in (None, "not-a-token"):
        answer = cast(network.node, token, "block-number")
        assert answer.returncode != 0
        assert "401" in answer.stderr


@pytest.mark.parametrize("arguments", REFUSED, ids=lambda words: words[1])
def test_cast_is_refused_methods_off_the_list(network: Network, arguments: list[str]) -> None:
    answer = cast(network.node, network.node.token, *arguments)
    assert answer.returncode != 0
    assert "-32601" in answer.stderr


def by_ethers(network: Network, signer_key: bytes, order: Order) -> dict[str, str]:
    """What ethers makes of an order's typed data: address, signature, digest."""
    typed = typed_data(order, network.deployment.domain(order.contract))
    done = subprocess.run(
        ["node", ROOT / "tests/support/ethers_order.mjs", f"{ROOT}/contracts/package.json"],
        input=json.dumps({"key": "0x" + signer_key.hex(), "typed": typed}),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def relay(network: Network, order: Order, signature: bytes) -> Any:
    """Carry an order by an account that belongs to nobody in particular."""
    row = (
        order.kind, int(order.party), order.deadline, order.nonce, encode_items(order), signature
    )  # fmt: skip
    to = network.address(order.contract)
    return network.send(LocalSigner.create(), to, RELAY, [row])


def test_an_order_signed_with_ethers_is_accepted(network: Network) -> None:
    secret = hashlib.sha256(repr(("party", ISSUER, 0)).encode()).digest()
    deadline = network.now + 3_600
    for number, item in enumerate(
        (
            RegisterDocument(DOCUMENT, 4, SUPPLIER, 100_000),
            Issue(SUPPLIER, BANK, 100_000, TODAY + 90, deadline, DOCUMENT, bytes(32)),
        )
    ):
        order = Order(ISSUER, 900 + number, deadline, (item,))
        made = by_ethers(network, secret, order)
        assert (
            made["digest"] == "0x" + digest(order, network.deployment.domain(order.contract)).hex()
        )
        receipt = relay(network, order, bytes.fromhex(made["signature"][2:]))
        executed = [EXECUTED, made["digest"]]
        assert executed in [log["topics"][:2] for log in receipt["logs"]]


def test_web3_reads_and_is_refused_what_is_off_the_list(network: Network) -> None:
    headers = {"Authorization": f"Bearer {network.node.tokens['reader']}"}
    client = Web3(HTTPProvider(network.node.url, request_kwargs={"headers": headers}))
    registry = client.eth.contract(
        address=client.to_checksum_address(to_checksum(network.address(ContractName.REGISTRY))),
        abi=artifact("PartyRegistry").abi,
    )
    assert registry.functions.partyCount().call() == 8
    assert client.eth.chain_id == network.deployment.chain_id
    with pytest.raises(Web3RPCError, match="32601"):
        _ = client.eth.accounts
