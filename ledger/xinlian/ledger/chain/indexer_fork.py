"""Where the books and the chain part: the highest block that both have."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.books import BooksState, Header
from xinlian.ledger.chain.blocks import BlockSource
from xinlian.ledger.model.errors import Failure, LedgerError

STEP: Final = 64


def still_ours(engine: Engine, source: BlockSource, state: BooksState, head: int) -> bool:
    """Whether a chain that is not ahead of the books is the one they were read from.

    A node that is behind and holds our blocks is no fork: it may still be catching up.
    """
    (header,) = source.headers([head])
    with engine.connect() as connection:
        ours = books.stored_hashes(connection, [head]).get(head)
    return header is not None and header.hash == ours and head <= state.height


def common_ancestor(engine: Engine, source: BlockSource, state: BooksState) -> Header:
    """The highest block that books and chain have in common; CHAIN_MISMATCH if there is none."""
    top = state.height
    while top >= 0:
        heights = range(top, max(-1, top - STEP), -1)
        with engine.connect() as connection:
            ours = books.stored_hashes(connection, heights)
        for header in source.headers(heights):
            if header is not None and ours.get(header.height) == header.hash:
                return header
        top -= STEP
    raise LedgerError(
        Failure.CHAIN_MISMATCH,
        "The node's chain has no block in common with the books, not even the first. "
        "Nothing was changed; point the settings at the right chain or database.",
    )
