"""Where the books and the chain part: going back on a chain that may reorganise, and proof that
blocks are lost on one that may not.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.books import BooksState, Header
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.chain.blocks import BlockSource
from xinlian.ledger.chain.settlement import Settlement
from xinlian.ledger.model.errors import Failure, LedgerError

STEP: Final = 64
LOST: Final = "The books were stopped: the chain lost blocks that were final"


class LostBlocksError(Exception):
    """A final chain lacks blocks that the books hold; the text is why the books stand."""


class Fork:
    """Compares the books with the chain. Only one that ``reorganises`` may take blocks back."""

    def __init__(
        self,
        engine: Engine,
        source: BlockSource,
        settlement: Settlement | None,
        *,
        reorganises: bool,
    ) -> None:
        self._engine = engine
        self._source = source
        self._settlement = settlement
        self._reorganises = reorganises

    def check_kept(self, state: BooksState) -> None:
        """Raise ``LostBlocksError`` if a final chain lacks the last block of the books."""
        if not self._reorganises and not self._holds(state):
            self.back(state)

    def parted(self, state: BooksState, head: int) -> bool:
        """Whether a chain whose ``head`` is not ahead of the books is another than theirs.

        A node that is behind and holds our blocks is no fork: it may still be catching up.
        """
        if head > state.height:
            return False
        (header,) = self._source.headers([head])
        with self._engine.connect() as connection:
            ours = books.stored_hashes(connection, [head]).get(head)
        return header is None or header.hash != ours

    def back(self, state: BooksState) -> BooksState:
        """Take the books, and what they settled, to the highest block they share with the chain.

        Raises ``LostBlocksError`` instead on a final chain, CHAIN_MISMATCH if they share none.
        """
        height = self._ancestor(state).height
        if height == state.height:
            return state
        if not self._reorganises:
            raise LostBlocksError(_lost(state, height))
        with begin_write(self._engine) as connection:
            books.rewind(connection, height)
            if self._settlement is not None:
                self._settlement.unsettle(connection, height)
            found = books.read_state(connection)
            if found is None:
                raise LedgerError(Failure.INTERNAL, "the books vanished while going back")
            return found

    def mended(self, state: BooksState) -> bool:
        """End a halt for lost blocks if the chain has them again; whether it was ended."""
        if state.halted is None or not state.halted.startswith(LOST) or not self._holds(state):
            return False
        with begin_write(self._engine) as connection:
            books.set_halted(connection, None)
        return True

    def _holds(self, state: BooksState) -> bool:
        (header,) = self._source.headers([state.height])
        return header is not None and header.hash == state.hash

    def _ancestor(self, state: BooksState) -> Header:
        top = state.height
        while top >= 0:
            heights = range(top, max(-1, top - STEP), -1)
            with self._engine.connect() as connection:
                ours = books.stored_hashes(connection, heights)
            for header in self._source.headers(heights):
                if header is not None and ours.get(header.height) == header.hash:
                    return header
            top -= STEP
        raise LedgerError(
            Failure.CHAIN_MISMATCH,
            "The node's chain has no block in common with the books, not even the first. "
            "Nothing was changed; point the settings at the right chain or database.",
        )


def _lost(state: BooksState, height: int) -> str:
    return (
        f"{LOST}: the books know it up to block {state.height} (0x{state.hash.hex()}), it has "
        f"these blocks only up to {height}. Nothing was taken back and no order is carried. "
        "Stop the node, keep its files as evidence, and restore its journal from a backup that "
        f"holds block {state.height}; then start again, and the books go on."
    )
