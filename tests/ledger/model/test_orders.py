"""Orders: the digest is judged by eth-account, the layout by the Solidity interfaces."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.model.ids import Address, PartyId, piece_id
from xinlian.ledger.model.items import ITEM_TYPES, Accept, AddAccount, Item, Redeem, Transfer
from xinlian.ledger.model.layouts import BY_KIND, BY_NAME, LAYOUTS, OrderError
from xinlian.ledger.model.orders import (
    Domain,
    Order,
    SignedOrder,
    decode_items,
    digest,
    encode_items,
    preimage,
    split_signatures,
    typed_data,
)

SOURCES = Path(__file__).parents[3] / "contracts" / "src"
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "bool": st.booleans(),
    "bytes32": st.binary(min_size=32, max_size=32),
    "address": st.binary(min_size=20, max_size=20),
}


def items(item_type: type[Item]) -> st.SearchStrategy[Item]:
    fields = LAYOUTS[item_type].fields
    return st.builds(item_type, **{name: VALUES[kind] for name, _, kind in fields})


def orders(item_type: type[Item]) -> st.SearchStrategy[Order]:
    return st.builds(
        Order,
        party=st.integers(0, 2**32 - 1),
        nonce=st.integers(0, 2**256 - 1),
        deadline=st.integers(0, 2**63 - 1),
        items=st.lists(items(item_type), min_size=1, max_size=5).map(tuple),
    )


any_order = st.sampled_from(ITEM_TYPES).flatmap(orders)
domains = st.builds(Domain, st.integers(1, 2**64), st.binary(min_size=20, max_size=20).map(Address))


@pytest.mark.parametrize("item_type", ITEM_TYPES, ids=lambda item_type: item_type.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_digest_and_typed_data_agree_with_eth_account(
    item_type: type[Item], data: st.DataObject
) -> None:
    order, domain = data.draw(orders(item_type)), data.draw(domains)
    # Through JSON, as a wallet receives it.
    message = json.loads(json.dumps(typed_data(order, domain)))
    judged = encode_typed_data(full_message=message)
    assert b"\x19" + judged.version + judged.header + judged.body == preimage(order, domain)
    assert keccak(preimage(order, domain)) == digest(order, domain)


@given(any_order)
def test_items_survive_the_way_there_and_back(order: Order) -> None:
    encoded = encode_items(order)
    assert len(encoded) == len(order.items) * 32 * len(order.layout.fields)
    assert decode_items(order.contract, order.kind, encoded) == order.items


@given(any_order, st.data())
def test_a_changed_byte_is_another_order_or_none(order: Order, data: st.DataObject) -> None:
    encoded = bytearray(encode_items(order))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = decode_items(order.contract, order.kind, bytes(encoded))
    except OrderError:
        return
    assert found != order.items


@given(any_order, domains, domains)
def test_the_digest_is_bound_to_chain_and_contract(order: Order, one: Domain, two: Domain) -> None:
    assert (digest(order, one) == digest(order, two)) == (one == two)


def test_wallet_signature_counts_as_ours() -> None:
    account = Account.create()
    order = Order(PartyId(7), 3, 1_800_000_000, (Accept(piece_id(5, 2)),))
    domain = Domain(20_250, Address(b"\x11" * 20))
    wallet = account.sign_typed_data(full_message=typed_data(order, domain))
    own = Account.unsafe_sign_hash(digest(order, domain), account.key)
    assert wallet.signature == own.signature


def _structs() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for path in SOURCES.glob("I*.sol"):
        text = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        for name, body in re.findall(r"struct (\w+)Item \{(.*?)\}", text, re.DOTALL):
            found[name] = [(kind, field) for kind, field in map(str.split, body.split(";")[:-1])]
    return found


def test_layouts_are_the_structs_of_the_interfaces() -> None:
    ours = {
        layout.name: [(kind, name) for _, name, kind in layout.fields]
        for layout in LAYOUTS.values()
    }
    assert ours == _structs()


def test_kinds_are_numbered_as_the_interfaces_say() -> None:
    documented: dict[str, int] = {}
    for path in SOURCES.glob("I*.sol"):
        text = re.sub(r"\n\s*///", "", path.read_text(encoding="utf-8"))
        for sentence in re.findall(r"Orders(?: \([^)]*\))?: (1 .*?)\.\s*(?:\n|interface)", text):
            documented |= {
                name: int(number) for number, name in re.findall(r"(\d+) ([A-Z]\w+)", sentence)
            }
    assert {name: layout.kind for name, layout in BY_NAME.items()} == documented
    assert len(BY_KIND) == len(ITEM_TYPES)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (Transfer(piece_id(1, 0), -1, False, PartyId(2), 3, 1), "out of range"),
        (Transfer(piece_id(1, 0), 2**64, False, PartyId(2), 3, 1), "out of range"),
        (Redeem(piece_id(1, 0), 1, b"\x01" * 31), "has 31 bytes, not 32"),
        (AddAccount(Address(b"\x01" * 32)), "has 32 bytes, not 20"),
    ],
)
def test_a_field_that_does_not_fit_is_refused(item: Item, says: str) -> None:
    with pytest.raises(OrderError, match=says):
        encode_items(Order(PartyId(1), 1, 1, (item,)))


def test_orders_of_no_or_mixed_items_and_numbers_out_of_range_are_refused() -> None:
    accept = Accept(piece_id(1, 0))
    cases: tuple[tuple[Any, str], ...] = (
        ((1, 1, 1, ()), "at least one item"),
        ((1, 1, 1, (accept, AddAccount(Address(bytes(20))))), "of one kind"),
        ((1, 1, 1, (7,)), "no item"),
        ((2**32, 1, 1, (accept,)), "32-bit"),
        ((1, 2**256, 1, (accept,)), "256-bit"),
        ((1, -1, 1, (accept,)), "256-bit"),
        ((1, 1, 2**63, (accept,)), "deadline"),
    )
    for arguments, says in cases:
        with pytest.raises(OrderError, match=says):
            Order(*arguments)


def test_signatures_are_65_bytes_each() -> None:
    order = Order(PartyId(1), 1, 1, (Accept(piece_id(1, 0)),))
    assert split_signatures(b"a" * 65 + b"b" * 65) == (b"a" * 65, b"b" * 65)
    with pytest.raises(OrderError, match="whole number"):
        split_signatures(b"a" * 64)
    with pytest.raises(OrderError, match="65 bytes"):
        SignedOrder(order, (b"a" * 64,))
