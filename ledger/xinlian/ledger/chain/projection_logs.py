"""What the events about evidence logs change in the books."""

from __future__ import annotations

from typing import Any, Final

from xinlian.ledger.chain import columns as at
from xinlian.ledger.chain.events import NUMBER
from xinlian.ledger.chain.shelves import Row, Shelves

HEAD_APPENDED: Final = NUMBER["HeadAppended"]


def head_row(block: int, index: int, values: tuple[Any, ...], transaction: str) -> Row:
    """A row of ``anchored_heads``; ``transaction`` is the hash as the node wrote it."""
    log, party, size, *roots = values
    return (log, size, block, index, bytes.fromhex(transaction[2:]), party, *roots)


class LogProjection:
    """Opened logs and their writers, as rows on the shelves."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def _log_opened(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        log, party, stream, commitment, writer, sm3 = values
        name = stream.rstrip(b"\0").decode("ascii")
        self._shelves.logs.add(log, block, party, name, commitment, writer, sm3)

    def _writer_set(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        log, writer = values
        self._shelves.logs.touch(log, block)[at.L_WRITER] = writer
