"""Failures: complete against the interfaces, decoded with their arguments, told in two tongues."""

from __future__ import annotations

import pickle
import re
import string
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.model.errors import SELECTORS, Failure, LedgerError, decode_revert, describe
from xinlian.ledger.model.failures import DECLARED
from xinlian.ledger.model.ids import to_checksum
from xinlian.ledger.model.shown import KINDS
from xinlian.ledger.model.texts import TEXTS
from xinlian.ledger.model.texts_value import VALUE_TEXTS

SOURCES = Path(__file__).parents[3] / "contracts" / "src"
OF_EVERY_CONTRACT = {
    "AccessManagedUnauthorized(address caller)",
    "Error(string message)",
    "Panic(uint256 code)",
}


def test_every_custom_error_of_the_interfaces_has_a_code() -> None:
    declared = set()
    for path in SOURCES.glob("I*.sol"):
        text = re.sub(r"//[^\n]*", "", path.read_text(encoding="utf-8"))
        declared |= {
            re.sub(r"\s+", " ", found)
            for found in re.findall(r"^\s*error (\w+\([^)]*\));", text, re.MULTILINE)
        }
    assert set(DECLARED.values()) == declared | OF_EVERY_CONTRACT


def test_failures_of_an_order_stand_in_the_order_in_which_contracts_check() -> None:
    codes = [failure.value.removeprefix("orders_") for failure in Failure if "orders_" in failure]
    assert codes[:10] == [
        "paused", "unknown_kind", "too_many_items", "malformed_items", "expired",
        "signature_count", "bad_signature", "duplicate_signer", "needs_signatures", "nonce_used",
    ]  # fmt: skip
    prefixes = list(dict.fromkeys(failure.name.partition("_")[0] for failure in DECLARED))
    assert prefixes == [
        "ORDERS", "DIRECTORY", "REGISTRY", "DOCUMENTS", "VOUCHERS", "DESK", "EVIDENCE", "COUNCIL",
        "ACCESS",
        "EVM",
    ]  # fmt: skip


def test_every_failure_speaks_both_languages_about_its_arguments() -> None:
    texts = {**TEXTS, **VALUE_TEXTS}
    assert set(texts) == set(Failure)
    for failure, pair in texts.items():
        names = [{name for _, name, _, _ in string.Formatter().parse(t) if name} for t in pair]
        assert names[0] == names[1], failure
        if failure in DECLARED:
            arguments = {
                re.sub(r"(?<!^)([A-Z])", r"_\1", part.split()[1]).lower()
                for part in DECLARED[failure].partition("(")[2].removesuffix(")").split(",")
                if part
            }
            assert names[0] <= arguments, failure


@pytest.mark.parametrize("failure", DECLARED, ids=str)
@settings(max_examples=8)
@given(data=st.data())
def test_revert_data_are_decoded_with_their_arguments(
    failure: Failure, data: st.DataObject
) -> None:
    name, _, rest = DECLARED[failure].partition("(")
    kinds = [part.split()[0] for part in rest.removesuffix(")").split(",") if part]
    values = [data.draw(_value(kind)) for kind in kinds]
    selector = keccak(text=f"{name}({','.join(kinds)})")[:4]
    error = decode_revert(selector + encode(kinds, values))
    assert error.code is failure
    assert list(error.fields.values()) == [
        to_checksum(bytes.fromhex(str(value)[2:])) if kind == "address"
        else "0x" + value.hex() if isinstance(value, bytes) else value
        for kind, value in zip(kinds, values, strict=True)
    ]  # fmt: skip
    assert "?" not in error.text("en")


def _value(kind: str) -> st.SearchStrategy[object]:
    if kind == "string":
        return st.text(alphabet="abcdefg 凭证", max_size=40)
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
    if kind == "bytes32":
        return st.binary(min_size=32, max_size=32)
    return st.integers(0, 2 ** int(kind.removeprefix("uint")) - 1)


@given(st.binary(max_size=200))
def test_foreign_revert_data_are_shown_and_not_guessed(data: bytes) -> None:
    error = decode_revert(data)
    assert error.code is Failure.CALL_REVERTED or data[:4] in SELECTORS
    for selector in list(SELECTORS)[:3]:
        assert decode_revert(selector + data + b"\1" * (33 - len(data) % 32)).code is (
            Failure.CALL_REVERTED
        )


def test_an_error_can_be_sent_and_told() -> None:
    error = LedgerError(Failure.BUSY, fields={"pending": 9, "most": 8})
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.fields, again.text("zh")) == (
        Failure.BUSY, {"pending": 9, "most": 8}, "排队中的指令已有 9 条（上限 8），请数秒后重试",
    )  # fmt: skip
    assert str(error).startswith("busy: 9 orders wait")
    assert describe(Failure.NOT_FOUND, {"what": "piece"}) == "there is no piece ?"
    assert LedgerError(Failure.INVALID, fields={"x": b"\1"}).fields == {"x": "0x01"}


def test_days_times_amounts_and_states_are_shown_as_people_write_them() -> None:
    not_due = {"root": 7, "day": 20_782, "today": 20_779}
    assert describe(Failure.VOUCHERS_NOT_DUE, not_due) == (
        "voucher 7 allows this from 2026-11-25; today is 2026-11-22"
    )
    runs = {"financing": 3, "expiry": 1_796_054_399}
    assert describe(Failure.DESK_LOCK_RUNS, runs, "zh") == (
        "融资 3 的锁定在 2026-11-30 23:59:59 前仍有效"
    )
    price = {"price": 490_001, "amount": 5_000_000}
    assert "4900.01 yuan" in describe(Failure.DESK_PRICE, price)
    state = {"piece": 65_536, "state": 4}
    assert "(locked)" in describe(Failure.VOUCHERS_PIECE_STATE, state)
    assert "（已锁定）" in describe(Failure.VOUCHERS_PIECE_STATE, state, "zh")
    assert "20782000000000" in describe(
        Failure.VOUCHERS_NOT_DUE, {**not_due, "day": 20_782_000_000_000}
    )


def test_every_kind_of_value_in_a_text_is_known() -> None:
    kinds = {
        kind
        for pair in {**TEXTS, **VALUE_TEXTS}.values()
        for text in pair
        for _, _, kind, _ in string.Formatter().parse(text)
        if kind
    }
    assert kinds <= set(KINDS)
