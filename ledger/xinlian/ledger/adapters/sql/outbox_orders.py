"""Orders in the outbox: taking them in once, finding them, handing out their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from xinlian.ledger.adapters.sql.outbox import (
    OrderState,
    calls,
    carriers,
    now_ms,
    order_nonces,
    orders,
)
from xinlian.ledger.model.errors import Failure, LedgerError, decode_revert
from xinlian.ledger.model.statuses import (
    Exists,
    Failed,
    Included,
    Status,
    Submitted,
)
from xinlian.ledger.model.statuses import (
    Final as Final_,
)

_AT_ONCE: Final = 500
# What a caller may have changed under the same key, most telling first.
_COMPARED: Final = ("contract", "kind", "items", "nonce", "deadline")


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order whose signatures were checked, as it goes into the outbox."""

    digest: bytes
    contract: str
    kind: int
    party: int
    nonce: bytes
    deadline: int
    items: bytes
    signatures: bytes
    key: str


Outcome = Submitted | Exists | LedgerError


def insert_new_orders(connection: Connection, rows: Sequence[NewOrder]) -> list[Outcome]:
    """Take orders in that were never seen; ``IntegrityError`` if any was. See ``insert_orders``."""
    stamp = now_ms()
    connection.execute(insert(orders), [_values(row, stamp) for row in rows])
    return [Submitted(row.digest) for row in rows]


def insert_orders(connection: Connection, rows: Sequence[NewOrder]) -> list[Outcome]:
    """Take orders in one by one; for each what happened, in the order given.

    The same order again is ``Exists``. Another order under the same (party, key) or with the same
    (contract, party, number) is a ``LedgerError(CONFLICT)`` naming the field that differs.
    """
    stamp = now_ms()
    return [_insert_one(connection, row, stamp) for row in rows]


def _values(row: NewOrder, stamp: int) -> dict[str, Any]:
    return {
        "digest": row.digest,
        "contract": row.contract,
        "kind": row.kind,
        "party": row.party,
        "nonce": row.nonce,
        "deadline": row.deadline,
        "items": row.items,
        "signatures": row.signatures,
        "key": row.key,
        "state": int(OrderState.WAITING),
        "tries": 0,
        "created_ms": stamp,
        "updated_ms": stamp,
    }


def _insert_one(connection: Connection, row: NewOrder, stamp: int) -> Outcome:
    known = find_order(connection, row.digest)
    if known is not None:
        return Exists(known)
    same_key = orders.c.party == row.party, orders.c.key == row.key
    same_nonce = (
        orders.c.contract == row.contract,
        orders.c.party == row.party,
        orders.c.nonce == row.nonce,
    )
    for what, condition in ((f"the key {row.key!r}", same_key), ("the order number", same_nonce)):
        other = connection.execute(select(orders).where(*condition)).first()
        if other is not None:
            return _conflict(what, row, other)
    connection.execute(insert(orders).values(_values(row, stamp)))
    return Submitted(row.digest)


def _conflict(what: str, row: NewOrder, other: Any) -> LedgerError:
    differs = [name for name in _COMPARED if getattr(row, name) != getattr(other, name)]
    # Only what is hashed with the domain is left: the order was signed for another deployment.
    field = differs[0] if differs else "domain"
    return LedgerError(
        Failure.CONFLICT, fields={"what": what, "field": field, "digest": bytes(other.digest)}
    )


def find_order(connection: Connection, digest: bytes) -> Status | None:
    """What became of an order; None if it never came through this outbox."""
    row = connection.execute(
        select(
            orders.c.digest, orders.c.state, orders.c.block, orders.c.tx_hash, orders.c.reason,
            carriers.c.tx_hash.label("carried_by"), carriers.c.seen_block,
        )
        .outerjoin(carriers, carriers.c.id == orders.c.carrier)
        .where(orders.c.digest == digest)
    ).first()  # fmt: skip
    if row is None:
        return None
    return _status(row)


def _status(row: Any) -> Status:
    digest = bytes(row.digest)
    if row.state == OrderState.FINAL:
        return Final_(digest, row.block, bytes(row.tx_hash))
    if row.state in (OrderState.REFUSED, OrderState.FAILED):
        error = decode_revert(bytes(row.reason))
        tx_hash = None if row.tx_hash is None else bytes(row.tx_hash)
        burned = row.state == OrderState.FAILED
        return Failed(digest, error.code, error.fields, burned, row.block, tx_hash)
    if row.state == OrderState.CARRIED and row.seen_block is not None:
        return Included(digest, bytes(row.carried_by), row.seen_block)
    return Submitted(digest)


def unsettled_count(connection: Connection, digests: Sequence[bytes] | None = None) -> int:
    """How many orders and calls (or of the orders named) are neither final nor failed."""
    open_states = (OrderState.WAITING, OrderState.CARRIED)
    if digests is None:
        # Two counts, so that each partial index serves one.
        parts = [
            select(func.count()).where(table.c.state == state)
            for table in (orders, calls)
            for state in open_states
        ]
        return sum(connection.execute(part).scalar_one() for part in parts)
    total = 0
    for at in range(0, len(digests), _AT_ONCE):
        total += connection.execute(
            select(func.count()).where(
                orders.c.digest.in_(digests[at : at + _AT_ONCE]), orders.c.state.in_(open_states)
            )
        ).scalar_one()
    return total


def waiting_count(connection: Connection) -> int:
    """How many orders are in no transaction yet."""
    count = select(func.count()).where(orders.c.state == OrderState.WAITING)
    return connection.execute(count).scalar_one()


def waiting_orders(connection: Connection, after_seq: int, limit: int) -> Sequence[Any]:
    """The oldest orders after ``after_seq`` that are in no transaction yet."""
    return connection.execute(
        select(
            orders.c.seq, orders.c.contract, orders.c.tries, orders.c.kind, orders.c.party,
            orders.c.deadline, orders.c.nonce, orders.c["items"], orders.c.signatures,
        )
        .where(orders.c.state == OrderState.WAITING, orders.c.seq > after_seq)
        .order_by(orders.c.seq)
        .limit(limit)
    ).all()  # fmt: skip


def expire_orders(connection: Connection, now: int, reasons: Iterable[tuple[int, bytes]]) -> None:
    """Waiting orders (seq, ABI-encoded reason) whose deadline passed before they were sent."""
    for seq, reason in reasons:
        connection.execute(
            update(orders)
            .where(
                orders.c.seq == seq,
                orders.c.state == OrderState.WAITING,
                orders.c.deadline < now,
            )
            .values(state=int(OrderState.REFUSED), reason=reason, updated_ms=now_ms())
        )


def refuse_order(connection: Connection, carrier: int, block: int, tx: bytes, why: bytes) -> None:
    """The orders of a carrier that the chain will not run, with the chain's reason."""
    connection.execute(
        update(orders)
        .where(orders.c.carrier == carrier, orders.c.state == OrderState.CARRIED)
        .values(
            state=int(OrderState.REFUSED), block=block, tx_hash=tx, reason=why,
            updated_ms=now_ms(),
        )
    )  # fmt: skip


def reserve_nonces(connection: Connection, contract: str, party: int, count: int) -> int | None:
    """The first of ``count`` new numbers, or None where the party has no row yet.

    Numbers that clients chose themselves and that lie in the way are stepped over.
    """
    while True:
        after = connection.execute(
            update(order_nonces)
            .where(order_nonces.c.contract == contract, order_nonces.c.party == party)
            .values(next=order_nonces.c.next + count)
            .returning(order_nonces.c.next)
        ).scalar_one_or_none()
        if after is None:
            return None
        first = after - count
        taken = connection.execute(
            select(orders.c.nonce)
            .where(
                orders.c.contract == contract,
                orders.c.party == party,
                orders.c.nonce >= first.to_bytes(32, "big"),
                orders.c.nonce < after.to_bytes(32, "big"),
            )
            .order_by(orders.c.nonce.desc())
            .limit(1)
        ).scalar_one_or_none()
        if taken is None:
            return int(first)
        # At most as many rounds as there are such numbers.
        connection.execute(
            update(order_nonces)
            .where(order_nonces.c.contract == contract, order_nonces.c.party == party)
            .values(next=int.from_bytes(taken, "big") + 1)
        )


def start_nonces(connection: Connection, contract: str, party: int, first: int) -> None:
    """Begin a party's numbers at ``first`` unless they have begun."""
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        kind.insert(order_nonces)
        .values(contract=contract, party=party, next=first)
        .on_conflict_do_nothing()
    )
