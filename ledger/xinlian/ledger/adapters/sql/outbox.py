"""The outbox: what was accepted, the transactions that carry it, and what became of it.

Everything stands here, on disk, before it is acknowledged or sent. States only go forward, except
when blocks are rolled back:

    order:   WAITING → CARRIED → REFUSED (failed, number unused) → FINAL | FAILED (number used)
    carrier: SIGNED → INCLUDED → SETTLED | REVERTED
    call:    WAITING → CARRIED → FINAL | FAILED

A carrier that reverted or that the node can never take gives its orders back to WAITING, with one
more try counted. Times are Unix milliseconds; order numbers 32 bytes, big-endian.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    select,
    update,
)
from xinlian.ledger.adapters.sql.base import metadata

KEY_CHARS_MAX: Final = 200
"""Longest idempotency key."""

# SQLite numbers rows by itself only where the type is exactly INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")


class OrderState(IntEnum):
    """Where an order or call stands; see the head of this module."""

    WAITING = 1
    CARRIED = 2
    REFUSED = 3
    FINAL = 4
    FAILED = 5


class CarrierState(IntEnum):
    """Where a carrying transaction stands."""

    SIGNED = 1
    INCLUDED = 2
    SETTLED = 3
    REVERTED = 4


class Cargo(IntEnum):
    """What a transaction carries."""

    ORDERS = 1
    CALL = 2
    NOTHING = 3
    """It fills a number of the relayer that would otherwise hold up all later ones."""


orders: Final = Table(
    "outbox_orders",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("contract", String(16), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("party", BigInteger, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("items", LargeBinary, nullable=False),
    Column("signatures", LargeBinary, nullable=False),
    Column("key", String(KEY_CHARS_MAX), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("carrier", BigInteger),
    Column("block", BigInteger),
    Column("tx_hash", LargeBinary),
    Column("reason", LargeBinary),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    UniqueConstraint("party", "key"),
    UniqueConstraint("contract", "party", "nonce"),
)
"""Orders. ``reason`` is the ABI-encoded error of one that failed."""

Index(
    "ix_outbox_orders_waiting",
    orders.c.seq,
    sqlite_where=orders.c.state == OrderState.WAITING,
    postgresql_where=orders.c.state == OrderState.WAITING,
)
Index(
    "ix_outbox_orders_carried",
    orders.c.carrier,
    sqlite_where=orders.c.state == OrderState.CARRIED,
    postgresql_where=orders.c.state == OrderState.CARRIED,
)

carriers: Final = Table(
    "outbox_carriers",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("relayer", LargeBinary, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("cargo", SmallInteger, nullable=False),
    Column("tx_hash", LargeBinary, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("seen_block", BigInteger),
    Column("created_ms", BigInteger, nullable=False),
    UniqueConstraint("relayer", "nonce"),
)
"""Transactions as signed. ``seen_block``: the chain held it when it was at this height."""

Index(
    "ix_outbox_carriers_open",
    carriers.c.id,
    sqlite_where=carriers.c.state <= CarrierState.INCLUDED,
    postgresql_where=carriers.c.state <= CarrierState.INCLUDED,
)

calls: Final = Table(
    "outbox_calls",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("key", String(KEY_CHARS_MAX), nullable=False, unique=True),
    Column("target", LargeBinary, nullable=False),
    Column("function", String(400), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("after_seq", BigInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("carrier", BigInteger),
    Column("block", BigInteger),
    Column("tx_hash", LargeBinary),
    Column("reason", LargeBinary),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
"""The operator's own calls. One goes after the orders up to ``after_seq``, before later ones."""

Index(
    "ix_outbox_calls_open",
    calls.c.id,
    sqlite_where=calls.c.state <= OrderState.CARRIED,
    postgresql_where=calls.c.state <= OrderState.CARRIED,
)

order_nonces: Final = Table(
    "order_nonces",
    metadata,
    Column("contract", String(16), primary_key=True),
    Column("party", BigInteger, primary_key=True, autoincrement=False),
    Column("next", BigInteger, nullable=False),
)
"""The next number of a party's orders that was never handed out."""


def now_ms() -> int:
    """The machine's time, for the two columns that people read."""
    return time.time_ns() // 1_000_000


_EXECUTED = (
    update(orders)
    .where(orders.c.digest == bindparam("d"), orders.c.state < OrderState.FINAL)
    .values(
        state=int(OrderState.FINAL),
        block=bindparam("b"),
        tx_hash=bindparam("t"),
        reason=None,
        updated_ms=bindparam("u"),
    )
)
_BURNED = (
    update(orders)
    .where(orders.c.digest == bindparam("d"), orders.c.state < OrderState.FINAL)
    .values(
        state=int(OrderState.FAILED),
        block=bindparam("b"),
        tx_hash=bindparam("t"),
        reason=bindparam("r"),
        updated_ms=bindparam("u"),
    )
)
# Anyone can relay our order with a broken signature; only what our own carrier met counts.
_REFUSED = (
    update(orders)
    .where(
        orders.c.digest == bindparam("d"),
        orders.c.state < OrderState.REFUSED,
        orders.c.carrier.in_(select(carriers.c.id).where(carriers.c.tx_hash == bindparam("t"))),
    )
    .values(
        state=int(OrderState.REFUSED),
        block=bindparam("b"),
        tx_hash=bindparam("t"),
        reason=bindparam("r"),
        updated_ms=bindparam("u"),
    )
)


def settle_orders(
    connection: Connection,
    through_block: int,  # noqa: ARG001  the books keep the height themselves
    executed: Sequence[tuple[bytes, int, bytes]],
    failed: Sequence[tuple[bytes, int, bytes, bool, bytes]],
) -> None:
    """Note what final blocks up to ``through_block`` say about orders.

    ``executed``: (digest, block, transaction hash). ``failed``: (…, burned, ABI-encoded reason).
    To be called in the transaction that writes the blocks. Digests that never passed through this
    outbox are left aside; said twice is said once.
    """
    stamp = now_ms()
    if executed:
        connection.execute(
            _EXECUTED, [{"d": d, "b": b, "t": t, "u": stamp} for d, b, t in executed]
        )
    for statement, burned in ((_BURNED, True), (_REFUSED, False)):
        rows = [
            {"d": d, "b": b, "t": t, "r": r, "u": stamp}
            for d, b, t, was_burned, r in failed
            if was_burned is burned
        ]
        if rows:
            connection.execute(statement, rows)


def unsettle_orders(connection: Connection, above_block: int) -> None:
    """Forget what blocks above ``above_block`` said: they are gone. Idempotent.

    Orders go back to where they were, and carriers count as not included, so that they are sent
    again unless the chain holds them.
    """
    back = case(
        (orders.c.carrier.is_(None), int(OrderState.WAITING)), else_=int(OrderState.CARRIED)
    )
    connection.execute(
        update(orders)
        .where(orders.c.block > above_block)
        .values(state=back, block=None, tx_hash=None, reason=None, updated_ms=now_ms())
    )
    connection.execute(
        update(calls)
        .where(calls.c.block > above_block)
        .values(
            state=int(OrderState.CARRIED), block=None, tx_hash=None, reason=None,
            updated_ms=now_ms(),
        )
    )  # fmt: skip
    connection.execute(
        update(carriers)
        .where(
            and_(
                carriers.c.seen_block > above_block,
                carriers.c.state.in_((CarrierState.INCLUDED, CarrierState.SETTLED)),
            )
        )
        .values(state=int(CarrierState.SIGNED), seen_block=None)
    )


class OutboxSettlement:
    """``settle_orders`` and ``unsettle_orders`` as the indexer asks for them."""

    def settle(
        self,
        connection: Connection,
        through_block: int,
        executed: Sequence[tuple[bytes, int, bytes]],
        failed: Sequence[tuple[bytes, int, bytes, bool, bytes]],
    ) -> None:
        """See :func:`settle_orders`."""
        settle_orders(connection, through_block, executed, failed)

    def unsettle(self, connection: Connection, above_block: int) -> None:
        """See :func:`unsettle_orders`."""
        unsettle_orders(connection, above_block)
