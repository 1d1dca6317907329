"""Layouts of what lies in a row: runs of leaves, and their records with secrets."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from xinlian.ledger.model.evidence.fields import SECRET_BYTES
from xinlian.ledger.model.evidence.leaf import BODY
from xinlian.ledger.usecases.evidence.ports import StoredRecord

STORED_BYTES: Final = BODY.size + 8
"""A leaf as stored: what follows its log id, and the index of the subject's previous leaf."""
_ERASED: Final = 1 << 31
_HASH_BYTES: Final = 32


def pack_records(payloads: Sequence[bytes]) -> bytes:
    """Lengths, then payloads: each a secret and the canonical record."""
    return struct.pack(f">{len(payloads)}I", *map(len, payloads)) + b"".join(payloads)


def unpack_record(data: bytes, count: int, at: int) -> StoredRecord:
    """One record of a run."""
    lengths = struct.unpack_from(f">{count}I", data)
    start = 4 * count + sum(length & ~_ERASED for length in lengths[:at])
    payload = data[start : start + (lengths[at] & ~_ERASED)]
    if lengths[at] & _ERASED:
        hashes = range(0, len(payload), _HASH_BYTES)
        return StoredRecord(b"", b"", tuple(payload[at : at + _HASH_BYTES] for at in hashes))
    return StoredRecord(payload[SECRET_BYTES:], payload[:SECRET_BYTES])


def erase_record(data: bytes, count: int, at: int, commitments: Sequence[bytes]) -> bytes:
    """The run's records with one replaced by its commitments."""
    lengths = list(struct.unpack_from(f">{count}I", data))
    start = 4 * count + sum(length & ~_ERASED for length in lengths[:at])
    end = start + (lengths[at] & ~_ERASED)
    kept = b"".join(commitments)
    lengths[at] = len(kept) | _ERASED
    return struct.pack(f">{count}I", *lengths) + data[4 * count : start] + kept + data[end:]
