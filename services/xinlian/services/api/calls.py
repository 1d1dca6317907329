"""What the operator's administrative calls share: one call on chain, its state as the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Request, Response
from pydantic import BaseModel
from xinlian.ledger.model.errors import LedgerError
from xinlian.ledger.model.ids import parse_address
from xinlian.ledger.model.statuses import Failed, Included, Status
from xinlian.ledger.model.statuses import Final as FinalStatus
from xinlian.services.api.ordering import WaitFor
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.actions import PiecesBody
from xinlian.services.api.schemas.common import View, hex32, told
from xinlian.services.api.schemas.orders import FailureView
from xinlian.services.api.schemas.parties import PartyBody, RegistrationView, roles_of
from xinlian.services.api.state import KeyDep, StateDep
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import KEY_PATTERN
from xinlian.services.app.operator import Called, Registered
from xinlian.services.app.orders import Asked
from xinlian.services.app.parties import NewParty

__all__ = ["CallView", "CallingDep", "done", "registration_view", "router"]

router = guarded_router()

StateWord = Literal["submitted", "included", "final", "failed"]


class CallView(View):
    """An administrative call on chain. ``reference`` is its idempotency key."""

    reference: str
    state: StateWord
    exists: bool
    block: int | None
    tx_hash: str | None
    failure: FailureView | None

    @classmethod
    def of(cls, called: Called) -> CallView:
        """The view of a call."""
        status = called.status
        block = status.block if isinstance(status, (FinalStatus, Failed)) else None
        tx_hash = status.tx_hash if isinstance(status, (Included, FinalStatus, Failed)) else None
        return cls(
            reference=called.key,
            state=_word(status),
            exists=called.exists,
            block=block,
            tx_hash=None if tx_hash is None else hex32(tx_hash),
            failure=_failure(status) if isinstance(status, Failed) else None,
        )


def done(model: type[View]) -> dict[int | str, dict[str, Any]]:
    """The answer of a call that is final or has failed, for the OpenAPI document."""
    return {200: {"model": model, "description": "The call is final or has failed."}}


class Calling:
    """Makes a call of the operator and waits for it as the request asks."""

    def __init__(
        self,
        request: Request,
        response: Response,
        state: StateDep,
        key: KeyDep,
        wait: Annotated[
            WaitFor, Query(description="Wait until the call has come this far, or failed.")
        ] = WaitFor.SUBMITTED,
        timeout: Annotated[int, Query(ge=0, le=30, description="Seconds to wait at most.")] = 10,
    ) -> None:
        self._response = response
        self._state = state
        self._operation = str(request.state.operation)
        self._path = dict(request.path_params)
        self._key = key
        most = min(timeout, state.app.settings.wait_seconds_max)
        self._seconds = 0 if wait is WaitFor.SUBMITTED else most

    def call(self, body: BaseModel, name: str, arguments: Sequence[Any], party: int) -> CallView:
        """One call about a party that exists."""
        app = self._state.app
        if app.parties.member(party) is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no party {party}")
        called = self._waited(app.operator.call(self._asked(body), name, arguments))
        self._response.status_code = 202 if _open(called.status) else 200
        return CallView.of(called)

    def expire(self, body: PiecesBody) -> CallView:
        """End offers whose time has run out."""
        app = self._state.app
        called = self._waited(app.operator.call(self._asked(body), "expire", [body.pieces]))
        self._response.status_code = 202 if _open(called.status) else 200
        return CallView.of(called)

    def register(self, body: PartyBody) -> RegistrationView:
        """Register one party."""
        app = self._state.app
        new = NewParty(
            name=body.name,
            social_credit_code=body.social_credit_code,
            roles=roles_of(body.roles),
            threshold=body.threshold,
            accounts=tuple(parse_address(text) for text in body.accounts),
            bank_account=body.bank_account,
            bank_code=body.bank_code,
        )
        done = app.operator.register(self._asked(body), new, body.custody_keys)
        if done.called is None:
            self._response.status_code = 200
            return registration_view(done)
        called = self._waited(done.called)
        party = done.party or app.parties.of_hash(done.id_hash)
        self._response.status_code = 202 if _open(called.status) else 200
        return registration_view(Registered(done.id_hash, party, called))

    def _waited(self, called: Called) -> Called:
        with self._state.waiting() as free:
            return self._state.app.operator.wait(called, self._seconds if free else 0)

    def _asked(self, body: BaseModel) -> Asked:
        return Asked(self._key, self._operation, {**self._path, **body.model_dump(mode="json")})


CallingDep = Annotated[Calling, Depends(Calling)]


@router.post("/offers/expire", tags=["offers"], status_code=202, responses=done(CallView))
def expire_offers(body: PiecesBody, calling: CallingDep) -> CallView:
    """End offers whose time has run out; all of them or none. Their pieces are free again."""
    return calling.expire(body)


@router.get("/calls/{reference}", tags=["parties"])
def get_call(
    state: StateDep,
    reference: Annotated[str, Path(pattern=KEY_PATTERN, description="The call's key.")],
) -> CallView:
    """One of the operator's calls."""
    return CallView.of(state.app.operator.status(reference))


def registration_view(done: Registered) -> RegistrationView:
    """How far a registration is."""
    status = None if done.called is None else done.called.status
    failure = _failure(status) if isinstance(status, Failed) else None
    return RegistrationView(
        state="failed" if failure else "registered" if done.party else "submitted",
        id_hash=hex32(done.id_hash),
        party=None if done.party is None else done.party.id,
        failure=failure,
        exists=done.called is None or done.called.exists,
    )


def _open(status: Status) -> bool:
    return not isinstance(status, (FinalStatus, Failed))


def _word(status: Status) -> StateWord:
    words: dict[str, StateWord] = {
        "Submitted": "submitted",
        "Included": "included",
        "Final": "final",
    }
    return words.get(type(status).__name__, "failed")


def _failure(status: Failed) -> FailureView:
    error = LedgerError(status.code, fields=status.fields)
    return FailureView(
        code=error.code,
        message=error.text("en"),
        message_zh=error.text("zh"),
        fields=told(error.fields),
    )
