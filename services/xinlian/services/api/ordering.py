"""What all calls share that make or show an order: waiting, and the order's state as an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel
from xinlian.ledger.model.errors import LedgerError
from xinlian.ledger.model.items import Item
from xinlian.ledger.model.statuses import Failed, Included, Status, Submitted
from xinlian.ledger.model.statuses import Final as FinalStatus
from xinlian.services.api.schemas.common import hex32, told
from xinlian.services.api.schemas.orders import (
    Effect,
    FailureView,
    OrderFailed,
    OrderFinal,
    OrderIncluded,
    OrderSubmitted,
)
from xinlian.services.api.state import ActorDep, ApiState, KeyDep, StateDep
from xinlian.services.app.orders import Asked, Placed
from xinlian.services.app.orders_read import OrderFacts

__all__ = [
    "ORDER_RESPONSES",
    "AnyOrder",
    "OrderResult",
    "SignerDep",
    "Waiting",
    "WaitingDep",
    "order_view",
]

AnyOrder = OrderSubmitted | OrderIncluded | OrderFinal | OrderFailed
OrderResult = OrderFinal | OrderFailed
ORDER_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": OrderResult, "description": "The order is final or has failed."},
}


class WaitFor(StrEnum):
    """How far an order should have come before the answer."""

    SUBMITTED = "submitted"
    INCLUDED = "included"
    FINAL = "final"


_RANKS: Final = {WaitFor.SUBMITTED: 0, WaitFor.INCLUDED: 1, WaitFor.FINAL: 2}


class Waiting:
    """Waits for orders as a request asks, within bounds of time and number."""

    def __init__(
        self,
        state: StateDep,
        response: Response,
        wait: Annotated[
            WaitFor, Query(description="Wait until the order has come this far, or failed.")
        ] = WaitFor.SUBMITTED,
        timeout: Annotated[
            int,
            Query(ge=0, le=30, description="Seconds to wait at most."),
        ] = 10,
    ) -> None:
        self._state = state
        self._response = response
        self._rank = _RANKS[wait]
        self._seconds = min(timeout, state.app.settings.wait_seconds_max)

    def answer(self, placed: Placed) -> AnyOrder:
        """The order's state as the answer of a write: 200 where it is settled, else 202."""
        view = self.view(placed.digest, exists=placed.exists)
        self._response.status_code = 200 if isinstance(view, OrderResult) else 202
        return view

    def view(self, digest: bytes, *, exists: bool) -> AnyOrder:
        """The order's state after waiting."""
        with self._state.waiting() as free:
            seconds = self._seconds if free and self._rank else 0
            status = self._state.app.orders.wait(digest, self._rank, seconds)
        return order_view(self._state, status, exists=exists)


WaitingDep = Annotated[Waiting, Depends(Waiting)]


class Signing:
    """Makes, signs and takes in an order of the caller's party with the keys kept here."""

    def __init__(
        self,
        request: Request,
        state: StateDep,
        actor: ActorDep,
        key: KeyDep,
        waiting: WaitingDep,
    ) -> None:
        self._party = actor.signer
        self._operation = str(request.state.operation)
        self._path = dict(request.path_params)
        self._orders = state.app.orders
        self._key = key
        self._waiting = waiting

    def asked(self, body: BaseModel) -> Asked:
        """What the caller asked for: the operation, and its content by field."""
        return Asked(self._key, self._operation, {**self._path, **body.model_dump(mode="json")})

    def sign(
        self, body: BaseModel, build: Callable[[int], Sequence[Item]], deadline: int | None = None
    ) -> AnyOrder:
        """One order of the items that ``build`` makes, given the time; the state it came to."""
        placed = self._orders.sign(self._party, self.asked(body), build, deadline)
        return self._waiting.answer(placed)


SignerDep = Annotated[Signing, Depends(Signing)]


def order_view(state: ApiState, status: Status, *, exists: bool) -> AnyOrder:
    """The answer for an order in a state."""
    facts = state.app.order_reads.facts(status)
    common = _common(facts, status, exists)
    if isinstance(status, Submitted):
        return OrderSubmitted(state="submitted", **common)
    if isinstance(status, Included):
        return OrderIncluded(
            state="included", block=status.seen_block, tx_hash=hex32(status.tx_hash), **common
        )
    if isinstance(status, FinalStatus):
        effects = [Effect(name=name, args=told(args)) for name, args in facts.effects]
        return OrderFinal(
            state="final",
            block=status.block,
            tx_hash=hex32(status.tx_hash),
            effects=effects,
            **common,
        )
    return OrderFailed(
        state="failed",
        dead=status.burned,
        block=status.block,
        tx_hash=None if status.tx_hash is None else hex32(status.tx_hash),
        failure=_failure(status),
        **common,
    )


def _common(facts: OrderFacts, status: Status, exists: bool) -> dict[str, Any]:
    return {
        "digest": hex32(status.digest),
        "party": facts.party,
        "kind": facts.kind,
        "exists": exists,
    }


def _failure(status: Failed) -> FailureView:
    error = LedgerError(status.code, fields=status.fields)
    return FailureView(
        code=error.code,
        message=error.text("en"),
        message_zh=error.text("zh"),
        fields=told(error.fields),
    )
