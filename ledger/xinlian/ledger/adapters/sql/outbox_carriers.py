"""Carrying transactions and the operator's calls in the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from xinlian.ledger.adapters.sql.outbox import (
    Cargo,
    CarrierState,
    OrderState,
    calls,
    carriers,
    now_ms,
    orders,
)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A transaction that was signed and kept, without its bytes."""

    id: int
    nonce: int
    cargo: Cargo
    tx_hash: bytes
    gas: int
    size: int
    state: CarrierState
    seen_block: int | None


_COLUMNS = (
    carriers.c.id, carriers.c.nonce, carriers.c.cargo, carriers.c.tx_hash, carriers.c.gas,
    carriers.c.size, carriers.c.state, carriers.c.seen_block,
)  # fmt: skip


def _carrier(row: Any) -> Carrier:
    return Carrier(
        row.id, row.nonce, Cargo(row.cargo), bytes(row.tx_hash), row.gas, row.size,
        CarrierState(row.state), row.seen_block,
    )  # fmt: skip


def add_carrier(
    connection: Connection,
    relayer: bytes,
    nonce: int,
    cargo: Cargo,
    signed: tuple[bytes, bytes],
    gas: int,
) -> Carrier:
    """Keep a signed transaction (hash, raw bytes) under the relayer's number ``nonce``."""
    tx_hash, raw = signed
    number = connection.execute(
        insert(carriers)
        .values(
            relayer=relayer, nonce=nonce, cargo=int(cargo), tx_hash=tx_hash, raw=raw, gas=gas,
            size=len(raw), state=int(CarrierState.SIGNED), created_ms=now_ms(),
        )
        .returning(carriers.c.id)
    ).scalar_one()  # fmt: skip
    return Carrier(number, nonce, cargo, tx_hash, gas, len(raw), CarrierState.SIGNED, None)


def load_orders(connection: Connection, rows: Sequence[tuple[int, int]]) -> None:
    """Put orders into carriers: (seq, carrier id). Those settled meanwhile stay as they are."""
    connection.execute(
        update(orders)
        .where(orders.c.seq == bindparam("s"), orders.c.state == OrderState.WAITING)
        .values(state=int(OrderState.CARRIED), carrier=bindparam("c")),
        [{"s": seq, "c": carrier} for seq, carrier in rows],
    )


def load_call(connection: Connection, call: int, carrier: int) -> None:
    """Put a call into its carrier."""
    connection.execute(
        update(calls)
        .where(calls.c.id == call)
        .values(state=int(OrderState.CARRIED), carrier=carrier, updated_ms=now_ms())
    )


def open_carriers(connection: Connection, relayer: bytes) -> list[Carrier]:
    """Carriers that are not settled, oldest first."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(carriers.c.state <= CarrierState.INCLUDED, carriers.c.relayer == relayer)
        .order_by(carriers.c.id)
    )
    return sorted((_carrier(row) for row in rows), key=lambda carrier: carrier.nonce)


def raw_of(connection: Connection, ids: Sequence[int]) -> dict[int, bytes]:
    """The bytes to send, by carrier id."""
    rows = connection.execute(select(carriers.c.id, carriers.c.raw).where(carriers.c.id.in_(ids)))
    return {row.id: bytes(row.raw) for row in rows}


def next_relayer_nonce(connection: Connection, relayer: bytes) -> int:
    """The number after the highest one in use; 0 if there is none."""
    highest = select(func.max(carriers.c.nonce)).where(carriers.c.relayer == relayer)
    found = connection.execute(highest).scalar_one()
    return 0 if found is None else int(found) + 1


def mark_included(connection: Connection, relayer: bytes, below: int, block: int) -> None:
    """The chain, at height ``block``, holds all carriers numbered below ``below``."""
    connection.execute(
        update(carriers)
        .where(
            carriers.c.relayer == relayer,
            carriers.c.state == CarrierState.SIGNED,
            carriers.c.nonce < below,
        )
        .values(state=int(CarrierState.INCLUDED), seen_block=block)
    )


def mark_lost(connection: Connection, relayer: bytes, start: int) -> int:
    """Carriers from number ``start`` on are not (or no longer) on the chain; how many were."""
    return connection.execute(
        update(carriers)
        .where(
            carriers.c.relayer == relayer,
            carriers.c.state > CarrierState.SIGNED,
            carriers.c.nonce >= start,
        )
        .values(state=int(CarrierState.SIGNED), seen_block=None)
    ).rowcount


def close_carriers(connection: Connection, ids: Sequence[int], state: CarrierState) -> None:
    """Carriers about which nothing is open any more."""
    connection.execute(update(carriers).where(carriers.c.id.in_(ids)).values(state=int(state)))


def orders_open_in(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """How many orders of each carrier are neither final nor failed; only those with any."""
    rows = connection.execute(
        select(orders.c.carrier, func.count())
        .where(orders.c.carrier.in_(ids), orders.c.state == OrderState.CARRIED)
        .group_by(orders.c.carrier)
    )
    return {row[0]: row[1] for row in rows}


def give_back(connection: Connection, carrier: int, more_tries: int) -> None:
    """The orders of a carrier wait again, with ``more_tries`` more tries counted."""
    connection.execute(
        update(orders)
        .where(orders.c.carrier == carrier, orders.c.state == OrderState.CARRIED)
        .values(
            state=int(OrderState.WAITING), carrier=None, tries=orders.c.tries + more_tries,
            updated_ms=now_ms(),
        )
    )  # fmt: skip


def replace_by_nothing(
    connection: Connection, carrier: Carrier, signed: tuple[bytes, bytes], gas: int
) -> None:
    """Another transaction takes over the number of one that the node can never take."""
    connection.execute(
        update(carriers)
        .where(carriers.c.id == carrier.id)
        .values(
            cargo=int(Cargo.NOTHING), tx_hash=signed[0], raw=signed[1], gas=gas,
            size=len(signed[1]),
        )
    )  # fmt: skip


def forget_bytes(connection: Connection, relayer: bytes, below_block: int) -> None:
    """Settled carriers seen before a block keep their hash only."""
    connection.execute(
        update(carriers)
        .where(
            carriers.c.relayer == relayer,
            carriers.c.state.in_((CarrierState.SETTLED, CarrierState.REVERTED)),
            carriers.c.seen_block < below_block,
            func.length(carriers.c.raw) > 0,
        )
        .values(raw=b"")
    )


def waiting_calls(connection: Connection, limit: int) -> Sequence[Any]:
    """The oldest calls that are in no transaction yet."""
    return connection.execute(
        select(calls).where(calls.c.state == OrderState.WAITING).order_by(calls.c.id).limit(limit)
    ).all()


def insert_call(
    connection: Connection, key: str, target: bytes, function: str, data: bytes, gas: int
) -> Any | None:
    """Take a call in, or return the one that was taken in under this key before."""
    known = find_call(connection, key)
    if known is None:
        last = connection.execute(select(func.coalesce(func.max(orders.c.seq), 0))).scalar_one()
        connection.execute(
            insert(calls).values(
                key=key, target=target, function=function, data=data, gas=gas, after_seq=last,
                state=int(OrderState.WAITING), created_ms=now_ms(), updated_ms=now_ms(),
            )
        )  # fmt: skip
    return known


def find_call(connection: Connection, key: str) -> Any | None:
    """A call with the hash of its carrier and where that was seen; None if there is none."""
    return connection.execute(
        select(calls, carriers.c.tx_hash.label("carried_by"), carriers.c.seen_block)
        .outerjoin(carriers, carriers.c.id == calls.c.carrier)
        .where(calls.c.key == key)
    ).first()


def settle_call(
    connection: Connection,
    carrier: int,
    state: OrderState,
    block: int | None,
    tx_hash: bytes | None,
    reason: bytes | None,
) -> None:
    """The call of a carrier took effect or failed."""
    connection.execute(
        update(calls)
        .where(calls.c.carrier == carrier, calls.c.state == OrderState.CARRIED)
        .values(state=int(state), block=block, tx_hash=tx_hash, reason=reason, updated_ms=now_ms())
    )


def wait_again(connection: Connection, carrier: int) -> None:
    """The call of a carrier waits again: another transaction took the carrier's number."""
    connection.execute(
        update(calls)
        .where(calls.c.carrier == carrier, calls.c.state == OrderState.CARRIED)
        .values(state=int(OrderState.WAITING), carrier=None, updated_ms=now_ms())
    )


def cargo_of(connection: Connection, carrier: int) -> Sequence[Any]:
    """The orders in a carrier that are still open, in their turn."""
    return connection.execute(
        select(
            orders.c.seq, orders.c.contract, orders.c.tries, orders.c.kind, orders.c.party,
            orders.c.deadline, orders.c.nonce, orders.c["items"], orders.c.signatures,
        )
        .where(orders.c.carrier == carrier, orders.c.state == OrderState.CARRIED)
        .order_by(orders.c.seq)
    ).all()  # fmt: skip


def call_of(connection: Connection, carrier: int) -> Any:
    """The call in a carrier."""
    return connection.execute(select(calls).where(calls.c.carrier == carrier)).one()
