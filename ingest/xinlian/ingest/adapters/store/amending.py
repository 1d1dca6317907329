"""What makes two amendments the same."""

from __future__ import annotations

import hashlib

from xinlian.ingest.model.query import Amendment

__all__ = ["digest_of"]


def digest_of(amendment: Amendment) -> str:
    """SHA-256 of everything but the key."""
    body = repr((amendment.device, amendment.tag, amendment.times_us, amendment.values,
                 amendment.quality, amendment.reason, amendment.made_us))  # fmt: skip
    return hashlib.sha256(body.encode()).hexdigest()
