from __future__ import annotations

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.model.ids import index_of, parse_address, piece_id, root_of, to_checksum


@given(st.integers(1, 2**48 - 1), st.integers(0, 2**16 - 1))
def test_a_piece_knows_its_root_and_index(root: int, index: int) -> None:
    piece = piece_id(root, index)
    assert piece == root * 65536 + index < 2**64
    assert (root_of(piece), index_of(piece)) == (root, index)


@pytest.mark.parametrize(("root", "index"), [(0, 0), (2**48, 0), (1, -1), (1, 2**16)])
def test_ids_out_of_range_are_refused(root: int, index: int) -> None:
    with pytest.raises(ValueError, match="runs from"):
        piece_id(root, index)


@given(st.binary(min_size=20, max_size=20))
def test_addresses_are_written_as_eip_55_says(address: bytes) -> None:
    text = to_checksum(address)
    assert text == to_checksum_address(address)
    assert parse_address(text) == parse_address(text.lower()) == address


def test_addresses_with_slips_are_refused() -> None:
    good = to_checksum(bytes.fromhex("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"))
    slip = good[:-1] + ("D" if good[-1] == "d" else "d")
    for text, says in (
        (slip, "checksum"),
        (good[:-1], "40 hex digits"),
        ("0x" + "g" * 40, "hex digits only"),
        (good[2:], "40 hex digits"),
    ):
        with pytest.raises(ValueError, match=says):
            parse_address(text)
    with pytest.raises(ValueError, match="20 bytes"):
        to_checksum(b"\1" * 19)
