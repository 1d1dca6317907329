"""Submitter and indexer over a founded network, stepped by hand: tests know what has happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.outbox import OutboxSettlement
from xinlian.ledger.adapters.sql.outbox_orders import Outcome
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.submitter import Submitter
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.items import Issue, RegisterDocument
from xinlian.ledger.model.orders import SignedOrder
from xinlian.ledger.model.statuses import Status, Submitted

from tests.support.network import BANK, REGISTRAR, SUPPLIER, TODAY, Network
from tests.support.node import CLOCK_START


class Pipeline:
    """``ahead`` seconds is the submitter's clock before the node's."""

    def __init__(self, network: Network, engine: Engine, **options: Any) -> None:
        place = network.deployment
        contracts = {"0x" + found.hex(): name.value for name, found in place.addresses.items()}
        self.network = network
        self.engine = engine
        self.ahead = 0
        self.submitter = Submitter(
            engine, network.rpc, REGISTRAR, place, now=lambda: network.now + self.ahead, **options
        )
        self.indexer = Indexer(
            engine, network.rpc, contracts, place.chain_id, settlement=OutboxSettlement()
        )

    def round(self) -> None:
        """One round of the worker, one block's time, and the indexer."""
        self.submitter.pump()
        height = self.indexer.catch_up()
        self.network.rpc.wait_final(height + 1, 0.04)
        self.indexer.catch_up()

    def settle(self, rounds: int = 400) -> None:
        """Rounds until nothing is open, carriers included."""
        for _ in range(rounds):
            self.round()
            if self.submitter.open_count() == 0 and self.submitter._courier.in_flight == 0:
                return
        pytest.fail(f"{self.submitter.open_count()} orders or calls stay open")

    def send(self, *orders: SignedOrder) -> list[bytes]:
        """Submit orders, each under a key of its own; their digests."""
        batch = [
            (order, f"key {number}") for number, order in enumerate(orders, _next(len(orders)))
        ]
        return [digest_of(outcome) for outcome in self.submitter.submit_many(batch)]

    def statuses(self, digests: Sequence[bytes]) -> list[Status | None]:
        """What became of each."""
        return [self.submitter.status(digest) for digest in digests]


@dataclass
class _Counter:
    value: int = 0


_keys = _Counter()


def _next(count: int) -> int:
    _keys.value += count
    return _keys.value - count


def digest_of(outcome: Outcome) -> bytes:
    """The digest of an order that was newly taken in."""
    assert isinstance(outcome, Submitted), outcome
    return outcome.digest


def document_key(number: int) -> DocumentKey:
    """The key of document ``number`` of a test."""
    return DocumentKey(number.to_bytes(32, "big"))


def document(number: int, amount: int = 10**6) -> RegisterDocument:
    """An invoice of the issuer's supplier."""
    return RegisterDocument(document_key(number), 4, SUPPLIER, amount)


def issue(number: int, face: int = 10**6) -> Issue:
    """A voucher on that invoice, due in 90 days."""
    return Issue(
        SUPPLIER, BANK, face, TODAY + 90, CLOCK_START + 86_400, document_key(number),
        bytes(31) + b"\1",
    )  # fmt: skip
