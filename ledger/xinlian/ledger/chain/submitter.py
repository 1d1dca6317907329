"""The one door through which orders and the operator's calls reach the chain."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from xinlian.ledger.adapters.sql.outbox_orders import Outcome, find_order, unsettled_count
from xinlian.ledger.chain.courier import Courier
from xinlian.ledger.chain.errors import ChainError
from xinlian.ledger.chain.intake import Intake
from xinlian.ledger.chain.members import Members
from xinlian.ledger.chain.order_numbers import OrderNumbers
from xinlian.ledger.chain.reader import ChainReader
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.errors import LedgerError
from xinlian.ledger.model.ids import Address
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.orders import Domain, SignedOrder, Signer
from xinlian.ledger.model.statuses import Exists, Status, Submitted

log = logging.getLogger(__name__)

_IDLE_S: Final = 0.2
_BUSY_S: Final = 0.03
_PAUSE_MIN_S: Final = 0.1
_PAUSE_MAX_S: Final = 5.0


class Place(Protocol):
    """What the submitter needs to know of a deployment."""

    @property
    def chain_id(self) -> int:
        """Id of the chain."""

    @property
    def addresses(self) -> Mapping[ContractName, Address]:
        """The contracts that take orders."""


def _system_time() -> int:
    return int(time.time())


class Submitter:
    """Takes orders in durably, carries them to the chain, and tells what became of them.

    Safe for threads. Exactly one process at a time may pump for a relayer account. Orders go out
    in the order in which they were taken in, across contracts. ``now`` is the chain's clock (Unix
    seconds); ``waiting_max`` bounds the orders that wait; ``linger_s`` is the least time between
    two packings, so that orders that trickle in share a transaction. ``step`` is told the name of
    each step before it begins.
    """

    def __init__(
        self,
        engine: Engine,
        rpc: Rpc,
        relayer: Signer,
        deployment: Place,
        *,
        now: Callable[[], int] = _system_time,
        waiting_max: int = 100_000,
        linger_s: float = 0.01,
        step: Callable[[str], None] = lambda _: None,
    ) -> None:
        addresses = dict(deployment.addresses)
        domains = {
            name: Domain(deployment.chain_id, address) for name, address in addresses.items()
        }
        self._engine = engine
        self._wake = threading.Event()
        reader = ChainReader(rpc, addresses)
        members = Members(reader)
        self._addresses = addresses
        self._intake = Intake(engine, members, domains, now, waiting_max, self._wake.set, step)
        self._numbers = OrderNumbers(engine, reader)
        self._linger_s = linger_s
        self._courier = Courier(engine, rpc, relayer, deployment.chain_id, addresses, now, step)

    def submit(self, signed: SignedOrder, key: str) -> Submitted | Exists:
        """Take one order in. When this returns, the order is on disk and will be carried.

        ``key`` is the idempotency key, unique per party. Raises ``LedgerError``: CONFLICT (the key
        or the order's number was used for other content; the field that differs is named), BUSY,
        HALTED, TOO_LARGE, INVALID, or what the contracts would answer to its signatures and
        deadline. Raises ``ChainError`` if accounts have to be looked up and the node is away.
        """
        outcome = self._intake.orders([(signed, key)])[0]
        if isinstance(outcome, LedgerError):
            raise outcome
        return outcome

    def submit_many(self, batch: Sequence[tuple[SignedOrder, str]]) -> list[Outcome]:
        """Take many orders in with one commit; for each what happened, refusals included.

        Raises ``LedgerError(BUSY)`` or ``(HALTED)`` for the whole batch.
        """
        return self._intake.orders(batch)

    def submit_call(
        self,
        contract: ContractName | Address,
        function: str,
        arguments: Sequence[Any],
        key: str,
        *,
        gas: int | None = None,
    ) -> Submitted | Exists:
        """Take in a call of the relayer's own account, in turn with the orders.

        ``function`` is a signature such as ``setIssuerLimit(uint32,uint64)``; addresses among the
        arguments are checksummed text. ``gas`` bounds it (8 million if not given). Raises
        ``LedgerError``: CONFLICT, INVALID, TOO_LARGE, HALTED.
        """
        target = self._addresses[contract] if isinstance(contract, ContractName) else contract
        return self._intake.call(target, function, arguments, key, gas)

    def next_nonce(self, contract: ContractName, party: int) -> int:
        """A number for an order that the party never used with this contract."""
        return self._numbers.next(contract, party)

    def next_nonces(self, contract: ContractName, party: int, count: int) -> range:
        """``count`` such numbers."""
        return self._numbers.take(contract, party, count)

    def status(self, digest: bytes) -> Status | None:
        """What became of an order; None if it did not come through here."""
        with self._engine.connect() as connection:
            return find_order(connection, digest)

    def call_status(self, key: str) -> Status | None:
        """What became of a call; None if there is none under this key."""
        return self._intake.call_status(key)

    def open_count(self) -> int:
        """Orders and calls that are neither final nor failed."""
        with self._engine.connect() as connection:
            return unsettled_count(connection)

    def wait_settled(self, digests: Sequence[bytes] | None = None, timeout_s: float = 60.0) -> bool:
        """Wait until the orders named (or everything) are final or failed; False after the time.

        The worker and the indexer have to run meanwhile.
        """
        end = time.monotonic() + timeout_s
        pause_s = 0.005
        while True:
            with self._engine.connect() as connection:
                if unsettled_count(connection, digests) == 0:
                    return True
            if time.monotonic() >= end:
                return False
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.05)

    def pump(self) -> bool:
        """One round of the worker; whether anything was packed. See ``Courier.pump``."""
        return self._courier.pump()

    def run(self, stop: threading.Event) -> None:
        """The worker: rounds until ``stop`` is set. A fault is logged and tried again, later."""
        try:
            self._rounds(stop)
        finally:
            self._courier.close()

    def _rounds(self, stop: threading.Event) -> None:
        pause_s = _PAUSE_MIN_S
        while not stop.is_set():
            self._wake.clear()
            try:
                packed = self._courier.pump(along=True)
            except Exception as exc:
                if isinstance(exc, (ChainError, LedgerError, OperationalError)):
                    log.warning("The submitter waits: %s", exc)
                else:  # Orders keep waiting on disk, so going on is safe; being silent is not.
                    log.exception("The submitter met an error of its own")
                # Jitter, so that several workers do not come back at the same moment.
                stop.wait(pause_s * random.uniform(0.5, 1.0))  # noqa: S311
                pause_s = min(2 * pause_s, _PAUSE_MAX_S)
                continue
            pause_s = _PAUSE_MIN_S
            if not packed:
                self._wake.wait(_BUSY_S if self._courier.in_flight else _IDLE_S)
            stop.wait(self._linger_s)
