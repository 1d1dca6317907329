"""Accounts that sign: the port, and the account whose key is in this process."""

from __future__ import annotations

import secrets
from typing import Final

from coincurve import PrivateKey, PublicKey
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.orders import SIGNATURE_BYTES, Signer

__all__ = ["LocalSigner", "Signer", "address_of_public_key", "recover"]

_V_EVEN: Final = 27
_S_MAX: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half of the curve's order: above it the contracts refuse a signature (EIP-2)."""


class LocalSigner:
    """An account whose private key is held in memory. Its ``repr`` shows the address alone."""

    __slots__ = ("_key", "address")

    def __init__(self, key: bytes) -> None:
        self._key = PrivateKey(key)
        self.address: Address = address_of_public_key(self._key.public_key)

    @classmethod
    def create(cls) -> LocalSigner:
        """A new account from the system's random source."""
        while True:
            try:
                return cls(secrets.token_bytes(32))
            except ValueError:  # Not below the curve's order: one chance in 2**128.
                continue

    def sign(self, preimage: bytes) -> bytes:
        """Sign the Keccak-256 of ``preimage``: 65 bytes r, s, v with v 27 or 28."""
        return self.sign_digest(keccak256(preimage))

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a 32-byte hash as it is; deterministic (RFC 6979), s low."""
        raw = self._key.sign_recoverable(digest, hasher=None)
        return raw[:64] + bytes((raw[64] + _V_EVEN,))

    def secret(self) -> bytes:
        """The private key, 32 bytes; for writing it into a keystore."""
        return self._key.secret

    def __repr__(self) -> str:
        return f"LocalSigner({to_checksum(self.address)})"


def address_of_public_key(key: PublicKey) -> Address:
    """The address of an uncompressed public key."""
    return Address(keccak256(key.format(compressed=False)[1:])[12:])


# Few keys sign many orders: hashing the public key each time would be an eighth of the work.
_ADDRESSES: Final[dict[bytes, Address]] = {}
_ADDRESSES_MAX: Final = 100_000


def recover(digest: bytes, signature: bytes) -> Address | None:
    """The account that made a signature, or None where the contracts would not take it."""
    if len(signature) != SIGNATURE_BYTES:
        return None
    v = signature[64] - _V_EVEN
    if v not in (0, 1) or int.from_bytes(signature[32:64], "big") > _S_MAX:
        return None
    try:
        key = PublicKey.from_signature_and_message(
            signature[:64] + bytes((v,)), digest, hasher=None
        )
    except Exception:  # noqa: BLE001  coincurve has no narrower class
        return None
    raw = key.format()
    address = _ADDRESSES.get(raw)
    if address is None:
        if len(_ADDRESSES) >= _ADDRESSES_MAX:
            _ADDRESSES.clear()
        address = _ADDRESSES[raw] = address_of_public_key(key)
    return address
