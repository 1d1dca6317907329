"""The leaf of a record: 189 bytes of fixed layout, so that nothing depends on a serializer."""

from __future__ import annotations

import hmac
import struct
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from xinlian.ledger.model.evidence.canonical import check_text
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal

MAGIC: Final = b"XINLIAN-LEAF\x01"
BODY: Final = struct.Struct(">32s32sQ32sQ32s")
"""Everything behind magic and log id: schema, tag, number, previous leaf, time, field root."""
PREFIX_BYTES: Final = len(MAGIC) + 32
LEAF_BYTES: Final = PREFIX_BYTES + BODY.size
NOTHING: Final = bytes(32)
"""Stands for the previous leaf of a subject's first record."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a leaf says. ``previous`` is the leaf hash of the subject's record before this one."""

    log_id: bytes
    schema_id: bytes
    subject_tag: bytes
    subject_seq: int
    previous: bytes
    event_time_ms: int
    field_root: bytes

    def pack(self) -> bytes:
        """The 189 bytes."""
        return leaf_prefix(self.log_id) + BODY.pack(
            self.schema_id,
            self.subject_tag,
            self.subject_seq,
            self.previous,
            self.event_time_ms,
            self.field_root,
        )

    @classmethod
    def unpack(cls, data: bytes) -> Leaf:
        """Read the 189 bytes; ``EvidenceError`` if they are no leaf."""
        if len(data) != LEAF_BYTES or not data.startswith(MAGIC):
            raise EvidenceError(Refusal.RECORD, "these bytes are no leaf")
        return cls(data[len(MAGIC) : PREFIX_BYTES], *BODY.unpack_from(data, PREFIX_BYTES))


def leaf_prefix(log_id: bytes) -> bytes:
    """How every leaf of a log begins."""
    return MAGIC + log_id


def leaf_hash(data: bytes) -> bytes:
    """The leaf hash of RFC 9162: SHA-256(0x00 ‖ data)."""
    return sha256(b"\0" + data).digest()


@lru_cache(maxsize=4096)
def schema_id(schema: str) -> bytes:
    """SHA-256 of ``name/version``."""
    return sha256(schema.encode()).digest()


def subject_id(text: str) -> str:
    """A subject id as records have it: in NFC. ``EvidenceError`` where no record could have it."""
    normal = text if text.isascii() else unicodedata.normalize("NFC", text)
    check_text(normal)
    return normal


def subject_tag(key: bytes, subject: str) -> bytes:
    """HMAC-SHA256 of the subject id with the log's subject key."""
    return hmac.digest(key, subject_id(subject).encode(), "sha256")


def key_commitment(key: bytes) -> bytes:
    """What the chain holds of the subject key: SHA-256(0x30 ‖ key)."""
    return sha256(b"\x30" + key).digest()
