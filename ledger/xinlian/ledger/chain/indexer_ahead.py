"""Reading one range ahead: the node looks for the next logs while the books take the last ones."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from xinlian.ledger.chain.blocks import BlockRange, BlockSource
from xinlian.ledger.chain.errors import LimitExceededError


class ReadAhead:
    """Gives the ranges of one catching-up in order; at most one is under way at a time."""

    def __init__(self, source: BlockSource) -> None:
        self._source = source
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._coming: Future[BlockRange] | None = None
        self._coming_from = -1

    def read(self, first: int, head: int) -> BlockRange:
        """The range that begins with ``first``, at most up to ``head``; starts on the next one.

        Raises what ``BlockSource.read`` raises; ranges too large for the node are made smaller.
        """
        coming, self._coming = self._coming, None
        blocks = None
        if coming is not None:
            try:
                blocks = coming.result()
            except LimitExceededError:
                self._source.shrink()
        if blocks is None or self._coming_from != first:
            blocks = self._read(first, head)
        following = blocks.last.height + 1
        if following <= head:
            self._coming_from = following
            self._coming = self._pool.submit(self._source.read, *self._source.span(following, head))
        return blocks

    def drop(self) -> None:
        """Forget the range under way; its blocks may be of a branch that is gone."""
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.cancel()
            coming.exception() if not coming.cancelled() else None

    def close(self) -> None:
        """End the thread."""
        self.drop()
        self._pool.shutdown()

    def _read(self, first: int, head: int) -> BlockRange:
        while True:
            try:
                return self._source.read(*self._source.span(first, head))
            except LimitExceededError:
                if not self._source.shrink():
                    raise
