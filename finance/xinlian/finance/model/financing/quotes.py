"""Requests for quotes, quotes, and what a quote is worth to the supplier.

Sale (discount): proceeds = face − face × rate × days / basis − fees paid at once.
Pledge (loan): the funder lends a share of the face; interest and later fees are due at maturity.
Maturity moves to the next business day. All amounts are whole fen, interest rounded half to even.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from xinlian.finance.model.calendar import BusinessCalendar, CalendarBasis
from xinlian.finance.model.rates import PPM, Basis, RatePpm, days_between, interest
from xinlian.finance.model.xirr import CashFlow, XirrError, xirr
from xinlian.ledger.model.days import Day, day_at, iso_of
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.money import Fen

FEES_MAX: Final = 16
FEE_NAME_CHARS_MAX: Final = 40
TERMS_DOMAIN: Final = "xinlian:financing-terms:v1"


class QuoteError(ValueError):
    """A request or quote contradicts itself."""


class FinancingKind(StrEnum):
    """Whether the piece is sold (discount) or pledged for a loan."""

    SALE = "sale"
    PLEDGE = "pledge"


class FeeTime(StrEnum):
    """When a fee is paid: kept back from the proceeds, or at maturity."""

    UPFRONT = "upfront"
    MATURITY = "maturity"


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee that the supplier bears, in fen."""

    name: str
    amount: Fen
    when: FeeTime

    def __post_init__(self) -> None:
        if self.amount < 0 or not 0 < len(self.name) <= FEE_NAME_CHARS_MAX:
            raise QuoteError("a fee has a name of at most 40 characters and is not negative")


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """A supplier asks for quotes on ``amount`` fen of a piece, from its start or its back.

    ``issued`` and ``due`` are the voucher's days; ``closes_at`` is when quoting ends.
    """

    id: str
    supplier: PartyId
    piece: PieceId
    amount: Fen
    back: bool
    issued: Day
    due: Day
    requested_at: int
    closes_at: int
    withdrawn: bool = False

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise QuoteError("quotes are asked for on an amount above zero")
        if self.due <= day_at(self.requested_at):
            raise QuoteError("the voucher is due: there is nothing left to finance")
        if self.closes_at <= self.requested_at:
            raise QuoteError("quoting closes after it opens")


@dataclass(frozen=True, slots=True)
class QuoteTerms:
    """What a funder offers.

    ``advance_ppm`` is the share of the face lent under a pledge; under a sale it is the whole.
    ``bank`` is the party whose receipts prove payment. ``tenor_reason`` is the funder's own
    confirmation of a term above the soft limit: the reason, in words.
    """

    kind: FinancingKind
    recourse: bool
    rate: RatePpm
    basis: Basis
    disburse_day: Day
    bank: PartyId
    fees: tuple[Fee, ...] = ()
    advance_ppm: int = PPM
    tenor_reason: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.advance_ppm <= PPM:
            raise QuoteError("the advance is a share above zero and at most the whole face")
        if self.kind is FinancingKind.SALE and self.advance_ppm != PPM:
            raise QuoteError("a sale pays for the whole face: an advance belongs to a pledge")
        if len(self.fees) > FEES_MAX:
            raise QuoteError(f"at most {FEES_MAX} fees")


@dataclass(frozen=True, slots=True)
class Pricing:
    """What a quote comes to, in fen, and what it rests on."""

    face: Fen
    principal: Fen
    start: Day
    maturity: Day
    days: int
    interest: Fen
    upfront_fees: Fen
    later_fees: Fen
    price: Fen
    """What the supplier receives on ``start``."""
    owed: Fen
    """What the funder is to receive at ``maturity``: the face of a sale, the debt of a pledge."""
    all_in: Decimal
    """The supplier's annual cost, fees included: XIRR, six decimals (0.042311 is 4.2311 %)."""
    calendar: CalendarBasis

    @property
    def flows(self) -> tuple[CashFlow, CashFlow]:
        """The supplier's cash flows: what comes in at the start, what is given up at maturity."""
        return _flows(self.start, self.price, self.maturity, self.owed, self.later_fees)


def _flows(
    start: Day, price: Fen, maturity: Day, owed: Fen, later_fees: Fen
) -> tuple[CashFlow, CashFlow]:
    return CashFlow(start, price), CashFlow(maturity, -(owed + later_fees))


def price_quote(request: QuoteRequest, terms: QuoteTerms, calendar: BusinessCalendar) -> Pricing:
    """Price a quote; raises ``QuoteError`` where it leaves the supplier nothing."""
    start = calendar.next_business_day(terms.disburse_day)
    maturity = calendar.next_business_day(request.due)
    if maturity.day <= start.day:
        raise QuoteError(
            f"money on {iso_of(start.day)} and maturity on {iso_of(maturity.day)} leave no days"
        )
    days = days_between(start.day, maturity.day)
    upfront = _fees(terms, FeeTime.UPFRONT)
    later = _fees(terms, FeeTime.MATURITY)
    principal = request.amount.times(Fraction(terms.advance_ppm, PPM))
    cost = interest(principal, terms.rate, days, terms.basis)
    if terms.kind is FinancingKind.SALE:
        price, owed = principal - cost - upfront, request.amount
    else:
        price, owed = principal - upfront, principal + cost
    if price <= 0:
        raise QuoteError(f"interest and fees leave the supplier nothing ({price.yuan()} yuan)")
    try:
        all_in = xirr(_flows(start.day, price, maturity.day, owed, later))
    except XirrError as exc:
        raise QuoteError(f"the quote has no annual cost: {exc}") from exc
    return Pricing(
        face=request.amount,
        principal=principal,
        start=start.day,
        maturity=maturity.day,
        days=days,
        interest=cost,
        upfront_fees=upfront,
        later_fees=later,
        price=price,
        owed=owed,
        all_in=all_in,
        calendar=calendar.basis((terms.disburse_day, start.day, request.due, maturity.day)),
    )


def _fees(terms: QuoteTerms, when: FeeTime) -> Fen:
    return Fen(sum(fee.amount for fee in terms.fees if fee.when is when))


@dataclass(frozen=True, slots=True)
class Quote:
    """A funder's quote with its price and the version of the market rules it was judged by."""

    id: str
    request_id: str
    funder: PartyId
    terms: QuoteTerms
    pricing: Pricing
    rules_version: str
    quoted_at: int
    expires_at: int
    withdrawn: bool = False

    def stands(self, now: int) -> bool:
        """Whether it can be accepted at that Unix second."""
        return not self.withdrawn and now < self.expires_at


def rank(quotes: Iterable[Quote]) -> list[Quote]:
    """Quotes from best to worst for the supplier.

    By all-in annual cost, then without recourse first, then more money, sooner money, the earlier
    quote, and at last by id, so that the order never depends on how they were stored.
    """
    return sorted(
        quotes,
        key=lambda quote: (
            quote.pricing.all_in,
            quote.terms.recourse,
            -quote.pricing.price,
            quote.pricing.start,
            quote.quoted_at,
            quote.id,
        ),
    )


def terms_text(request: QuoteRequest, quote: Quote) -> str:
    """Everything that was agreed, as canonical JSON: keys sorted, no spaces, no floats."""
    terms, pricing = quote.terms, quote.pricing
    agreed = {
        "domain": TERMS_DOMAIN,
        "request": request.id,
        "quote": quote.id,
        "supplier": request.supplier,
        "funder": quote.funder,
        "bank": terms.bank,
        "piece": request.piece,
        "back": request.back,
        "kind": terms.kind.value,
        "recourse": terms.recourse,
        "rate_ppm": terms.rate,
        "basis": terms.basis.value,
        "advance_ppm": terms.advance_ppm,
        "fees": [[fee.name, int(fee.amount), fee.when.value] for fee in terms.fees],
        "face_fen": int(pricing.face),
        "principal_fen": int(pricing.principal),
        "interest_fen": int(pricing.interest),
        "price_fen": int(pricing.price),
        "owed_fen": int(pricing.owed),
        "all_in": str(pricing.all_in),
        "start": iso_of(pricing.start),
        "maturity": iso_of(pricing.maturity),
        "days": pricing.days,
        "calendar": pricing.calendar.value,
        "tenor_reason": terms.tenor_reason,
        "rules": quote.rules_version,
    }
    return json.dumps(agreed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def terms_hash(request: QuoteRequest, quote: Quote) -> bytes:
    """SHA-256 of the canonical terms: what the lock on chain commits to."""
    return hashlib.sha256(terms_text(request, quote).encode()).digest()
