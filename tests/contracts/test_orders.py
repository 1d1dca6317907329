"""Orders as the contracts see them: types, digests and widths of every kind, on a chain."""

from __future__ import annotations

from typing import Any

import pytest
from eth_abi.abi import decode
from eth_account import Account
from eth_account.messages import encode_typed_data
from xinlian.ledger.chain.abi import encode_call
from xinlian.ledger.chain.errors import RpcError
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.items import ITEM_TYPES, Item
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.layouts import LAYOUTS
from xinlian.ledger.model.orders import DEADLINE_MAX, Order, digest, encode_items, typed_data
from xinlian.services.bench.gas_chain import SUPPLIER, GasChain, key

ORDER = "(uint8,uint32,uint64,uint256,bytes,bytes)"
WIDTHS = {"uint8": 8, "uint32": 32, "uint64": 64, "bool": 1, "bytes32": 256, "address": 160}
MALFORMED = "0x" + keccak256(b"OrdersMalformedItems(uint8,uint256)")[:4].hex()
ITEMS_MAX = 256
FIELDS = [
    (item_type, position)
    for item_type in ITEM_TYPES
    for position in range(len(LAYOUTS[item_type].fields))
]


def sample(item_type: type[Item], number: int = 1) -> Item:
    """An item with the largest value in every field, less a number."""
    values: dict[str, Any] = {}
    for name, _, kind in LAYOUTS[item_type].fields:
        most = (1 << WIDTHS[kind]) - number
        if kind == "bool":
            values[name] = bool(number % 2)
        elif kind in ("bytes32", "address"):
            values[name] = most.to_bytes(WIDTHS[kind] // 8, "big")
        else:
            values[name] = most
    return item_type(**values)


def view(chain: GasChain, order: Order, items: bytes) -> bytes:
    """The digest that the contract computes. Raises ``RpcError`` if it refuses the items."""
    row = (order.kind, order.party, order.deadline, order.nonce, items, b"")
    to = to_checksum(chain.deployment.addresses[order.contract])
    data = "0x" + encode_call(f"orderDigest({ORDER})", [row]).hex()
    return bytes.fromhex(chain.rpc.call("eth_call", {"to": to, "data": data}, "latest")[2:])


@pytest.mark.parametrize("item_type", ITEM_TYPES, ids=lambda kind: kind.__name__)
def test_type_string_is_that_of_the_model(chain: GasChain, item_type: type[Item]) -> None:
    to = to_checksum(chain.deployment.addresses[item_type.contract])
    data = "0x" + encode_call("orderType(uint8)", [item_type.kind]).hex()
    answer = bytes.fromhex(chain.rpc.call("eth_call", {"to": to, "data": data}, "latest")[2:])
    assert decode(["string"], answer)[0] == LAYOUTS[item_type].order_type


@pytest.mark.parametrize("count", [1, 2, ITEMS_MAX])
@pytest.mark.parametrize("item_type", ITEM_TYPES, ids=lambda kind: kind.__name__)
def test_digest_is_that_of_eip_712(chain: GasChain, item_type: type[Item], count: int) -> None:
    items = tuple(sample(item_type, number) for number in range(1, count + 1))
    order = Order(SUPPLIER, 2**256 - 1, DEADLINE_MAX, items)
    domain = chain.deployment.domain(order.contract)
    found = view(chain, order, encode_items(order))
    assert found == digest(order, domain)
    signable = encode_typed_data(full_message=typed_data(order, domain))
    signed = Account.sign_message(signable, key("party", SUPPLIER).secret())
    assert bytes(signed.message_hash) == found


@pytest.mark.parametrize(
    ("item_type", "position"), FIELDS, ids=[f"{t.__name__}-{p}" for t, p in FIELDS]
)
def test_a_field_wider_than_its_type_is_refused(
    chain: GasChain, item_type: type[Item], position: int
) -> None:
    layout = LAYOUTS[item_type]
    width = WIDTHS[layout.fields[position][2]]
    order = Order(SUPPLIER, 1, DEADLINE_MAX, (sample(item_type), sample(item_type)))
    good = encode_items(order)
    if width == WIDTHS["bytes32"]:
        assert view(chain, order, good)
        return
    at = 32 * (len(layout.fields) + position)  # in the second item
    word = int.from_bytes(good[at : at + 32], "big") | 1 << width
    wrong = good[:at] + word.to_bytes(32, "big") + good[at + 32 :]
    assert refusal(chain, order, wrong) == MALFORMED


@pytest.mark.parametrize("item_type", ITEM_TYPES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("change", [lambda b: b"", lambda b: b[:-1], lambda b: b + bytes(32)])
def test_items_of_a_wrong_length_are_refused(
    chain: GasChain, item_type: type[Item], change: Any
) -> None:
    order = Order(SUPPLIER, 1, DEADLINE_MAX, (sample(item_type),))
    items = change(encode_items(order))
    if items and len(items) % (32 * len(LAYOUTS[item_type].fields)) == 0:
        assert view(chain, order, items)  # one word is one more whole item here
        return
    assert refusal(chain, order, items) == MALFORMED


def refusal(chain: GasChain, order: Order, items: bytes) -> str:
    with pytest.raises(RpcError) as caught:
        view(chain, order, items)
    return str(getattr(caught.value, "data", ""))[:10]


def test_an_address_of_another_network_has_other_digests(chain: GasChain) -> None:
    order = Order(SUPPLIER, 1, DEADLINE_MAX, (sample(ITEM_TYPES[0]),))
    domain = chain.deployment.domain(order.contract)
    other = type(domain)(domain.chain_id, Address(bytes(20)))
    later = type(domain)(domain.chain_id + 1, domain.address)
    assert len({digest(order, domain), digest(order, other), digest(order, later)}) == 3
