from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth_account import Account as EthAccount
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.chain.gateway.rawtx import BYTES_MAX, GAS_MAX, admit, parse
from xinlian.ledger.chain.gateway.refusal import RefusalError

from tests.support.transactions import Account

CHAIN = 20230606
KEY = EthAccount.from_key("0x" + "5a" * 32)


def signed(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "nonce": 7,
        "gas": 21_000,
        "to": "0x" + "22" * 20,
        "value": 0,
        "data": b"",
        "chainId": CHAIN,
        **changes,
    }
    if "maxFeePerGas" not in fields:
        fields["gasPrice"] = 0
    return bytes(KEY.sign_transaction(fields).raw_transaction)


TYPES: list[dict[str, Any]] = [
    {},
    {"accessList": [{"address": "0x" + "33" * 20, "storageKeys": ["0x" + "01" * 32]}], "type": 1},
    {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "type": 2},
]


@given(
    st.sampled_from(TYPES),
    st.integers(0, 2**64 - 2),
    st.integers(21_000, GAS_MAX),
    st.binary(max_size=400),
    st.sampled_from([1, 1337, CHAIN, 2**40]),
)
@settings(max_examples=60, deadline=None)
def test_reads_what_was_signed(
    kind: dict[str, Any], nonce: int, gas: int, data: bytes, chain: int
) -> None:
    found = parse(signed(**kind, nonce=nonce, gas=gas, data=data, chainId=chain))
    assert (found.chain_id, found.gas) == (chain, gas)
    assert found.sender() == KEY.address.lower()


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_refuses_anything_else_without_stumbling(data: bytes) -> None:
    with pytest.raises(RefusalError):
        admit(data, CHAIN, None)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_transaction_cut_or_changed_is_refused_or_another_one(data: st.DataObject) -> None:
    raw = bytearray(signed(data=b"\x01" * 100))
    at = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(RefusalError):
        parse(bytes(raw[:at]))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        admit(bytes(raw), CHAIN, frozenset({KEY.address.lower()}))
    except RefusalError:
        return
    # What passes must be what the same account signed: only the parity's encoding is free.
    assert parse(bytes(raw)).sender() == KEY.address.lower()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (signed(chainId=1), "signed for chain 1; this is chain 20230606"),
        (signed(gas=GAS_MAX + 1), str(GAS_MAX)),
        (signed(data=b"\x01" * BYTES_MAX), str(BYTES_MAX)),
        (b"", "0"),
        (b"\x03" + signed()[1:], "type 3"),
        (b"\x04" + signed()[1:], "type 4"),
        (rlp.encode([b"", b"", b"", b"", b"", b"", b"\x1b", b"\x01", b"\x01"]), "no chain id"),
        (rlp.encode([b""] * 8), "9 fields"),
        (b"\x02" + rlp.encode([b""] * 8), "12 fields"),
    ],
)
def test_refuses_with_the_reason(raw: bytes, text: str) -> None:
    with pytest.raises(RefusalError, match=text):
        admit(raw, CHAIN, None)


def test_admission_by_account() -> None:
    inside, outside = Account("inside", CHAIN), Account("outside", CHAIN)
    admitted = frozenset({inside.address})
    admit(inside.sign("0x" + "22" * 20), CHAIN, admitted)
    with pytest.raises(RefusalError, match=outside.address):
        admit(outside.sign("0x" + "22" * 20), CHAIN, admitted)
