"""Tags of labels: short names of items that nobody can guess and nobody has to keep.

A tag holds the item's number under a keyed cipher and a seal of 64 bits, so that a label can be
made for any item without a table, one label tells nothing of another, and a made-up tag opens
nothing. Whoever loses the key loses what is printed: it belongs to every backup.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import Final

__all__ = ["Tags"]

_TAG: Final = re.compile(r"[a-z2-7]{23}", re.ASCII)
_NUMBER_BYTES: Final = 6
_SEAL_BYTES: Final = 8
_BYTES: Final = _NUMBER_BYTES + _SEAL_BYTES


class Tags:
    """Makes and reads tags under one key (at least 16 bytes). Numbers are below 2^48."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("the key of the tags has at least 16 bytes")
        self._seal_key = hmac.digest(key, b"xinlian label seal", hashlib.sha256)
        self._mask_key = hmac.digest(key, b"xinlian label mask", hashlib.sha256)

    def tag(self, number: int) -> str:
        """The tag of an item, always the same: 23 characters of a-z and 2-7."""
        plain = number.to_bytes(_NUMBER_BYTES, "big")
        return self._text(plain, self._seal(plain))

    def number(self, tag: str) -> int | None:
        """The number in a tag, or ``None`` for one that was not made here."""
        if _TAG.fullmatch(tag) is None:
            return None
        try:
            data = base64.b32decode(tag.upper() + "=" * (-len(tag) % 8))
        except binascii.Error:
            return None
        masked, seal = data[:_NUMBER_BYTES], data[_NUMBER_BYTES:_BYTES]
        plain = self._masked(masked, seal)
        good = hmac.compare_digest(seal, self._seal(plain))
        # Bits beyond the last byte have to be zero: one item, one tag.
        return int.from_bytes(plain, "big") if good and self._text(plain, seal) == tag else None

    def _text(self, plain: bytes, seal: bytes) -> str:
        return base64.b32encode(self._masked(plain, seal) + seal).decode().rstrip("=").lower()

    def _seal(self, plain: bytes) -> bytes:
        return hmac.digest(self._seal_key, plain, hashlib.sha256)[:_SEAL_BYTES]

    def _masked(self, data: bytes, seal: bytes) -> bytes:
        mask = hmac.digest(self._mask_key, seal, hashlib.sha256)[:_NUMBER_BYTES]
        return bytes(a ^ b for a, b in zip(data, mask, strict=True))
