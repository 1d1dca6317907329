"""Receipts: the signed promise that records will be covered by a head on chain in time.

A receipt is canonical JSON. Its signature is recoverable secp256k1 by an account of the log's party
over the Keccak-256 of the SHA-256 of the receipt without the member ``signature`` (signers hash
with Keccak-256 by themselves).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from xinlian.ledger.model.evidence.canonical import canonical, event_time_ms, time_text
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.evidence.leaf import leaf_hash, leaf_prefix
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.orders import SIGNATURE_BYTES, Signer

FORMAT: Final = "xinlian-receipt/1"
LEAVES_MAX: Final = 1 << 16
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")


class ReceiptState(StrEnum):
    """What became of the promise."""

    PENDING = "pending"
    INCLUDED = "included"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Promise:
    """How soon after acceptance a head on chain covers a record."""

    within_ms: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt; ``leaves`` are (index, leaf hash), times are Unix milliseconds."""

    log: bytes
    leaves: tuple[tuple[int, bytes], ...]
    accepted_ms: int
    deadline_ms: int
    signer: Address
    signature: bytes = b""

    def digest(self) -> bytes:
        """SHA-256 of the receipt without its signature."""
        return sha256(canonical(self._content())).digest()

    def to_json(self) -> dict[str, Any]:
        """The receipt as it is given to a client."""
        return self._content() | {"signature": "0x" + self.signature.hex()}

    def agrees(self, bodies: Mapping[int, bytes]) -> bool:
        """Whether the log holds just these leaves; ``bodies`` are leaves without log id."""
        prefix = leaf_prefix(self.log)
        return all(
            index in bodies and leaf_hash(prefix + bodies[index]) == expected
            for index, expected in self.leaves
        )

    def signed_by(self, recover: Any) -> bool:
        """Whether ``recover(digest, signature)`` finds the signer that the receipt names."""
        found = recover(keccak256(self.digest()), self.signature)
        return bool(found == self.signer)

    def _content(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "log": self.log.hex(),
            "leaves": [{"index": at, "leaf_hash": found.hex()} for at, found in self.leaves],
            "accepted_at": time_text(self.accepted_ms),
            "deadline": time_text(self.deadline_ms),
            "signer": to_checksum(self.signer).lower(),
        }


def make_receipt(
    log: bytes,
    leaves: Sequence[tuple[int, bytes]],
    accepted_ms: int,
    promise: Promise,
    signer: Signer,
) -> Receipt:
    """A signed receipt for leaves that are durable."""
    if not 0 < len(leaves) <= LEAVES_MAX:
        raise EvidenceError(Refusal.TOO_LARGE, f"a receipt is for 1 to {LEAVES_MAX} records")
    content = (log, tuple(leaves), accepted_ms, accepted_ms + promise.within_ms, signer.address)
    return Receipt(*content, signer.sign(Receipt(*content).digest()))


def parse_receipt(content: Any) -> Receipt:
    """Read a receipt; ``EvidenceError`` if it is none. The signature is not checked here."""
    try:
        receipt = _read(content)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise EvidenceError(Refusal.RECORD, "this is no receipt") from exc
    if receipt.to_json() != content or not 0 < len(receipt.leaves) <= LEAVES_MAX:
        raise EvidenceError(Refusal.RECORD, "this is no receipt")
    return receipt


def deadline_passed(receipt: Receipt, now_ms: int) -> bool:
    """Whether the time of the promise is over."""
    return now_ms > receipt.deadline_ms


def _read(content: Any) -> Receipt:
    hashes = [content["log"], *(leaf["leaf_hash"] for leaf in content["leaves"])]
    if not all(map(_HASH.fullmatch, hashes)) or not _ADDRESS.fullmatch(content["signer"]):
        raise ValueError
    indices = [leaf["index"] for leaf in content["leaves"]]
    if any(type(index) is not int or index < 0 for index in indices):
        raise ValueError
    signature = bytes.fromhex(content["signature"].removeprefix("0x"))
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError
    return Receipt(
        bytes.fromhex(hashes[0]),
        tuple(zip(indices, map(bytes.fromhex, hashes[1:]), strict=True)),
        event_time_ms(content["accepted_at"]),
        event_time_ms(content["deadline"]),
        Address(bytes.fromhex(content["signer"][2:])),
        signature,
    )
