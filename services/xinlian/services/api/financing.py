"""Financing: quotes asked for, given and accepted; registration, release."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Path, Query, Request, Response
from xinlian.finance.model.financing.quotes import (
    Fee,
    FeeTime,
    FinancingKind,
    QuoteError,
    QuoteTerms,
)
from xinlian.finance.model.rates import Basis, rate_ppm
from xinlian.finance.usecases.financing.quoting import Offer
from xinlian.ledger.model.days import day_from_iso
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import ReleaseFinancing
from xinlian.ledger.model.money import Fen
from xinlian.ledger.model.vouchers import FinancingState
from xinlian.services.api.ordering import (
    ORDER_RESPONSES,
    AnyOrder,
    OrderResult,
    SignerDep,
    WaitingDep,
)
from xinlian.services.api.reading import ListerDep, MomentDep, PlainListerDep, ReaderDep
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.common import FinancingNo, Page
from xinlian.services.api.schemas.financing import (
    AcceptedView,
    IdText,
    QuoteBody,
    QuoteRequestBody,
    QuoteRequestView,
    QuoteView,
    RegistrationBody,
    ReleaseBody,
)
from xinlian.services.api.schemas.ledger import FinancingStateWord, FinancingView, LineageView
from xinlian.services.api.state import ActorDep, KeyDep, StateDep
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.financing import Wanted
from xinlian.services.app.orders import Asked
from xinlian.services.app.reading import Reader
from xinlian.services.app.registrations import registration_numbers

router = guarded_router("financing")

RequestPath = Annotated[IdText, Path(description="Id of a request for quotes.")]
QuotePath = Annotated[IdText, Path(description="Id of a quote.")]
FinancingPath = Annotated[FinancingNo, Path(description="Number of a financing on chain.")]


@router.post("/quote-requests", status_code=201)
def request_quotes(
    body: QuoteRequestBody, state: StateDep, actor: ActorDep, key: KeyDep
) -> QuoteRequestView:
    """Ask funders for quotes on a piece that you hold."""
    wanted = Wanted(PieceId(body.piece), body.amount_fen, body.back, body.closes_at)
    return QuoteRequestView.of(state.app.desk.ask(actor.signer, wanted, key))


@router.get("/quote-requests")
def list_quote_requests(
    state: StateDep, actor: ActorDep, lister: PlainListerDep
) -> Page[QuoteRequestView]:
    """Your requests; for a funder also those that are open and those it quoted on. By id."""
    return lister.page(
        {},
        lambda _, limit, after: state.app.desk.requests(actor, limit=limit, after=after),
        QuoteRequestView.of,
        lambda row: row.request.id,
        start="",
    )


@router.get("/quote-requests/{request_id}")
def get_quote_request(
    state: StateDep, actor: ActorDep, request_id: RequestPath
) -> QuoteRequestView:
    """One request for quotes."""
    return QuoteRequestView.of(state.app.desk.request(actor, request_id))


@router.get("/quote-requests/{request_id}/lineage")
def get_quote_request_lineage(
    state: StateDep, actor: ActorDep, moment: MomentDep, request_id: RequestPath
) -> LineageView:
    """What stands behind the piece on offer: who asks for quotes lets funders look at it."""
    piece = state.app.desk.request(actor, request_id).request.piece
    return LineageView.of(state.app.books.lineage(Reader(None), piece, moment))


@router.post("/quote-requests/{request_id}/withdraw")
def withdraw_quote_request(
    state: StateDep, actor: ActorDep, _: KeyDep, request_id: RequestPath
) -> QuoteRequestView:
    """Take a request back while no quote on it was accepted; again is harmless."""
    return QuoteRequestView.of(state.app.desk.withdraw_request(actor, request_id))


@router.post("/quote-requests/{request_id}/quotes", status_code=201)
def give_quote(
    body: QuoteBody, state: StateDep, actor: ActorDep, key: KeyDep, request_id: RequestPath
) -> QuoteView:
    """Quote on a request. The price is reckoned here, and judged by the rules of the day."""
    offer = Offer(request_id, actor.signer, _terms(body), body.expires_at)
    quote, exists = state.app.desk.offer(actor, offer, key)
    return QuoteView.of(quote, state.app.desk.quote(actor, quote.id)[1], exists=exists)


@router.get("/quote-requests/{request_id}/quotes")
def list_quotes(state: StateDep, actor: ActorDep, request_id: RequestPath) -> Page[QuoteView]:
    """The quotes that stand, best first: all on your own request, only your own on others'."""
    desk = state.app.desk
    request = desk.request(actor, request_id).request
    quotes = desk.quotes(actor, request_id)
    return Page(items=[QuoteView.of(quote, request) for quote in quotes])


@router.get("/quotes/{quote_id}")
def get_quote(state: StateDep, actor: ActorDep, quote_id: QuotePath) -> QuoteView:
    """One quote."""
    return QuoteView.of(*state.app.desk.quote(actor, quote_id))


@router.post("/quotes/{quote_id}/withdraw")
def withdraw_quote(state: StateDep, actor: ActorDep, _: KeyDep, quote_id: QuotePath) -> QuoteView:
    """Take a quote back while it was not accepted; again is harmless."""
    return QuoteView.of(*state.app.desk.withdraw_quote(actor, quote_id))


@router.post(
    "/quotes/{quote_id}/accept",
    status_code=202,
    responses={200: {"model": AcceptedView, "description": "The order is final or has failed."}},
)
def accept_quote(
    request: Request,
    response: Response,
    state: StateDep,
    actor: ActorDep,
    key: KeyDep,
    waiting: WaitingDep,
    quote_id: QuotePath,
) -> AcceptedView:
    """Accept a quote; your keys kept here sign the order that locks the piece."""
    state.app.orders.require_keys(actor.signer)
    asked = Asked(key, str(request.state.operation), {"quote": quote_id})
    # A quote is accepted once, under however many keys: the order's own key is the quote's.
    once = replace(asked, key=f"accept-{quote_id[:48]}")
    placed = state.app.orders.sign_once(
        actor.signer, asked, once, lambda: [state.app.desk.accept(actor.signer, quote_id).opening]
    )
    # One quote becomes one financing, under the quote's id.
    state.app.desk.ordered(quote_id, placed.digest)
    order = waiting.view(placed.digest, exists=placed.exists)
    response.status_code = 200 if isinstance(order, OrderResult) else 202
    return AcceptedView(financing_id=quote_id, order=order)


@router.get("/financings")
def list_financings(
    state: StateDep,
    reader: ReaderDep,
    lister: ListerDep,
    state_word: Annotated[
        FinancingStateWord | None, Query(alias="state", description="Only those in this state.")
    ] = None,
) -> Page[FinancingView]:
    """Financings on chain of which you are seller, funder or bank, by number."""
    wanted = None if state_word is None else FinancingState[state_word.upper()]
    return lister.page(
        {"state": state_word},
        lambda moment, limit, after: state.app.books.financings(
            reader, moment, state=wanted, limit=limit, after=after
        ),
        lambda row: FinancingView.of(row, registration_numbers(state.app.engine, [row.financing])),
        lambda row: int(row.financing),
    )


@router.get("/financings/{financing}")
def get_financing(
    state: StateDep, reader: ReaderDep, moment: MomentDep, financing: FinancingPath
) -> FinancingView:
    """One financing on chain."""
    numbers = registration_numbers(state.app.engine, [financing])
    return FinancingView.of(state.app.books.financing(reader, financing, moment), numbers)


@router.post("/financings/{financing}/register", status_code=202, responses=ORDER_RESPONSES)
def register_financing(
    body: RegistrationBody,
    state: StateDep,
    actor: ActorDep,
    signing: SignerDep,
    financing: FinancingPath,
) -> AnyOrder:
    """As the funder, bind the number under which the national registry holds the financing."""
    item = state.app.desk.bind_registration(actor.signer, financing, body.registration_number)
    return signing.sign(body, lambda _: [item])


@router.post("/financings/{financing}/release", status_code=202, responses=ORDER_RESPONSES)
def release_financing(body: ReleaseBody, signing: SignerDep, financing: FinancingPath) -> AnyOrder:
    """End a financing before money flowed: the funder at any time, the seller after its expiry."""
    return signing.sign(body, lambda _: [ReleaseFinancing(FinancingId(financing), body.reason)])


def _terms(body: QuoteBody) -> QuoteTerms:
    try:
        return QuoteTerms(
            kind=FinancingKind(body.kind),
            recourse=body.recourse,
            rate=rate_ppm(body.rate_ppm),
            basis=Basis(body.basis),
            disburse_day=day_from_iso(body.disburse_day),
            bank=PartyId(body.bank),
            fees=tuple(Fee(fee.name, Fen(fee.amount_fen), FeeTime(fee.when)) for fee in body.fees),
            advance_ppm=body.advance_ppm,
            tenor_reason=body.tenor_reason,
        )
    except QuoteError as exc:
        raise RefusedError(Code.STATE, str(exc)) from exc
