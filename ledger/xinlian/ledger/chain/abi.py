"""Bytes for the chain: calls (ABI), the relay of many orders, and signed transactions (RLP)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from eth_abi.abi import decode, encode
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.orders import Signer

_WORD: Final = 32
_ZEROS: Final = bytes(_WORD)
_SHORT: Final = 55
_SINGLE_BYTE_MAX: Final = 0x7F
_TYPE_1559: Final = b"\x02"
_V_EVEN: Final = 27


@lru_cache(maxsize=512)
def selector(signature: str) -> bytes:
    """The four bytes that name a function, from ``name(type,type)``."""
    return keccak256(signature.encode())[:4]


def argument_types(signature: str) -> list[str]:
    """The types in ``name(type,(type,type)[],type)``, tuples kept together."""
    inside = signature[signature.index("(") + 1 : signature.rindex(")")]
    types, depth, start = [], 0, 0
    for at, letter in enumerate(inside + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            types.append(inside[start:at])
            start = at + 1
    return [name for name in types if name]


def encode_call(signature: str, arguments: Sequence[Any]) -> bytes:
    """Call data of a function with its arguments. Raises ``ValueError`` if they do not fit."""
    types = argument_types(signature)
    if len(types) != len(arguments):
        raise ValueError(f"{signature} takes {len(types)} arguments, not {len(arguments)}")
    try:
        return selector(signature) + encode(types, list(arguments))
    except Exception as exc:
        raise ValueError(f"the arguments do not fit {signature}: {exc}") from exc


def decode_result(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values that a function returned."""
    return tuple(decode(list(types), data))


class OrderRow(NamedTuple):
    """An order as it lies in the outbox: everything that the chain wants to see."""

    kind: int
    party: int
    deadline: int
    nonce: bytes
    items: bytes
    signatures: bytes


ORDER_TUPLE: Final = "(uint8,uint32,uint64,uint256,bytes,bytes)"
RELAY: Final = f"relay({ORDER_TUPLE}[])"
_RELAY_SELECTOR: Final = selector(RELAY)
_ITEMS_AT: Final = (6 * _WORD).to_bytes(_WORD, "big")


def order_bytes(row: OrderRow) -> bytes:
    """The ABI encoding of one ``Order`` tuple: what it adds to a relay's data, less one offset."""
    signatures = row.signatures
    padded = signatures + _ZEROS[: -len(signatures) % _WORD]
    items = row.items + _ZEROS[: -len(row.items) % _WORD]
    return b"".join(
        (
            row.kind.to_bytes(_WORD, "big"),
            row.party.to_bytes(_WORD, "big"),
            row.deadline.to_bytes(_WORD, "big"),
            row.nonce,
            _ITEMS_AT,
            (7 * _WORD + len(items)).to_bytes(_WORD, "big"),
            len(row.items).to_bytes(_WORD, "big"),
            items,
            len(signatures).to_bytes(_WORD, "big"),
            padded,
        )
    )


def relay_data(orders: Sequence[bytes]) -> bytes:
    """Call data of ``relay`` for orders encoded by ``order_bytes``."""
    offset = _WORD * len(orders)
    head = [_RELAY_SELECTOR, _WORD.to_bytes(_WORD, "big"), len(orders).to_bytes(_WORD, "big")]
    for order in orders:
        head.append(offset.to_bytes(_WORD, "big"))
        offset += len(order)
    return b"".join((*head, *orders))


def rlp(item: bytes | int | Sequence[Any]) -> bytes:
    """Recursive length prefix (Ethereum Yellow Paper, appendix B) of bytes, numbers and lists."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] <= _SINGLE_BYTE_MAX:
            return item
        return _length(len(item), 0x80) + item
    body = b"".join(rlp(part) for part in item)
    return _length(len(body), 0xC0) + body


def _length(size: int, base: int) -> bytes:
    if size <= _SHORT:
        return bytes((base + size,))
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((base + _SHORT + len(digits),)) + digits


@dataclass(frozen=True, slots=True)
class Transaction:
    """An EIP-1559 transaction without fees and value. ``to`` empty: a contract is created."""

    chain_id: int
    nonce: int
    gas: int
    to: bytes
    data: bytes

    def signed(self, signer: Signer) -> tuple[bytes, bytes]:
        """(transaction hash, raw bytes to send)."""
        fields: Iterable[Any] = (
            self.chain_id, self.nonce, 0, 0, self.gas, self.to, 0, self.data, (),
        )  # fmt: skip
        body = b"".join(rlp(field) for field in fields)
        signature = signer.sign(_TYPE_1559 + _length(len(body), 0xC0) + body)
        body += b"".join(
            (
                rlp(signature[64] - _V_EVEN),
                rlp(int.from_bytes(signature[:32], "big")),
                rlp(int.from_bytes(signature[32:64], "big")),
            )
        )
        raw = _TYPE_1559 + _length(len(body), 0xC0) + body
        return keccak256(raw), raw
