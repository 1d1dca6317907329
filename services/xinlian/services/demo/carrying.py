"""Turns planned orders into signed ones, and brings them onto the chain, part by part."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from xinlian.ledger.adapters.sql.tables import order_results
from xinlian.ledger.model.days import end_of, start_of
from xinlian.ledger.model.errors import LedgerError, decode_revert
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.orders import Order, SignedOrder, sign
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo.network import Network
from xinlian.services.demo.plan import DayPlan, PlannedExpiry, PlannedOrder
from xinlian.services.demo.stage import BUSINESS_HOUR

_EXPIRE: Final = "expire(uint64[])"


class Carrier:
    """Signs with the parties' keys and submits, in the order planned."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._domains = {
            name: network.app.deployment.domain(name)
            for name in (ContractName.DOCUMENTS, ContractName.VOUCHERS, ContractName.DESK)
        }
        self._numbers: dict[tuple[ContractName, PartyId], int] = {}
        self._checked = 0
        self.orders = 0
        self.items = 0

    def send(self, plan: DayPlan) -> None:
        """Take in and send the orders of a part. Raises ``DemoError`` where one is refused."""
        network = self._network
        network.clock.set(start_of(plan.day) + BUSINESS_HOUR)
        waiting: list[tuple[SignedOrder, str]] = []
        for planned in plan.orders:
            if isinstance(planned, PlannedExpiry):
                # A call keeps its place among the orders: what was planned before it goes first.
                self._submit(waiting)
                waiting = []
                network.app.submitter.submit_call(
                    ContractName.VOUCHERS, _EXPIRE, [list(planned.pieces)], f"expire-{plan.part}"
                )
            else:
                waiting.append(self._signed(planned, end_of(plan.day)))
        self._submit(waiting)
        network.carry()

    def check(self) -> None:
        """Raise ``DemoError`` if an order that the books have read did not take effect."""
        found = order_results.c
        query = select(found.block, found.party, found.contract, found.kind, found.reason).where(
            found.block > self._checked, found.executed == 0
        )
        with self._network.app.engine.connect() as connection:
            row = connection.execute(query).first()
        if row is not None:
            raise DemoError(
                f"an order failed on the chain: {decode_revert(bytes(row.reason))}",
                where=f"block {row.block}, party {row.party}, {row.contract} kind {row.kind}",
            )
        self._checked = self._network.app.indexer.height

    def _signed(self, planned: PlannedOrder, deadline: int) -> tuple[SignedOrder, str]:
        contract = planned.items[0].contract
        # On a chain of its own nobody else numbers a party's orders.
        number = self._numbers.get((contract, planned.party), 0)
        self._numbers[contract, planned.party] = number + 1
        order = Order(planned.party, number, deadline, planned.items)
        signed = sign(order, self._domains[contract], self._network.signers[planned.party])
        self.items += len(planned.items)
        return signed, f"demo-{contract}-{number}"

    def _submit(self, batch: list[tuple[SignedOrder, str]]) -> None:
        if not batch:
            return
        self.orders += len(batch)
        for outcome in self._network.app.submitter.submit_many(batch):
            if isinstance(outcome, LedgerError):
                raise DemoError(f"an order was refused: {outcome}")
