"""How far the books are, and how they go forward and back: one transaction per range of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Table, delete, insert, select, update
from xinlian.ledger.adapters.sql import tables
from xinlian.ledger.adapters.sql.bulk import Bulk, bulk_for
from xinlian.ledger.adapters.sql.tables import OPEN, VERSIONED, ledger_state

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class BooksState:
    """How far the books are. ``halted`` says why they stand still, if they do.

    Up to ``checked_height`` every changed root was compared with the chain's own view.
    """

    chain_id: int
    genesis: bytes
    height: int
    hash: bytes
    checked_height: int
    halted: str | None


@dataclass(frozen=True, slots=True)
class Header:
    """What the books keep of a block."""

    height: int
    hash: bytes
    parent_hash: bytes
    time: int


def read_state(connection: Connection) -> BooksState | None:
    """How far the books are; None before the first block."""
    row = connection.execute(select(ledger_state)).one_or_none()
    if row is None:
        return None
    return BooksState(
        row.chain_id,
        bytes(row.genesis),
        row.height,
        bytes(row.hash),
        row.checked_height,
        row.halted,
    )


_PLACE: Final = select(ledger_state.c.height, ledger_state.c.hash, ledger_state.c.halted)


class MovedError(Exception):
    """The books are not where this process believed them to be."""


def lock_state(connection: Connection, believed: BooksState) -> None:
    """Keep other indexers out until the transaction ends; ``MovedError`` if one was faster."""
    _compare(connection.execute(_PLACE.with_for_update()).one_or_none(), believed)


def check_state(connection: Connection, believed: BooksState) -> None:
    """``MovedError`` if the books are not where they are believed to be."""
    _compare(connection.execute(_PLACE).one_or_none(), believed)


def _compare(found: Any, believed: BooksState) -> None:
    if found is None or found.halted is not None:
        raise MovedError
    if (found.height, bytes(found.hash)) != (believed.height, believed.hash):
        raise MovedError


def start_books(connection: Connection, chain_id: int, genesis: Header) -> None:
    """Open empty books with the first block of a chain."""
    connection.execute(insert(tables.blocks).values(_block(genesis)))
    connection.execute(
        insert(ledger_state).values(
            id=1,
            chain_id=chain_id,
            genesis=genesis.hash,
            height=genesis.height,
            hash=genesis.hash,
            checked_height=genesis.height,
            halted=None,
        )
    )


def advance(connection: Connection, headers: Sequence[Header]) -> None:
    """Note the blocks of a range and the new height."""
    bulk_for(connection).insert(
        connection,
        tables.blocks,
        [(header.height, header.hash, header.parent_hash, header.time) for header in headers],
    )
    last = headers[-1]
    connection.execute(update(ledger_state).values(height=last.height, hash=last.hash))


def set_checked(connection: Connection, height: int) -> None:
    """Up to this height the chain's own view was compared."""
    connection.execute(update(ledger_state).values(checked_height=height))


def set_halted(connection: Connection, reason: str | None) -> None:
    """Stop the books, or with None let them go on."""
    connection.execute(update(ledger_state).values(halted=reason))


def stored_hashes(connection: Connection, heights: Sequence[int]) -> dict[int, bytes]:
    """Hashes of those heights that the books hold."""
    rows = connection.execute(
        select(tables.blocks.c.height, tables.blocks.c.hash).where(
            tables.blocks.c.height.in_(heights)
        )
    )
    return {height: bytes(block_hash) for height, block_hash in rows}


def unchecked_roots(connection: Connection, state: BooksState) -> set[int]:
    """Roots that changed above ``checked_height``, from the events stored."""
    rows = connection.execute(
        select(tables.events.c.piece)
        .where(tables.events.c.block > state.checked_height, tables.events.c.piece > 0)
        .distinct()
    )
    return {piece >> 16 for (piece,) in rows}


def rewind(connection: Connection, height: int) -> None:
    """Take the books back to a block they held: as if nothing after it had been read."""
    for table in VERSIONED:
        connection.execute(delete(table).where(table.c.from_block > height))
        connection.execute(
            update(table)
            .where(table.c.to_block > height, table.c.to_block < OPEN)
            .values(to_block=OPEN)
        )
    roots = tables.roots
    connection.execute(delete(roots).where(roots.c.block > height))
    for column in (roots.c.cancelled_block, roots.c.dishonoured_block):
        connection.execute(
            update(roots).where(column > height, column < OPEN).values({column.name: OPEN})
        )
    for table in (
        tables.events,
        tables.order_results,
        tables.document_sources,
        tables.policies,
        tables.anchored_heads,
    ):
        connection.execute(delete(table).where(table.c.block > height))
    blocks = tables.blocks
    connection.execute(delete(blocks).where(blocks.c.height > height))
    state = ledger_state.c
    block_hash = connection.execute(
        select(blocks.c.hash).where(blocks.c.height == height)
    ).scalar_one()
    connection.execute(update(ledger_state).values(height=height, hash=block_hash))
    connection.execute(
        update(ledger_state).where(state.checked_height > height).values(checked_height=height)
    )


def forget(connection: Connection) -> None:
    """Empty the books; they can be read again from the chain."""
    for table in (*tables.PROJECTION, ledger_state):
        connection.execute(delete(table))


class SqlReader:
    """Reads rows that hold now, within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._bulk: Bulk = bulk_for(connection)

    def open_rows(self, table: Table, keys: Sequence[Any]) -> Iterable[Row]:
        """The open versions of the keys."""
        return self._bulk.open_rows(self._connection, table, keys)

    def open_pieces(self, roots: Sequence[int]) -> Iterable[Row]:
        """The open versions of all pieces of the roots."""
        return self._bulk.open_pieces(self._connection, roots)

    def roots(self, roots: Sequence[int]) -> Iterable[Row]:
        """The roots' rows."""
        return self._bulk.roots(self._connection, roots)


def _block(header: Header) -> dict[str, Any]:
    return {
        "height": header.height,
        "hash": header.hash,
        "parent_hash": header.parent_hash,
        "time": header.time,
    }
