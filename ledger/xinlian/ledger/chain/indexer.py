"""The indexer: reads final blocks in order and keeps the books in SQL.

Steps for each range of blocks (the numbers stand at the code):
1. read headers and logs; the first block must follow the last one in the books, else halt, or go
   back on a chain that may reorganise;
2. decode the logs and apply them to the rows they touch;
3. check conservation of every touched root;
4. write rows, settled orders and the new height in one transaction;
5. at the head, compare every changed root with the chain's own digests.
A break at 3 or 5 halts the books durably; nothing of a range that breaks at 3 is written. So does
a final chain that lost blocks, until it has them again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NoReturn

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.books import BooksState, SqlReader
from xinlian.ledger.adapters.sql.bulk import bulk_for
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.adapters.sql.errors import StoreError, store_errors
from xinlian.ledger.chain.blocks import BlockRange, BlockSource, InconsistentRangeError
from xinlian.ledger.chain.decoder import DecodeError
from xinlian.ledger.chain.errors import ChainError
from xinlian.ledger.chain.indexer_ahead import ReadAhead
from xinlian.ledger.chain.indexer_check import BrokenBooksError, Checker
from xinlian.ledger.chain.indexer_fork import Fork, LostBlocksError
from xinlian.ledger.chain.projection import Projection
from xinlian.ledger.chain.rare_collections import rare_collections
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.settlement import Settlement, settled
from xinlian.ledger.chain.shelves import Shelves
from xinlian.ledger.chain.views import ChainViews
from xinlian.ledger.model.errors import Failure, LedgerError

log = logging.getLogger(__name__)

READ_TRIES: Final = 5
PAUSE_S_MAX: Final = 5.0


class Indexer:
    """Keeps the books of one chain. Several on one database take turns, range by range.

    ``contracts`` maps addresses (0x and lower-case hex) to the names registry, documents, vouchers
    and desk. ``alarm`` is told in words when the books halt. Only a chain that ``reorganises`` may
    take blocks back; on any other what was read is final.
    """

    def __init__(
        self,
        engine: Engine,
        rpc: Rpc,
        contracts: dict[str, str],
        chain_id: int,
        *,
        settlement: Settlement | None = None,
        alarm: Callable[[str], None] | None = None,
        reorganises: bool = False,
    ) -> None:
        self._engine = engine
        self._rpc = rpc
        self._chain_id = chain_id
        self._source = BlockSource(rpc, contracts)
        vouchers = next(address for address, name in contracts.items() if name == "vouchers")
        self._settlement = settlement
        self._alarm = alarm or log.critical
        self._fork = Fork(engine, self._source, settlement, reorganises=reorganises)
        self._shelves = Shelves()
        self._projection = Projection(self._shelves)
        self._checker = Checker(engine, ChainViews(rpc, vouchers), self._shelves)
        self._lock = threading.Lock()
        self.events_read = 0
        self._place: tuple[int, bytes] | None = None

    @property
    def height(self) -> int:
        """Height of the books as last seen here; -1 before the first look."""
        return -1 if self._place is None else self._place[0]

    def catch_up(self, to_height: int | None = None, *, compare: bool = True) -> int:
        """Read all blocks up to the head (or ``to_height``); the height of the books after it.

        Without ``compare`` the chain's own view is left for another time.

        Raises ``LedgerError``: HALTED if the books stand, CHAIN_MISMATCH for another chain.
        """
        with self._lock, rare_collections():
            state = self._open()
            head = self._source.head()
            if head < state.height:
                self._check_kept(state)
            if to_height is not None:
                head = min(head, to_height)
            if self._fork.parted(state, head):
                state = self._rewind_to_ancestor(state)
            if state.height < head:
                state = self._follow(state, head)
            self._place = (state.height, state.hash)
            if compare:
                try:
                    self._checker.compare(state)
                except BrokenBooksError as error:
                    self._halt(str(error))
            return state.height

    def check_place(self) -> None:
        """Halt the books if a final chain lost blocks that they hold; nothing is read or begun.

        Raises as ``catch_up``.
        """
        with self._lock:
            if self._state() is not None:
                self._check_kept(self._open())

    def _follow(self, state: BooksState, head: int) -> BooksState:
        ahead = ReadAhead(self._source)
        tries = 0
        try:
            while state.height < head:
                try:
                    blocks = ahead.read(state.height + 1, head)  # 1
                    linked = blocks.first.parent_hash == state.hash
                except DecodeError as error:
                    self._halt(f"a contract speaks in a way that is not known here ({error})")
                except InconsistentRangeError:
                    tries += 1
                    if tries >= READ_TRIES:
                        raise
                    linked = False
                if linked:
                    state = self._take(state, blocks, ahead)
                    self._place = (state.height, state.hash)
                else:
                    ahead.drop()
                    state = self._rewind_to_ancestor(state)
        finally:
            ahead.close()
        return state

    def run(self, stop: threading.Event, wait_seconds: float = 1.0) -> None:
        """Follow the chain until ``stop`` is set or the books halt.

        A node that does not answer, or a database that does not take rows (a full disk), is tried
        again after a pause; the pause is bounded.
        """
        pause_s = 0.05
        while not stop.is_set():
            try:
                height = self.catch_up()
                self._rpc.wait_final(height + 1, wait_seconds)
                pause_s = 0.05
            except LedgerError as error:
                if error.code is Failure.HALTED:
                    return
                raise
            except (ChainError, StoreError, DBAPIError) as error:
                log.warning("The books wait and try again: %s", error)
                stop.wait(pause_s)
                pause_s = min(2 * pause_s, PAUSE_S_MAX)

    def rebuild(self) -> int:
        """Forget the books and read them again from block 0; also ends a halt. The height after it.

        Readers see them grow again meanwhile. HALTED while a final chain lacks blocks they hold.
        """
        with self._lock:
            if (state := self._state()) is not None:
                self._check_kept(state)
            self._place = None
            with store_errors("forgetting the books"), begin_write(self._engine) as connection:
                books.forget(connection)
        return self.catch_up()

    def _state(self) -> BooksState | None:
        with self._engine.connect() as connection:
            return books.read_state(connection)

    def _open(self) -> BooksState:
        with self._engine.connect() as connection:
            state = books.read_state(connection)
            if state is None or (state.height, state.hash) != self._place:
                # At the start, and where another process went on in the meantime.
                self._shelves.clear()
                self._checker.recall(connection, state)
        if state is None:
            state = self._start()
        if state.chain_id != self._chain_id:
            raise LedgerError(
                Failure.CHAIN_MISMATCH,
                f"The books are of chain {state.chain_id}, this node serves {self._chain_id}. "
                "Nothing was changed; point the settings at the right chain or database.",
            )
        if state.halted is not None and not self._fork.mended(state):
            raise LedgerError(Failure.HALTED, state.halted)
        return replace(state, halted=None)

    def _start(self) -> BooksState:
        found = self._source.chain_id()
        genesis = self._source.headers([0])[0]
        if found != self._chain_id or genesis is None:
            raise LedgerError(
                Failure.CHAIN_MISMATCH,
                f"The node serves chain {found}, the deployment is of chain {self._chain_id}.",
            )
        with begin_write(self._engine) as connection:
            books.start_books(connection, self._chain_id, genesis)
        return BooksState(self._chain_id, genesis.hash, 0, genesis.hash, 0, None)

    def _take(self, state: BooksState, blocks: BlockRange, ahead: ReadAhead) -> BooksState:
        shelves = self._shelves
        place = f"blocks {blocks.first.height} to {blocks.last.height}"
        try:
            shelves.begin(blocks.first.height)
            with store_errors(f"reading for {place}"), begin_read(self._engine) as connection:
                books.check_state(connection, state)
                shelves.load(blocks.events, SqlReader(connection))
            self._apply(blocks, place)  # 2
            self._checker.conserve(place)  # 3
            # Reckoned before the lock is taken: orders are taken in meanwhile.
            with store_errors(f"writing {place}"), begin_write(self._engine) as connection:
                books.lock_state(connection, state)
                self._write(connection, blocks)  # 4
        except books.MovedError:
            shelves.clear()
            log.info("Another process keeps these books too; it was first with %s", place)
            ahead.drop()
            return self._open()
        except BrokenBooksError as error:
            shelves.clear()
            self._halt(str(error))
        except BaseException:
            shelves.clear()
            raise
        self.events_read += len(blocks.events)
        self._checker.note()
        shelves.shrink()
        last = blocks.last
        return replace(state, height=last.height, hash=last.hash)

    def _apply(self, blocks: BlockRange, place: str) -> None:
        try:
            self._projection.apply(blocks.events)
        except (LookupError, ValueError, OverflowError) as exc:
            # An event about something that the books have never heard of, or do not take.
            raise BrokenBooksError(f"{place} do not fit the books ({exc!r})") from exc

    def _write(self, connection: Connection, blocks: BlockRange) -> None:
        shelves, bulk = self._shelves, bulk_for(connection)
        for table, rows in shelves.inserts():
            bulk.insert(connection, table, rows)
        for table, closes in shelves.closes():
            bulk.close(connection, table, closes)
        ended = shelves.ended_roots()
        if ended:
            bulk.end_roots(connection, ended)
        if self._settlement is not None:
            executed, failed = settled(shelves.orders)
            self._settlement.settle(connection, blocks.last.height, executed, failed)
        books.advance(connection, blocks.headers)

    def _halt(self, why: str) -> NoReturn:
        """Stop the books for good, and say so."""
        self._stand_still(
            f"The books were stopped: {why}. No order is carried until `xinlian ledger verify` has "
            "named the difference and the books were read again."
        )

    def _stand_still(self, reason: str) -> NoReturn:
        with begin_write(self._engine) as connection:
            books.set_halted(connection, reason)
        self._alarm(reason)
        raise LedgerError(Failure.HALTED, reason)

    def _check_kept(self, state: BooksState) -> None:
        try:
            self._fork.check_kept(state)
        except LostBlocksError as error:
            self._stand_still(str(error))

    def _rewind_to_ancestor(self, state: BooksState) -> BooksState:
        """Go back to the highest block that the books and the chain have in common."""
        try:
            found = self._fork.back(state)
        except LostBlocksError as error:
            self._stand_still(str(error))
        if found is not state:
            text = "The chain was reorganised: the books go back from block %d to %d"
            log.warning(text, state.height, found.height)
            self._shelves.clear()
            with self._engine.connect() as connection:
                self._checker.recall(connection, found)
        return found
