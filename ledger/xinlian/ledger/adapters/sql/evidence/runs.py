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
_FURTHER: Final = 1 << 30
_LENGTH: Final = _FURTHER - 1
_BACK_BYTES: Final = 4
_HASH_BYTES: Final = 32


def pack_records(payloads: Sequence[bytes | int]) -> bytes:
    """Lengths with marks, then payloads: each a secret and the canonical record, or how many places
    before it the first leaf of its record stands."""
    lengths, parts = [], []
    for payload in payloads:
        if isinstance(payload, int):
            lengths.append(_BACK_BYTES | _FURTHER)
            parts.append(payload.to_bytes(_BACK_BYTES, "big"))
        else:
            lengths.append(len(payload))
            parts.append(payload)
    return struct.pack(f">{len(lengths)}I", *lengths) + b"".join(parts)


def unpack_record(data: bytes, count: int, at: int, index: int) -> StoredRecord | int:
    """The record at a place of a run, whose leaf has this index; for a further leaf of a record the
    index of its first one."""
    lengths = struct.unpack_from(f">{count}I", data)
    start = 4 * count + sum(length & _LENGTH for length in lengths[:at])
    payload = data[start : start + (lengths[at] & _LENGTH)]
    if lengths[at] & _FURTHER:
        return index - int.from_bytes(payload, "big")
    if lengths[at] & _ERASED:
        hashes = range(0, len(payload), _HASH_BYTES)
        kept = tuple(payload[at : at + _HASH_BYTES] for at in hashes)
        return StoredRecord(b"", b"", kept, index)
    return StoredRecord(payload[SECRET_BYTES:], payload[:SECRET_BYTES], (), index)


def erase_record(data: bytes, count: int, at: int, commitments: Sequence[bytes]) -> bytes:
    """The run's records with one replaced by its commitments."""
    lengths = list(struct.unpack_from(f">{count}I", data))
    start = 4 * count + sum(length & _LENGTH for length in lengths[:at])
    end = start + (lengths[at] & _LENGTH)
    kept = b"".join(commitments)
    lengths[at] = len(kept) | _ERASED
    return struct.pack(f">{count}I", *lengths) + data[4 * count : start] + kept + data[end:]
