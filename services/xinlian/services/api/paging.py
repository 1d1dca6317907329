"""Cursors: opaque, sealed against change, and bound to the list and the block they came from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, Final

import orjson
from xinlian.services.app.errors import Code, RefusedError

__all__ = ["LIMIT_DEFAULT", "LIMIT_MAX", "Cursors", "Position"]

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500
CURSOR_CHARS_MAX: Final = 400
_SEAL_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Position:
    """Where a list goes on: after which element, as of which block (``None``: not of the chain)."""

    after: Any
    at: int | None


class Cursors:
    """Makes and reads cursors under a secret of this server (at least 16 bytes)."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < _SEAL_BYTES:
            raise ValueError("the secret of the cursors has at least 16 bytes")
        self._secret = secret

    def make(self, listing: str, owner: int, filters: dict[str, Any], position: Position) -> str:
        """The cursor for the next page of a listing with these filters, for one reader."""
        data = orjson.dumps([position.after, position.at])
        sealed = data + self._seal(listing, owner, filters, data)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    def read(self, cursor: str, listing: str, owner: int, filters: dict[str, Any]) -> Position:
        """The position in a cursor; ``RefusedError`` unless it was made for just this list."""
        try:
            if len(cursor) > CURSOR_CHARS_MAX:
                raise ValueError("too long")
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            sealed = base64.b64decode(padded, altchars=b"-_", validate=True)
            data, seal = sealed[:-_SEAL_BYTES], sealed[-_SEAL_BYTES:]
            if not hmac.compare_digest(seal, self._seal(listing, owner, filters, data)):
                raise ValueError("the seal does not fit")
            after, at = orjson.loads(data)
        except (ValueError, binascii.Error) as exc:
            raise RefusedError(
                Code.CURSOR,
                "the cursor was not given out for this list with these filters: start again "
                "without one",
            ) from exc
        return Position(after, at)

    def _seal(self, listing: str, owner: int, filters: dict[str, Any], data: bytes) -> bytes:
        bound = orjson.dumps([listing, owner, filters], option=orjson.OPT_SORT_KEYS)
        message = len(bound).to_bytes(4, "big") + bound + data
        return hmac.digest(self._secret, message, hashlib.sha256)[:_SEAL_BYTES]
