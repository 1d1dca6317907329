"""How many calls the engine is asked at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xinlian.ledger.chain.engine import MESSAGE_CHARS_MAX

_READS_MAX: Final = 200


def parts(asked: list[bytes]) -> Iterator[list[bytes]]:
    """Cut calls into batches that the engine takes well; they are worked on side by side."""
    part: list[bytes] = []
    size = 0
    for one in asked:
        if part and (len(part) == _READS_MAX or size + len(one) > MESSAGE_CHARS_MAX):
            yield part
            part, size = [], 0
        part.append(one)
        size += len(one)
    if part:
        yield part
