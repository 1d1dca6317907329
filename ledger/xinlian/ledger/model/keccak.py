"""Keccak-256, the hash of the EVM (not the SHA-3 of FIPS 202: the padding differs)."""

from __future__ import annotations

from Crypto.Hash import keccak as _keccak


def keccak256(data: bytes) -> bytes:
    """The 32 bytes of Keccak-256 of ``data``."""
    return _keccak.new(digest_bits=256, data=data).digest()
