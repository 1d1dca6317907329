"""Signed transactions for tests that need a chain but no contracts of the product."""

from __future__ import annotations

import hashlib

import rlp  # type: ignore[import-untyped]
from coincurve import PrivateKey
from xinlian.ledger.model.keccak import keccak256

# Init code of a contract that stores the 32 bytes at data[32:64] under the key data[0:32] and emits
# LOG1 with that key as topic, then stops.
_RUNTIME = bytes.fromhex("602035600035556000356000 6000a100".replace(" ", ""))


def init_code(runtime: bytes) -> bytes:
    """What deploys ``runtime`` (at most 255 bytes)."""
    return bytes.fromhex(f"60{len(runtime):02x}600c60003960{len(runtime):02x}6000f3") + runtime


STORE_CODE = init_code(_RUNTIME)


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


class Account:
    """An account with a key made from ``seed``; counts its own nonces."""

    def __init__(self, seed: str, chain_id: int) -> None:
        self._key = PrivateKey(hashlib.sha256(seed.encode()).digest())
        public = self._key.public_key.format(compressed=False)[1:]
        self.address = "0x" + keccak256(public)[12:].hex()
        self.chain_id = chain_id
        self.nonce = 0

    def sign(
        self,
        to: str | None = None,
        data: bytes = b"",
        gas: int = 100_000,
        *,
        nonce: int | None = None,
        value: int = 0,
        chain_id: int | None = None,
    ) -> bytes:
        """A signed legacy transaction (EIP-155) at gas price 0, by default with the next nonce."""
        if nonce is None:
            nonce, self.nonce = self.nonce, self.nonce + 1
        chain = self.chain_id if chain_id is None else chain_id
        target = bytes.fromhex(to[2:]) if to else b""
        fields = [_number(nonce), b"", _number(gas), target, _number(value), data]
        digest = keccak256(rlp.encode([*fields, _number(chain), b"", b""]))
        found = self._key.sign_recoverable(digest, hasher=None)
        r, s = (part.lstrip(b"\0") for part in (found[:32], found[32:64]))
        encoded: bytes = rlp.encode([*fields, _number(found[64] + 35 + 2 * chain), r, s])
        return encoded

    def sign_typed(
        self, kind: int, to: str, data: bytes = b"", access: tuple[str, ...] = ()
    ) -> bytes:
        """A transaction of type 1 (EIP-2930) or 2 (EIP-1559) at price 0, with the next nonce.

        ``access``: accounts of its access list, each with the storage keys 0 and 1.
        """
        nonce, self.nonce = self.nonce, self.nonce + 1
        prices = [b""] * kind
        keys = [number.to_bytes(32, "big") for number in (0, 1)]
        listed = [[bytes.fromhex(account[2:]), keys] for account in access]
        start = [_number(self.chain_id), _number(nonce), *prices, _number(100_000)]
        fields = [*start, bytes.fromhex(to[2:]), b"", data, listed]
        digest = keccak256(bytes([kind]) + rlp.encode(fields))
        found = self._key.sign_recoverable(digest, hasher=None)
        r, s = (part.lstrip(b"\0") for part in (found[:32], found[32:64]))
        encoded: bytes = rlp.encode([*fields, _number(found[64]), r, s])
        return bytes([kind]) + encoded

    def deploy(self, code: bytes = STORE_CODE) -> tuple[bytes, str]:
        """A transaction that deploys a contract (the store contract), and its address."""
        made = keccak256(rlp.encode([bytes.fromhex(self.address[2:]), _number(self.nonce)]))[12:]
        return self.sign(data=code, gas=300_000), "0x" + made.hex()

    def store(self, contract: str, key: int, value: int) -> bytes:
        """A transaction that stores ``value`` under ``key`` and emits a log with topic ``key``."""
        return self.sign(contract, key.to_bytes(32, "big") + value.to_bytes(32, "big"))


def hash_of(raw: bytes) -> str:
    """The transaction hash, 0x hex."""
    return "0x" + keccak256(raw).hex()
