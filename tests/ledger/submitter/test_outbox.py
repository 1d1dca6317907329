"""How the events of blocks move orders: only forward, and whose word counts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select, update
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.outbox import (
    Cargo,
    OrderState,
    orders,
    settle_orders,
    unsettle_orders,
)
from xinlian.ledger.adapters.sql.outbox_carriers import add_carrier, load_orders
from xinlian.ledger.adapters.sql.outbox_orders import NewOrder, insert_new_orders

OURS, THEIRS, DIGEST = b"o" * 32, b"t" * 32, b"d" * 32
W, C, R, F, X = OrderState.WAITING, OrderState.CARRIED, OrderState.REFUSED, OrderState.FINAL, (
    OrderState.FAILED
)  # fmt: skip


def fresh() -> Engine:
    """One order in a carrier whose transaction is ``OURS``."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    row = NewOrder(DIGEST, "desk", 1, 2, bytes(32), 9, b"items", b"signatures", "key")
    with engine.begin() as connection:
        insert_new_orders(connection, [row])
        carrier = add_carrier(connection, b"r" * 20, 0, Cargo.ORDERS, (OURS, b"raw"), 1)
        load_orders(connection, [(1, carrier.id)])
    return engine


def state_of(engine: Engine) -> OrderState:
    with engine.connect() as connection:
        return OrderState(connection.execute(select(orders.c.state)).scalar_one())


def tell(engine: Engine, event: str, tx_hash: bytes, block: int = 5) -> None:
    with engine.begin() as connection:
        if event == "executed":
            settle_orders(connection, block, [(DIGEST, block, tx_hash)], [])
        else:
            failed = [(DIGEST, block, tx_hash, event == "burned", b"why!")]
            settle_orders(connection, block, [], failed)


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ([("executed", OURS)], F),
        ([("executed", THEIRS)], F),
        ([("burned", OURS)], X),
        ([("burned", THEIRS)], X),
        ([("unburned", OURS)], R),
        ([("unburned", THEIRS)], C),
        ([("unburned", OURS), ("executed", THEIRS)], F),
        ([("unburned", OURS), ("burned", THEIRS)], X),
        ([("executed", THEIRS), ("unburned", OURS)], F),
        ([("burned", THEIRS), ("unburned", OURS)], X),
    ],
)
def test_what_the_chain_says_last_and_firmest_counts(
    events: Sequence[tuple[str, bytes]], ends: OrderState
) -> None:
    engine = fresh()
    for event, tx_hash in events:
        tell(engine, event, tx_hash)
    assert state_of(engine) is ends
    engine.dispose()


_EVENTS = st.sampled_from(["executed", "burned", "unburned"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_EVENTS, st.sampled_from([OURS, THEIRS])), max_size=6))
def test_states_go_forward_and_come_back_only_with_their_blocks(
    events: list[tuple[str, bytes]],
) -> None:
    engine = fresh()
    before = state_of(engine)
    for block, (event, tx_hash) in enumerate(events, 10):
        tell(engine, event, tx_hash, block)
        after = state_of(engine)
        assert after >= before
        if before in (F, X):
            assert after is before
        before = after
    with engine.begin() as connection:
        unsettle_orders(connection, 9)
    assert state_of(engine) is C
    engine.dispose()


def test_rows_that_are_settled_meanwhile_are_not_loaded_again() -> None:
    engine = fresh()
    tell(engine, "executed", THEIRS)
    with engine.begin() as connection:
        load_orders(connection, [(1, 77)])
        assert connection.execute(select(orders.c.carrier)).scalar_one() == 1
        connection.execute(update(orders).values(state=int(W)))
        load_orders(connection, [(1, 77)])
        assert connection.execute(select(orders.c.carrier)).scalar_one() == 77
    engine.dispose()
