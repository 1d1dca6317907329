"""Strong entity tags of reads, and conditional requests (RFC 9110, sections 8.8.3 and 13.1.2)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

__all__ = ["etag_of", "matches"]

_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def etag_of(body: bytes, block_hash: str | None) -> str:
    """The tag of a representation: its bytes and, for a read as of a block, that block's hash.

    The latter tells the same text on two branches of a chain apart.
    """
    digest = hashlib.sha256((block_hash or "").encode("ascii") + b"\n" + body).hexdigest()
    return f'"{digest[:40]}"'


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an ``If-None-Match`` header names the tag (weak comparison) or anything (``*``)."""
    if if_none_match.strip() == "*":
        return True
    return any(tag.removeprefix("W/") == etag for tag in _TAG.findall(if_none_match))
