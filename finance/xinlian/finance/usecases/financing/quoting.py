"""Requests for quotes, quotes, and acceptance. Nothing here touches the chain.

Acceptance returns what the supplier is to order on chain; ``services`` carries it. A limit is
reserved between acceptance and that order: whoever adds limits does it in ``accept_quote``'s unit
of work, before the financing is added.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from xinlian.finance.model.calendar import BusinessCalendar
from xinlian.finance.model.financing.life import Financing, Stage
from xinlian.finance.model.financing.quotes import (
    Quote,
    QuoteError,
    QuoteRequest,
    QuoteTerms,
    price_quote,
    rank,
)
from xinlian.finance.model.rules import MarketRules, judge_term
from xinlian.finance.usecases.ports import FinancingStore
from xinlian.ledger.model.days import Day, day_at
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.items import OpenFinancing
from xinlian.ledger.model.money import Fen

_Found = TypeVar("_Found")


class QuoteReason(StrEnum):
    """Why a request, quote or acceptance is refused, in order of precedence."""

    UNKNOWN = "unknown"
    NOT_YOURS = "not_yours"
    DIFFERENT = "different"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    EXPIRED = "expired"
    ALREADY_ACCEPTED = "already_accepted"
    OWN_REQUEST = "own_request"
    DAY_PAST = "day_past"
    TERM_TOO_LONG = "term_too_long"
    TENOR_REASON_MISSING = "tenor_reason_missing"
    IMPOSSIBLE = "impossible"


class QuoteRefusedError(ValueError):
    """A step is refused; ``field`` is the one that differs, for ``different``."""

    def __init__(self, reason: QuoteReason, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that now stands; ``existed`` if the same one was made before."""

    request: QuoteRequest
    existed: bool


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote that now stands; ``existed`` if the same one was made before."""

    quote: Quote
    existed: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """A financing and what the supplier is to order on chain to lock the piece."""

    financing: Financing
    opening: OpenFinancing
    existed: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """What a supplier asks quotes for; ``issued`` and ``due`` are the voucher's days."""

    piece: PieceId
    amount: Fen
    back: bool
    issued: Day
    due: Day
    closes_at: int


def request_quotes(
    store: FinancingStore, supplier: PartyId, ask: Ask, key: str, now: int
) -> Recorded:
    """Ask for quotes on part of a piece. ``key`` is the supplier's idempotency key."""
    request_id = _id("quote-request", supplier, key)
    earlier = store.request(request_id)
    if earlier is not None:
        for field in ("piece", "amount", "back", "issued", "due", "closes_at"):
            if getattr(earlier, field) != getattr(ask, field):
                raise _different(field)
        return Recorded(earlier, existed=True)
    try:
        request = QuoteRequest(
            id=request_id,
            supplier=supplier,
            piece=ask.piece,
            amount=ask.amount,
            back=ask.back,
            issued=ask.issued,
            due=ask.due,
            requested_at=now,
            closes_at=ask.closes_at,
        )
    except QuoteError as exc:
        raise QuoteRefusedError(QuoteReason.IMPOSSIBLE, str(exc)) from exc
    store.add_request(request)
    return Recorded(request, existed=False)


@dataclass(frozen=True, slots=True)
class Market:
    """What quotes are judged by: business days and dated rules."""

    calendar: BusinessCalendar
    rules: MarketRules


@dataclass(frozen=True, slots=True)
class Offer:
    """A funder's offer on a request."""

    request_id: str
    funder: PartyId
    terms: QuoteTerms
    expires_at: int


def submit_quote(store: FinancingStore, market: Market, offer: Offer, key: str, now: int) -> Quoted:
    """Quote on a request; the price is reckoned here and stored with the version of the rules."""
    request = _known(store.request(offer.request_id), "request")
    quote_id = _id("quote", offer.funder, key)
    earlier = store.quote(quote_id)
    if earlier is not None:
        for field in ("request_id", "terms", "expires_at"):
            if getattr(earlier, field) != getattr(offer, field):
                raise _different(field)
        return Quoted(earlier, existed=True)
    if request.withdrawn:
        raise QuoteRefusedError(QuoteReason.WITHDRAWN, "the request was withdrawn")
    if now >= request.closes_at:
        raise QuoteRefusedError(QuoteReason.CLOSED, "quoting on this request has closed")
    if offer.expires_at <= now:
        raise QuoteRefusedError(QuoteReason.EXPIRED, "the quote would expire before it stands")
    if store.financing_of_request(request.id) is not None:
        raise QuoteRefusedError(QuoteReason.ALREADY_ACCEPTED, "a quote was accepted already")
    if offer.funder == request.supplier:
        raise QuoteRefusedError(QuoteReason.OWN_REQUEST, "nobody finances their own piece")
    if offer.terms.disburse_day < day_at(now):
        raise QuoteRefusedError(QuoteReason.DAY_PAST, "the day of disbursement is past")
    rules_version = _judge_tenor(request, offer.terms, market.rules, day_at(now))
    try:
        pricing = price_quote(request, offer.terms, market.calendar)
    except QuoteError as exc:
        raise QuoteRefusedError(QuoteReason.IMPOSSIBLE, str(exc)) from exc
    quote = Quote(
        id=quote_id,
        request_id=request.id,
        funder=offer.funder,
        terms=offer.terms,
        pricing=pricing,
        rules_version=rules_version,
        quoted_at=now,
        expires_at=offer.expires_at,
    )
    store.add_quote(quote)
    return Quoted(quote, existed=False)


def ranked_quotes(store: FinancingStore, request_id: str, now: int) -> list[Quote]:
    """The quotes that stand on a request, best for the supplier first."""
    _known(store.request(request_id), "request")
    return rank(quote for quote in store.quotes(request_id) if quote.stands(now))


def accept_quote(store: FinancingStore, quote_id: str, supplier: PartyId, now: int) -> Accepted:
    """Accept a quote. Accepting the same one again returns the same financing."""
    quote = _known(store.quote(quote_id), "quote")
    request = _known(store.request(quote.request_id), "request")
    if request.supplier != supplier:
        raise QuoteRefusedError(QuoteReason.NOT_YOURS, "the request is another supplier's")
    earlier = store.financing_of_request(request.id)
    if earlier is not None and earlier.quote.id == quote_id:
        return Accepted(earlier, earlier.opening(), existed=True)
    if request.withdrawn or quote.withdrawn:
        raise QuoteRefusedError(QuoteReason.WITHDRAWN, "the request or quote was withdrawn")
    if not quote.stands(now):
        raise QuoteRefusedError(QuoteReason.EXPIRED, "the quote has expired")
    if earlier is not None:
        raise QuoteRefusedError(QuoteReason.ALREADY_ACCEPTED, "another quote was accepted")
    if day_at(now) > quote.pricing.start:
        raise QuoteRefusedError(QuoteReason.DAY_PAST, "the day of disbursement is past")
    financing = Financing(request, quote)
    store.add_financing(financing)
    return Accepted(financing, financing.opening(), existed=False)


def withdraw_request(store: FinancingStore, request_id: str, supplier: PartyId) -> None:
    """Withdraw a request nobody's quote on which was accepted; again is harmless."""
    request = _known(store.request(request_id), "request")
    if request.supplier != supplier:
        raise QuoteRefusedError(QuoteReason.NOT_YOURS, "the request is another supplier's")
    if store.financing_of_request(request_id) is not None:
        raise QuoteRefusedError(QuoteReason.ALREADY_ACCEPTED, "a quote was accepted already")
    store.withdraw_request(request_id)


def withdraw_quote(store: FinancingStore, quote_id: str, funder: PartyId) -> None:
    """Withdraw a quote that was not accepted; again is harmless."""
    quote = _known(store.quote(quote_id), "quote")
    if quote.funder != funder:
        raise QuoteRefusedError(QuoteReason.NOT_YOURS, "the quote is another funder's")
    if store.financing(quote_id) is not None:
        raise QuoteRefusedError(QuoteReason.ALREADY_ACCEPTED, "the quote was accepted")
    store.withdraw_quote(quote_id)


def stage_of_request(store: FinancingStore, request_id: str, now: int) -> Stage:
    """Where a request stands: requested, quoted, or the stage of the financing it became."""
    request = _known(store.request(request_id), "request")
    financing = store.financing_of_request(request_id)
    if financing is not None:
        return financing.stage
    if request.withdrawn:
        return Stage.RELEASED
    return Stage.QUOTED if ranked_quotes(store, request_id, now) else Stage.REQUESTED


def _judge_tenor(request: QuoteRequest, terms: QuoteTerms, rules: MarketRules, today: Day) -> str:
    verdict = judge_term(request.issued, request.due, rules.at(today))
    if not verdict.within_hard:
        raise QuoteRefusedError(
            QuoteReason.TERM_TOO_LONG, "the voucher's term is above the hard limit of the market"
        )
    if not verdict.within_soft and not terms.tenor_reason.strip():
        raise QuoteRefusedError(
            QuoteReason.TENOR_REASON_MISSING,
            "the term is above the soft limit: the funder confirms the reason in words",
        )
    return verdict.rules_version


def _id(what: str, party: PartyId, key: str) -> str:
    if not 0 < len(key) <= 200:
        raise QuoteRefusedError(QuoteReason.IMPOSSIBLE, "an idempotency key has 1-200 characters")
    return hashlib.sha256(f"xinlian:{what}:v1\n{party}\n{key}".encode()).hexdigest()


def _different(field: str) -> QuoteRefusedError:
    return QuoteRefusedError(
        QuoteReason.DIFFERENT, f"the same key was used before with another {field}", field
    )


def _known(found: _Found | None, what: str) -> _Found:
    if found is None:
        raise QuoteRefusedError(QuoteReason.UNKNOWN, f"there is no such {what}")
    return found
