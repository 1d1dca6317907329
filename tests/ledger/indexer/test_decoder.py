"""The decoder against eth_abi, and against the declarations in the contracts' interfaces."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.chain.decoder import DecodeError, Decoder
from xinlian.ledger.chain.events import NUMBER, SHAPES, EventShape
from xinlian.ledger.chain.facts import ARGUMENTS

from tests.ledger.indexer.logs import ADDRESSES, CONTRACTS, encode_log

ARTIFACTS = Path(__file__).parents[3] / "contracts" / "artifacts"
CONTRACT_OF = {
    "CreditVouchers": "vouchers",
    "VoucherOffice": "vouchers",
    "FinancingDesk": "desk",
    "EvidenceLog": "evidence",
    "TradeDocuments": "documents",
    "PartyRegistry": "registry",
}
# What OpenZeppelin's base contracts say about themselves is no fact of the books.
OF_THE_BASES = {"AuthorityUpdated", "Initialized", "Upgraded"}
PLACE = {
    "blockNumber": "0x1f",
    "blockHash": "0x" + "44" * 32,
    "logIndex": "0x3",
    "transactionHash": "0x" + "55" * 32,
    "transactionIndex": "0x2",
}

_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint16": st.integers(0, 2**16 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "bool": st.booleans(),
    "bytes32": st.binary(min_size=32, max_size=32),
    "address": st.binary(min_size=20, max_size=20),
    "bytes": st.binary(max_size=200),
}


def contract_of(shape: EventShape) -> str:
    return "desk" if shape.contract == "any" else shape.contract


def log_of(shape: EventShape, values: tuple[Any, ...]) -> dict[str, Any]:
    return {**encode_log(contract_of(shape), shape.name, values), **PLACE}


def as_abi(kind: str, value: Any) -> Any:
    """A decoded value as eth_abi gives it."""
    if kind == "uint256":
        return int.from_bytes(value)
    if kind == "address":
        return "0x" + value.hex()
    return bool(value) if kind == "bool" else value


@st.composite
def logs(draw: st.DrawFn) -> tuple[EventShape, dict[str, Any]]:
    shape = draw(st.sampled_from(SHAPES))
    values = tuple(draw(_VALUES[field.type]) for field in shape.fields)
    return shape, log_of(shape, values)


@given(logs())
def test_decodes_what_eth_abi_decodes(pair: tuple[EventShape, dict[str, Any]]) -> None:
    shape, log = pair
    (event,) = Decoder(CONTRACTS).decode([log])
    indexed = [field.type for field in shape.fields if field.indexed]
    rest = [field.type for field in shape.fields if not field.indexed]
    expected = [
        decode([kind], bytes.fromhex(topic[2:]))[0]
        for kind, topic in zip(indexed, log["topics"][1:], strict=True)
    ]
    expected += decode(rest, bytes.fromhex(log["data"][2:]))
    found = [as_abi(f.type, v) for f, v in zip(shape.fields, event.values, strict=True)]
    assert found == expected
    assert event[:4] == (31, 3, contract_of(shape), shape.number)
    assert event.transaction == PLACE["transactionHash"]
    assert event.tx_index == 2


@given(logs())
def test_arguments_are_json_with_every_name(pair: tuple[EventShape, dict[str, Any]]) -> None:
    shape, log = pair
    write = ARGUMENTS[shape.number]
    (event,) = Decoder(CONTRACTS).decode([log])
    if write is None:
        assert shape.name in {"OrderExecuted", "OrderFailed", "Transfer"}
        return
    told = json.loads(write(event.values))
    assert list(told) == [field.name for field in shape.fields]
    for field, value in zip(shape.fields, event.values, strict=True):
        seen = told[field.name]
        if field.type in ("bytes32", "address"):
            assert seen == "0x" + value.hex()
        else:
            assert seen == as_abi(field.type, value) or int(seen) == int.from_bytes(value)


@given(logs(), st.data())
def test_refuses_a_log_that_is_not_exactly_its_shape(
    pair: tuple[EventShape, dict[str, Any]], data: st.DataObject
) -> None:
    shape, log = pair
    decoder = Decoder(CONTRACTS)
    broken = [
        {**log, "data": log["data"] + "00" * 32},
        {**log, "data": log["data"][:-2]} if len(log["data"]) > 2 else {**log, "data": "0x00"},
        {**log, "topics": [*log["topics"], log["topics"][0]]},
        {**log, "topics": log["topics"][:-1]},
        {**log, "address": "0x" + "bb" * 20},
    ]
    with pytest.raises(DecodeError):
        decoder.decode([data.draw(st.sampled_from(broken))])
    narrow = [
        at for at, field in enumerate(f for f in shape.fields if f.indexed)
        if field.type not in ("bytes32", "uint256")
    ]  # fmt: skip
    if narrow:
        topics = list(log["topics"])
        topics[narrow[0] + 1] = "0x01" + topics[narrow[0] + 1][4:]
        with pytest.raises(DecodeError):
            decoder.decode([{**log, "topics": topics}])


def test_leaves_out_what_it_does_not_know_and_refuses_removed_logs() -> None:
    shape = SHAPES[NUMBER["OfferAccepted"]]
    log = log_of(shape, (65536, 1, 2))
    decoder = Decoder(CONTRACTS)
    assert decoder.decode([{**log, "topics": ["0x" + "77" * 32]}]) == []
    assert decoder.decode([{**log, "topics": []}]) == []
    assert decoder.decode([{**log, "address": ADDRESSES["desk"]}]) == []
    upper = {**log, "address": log["address"].upper().replace("0X", "0x")}
    assert len(decoder.decode([upper])) == 1


def test_every_event_of_the_artifacts_is_known_with_its_very_fields() -> None:
    known = {
        (shape.contract, shape.signature, tuple(field.name for field in shape.fields),
         sum(field.indexed for field in shape.fields))
        for shape in SHAPES
    }  # fmt: skip
    told = set()
    for artifact, contract in CONTRACT_OF.items():
        abi = json.loads((ARTIFACTS / f"{artifact}.json").read_text(encoding="utf-8"))["abi"]
        for entry in abi:
            if entry["type"] == "event" and entry["name"] not in OF_THE_BASES:
                told.add(_told(contract, entry))
    assert told == known


def _told(contract: str, entry: dict[str, Any]) -> tuple[str, str, tuple[str, ...], int]:
    common = re.match(r"Order|Nonce|Paused|Unpaused", entry["name"])
    kinds, names = [], []
    for argument in entry["inputs"]:
        parts = argument.get("components")
        inner = f"({','.join(part['type'] for part in parts)})" if parts else argument["type"]
        kinds.append(inner)
        names += [part["name"] for part in parts] if parts else [argument["name"]]
    signature = f"{entry['name']}({','.join(kinds)})"
    indexed = sum(argument["indexed"] for argument in entry["inputs"])
    return ("any" if common else contract, signature, tuple(names), indexed)
