"""Tags of labels: short names of items that nobody can guess and nobody has to keep.

A tag holds the item's number under a keyed cipher and a seal of 64 bits, so that a label can be
made for any item without a table, one label tells nothing of another, and a made-up tag opens
nothing. Whoever loses the key loses what is printed: it belongs to every backup.

The seal may name a party too: the page behind such a label is that party's, whoever else speaks of
the item. The party does not stand in the tag; it is found among those that speak of the item.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from typing import Final

__all__ = ["Tags"]

_TAG: Final = re.compile(r"[a-z2-7]{23}", re.ASCII)
_NUMBER_BYTES: Final = 6
_SEAL_BYTES: Final = 8
_PARTY_BYTES: Final = 8
_BYTES: Final = _NUMBER_BYTES + _SEAL_BYTES


class Tags:
    """Makes and reads tags under one key (at least 16 bytes). Numbers are below 2^48."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("the key of the tags has at least 16 bytes")
        self._seal_key = hmac.digest(key, b"xinlian label seal", hashlib.sha256)
        self._mask_key = hmac.digest(key, b"xinlian label mask", hashlib.sha256)

    def tag(self, number: int, party: int = 0) -> str:
        """The tag of an item, always the same: 23 characters of a-z and 2-7. With a ``party``
        (below 2^64) that of its own label."""
        plain = number.to_bytes(_NUMBER_BYTES, "big")
        return self._text(plain, self._seal(plain, party))

    def number(self, tag: str) -> int | None:
        """The number in a tag that names no party, or ``None`` for one that was not made here."""
        found = self.read(tag, lambda _: ())
        return None if found is None else found[0]

    def read(self, tag: str, parties: Callable[[int], Iterable[int]]) -> tuple[int, int] | None:
        """The number in a tag, and the party that its seal names (0: none); ``None`` for a tag that
        was not made here. ``parties`` tells which may be named for a number."""
        if _TAG.fullmatch(tag) is None:
            return None
        try:
            data = base64.b32decode(tag.upper() + "=" * (-len(tag) % 8))
        except binascii.Error:
            return None
        masked, seal = data[:_NUMBER_BYTES], data[_NUMBER_BYTES:_BYTES]
        plain = self._masked(masked, seal)
        # Bits beyond the last byte have to be zero: one item, one tag.
        if self._text(plain, seal) != tag:
            return None
        number = int.from_bytes(plain, "big")
        if hmac.compare_digest(seal, self._seal(plain)):
            return number, 0
        for party in sorted(parties(number)):
            if party > 0 and hmac.compare_digest(seal, self._seal(plain, party)):
                return number, party
        return None

    def _text(self, plain: bytes, seal: bytes) -> str:
        return base64.b32encode(self._masked(plain, seal) + seal).decode().rstrip("=").lower()

    def _seal(self, plain: bytes, party: int = 0) -> bytes:
        if party:
            plain += party.to_bytes(_PARTY_BYTES, "big")
        return hmac.digest(self._seal_key, plain, hashlib.sha256)[:_SEAL_BYTES]

    def _masked(self, data: bytes, seal: bytes) -> bytes:
        mask = hmac.digest(self._mask_key, seal, hashlib.sha256)[:_NUMBER_BYTES]
        return bytes(a ^ b for a, b in zip(data, mask, strict=True))
