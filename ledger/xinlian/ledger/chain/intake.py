"""Taking orders and calls in: checked, kept once, durable before they are acknowledged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from xinlian.ledger.adapters.sql import books
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.outbox import KEY_CHARS_MAX, OrderState
from xinlian.ledger.adapters.sql.outbox_carriers import find_call, insert_call
from xinlian.ledger.adapters.sql.outbox_orders import (
    NewOrder,
    Outcome,
    find_order,
    insert_new_orders,
    insert_orders,
    waiting_count,
)
from xinlian.ledger.chain.abi import OrderRow, encode_call
from xinlian.ledger.chain.group_commit import GroupCommit
from xinlian.ledger.chain.members import Members, signers_of
from xinlian.ledger.chain.packing import DATA_BYTES_MAX, GAS_MAX, ITEMS_MAX, fits_alone
from xinlian.ledger.model.errors import Failure, LedgerError, decode_revert
from xinlian.ledger.model.ids import Address
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.layouts import OrderError
from xinlian.ledger.model.orders import Domain, SignedOrder, digest, encode_items
from xinlian.ledger.model.statuses import Exists, Failed, Included, Status, Submitted
from xinlian.ledger.model.statuses import Final as Final_

_Way = Callable[[Connection, Sequence[NewOrder]], list[Outcome]]
_COMMIT_TRIES: Final = 3
_GROUP_MAX: Final = 5_000
_COUNT_EVERY_S: Final = 0.25
_CALL_GAS: Final = 8_000_000


class Intake:
    """The way into the outbox. Safe for threads."""

    def __init__(
        self,
        engine: Engine,
        members: Members,
        domains: dict[ContractName, Domain],
        now: Callable[[], int],
        waiting_max: int,
        wake: Callable[[], None],
        step: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._members = members
        self._domains = domains
        self._now = now
        self._waiting_max = waiting_max
        self._wake = wake
        self._step = step
        self._group: GroupCommit[NewOrder, Outcome] = GroupCommit(self._commit, _GROUP_MAX)
        self._waiting = 0
        self._counted = 0.0

    def orders(self, batch: Sequence[tuple[SignedOrder, str]]) -> list[Outcome]:
        """Take orders with their idempotency keys; for each what happened, in their order."""
        self._make_room(len(batch))
        digests = [self._digest(signed) for signed, _ in batch]
        signers = [
            signers_of(found, signed.signatures) if isinstance(found, bytes) else []
            for found, (signed, _) in zip(digests, batch, strict=True)
        ]
        self._members.prefetch(
            account for accounts in signers for account in accounts if account is not None
        )
        results: list[Outcome | None] = []
        rows: list[NewOrder] = []
        for (signed, key), found, accounts in zip(batch, digests, signers, strict=True):
            try:
                rows.append(self._checked(signed, key, found, accounts))
                results.append(None)
            except LedgerError as refusal:
                results.append(self._known_or(refusal, found))
        self._step("take")
        taken = iter(self._group.run(rows) if rows else ())
        self._step("taken")
        done = [next(taken) if result is None else result for result in results]
        self._wake()
        return done

    def call(
        self,
        target: Address,
        function: str,
        arguments: Sequence[Any],
        key: str,
        gas: int | None,
    ) -> Submitted | Exists:
        """Take in a call of the operator's own account. See ``Submitter.submit_call``."""
        _check_key(key)
        try:
            data = encode_call(function, arguments)
        except ValueError as exc:
            reason = {"field": "arguments", "reason": str(exc)}
            raise LedgerError(Failure.INVALID, fields=reason) from exc
        if len(data) > DATA_BYTES_MAX:
            sizes = {"what": "call", "size": len(data), "most": DATA_BYTES_MAX}
            raise LedgerError(Failure.TOO_LARGE, fields=sizes)
        with _stored(), begin_write(self._engine) as connection:
            _refuse_if_halted(books.read_state(connection))
            known = insert_call(
                connection, key, target, function, data, min(gas or _CALL_GAS, GAS_MAX)
            )
        if known is None:
            self._wake()
            return Submitted(call_id(key))
        for field, given, kept in (
            ("target", bytes(target), bytes(known.target)),
            ("function", function, known.function),
            ("arguments", data, bytes(known.data)),
        ):
            if given != kept:
                fields = {"what": f"the key {key!r}", "field": field}
                raise LedgerError(Failure.CONFLICT, fields=fields)
        return Exists(_call_status(key, known))

    def call_status(self, key: str) -> Status | None:
        """What became of a call; None if there is none under this key."""
        with self._engine.connect() as connection:
            row = find_call(connection, key)
        return None if row is None else _call_status(key, row)

    def _digest(self, signed: SignedOrder) -> bytes | LedgerError:
        order = signed.order
        try:
            return digest(order, self._domains[order.contract])
        except OrderError as exc:
            return LedgerError(Failure.INVALID, fields={"field": "items", "reason": str(exc)})

    def _checked(
        self,
        signed: SignedOrder,
        key: str,
        found: bytes | LedgerError,
        signers: Sequence[Address | None],
    ) -> NewOrder:
        if isinstance(found, LedgerError):
            raise found
        _check_key(key)
        order = signed.order
        if len(order.items) > ITEMS_MAX:
            counts = {"items": len(order.items), "most": ITEMS_MAX}
            raise LedgerError(Failure.ORDERS_TOO_MANY_ITEMS, fields=counts)
        nonce = order.nonce.to_bytes(32, "big")
        items, signatures = encode_items(order), b"".join(signed.signatures)
        row = OrderRow(order.kind, order.party, order.deadline, nonce, items, signatures)
        if not fits_alone(order.contract, row):
            # The limit in items depends on the kind; the number given is what to halve.
            fields = {"what": "order", "size": len(order.items), "most": len(order.items) // 2}
            raise LedgerError(Failure.TOO_LARGE, fields=fields)
        now = self._now()
        if order.deadline < now:
            fields = {"deadline": order.deadline, "time": now}
            raise LedgerError(Failure.ORDERS_EXPIRED, fields=fields)
        self._members.check(signed, signers)
        return NewOrder(
            found, order.contract.value, order.kind, int(order.party), nonce, order.deadline,
            items, signatures, key,
        )  # fmt: skip

    def _known_or(self, refusal: LedgerError, found: bytes | LedgerError) -> Outcome:
        """An order that was taken once is known, even if it would not be taken now."""
        if isinstance(found, bytes):
            with self._engine.connect() as connection:
                status = find_order(connection, found)
            if status is not None:
                return Exists(status)
        return refusal

    def _commit(self, rows: Sequence[NewOrder]) -> list[Outcome]:
        """All at once; one by one where some were seen before or another process was faster."""
        ways = (insert_new_orders, *[insert_orders] * _COMMIT_TRIES)
        with _stored():
            for way in ways[:-1]:
                try:
                    return self._commit_by(way, rows)
                except IntegrityError:
                    continue
            return self._commit_by(ways[-1], rows)

    def _commit_by(self, way: _Way, rows: Sequence[NewOrder]) -> list[Outcome]:
        with begin_write(self._engine) as connection:
            _refuse_if_halted(books.read_state(connection))
            return way(connection, rows)

    def _make_room(self, count: int) -> None:
        # Threads may overshoot the bound by what they bring in a quarter of a second.
        if time.monotonic() - self._counted > _COUNT_EVERY_S:
            with self._engine.connect() as connection:
                self._waiting = waiting_count(connection)
            self._counted = time.monotonic()
        if self._waiting + count > self._waiting_max:
            fields = {"pending": self._waiting, "most": self._waiting_max}
            raise LedgerError(Failure.BUSY, fields=fields)
        self._waiting += count


@contextmanager
def _stored() -> Iterator[None]:
    """A database that cannot be written (disk full, server away) becomes our refusal."""
    try:
        yield
    except OperationalError as exc:
        reason = {"reason": str(exc.orig).strip()}
        raise LedgerError(Failure.STORAGE, fields=reason) from exc


def call_id(key: str) -> bytes:
    """The 32 bytes that stand for a call where orders have their digest."""
    return keccak256(b"call " + key.encode())


def _call_status(key: str, row: Any) -> Status:
    name = call_id(key)
    if row.state == OrderState.FINAL:
        return Final_(name, row.block, bytes(row.tx_hash))
    if row.state == OrderState.FAILED:
        error = decode_revert(bytes(row.reason or b""))
        tx_hash = None if row.tx_hash is None else bytes(row.tx_hash)
        return Failed(name, error.code, error.fields, burned=True, block=row.block, tx_hash=tx_hash)
    if row.state == OrderState.CARRIED and row.seen_block is not None:
        return Included(name, bytes(row.carried_by), row.seen_block)
    return Submitted(name)


def _check_key(key: str) -> None:
    if not key or len(key) > KEY_CHARS_MAX:
        fields = {
            "field": "idempotency key",
            "reason": f"it has 1 to {KEY_CHARS_MAX} characters, not {len(key)}",
        }
        raise LedgerError(Failure.INVALID, fields=fields)


def _refuse_if_halted(state: books.BooksState | None) -> None:
    if state is not None and state.halted is not None:
        fields = {"block": state.height, "reason": state.halted}
        raise LedgerError(Failure.HALTED, fields=fields)
