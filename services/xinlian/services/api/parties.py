"""Parties: the directory, and what the operator does about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request
from xinlian.ledger.model.ids import PartyId
from xinlian.services.api.calls import CallingDep, CallView, done
from xinlian.services.api.reading import ListerDep, MomentDep
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import Hex32, Page, PartyNo, unhex
from xinlian.services.api.schemas.parties import (
    BankAccountBody,
    BankAccountView,
    LimitBody,
    MeView,
    PartyBody,
    PartyView,
    RegistrationView,
    RolesBody,
    RoleWord,
    StatusBody,
    roles_of,
    words_of,
)
from xinlian.services.api.state import ActorDep, KeyDep, StateDep
from xinlian.services.app.actors import Actor
from xinlian.services.app.bank_accounts import PaidAt
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.orders import Asked
from xinlian.services.app.parties import PartyRow

router = guarded_router("parties")

PartyPath = Annotated[PartyNo, Path(description="Number of a party.")]


@router.get("/me")
def get_me(actor: ActorDep) -> MeView:
    """Who your token speaks for and what it may be used for."""
    return MeView(
        token=actor.token,
        party=actor.party,
        scopes=actor.scopes.words,
        roles=words_of(actor.roles),
        active=actor.active,
    )


@router.get("/parties")
def list_parties(
    state: StateDep,
    actor: ActorDep,
    lister: ListerDep,
    role: Annotated[RoleWord | None, Query(description="Only parties with this role.")] = None,
) -> Page[PartyView]:
    """The directory of parties, by number."""
    wanted = None if role is None else roles_of([role])
    return lister.page(
        {"role": role},
        lambda moment, limit, after: state.app.parties.listed(
            moment.at, role=wanted, limit=limit, after=after
        ),
        lambda row: _view(row, actor),
        lambda row: int(row.id),
    )


@router.get("/parties/{party}")
def get_party(state: StateDep, actor: ActorDep, moment: MomentDep, party: PartyPath) -> PartyView:
    """One party."""
    return _view(state.app.parties.get(party, moment.at), actor)


@router.post("/parties", status_code=202, responses=done(RegistrationView))
def register_party(body: PartyBody, calling: CallingDep) -> RegistrationView:
    """Register a party. The chain sees a salted hash of its social credit code."""
    return calling.register(body)


@router.get("/registrations/{id_hash}")
def get_registration(
    state: StateDep, id_hash: Annotated[Hex32, Path(description="Hash given at registration.")]
) -> RegistrationView:
    """Whether a registration has taken effect, and the party's number."""
    party = state.app.parties.of_hash(unhex(id_hash))
    if party is None and not state.app.parties.enrolled(unhex(id_hash)):
        raise RefusedError(Code.NOT_FOUND, f"there is no registration {id_hash}")
    return RegistrationView(
        state="submitted" if party is None else "registered",
        id_hash=id_hash,
        party=None if party is None else party.id,
        exists=True,
    )


@router.post("/parties/{party}/status", status_code=202, responses=done(CallView))
def set_party_status(body: StatusBody, calling: CallingDep, party: PartyPath) -> CallView:
    """Suspend a party or reinstate it; its vouchers stay what they are."""
    return calling.call(body, "setStatus", [party, body.number, unhex(body.evidence)], party)


@router.post("/parties/{party}/roles", status_code=202, responses=done(CallView))
def set_party_roles(body: RolesBody, calling: CallingDep, party: PartyPath) -> CallView:
    """Set a party's roles."""
    return calling.call(body, "setRoles", [party, int(roles_of(body.roles))], party)


@router.post("/parties/{party}/limit", status_code=202, responses=done(CallView))
def set_issuer_limit(body: LimitBody, calling: CallingDep, party: PartyPath) -> CallView:
    """Set the largest sum that an issuer may have outstanding."""
    return calling.call(body, "setIssuerLimit", [party, body.limit_fen], party)


@router.post("/parties/{party}/bank-account")
def set_bank_account(
    request: Request, body: BankAccountBody, state: StateDep, key: KeyDep, party: PartyPath
) -> BankAccountView:
    """Set where a party is paid from now on. What it replaced stays in the audit log; orders that
    a bank has already stay as they are."""
    asked = Asked(key, str(request.state.operation), {"party": party, **body.model_dump()})
    done = state.app.bank_accounts.set(
        asked, PartyId(party), PaidAt(body.bank_account, body.bank_code)
    )
    if done.changed:
        request.state.detail = f"was {done.before or 'none'}, is {done.now}"
    return BankAccountView(
        party=done.party,
        bank_account=done.now.account,
        bank_code=done.now.code,
        changed=done.changed,
        previous_account=None if done.before is None else done.before.account,
        previous_code=None if done.before is None else done.before.code,
        exists=done.exists,
    )


def _view(row: PartyRow, actor: Actor) -> PartyView:
    own = actor.platform or actor.reads_all or actor.party == row.id
    return PartyView.of(row, private=own)
