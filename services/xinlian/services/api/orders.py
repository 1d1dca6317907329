"""Orders: prepare, take in signed, sign with the keys kept here, look up."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.orders import Order, SignedOrder
from xinlian.services.api.ordering import (
    ORDER_RESPONSES,
    AnyOrder,
    SignerDep,
    WaitingDep,
    order_view,
)
from xinlian.services.api.reading import PlainListerDep
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import DigestText, Page, hex32, unhex
from xinlian.services.api.schemas.orders import (
    OrderDraft,
    PreparedView,
    SignedOrderBody,
    items_of,
    items_view,
)
from xinlian.services.api.state import ActorDep, KeyDep, StateDep
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.orders import Asked
from xinlian.services.app.reading import Reader

router = guarded_router("orders")

DigestPath = Annotated[DigestText, Path(description="EIP-712 digest of an order.")]


@router.post("/orders/prepare", status_code=200)
def prepare_order(body: OrderDraft, state: StateDep, actor: ActorDep, key: KeyDep) -> PreparedView:
    """An order for your own accounts to sign: typed data for a wallet, with a fresh nonce."""
    items = items_of(body.content)
    prepared = state.app.orders.prepare(
        actor.signer,
        Asked(key, "prepare_order", body.model_dump(mode="json")),
        lambda _: items,
        body.deadline,
    )
    order = prepared.order
    return PreparedView.model_validate(
        {
            "digest": hex32(prepared.digest),
            "party": order.party,
            "nonce": str(order.nonce),
            "deadline": order.deadline,
            "content": items_view(order.items),
            "typed_data": prepared.typed_data,
            "signatures_needed": prepared.signatures_needed,
        }
    )


@router.post("/orders", status_code=202, responses=ORDER_RESPONSES)
def submit_order(
    body: SignedOrderBody, state: StateDep, actor: ActorDep, key: KeyDep, waiting: WaitingDep
) -> AnyOrder:
    """Take in an order that your accounts signed. It is kept durably before this answers."""
    order = Order(PartyId(body.party), int(body.nonce), body.deadline, items_of(body.content))
    signed = SignedOrder(order, tuple(unhex(signature) for signature in body.signatures))
    return waiting.answer(state.app.orders.submit(actor.signer, signed, key))


@router.post("/orders/sign", status_code=202, responses=ORDER_RESPONSES)
def sign_order(body: OrderDraft, signing: SignerDep) -> AnyOrder:
    """Make an order of any kind, signed by your keys that are kept here."""
    items = items_of(body.content)
    return signing.sign(body, lambda _: items, body.deadline)


@router.get("/orders")
def list_orders(state: StateDep, actor: ActorDep, lister: PlainListerDep) -> Page[AnyOrder]:
    """Your orders taken in here, newest first, in the state they are in now."""
    reader = Reader.of(actor)
    return lister.page(
        {},
        lambda _, limit, before: state.app.order_reads.page(
            reader.party, limit=limit, before=before
        ),
        lambda row: order_view(state, state.app.orders.status(row[1]), exists=True),
        lambda row: row[0],
        start=None,
    )


@router.get("/orders/{digest:hash}")
def get_order(
    state: StateDep, actor: ActorDep, waiting: WaitingDep, digest: DigestPath
) -> AnyOrder:
    """One of your orders."""
    owner = state.app.order_reads.owner(unhex(digest))
    if owner is None or Reader.of(actor).party not in (None, owner):
        raise RefusedError(Code.NOT_FOUND, f"there is no order {digest} of yours")
    return waiting.view(unhex(digest), exists=True)
