"""Conservation: what every range must hold, and the comparison with the chain's own digests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.books import BooksState, SqlReader
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.chain.errors import StateGoneError
from xinlian.ledger.chain.shelves import Shelves
from xinlian.ledger.chain.views import ChainViews
from xinlian.ledger.usecases.conservation import Break, broken

COMPARE_AT_ONCE: Final = 4_000
SHOWN_MAX: Final = 5


class BrokenBooksError(Exception):
    """The books cannot go on; the text says where and why."""


class Checker:
    """Checks roots in memory, and remembers which ones the chain's own view is still to confirm."""

    def __init__(self, engine: Engine, views: ChainViews, shelves: Shelves) -> None:
        self._engine = engine
        self._views = views
        self._shelves = shelves
        self._unchecked: set[int] = set()

    def recall(self, connection: Connection, state: BooksState | None) -> None:
        """Read from the books which roots are unchecked: at the start, and after going back."""
        self._unchecked = set() if state is None else books.unchecked_roots(connection, state)

    def conserve(self, place: str) -> None:
        """Every root that the range touched conserves its face; ``BrokenBooksError`` if not."""
        shelves = self._shelves
        breaks = [
            Break(root, reason)
            for root in sorted(shelves.touched)
            if (reason := broken(*shelves.ranges(root))) is not None
        ]
        if breaks:
            raise BrokenBooksError(f"{place} break conservation ({_told(breaks)})")

    def note(self) -> None:
        """The range was written: its roots wait for the comparison."""
        self._unchecked |= self._shelves.touched

    def compare(self, state: BooksState) -> None:
        """Compare every unchecked root with ``rootDigests`` as of the books' last block.

        Put off while the node holds no state of that block any more. Raises ``BrokenBooksError``.
        """
        roots = sorted(self._unchecked)
        for at in range(0, len(roots), COMPARE_AT_ONCE):
            part = roots[at : at + COMPARE_AT_ONCE]
            try:
                theirs = self._views.digests(part, state.height)
            except StateGoneError:
                return
            with self._engine.connect() as connection:
                self._shelves.load_roots(part, SqlReader(connection))
            breaks = [
                Break(root, "the chain's digest differs")
                for root in part
                if theirs[root] != self._shelves.digest(root)
            ]
            self._shelves.shrink()
            if breaks:
                place = f"at block {state.height} the books differ from the chain"
                raise BrokenBooksError(f"{place} ({_told(breaks)})")
            # A root that changes later is put down again.
            self._unchecked.difference_update(part)
        if state.checked_height < state.height:
            with begin_write(self._engine) as connection:
                books.set_checked(connection, state.height)


def _told(breaks: Sequence[Break]) -> str:
    more = f" and {len(breaks) - SHOWN_MAX} more" if len(breaks) > SHOWN_MAX else ""
    return "; ".join(str(entry) for entry in breaks[:SHOWN_MAX]) + more
