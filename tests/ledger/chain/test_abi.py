"""Call data, RLP and transactions, judged by eth_abi, rlp and eth-account."""

from __future__ import annotations

from typing import Any

import pytest
import rlp as rlp_judge  # type: ignore[import-untyped]
from eth_abi.abi import encode
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.chain.abi import (
    ORDER_TUPLE,
    RELAY,
    OrderRow,
    Transaction,
    argument_types,
    decode_result,
    encode_call,
    order_bytes,
    relay_data,
    rlp,
    selector,
)
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.ids import to_checksum

rows = st.builds(
    OrderRow,
    kind=st.integers(0, 255),
    party=st.integers(0, 2**32 - 1),
    deadline=st.integers(0, 2**64 - 1),
    nonce=st.binary(min_size=32, max_size=32),
    items=st.binary(max_size=200),
    signatures=st.sampled_from((65, 130)).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
)


@settings(max_examples=50)
@given(st.lists(rows, max_size=4))
def test_relay_data_are_those_of_eth_abi(orders: list[OrderRow]) -> None:
    values = [
        (o.kind, o.party, o.deadline, int.from_bytes(o.nonce, "big"), o.items, o.signatures)
        for o in orders
    ]
    judged = selector(RELAY) + encode([f"{ORDER_TUPLE}[]"], [values])
    assert relay_data([order_bytes(order) for order in orders]) == judged


nested: st.SearchStrategy[Any] = st.recursive(
    st.binary(max_size=70) | st.integers(0, 2**70), lambda inner: st.lists(inner, max_size=6)
)


@given(nested)
def test_rlp_is_that_of_the_reference_library(item: Any) -> None:
    assert rlp(item) == rlp_judge.encode(item)


@settings(max_examples=25)
@given(
    chain_id=st.integers(1, 2**40),
    nonce=st.integers(0, 2**40),
    gas=st.integers(21_000, 2**30),
    to=st.binary(min_size=20, max_size=20) | st.just(b""),
    data=st.binary(max_size=300),
    key=st.binary(min_size=32, max_size=32).filter(lambda key: 0 < key[0] < 255),
)
def test_transactions_are_those_of_eth_account(
    chain_id: int, nonce: int, gas: int, to: bytes, data: bytes, key: bytes
) -> None:
    transaction = Transaction(chain_id, nonce, gas, to, data)
    tx_hash, raw = transaction.signed(LocalSigner(key))
    fields = {
        "type": 2, "chainId": chain_id, "nonce": nonce, "gas": gas, "value": 0, "data": data,
        "maxFeePerGas": 0, "maxPriorityFeePerGas": 0,
    }  # fmt: skip
    if to:
        fields["to"] = to_checksum(to)
    judged = Account.sign_transaction(fields, key)
    assert (tx_hash, raw) == (judged.hash, judged.raw_transaction)


def test_calls_are_encoded_from_their_signature() -> None:
    signature = "register((bytes32,uint16,uint8,address[])[],bool)"
    assert argument_types(signature) == ["(bytes32,uint16,uint8,address[])[]", "bool"]
    assert argument_types("pause()") == []
    assert encode_call("pause()", ()).hex() == "8456cb59"
    assert encode_call("setIssuerLimit(uint32,uint64)", (1, 2))[4:] == encode(
        ["uint32", "uint64"], [1, 2]
    )
    assert decode_result(["uint32", "bool"], encode(["uint32", "bool"], [7, True])) == (7, True)
    for arguments, says in (((1,), "takes 2 arguments"), ((1, 2**64), "do not fit")):
        with pytest.raises(ValueError, match=says):
            encode_call("setIssuerLimit(uint32,uint64)", arguments)
