"""Carrying what waits in the outbox to the chain, and noticing what became of the carriers.

One relayer account, one process. What holds at every moment, also after ``kill -9``:
- a transaction is on disk, byte for byte, before it is sent, and is sent again as it is;
- a number of the relayer is given to one transaction; it is given to another (an empty one) only
  when the node refuses the first for ever;
- an order that goes out twice is executed once: the contracts see to that by its number.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.outbox import Cargo, CarrierState
from xinlian.ledger.adapters.sql.outbox_carriers import (
    Carrier,
    add_carrier,
    forget_bytes,
    load_call,
    load_orders,
    mark_included,
    mark_lost,
    next_relayer_nonce,
    open_carriers,
    waiting_calls,
)
from xinlian.ledger.adapters.sql.outbox_orders import expire_orders, waiting_orders
from xinlian.ledger.chain.abi import OrderRow, Transaction
from xinlian.ledger.chain.aftermath import Aftermath
from xinlian.ledger.chain.packing import Bundle, Waiting, bundles
from xinlian.ledger.chain.position import Position
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.sender import Postman, Sender
from xinlian.ledger.model.errors import Failure, LedgerError, encode_revert
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.orders import Signer

log = logging.getLogger(__name__)

IN_FLIGHT_MAX: Final = 192
"""Carriers sent and not yet included."""

_ORDERS_PER_ROUND: Final = 4_000
_CALLS_PER_ROUND: Final = 16
_REVIEW_S: Final = 0.03
_KEEP_BLOCKS: Final = 512
_ROUNDS_PER_TIDYING: Final = 2_000
_NOTHING_GAS: Final = 30_000


class Courier:
    """Packs, signs, sends, looks after. ``pump`` is one round; it is not reentrant.

    ``step`` is told the name of each step before it begins (tests end the process there).
    """

    def __init__(
        self,
        engine: Engine,
        rpc: Rpc,
        relayer: Signer,
        chain_id: int,
        addresses: dict[ContractName, Address],
        now: Callable[[], int],
        step: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._rpc = rpc
        self._relayer = relayer
        self._chain_id = chain_id
        self._addresses = addresses
        self._now = now
        self._step = step
        self._aftermath = Aftermath(rpc, relayer.address, addresses)
        self._sender = Sender(engine, rpc, step)
        self._postman = Postman(self._sender)
        self._position = Position(rpc, relayer.address)
        self._turn = threading.Lock()
        self._ready = False
        self._next = 0
        self._count = 0
        self._open: list[Carrier] = []
        self._reviewed_at = 0.0
        self._held_until = 0.0
        self._rounds = 0

    @property
    def in_flight(self) -> int:
        """Carriers about which something is open."""
        return len(self._open)

    def pump(self, *, along: bool = False) -> bool:
        """One round: look after carriers, pack what waits, send. Whether anything was packed.

        With ``along`` a thread of its own sends and rounds go on meanwhile; ``close`` at the end.
        Raises ``ChainError`` if the node does not answer and ``LedgerError(CHAIN_MISMATCH)`` if it
        serves another chain; then the next round begins anew.
        """
        with self._turn:
            try:
                if not self._ready:
                    self._begin()
                packed = self._review() and self._pack()
                self._send(along=along)
                self._tidy()
            except BaseException:
                self._ready = False
                raise
            return packed

    def close(self) -> None:
        """Wait for what is being sent, and end."""
        self._postman.close()

    def _begin(self) -> None:
        """Compare our carriers with the chain, and find the next number of the relayer."""
        self._postman.rest()
        self._step("begin")
        found = int(self._rpc.call("eth_chainId"), 16)
        if found != self._chain_id:
            fields = {"what": "the chain id", "actual": found, "expected": self._chain_id}
            raise LedgerError(Failure.CHAIN_MISMATCH, fields=fields)
        count, _ = self._position.ask()
        relayer = self._relayer.address
        with begin_write(self._engine) as connection:
            lost = mark_lost(connection, relayer, count)
            ours = next_relayer_nonce(connection, relayer)
            self._open = open_carriers(connection, relayer)
            held = {carrier.nonce for carrier in self._open}
            for nonce in range(count, ours):
                if nonce not in held:
                    tx = self._nothing(nonce)
                    self._open.append(
                        add_carrier(connection, relayer, nonce, Cargo.NOTHING, tx, _NOTHING_GAS)
                    )
        if lost:
            log.warning("The chain no longer holds %d carriers; they are sent again.", lost)
        if count > ours:
            text = "Account %s has sent %d transactions that this outbox does not know."
            log.warning(text, to_checksum(relayer), count - ours)
        self._open.sort(key=lambda carrier: carrier.nonce)
        self._next, self._count = max(ours, count), count
        self._sender.reset()
        self._ready = True

    def _review(self) -> bool:
        """Which carriers the chain holds now, and what became of those the books have read.

        False if the chain went back: then the next round starts from what it holds.
        """
        now_s = time.monotonic()
        if not self._open or now_s - self._reviewed_at < _REVIEW_S:
            return True
        self._reviewed_at = now_s
        self._step("review")
        count, height = self._position.ask_if_moved()
        if count < self._count:
            self._ready = False
            return False
        with self._engine.connect() as connection:
            state = books.read_state(connection)
        read = -1 if state is None else state.height
        arrived = any(c.state is CarrierState.SIGNED and c.nonce < count for c in self._open)
        known = any(c.seen_block is not None and c.seen_block <= read for c in self._open)
        self._count = count
        if not arrived and not known:
            return True
        if arrived:
            with begin_write(self._engine) as connection:
                mark_included(connection, self._relayer.address, count, height)
        with self._engine.connect() as connection:
            carriers = open_carriers(connection, self._relayer.address)
        done = [c for c in carriers if c.seen_block is not None and c.seen_block <= read]
        if done:
            self._step("close")
            paused = self._aftermath.close(self._engine, done, read)
            if paused:
                self._held_until = time.monotonic() + 1.0
            with self._engine.connect() as connection:
                carriers = open_carriers(connection, self._relayer.address)
            self._sender.forget({carrier.id for carrier in done})
        self._open = carriers
        return True

    def _pack(self) -> bool:
        signed = sum(carrier.state is CarrierState.SIGNED for carrier in self._open)
        room = IN_FLIGHT_MAX - signed
        if room <= 0 or time.monotonic() < self._held_until:
            return False
        now = self._now()
        with self._engine.connect() as connection:
            rows = waiting_orders(connection, 0, min(_ORDERS_PER_ROUND, room * 250))
            calls = waiting_calls(connection, _CALLS_PER_ROUND)
            state = books.read_state(connection)
        if (not rows and not calls) or (state is not None and state.halted is not None):
            return False
        expired = [row for row in rows if row.deadline < now]
        if expired:
            with begin_write(self._engine) as connection:
                expire_orders(connection, now, [(row.seq, _too_late(row, now)) for row in expired])
        waiting = [_waiting(row) for row in rows if row.deadline >= now]
        cargo = list(itertools.islice(_in_turn(waiting, calls), room))
        if not cargo:
            return False
        self._step("sign")
        signed_txs = [
            (self._transaction(nonce, load).signed(self._relayer), load)
            for nonce, load in enumerate(cargo, self._next)
        ]
        self._step("persist")
        added = self._persist(signed_txs)
        self._next += len(added)
        self._open.extend(added)
        return True

    def _transaction(self, nonce: int, load: Bundle | Any) -> Transaction:
        if isinstance(load, Bundle):
            to = self._addresses[load.contract]
            return Transaction(self._chain_id, nonce, load.gas, to, load.data)
        return Transaction(self._chain_id, nonce, load.gas, bytes(load.target), bytes(load.data))

    def _persist(self, signed: Sequence[tuple[tuple[bytes, bytes], Any]]) -> list[Carrier]:
        """All carriers of a round in one commit; a number taken by another process is an error."""
        added: list[Carrier] = []
        relayer = self._relayer.address
        try:
            with begin_write(self._engine) as connection:
                for nonce, (tx, load) in enumerate(signed, self._next):
                    cargo = Cargo.ORDERS if isinstance(load, Bundle) else Cargo.CALL
                    carrier = add_carrier(connection, relayer, nonce, cargo, tx, load.gas)
                    if isinstance(load, Bundle):
                        load_orders(connection, [(seq, carrier.id) for seq in load.seqs])
                    else:
                        load_call(connection, load.id, carrier.id)
                    added.append(carrier)
        except IntegrityError as exc:
            fields = {"reason": "another process sends for the same relayer account; stop one"}
            raise LedgerError(Failure.INTERNAL, fields=fields) from exc
        return added

    def _nothing(self, nonce: int) -> tuple[bytes, bytes]:
        """A signed transaction to the relayer itself, which does nothing."""
        to = self._relayer.address
        return Transaction(self._chain_id, nonce, _NOTHING_GAS, to, b"").signed(self._relayer)

    def _send(self, *, along: bool) -> None:
        signed = [carrier for carrier in self._open if carrier.state is CarrierState.SIGNED]
        for carrier, why in (self._postman if along else self._sender).send(signed):
            tx = self._nothing(carrier.nonce)
            self._aftermath.replace(self._engine, carrier, tx, _NOTHING_GAS, why)
            self._ready = False

    def _tidy(self) -> None:
        self._rounds += 1
        if self._rounds % _ROUNDS_PER_TIDYING == 0:
            with begin_write(self._engine) as connection:
                state = books.read_state(connection)
                if state is not None:
                    below = state.height - _KEEP_BLOCKS
                    forget_bytes(connection, self._relayer.address, below)


def _waiting(row: Any) -> Waiting:
    return Waiting(
        row.seq,
        ContractName(row.contract),
        row.tries,
        OrderRow(
            row.kind, row.party, row.deadline, bytes(row.nonce), bytes(row.items),
            bytes(row.signatures),
        ),
    )  # fmt: skip


def _in_turn(waiting: Sequence[Waiting], calls: Sequence[Any]) -> Any:
    """Bundles of orders and calls, a call after the orders that were there before it."""
    at = 0
    for call in calls:
        end = at
        while end < len(waiting) and waiting[end].seq <= call.after_seq:
            end += 1
        yield from bundles(waiting[at:end])
        yield call
        at = end
    yield from bundles(waiting[at:])


def _too_late(row: Any, now: int) -> bytes:
    return encode_revert(Failure.ORDERS_EXPIRED, row.deadline, now)
