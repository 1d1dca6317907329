"""Proof bundles (``*.xlproof``): one canonical JSON file that verifies without a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import orjson
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.model.evidence.fields import Shown
from xinlian.ledger.model.evidence.heads import NO_ROOT, Anchor, Head, LogInfo
from xinlian.ledger.model.evidence.index import Subject, Token

FORMAT: Final = "xinlian-proof/1"
BUNDLE_BYTES_MAX: Final = 64 << 20
"""More than this no verifier reads."""


@dataclass(frozen=True, slots=True)
class ShownRecord:
    """A record of a bundle: its place, its leaf, and its fields in order of path."""

    index: int
    leaf: bytes
    fields: Sequence[Shown | bytes]

    def to_json(self) -> dict[str, Any]:
        """The member of ``records``."""
        return {
            "index": self.index,
            "leaf": self.leaf.hex(),
            "fields": [
                shown.hex()
                if isinstance(shown, bytes)
                else {"path": shown.path, "value": shown.value, "salt": shown.salt.hex()}
                for shown in self.fields
            ],
        }


@dataclass(frozen=True, slots=True)
class Consistency:
    """The way from an earlier head to the head of a part."""

    size: int
    root: bytes
    proof: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Part:
    """What a bundle proves of one log."""

    log: LogInfo
    head: Head
    subjects: Sequence[Subject]
    index_proof: Sequence[Token]
    records: Sequence[ShownRecord]
    inclusion: Sequence[bytes]
    subject_key: bytes | None = None
    anchor: Anchor | None = None
    consistency: Consistency | None = None
    sm3_inclusion: Sequence[bytes] | None = None
    subject_ids: Mapping[bytes, str] = field(default_factory=dict)
    """Subject id by tag, for those that are not hidden."""

    def to_json(self) -> dict[str, Any]:
        """The member of ``parts``."""
        head = {
            "size": self.head.size,
            "root": self.head.root.hex(),
            "index_root": self.head.index_root.hex(),
        }
        if self.head.sm3_root != NO_ROOT:
            head["sm3_root"] = self.head.sm3_root.hex()
        part: dict[str, Any] = {
            "log": _log_json(self.log),
            "head": head,
            "subjects": [self._subject_json(subject) for subject in self.subjects],
            "index_proof": list(self.index_proof),
            "records": [record.to_json() for record in self.records],
            "inclusion": [node.hex() for node in self.inclusion],
        }
        if self.subject_key is not None:
            part["subject_key"] = self.subject_key.hex()
        if self.anchor is not None:
            part["anchor"] = self.anchor.to_json()
        if self.consistency is not None:
            part["consistency"] = {
                "size": self.consistency.size,
                "root": self.consistency.root.hex(),
                "proof": [node.hex() for node in self.consistency.proof],
            }
        if self.sm3_inclusion is not None:
            part["sm3_inclusion"] = [node.hex() for node in self.sm3_inclusion]
        return part

    def _subject_json(self, subject: Subject) -> dict[str, Any]:
        result: dict[str, Any] = {"tag": subject.tag.hex(), "count": 0}
        if subject.state is not None:
            result["count"] = subject.state.records
            result["last"] = subject.state.last_leaf.hex()
        if subject.tag in self.subject_ids:
            result["id"] = self.subject_ids[subject.tag]
        return result


def bundle(parts: Sequence[Part]) -> bytes:
    """The file: canonical JSON with the digest of everything else in it, and a line end.

    ``TOO_LARGE`` where it would have more bytes than verifiers read.
    """
    content: dict[str, Any] = {
        "format": FORMAT,
        "parts": [part.to_json() for part in sorted(parts, key=lambda part: part.log.log_id)],
    }
    rest = canonical_file(content)
    # The name sorts before all others, so the rest needs no second writing.
    data = b'{"digest":"%b",%b\n' % (sha256(rest).hexdigest().encode(), rest[1:])
    if len(data) > BUNDLE_BYTES_MAX:
        raise EvidenceError(
            Refusal.TOO_LARGE, f"a bundle has at most {BUNDLE_BYTES_MAX} bytes, not {len(data)}"
        )
    return data


def canonical_file(content: dict[str, Any]) -> bytes:
    """RFC 8785 of what holds ASCII names only and values that passed ``canonical`` before."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def _log_json(log: LogInfo) -> dict[str, Any]:
    return {
        "id": log.log_id.hex(),
        "chain_id": log.chain_id,
        "contract": "0x" + log.contract.hex(),
        "party": log.party,
        "stream": log.stream,
        "key_commitment": log.key_commitment.hex(),
    }
