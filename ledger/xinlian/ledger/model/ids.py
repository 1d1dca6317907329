"""Identifiers. Each kind is a type of its own, so that one never stands in for another."""

from __future__ import annotations

from typing import Final, NewType

from xinlian.ledger.model.keccak import keccak256

PartyId = NewType("PartyId", int)
"""Number of a party, from 1; 0 means nobody."""

RootId = NewType("RootId", int)
"""Number of a root voucher, from 1."""

PieceId = NewType("PieceId", int)
"""Number of a piece: root * 65536 + index; index 0 is the first piece of its root."""

FinancingId = NewType("FinancingId", int)
"""Number of a financing, from 1."""

DocumentKey = NewType("DocumentKey", bytes)
"""Key of a trade document, 32 bytes."""

Address = NewType("Address", bytes)
"""An account of the chain, 20 bytes."""

NOBODY: Final = PartyId(0)
PIECES_PER_ROOT: Final = 1 << 16
ROOT_MAX: Final = (1 << 48) - 1
_ADDRESS_BYTES: Final = 20


def piece_id(root: int, index: int) -> PieceId:
    """The id of the piece number ``index`` of a root; ``ValueError`` outside the ranges."""
    if not 1 <= root <= ROOT_MAX:
        raise ValueError(f"a root runs from 1 to {ROOT_MAX}, not {root}")
    if not 0 <= index < PIECES_PER_ROOT:
        raise ValueError(f"a piece's index runs from 0 to {PIECES_PER_ROOT - 1}, not {index}")
    return PieceId(root << 16 | index)


def root_of(piece: int) -> RootId:
    """The root to which a piece belongs."""
    return RootId(piece >> 16)


def index_of(piece: int) -> int:
    """The number of a piece within its root."""
    return piece & 0xFFFF


def to_checksum(address: bytes) -> str:
    """The text of an address with the upper and lower case of EIP-55."""
    if len(address) != _ADDRESS_BYTES:
        raise ValueError(f"an address has 20 bytes, not {len(address)}")
    digits = address.hex()
    marks = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if mark >= "8" else digit for digit, mark in zip(digits, marks, strict=False)
    )


def parse_address(text: str) -> Address:
    """Read an address written as 0x and 40 hex digits.

    Mixed case has to be the checksum of EIP-55, because it protects against a slip of the pen.
    Raises ``ValueError`` otherwise.
    """
    digits = text[2:]
    if not text.startswith("0x") or len(digits) != 2 * _ADDRESS_BYTES:
        raise ValueError(f"an address is 0x and 40 hex digits, not {text[:60]!r}")
    try:
        address = Address(bytes.fromhex(digits))
    except ValueError as exc:
        raise ValueError(f"an address has hex digits only, not {text[:60]!r}") from exc
    if digits not in (digits.lower(), digits.upper()) and to_checksum(address) != text:
        raise ValueError(f"the checksum in the letters of the address {text} is wrong")
    return address
