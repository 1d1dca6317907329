"""Logs and their heads: identity, the digest that a log's writer signs, files of pinned heads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.orders import Domain

STREAM_CHARS_MAX: Final = 32
NO_ROOT: Final = bytes(32)
"""Stands for the SM3 root of a log that has none, and for the root of an empty index."""
HEAD_FORMAT: Final = "xinlian-head/1"

_STREAM: Final = re.compile(r"[a-z0-9._-]{1,32}")
_HEAD_TYPE_HASH: Final = keccak256(
    b"Head(bytes32 log,uint64 size,bytes32 root,bytes32 indexRoot,bytes32 sm3Root)"
)


def check_stream(stream: str) -> None:
    """Refuse a name that the contract would not take."""
    if not _STREAM.fullmatch(stream):
        raise EvidenceError(
            Refusal.RECORD, f"a stream has 1 to 32 characters of a-z 0-9 . _ -, not {stream[:60]!r}"
        )


def stream_word(stream: str) -> bytes:
    """The name as the chain holds it: 32 bytes, padded with zeros at the right."""
    check_stream(stream)
    return stream.encode().ljust(32, b"\0")


def log_id(chain_id: int, contract: Address, party: PartyId, stream: str) -> bytes:
    """SHA-256(chain_id 32 ‖ contract 20 ‖ party 4 ‖ stream name)."""
    check_stream(stream)
    return sha256(
        chain_id.to_bytes(32, "big") + contract + party.to_bytes(4, "big") + stream.encode()
    ).digest()


@dataclass(frozen=True, slots=True)
class LogInfo:
    """A log as others know it."""

    log_id: bytes
    chain_id: int
    contract: Address
    party: PartyId
    stream: str
    key_commitment: bytes
    sm3: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The state of a log at a size. ``sm3_root`` is 32 zero bytes where the log has none."""

    log_id: bytes
    size: int
    root: bytes
    index_root: bytes
    sm3_root: bytes = NO_ROOT

    def preimage(self, domain: Domain) -> bytes:
        """The 66 bytes whose Keccak-256 the writer signs (EIP-712)."""
        struct_hash = keccak256(
            _HEAD_TYPE_HASH
            + self.log_id
            + self.size.to_bytes(32, "big")
            + self.root
            + self.index_root
            + self.sm3_root
        )
        return b"\x19\x01" + domain.separator + struct_hash

    def digest(self, domain: Domain) -> bytes:
        """What the writer signs."""
        return keccak256(self.preimage(domain))


@dataclass(frozen=True, slots=True)
class Anchor:
    """The transaction and block that carried a head. ``block_time`` in seconds since 1970."""

    transaction: bytes
    block_number: int
    block_hash: bytes
    block_time: int

    def to_json(self) -> dict[str, Any]:
        """The member ``anchor`` of a proof bundle."""
        return {
            "transaction": "0x" + self.transaction.hex(),
            "block_number": self.block_number,
            "block_hash": "0x" + self.block_hash.hex(),
            "block_time": self.block_time,
        }


def pinned_head(info: LogInfo, head: Head, anchor: Anchor) -> dict[str, Any]:
    """The content of a ``.xlhead`` file."""
    content = {
        "format": HEAD_FORMAT,
        "log": info.log_id.hex(),
        "chain_id": info.chain_id,
        "contract": "0x" + info.contract.hex(),
        "key_commitment": info.key_commitment.hex(),
        "size": head.size,
        "root": head.root.hex(),
        "index_root": head.index_root.hex(),
        "block_time": anchor.block_time,
    }
    if head.sm3_root != NO_ROOT:
        content["sm3_root"] = head.sm3_root.hex()
    return content
