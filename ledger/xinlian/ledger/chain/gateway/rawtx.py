"""Reads just enough of a raw transaction to admit or refuse it (RLP; EIP-155, 2718, 2930, 1559)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coincurve import PublicKey
from xinlian.ledger.chain.errors import INVALID_PARAMS, REJECTED
from xinlian.ledger.chain.gateway.refusal import RefusalError
from xinlian.ledger.model.keccak import keccak256

# Limits that production engines enforce (geth and Besu: 128 KiB; EIP-7825: 2**24 gas).
BYTES_MAX: Final = 128 * 1024
GAS_MAX: Final = 1 << 24
_LEGACY_FIELDS: Final = 9
_EIP155_V: Final = 35
# Per typed envelope: number of fields, position of the gas limit.
_TYPED: Final = {1: (11, 3), 2: (12, 4)}


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """The outer fields of a signed transaction."""

    raw: bytes
    chain_id: int
    gas: int
    _fields: tuple[bytes, ...]
    _encoded: tuple[bytes, ...]

    def sender(self) -> str:
        """The signing address, lower case with 0x. Raises :class:`RefusalError`."""
        v, r, s = self._fields[-3:]
        if self.raw[0] >= 0xC0:
            chain = _rlp_int(self.chain_id) + b"\x80\x80"
            signed = _rlp_list(b"".join(self._encoded[:6]) + chain)
            parity = (int.from_bytes(v, "big") - _EIP155_V) & 1
        else:
            signed = self.raw[:1] + _rlp_list(b"".join(self._encoded[:-3]))
            parity = int.from_bytes(v, "big")
        signature = r.rjust(32, b"\0") + s.rjust(32, b"\0") + bytes([parity & 1])
        try:
            key = PublicKey.from_signature_and_message(signature, keccak256(signed), hasher=None)
        except Exception as exc:  # coincurve raises plain Exception and ValueError
            raise RefusalError(REJECTED, "the transaction's signature is not valid") from exc
        return "0x" + keccak256(key.format(compressed=False)[1:])[12:].hex()


def parse(raw: bytes) -> RawTransaction:
    """Take a raw transaction apart; raises :class:`RefusalError` for what no node should carry."""
    try:
        return _parse(raw)
    except IndexError as exc:
        raise _malformed("it ends too early") from exc


def _parse(raw: bytes) -> RawTransaction:
    if not raw or len(raw) > BYTES_MAX:
        raise RefusalError(
            REJECTED, f"a transaction may have 1 to {BYTES_MAX} bytes; this one has {len(raw)}"
        )
    if raw[0] >= 0xC0:
        fields, encoded = _items(raw)
        if len(fields) != _LEGACY_FIELDS:
            raise _malformed("a legacy transaction has 9 fields")
        v = int.from_bytes(fields[6], "big")
        if v < _EIP155_V:
            raise RefusalError(
                REJECTED, "the transaction names no chain id (EIP-155): it could be replayed"
            )
        return RawTransaction(
            raw, (v - _EIP155_V) // 2, int.from_bytes(fields[2], "big"), fields, encoded
        )
    shape = _TYPED.get(raw[0])
    if shape is None:
        raise RefusalError(
            REJECTED, f"transactions of type {raw[0]} are not carried; use type 0, 1 or 2"
        )
    fields, encoded = _items(raw[1:])
    if len(fields) != shape[0]:
        raise _malformed(f"type {raw[0]} has {shape[0]} fields")
    gas = int.from_bytes(fields[shape[1]], "big")
    return RawTransaction(raw, int.from_bytes(fields[0], "big"), gas, fields, encoded)


def admit(raw: bytes, chain_id: int, senders: frozenset[str] | None) -> None:
    """Refuse a transaction for another chain, above the limits, or by an account not admitted."""
    transaction = parse(raw)
    if transaction.chain_id != chain_id:
        raise RefusalError(
            REJECTED,
            f"the transaction is signed for chain {transaction.chain_id}; this is chain {chain_id}",
        )
    if transaction.gas > GAS_MAX:
        raise RefusalError(
            REJECTED, f"a transaction may ask for {GAS_MAX} gas; this one asks {transaction.gas}"
        )
    if senders is not None and (sender := transaction.sender()) not in senders:
        raise RefusalError(REJECTED, f"account {sender} is not admitted to this node")


def _malformed(why: str) -> RefusalError:
    return RefusalError(INVALID_PARAMS, f"the transaction cannot be read: {why}")


def _span(data: bytes, at: int) -> tuple[int, int]:
    """Start and end of the content of the RLP item at ``at``."""
    first = data[at]
    if first < 0x80:
        return at, at + 1
    if first < 0xB8:
        return at + 1, at + 1 + first - 0x80
    if first < 0xC0:
        size = first - 0xB7
        start = at + 1 + size
        return start, start + int.from_bytes(data[at + 1 : start], "big")
    if first < 0xF8:
        return at + 1, at + 1 + first - 0xC0
    size = first - 0xF7
    start = at + 1 + size
    return start, start + int.from_bytes(data[at + 1 : start], "big")


def _items(data: bytes) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Contents and encodings of the items of the RLP list that ``data`` is."""
    if not data or data[0] < 0xC0:
        raise _malformed("it is not an RLP list")
    at, end = _span(data, 0)
    if end != len(data):
        raise _malformed("its length does not fit")
    contents: list[bytes] = []
    encodings: list[bytes] = []
    while at < end:
        start, stop = _span(data, at)
        if stop > end or len(contents) >= 16:
            raise _malformed("an item runs over its end")
        contents.append(data[start:stop])
        encodings.append(data[at:stop])
        at = stop
    return tuple(contents), tuple(encodings)


def _rlp_list(payload: bytes) -> bytes:
    if len(payload) < 56:
        return bytes([0xC0 + len(payload)]) + payload
    size = len(payload).to_bytes((len(payload).bit_length() + 7) // 8, "big")
    return bytes([0xF7 + len(size)]) + size + payload


def _rlp_int(value: int) -> bytes:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return data if len(data) == 1 and data[0] < 0x80 else bytes([0x80 + len(data)]) + data
