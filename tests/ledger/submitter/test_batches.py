"""Orders with many items: one signature, one carrier, all of it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from xinlian.ledger.adapters.sql.outbox import CarrierState, carriers
from xinlian.ledger.model.ids import PartyId, piece_id
from xinlian.ledger.model.items import Accept, Item, Transfer
from xinlian.ledger.model.statuses import Final

from tests.support.network import ISSUER, SUPPLIER, SUPPLIER_2, Network, rows
from tests.support.pipeline import Pipeline, document, issue


@pytest.mark.parametrize("books", ["sqlite"], indirect=True)
def test_a_hundred_items_fit_one_order(network: Network, books: Engine) -> None:
    line = Pipeline(network, books)
    roots = range(1, 101)
    expiry = network.now + 3_600
    steps: tuple[tuple[PartyId, list[Item]], ...] = (
        (ISSUER, [document(number) for number in roots]),
        (ISSUER, [issue(number) for number in roots]),
        (SUPPLIER, [Accept(piece_id(root, 0)) for root in roots]),
        (
            SUPPLIER,
            [Transfer(piece_id(root, 0), 9, False, SUPPLIER_2, expiry, 1) for root in roots],
        ),
        (SUPPLIER_2, [Accept(piece_id(root, 1)) for root in roots]),
    )
    digests = line.send(*(network.sign(party, *items) for party, items in steps))
    line.settle()
    assert {type(status) for status in line.statuses(digests)} == {Final}
    assert {row.state for row in rows(books, select(carriers))} == {CarrierState.SETTLED}
