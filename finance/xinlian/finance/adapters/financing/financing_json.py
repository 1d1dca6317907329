"""Quotes and the steps of financings as JSON text, for SQL columns. No floats, keys sorted."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from xinlian.finance.model.calendar import CalendarBasis
from xinlian.finance.model.financing.life import Financing, Payer, Repayment
from xinlian.finance.model.financing.quotes import (
    Fee,
    FeeTime,
    FinancingKind,
    Pricing,
    QuoteTerms,
)
from xinlian.finance.model.rates import Basis, RatePpm
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.model.money import Fen


def quote_to_json(terms: QuoteTerms, pricing: Pricing, rules_version: str) -> str:
    """A quote's terms, price and rules."""
    return _dump(
        {
            "kind": terms.kind.value,
            "recourse": terms.recourse,
            "rate_ppm": terms.rate,
            "basis": terms.basis.value,
            "disburse_day": terms.disburse_day,
            "bank": terms.bank,
            "fees": [[fee.name, int(fee.amount), fee.when.value] for fee in terms.fees],
            "advance_ppm": terms.advance_ppm,
            "tenor_reason": terms.tenor_reason,
            "rules": rules_version,
            "pricing": {
                "face": int(pricing.face),
                "principal": int(pricing.principal),
                "start": pricing.start,
                "maturity": pricing.maturity,
                "days": pricing.days,
                "interest": int(pricing.interest),
                "upfront_fees": int(pricing.upfront_fees),
                "later_fees": int(pricing.later_fees),
                "price": int(pricing.price),
                "owed": int(pricing.owed),
                "all_in": str(pricing.all_in),
                "calendar": pricing.calendar.value,
            },
        }
    )


def quote_from_json(text: str) -> tuple[QuoteTerms, Pricing, str]:
    """The reverse of ``quote_to_json``."""
    raw: dict[str, Any] = json.loads(text)
    terms = QuoteTerms(
        kind=FinancingKind(raw["kind"]),
        recourse=raw["recourse"],
        rate=RatePpm(raw["rate_ppm"]),
        basis=Basis(raw["basis"]),
        disburse_day=Day(raw["disburse_day"]),
        bank=PartyId(raw["bank"]),
        fees=tuple(Fee(name, Fen(amount), FeeTime(when)) for name, amount, when in raw["fees"]),
        advance_ppm=raw["advance_ppm"],
        tenor_reason=raw["tenor_reason"],
    )
    price = raw["pricing"]
    pricing = Pricing(
        face=Fen(price["face"]),
        principal=Fen(price["principal"]),
        start=Day(price["start"]),
        maturity=Day(price["maturity"]),
        days=price["days"],
        interest=Fen(price["interest"]),
        upfront_fees=Fen(price["upfront_fees"]),
        later_fees=Fen(price["later_fees"]),
        price=Fen(price["price"]),
        owed=Fen(price["owed"]),
        all_in=Decimal(price["all_in"]),
        calendar=CalendarBasis(price["calendar"]),
    )
    return terms, pricing, raw["rules"]


def progress_to_json(financing: Financing) -> str:
    """The steps of a financing that have no column of their own."""
    return _dump(
        {
            "payment_id": financing.payment_id,
            "attempts": financing.attempts,
            "disbursement": None
            if financing.disbursement is None
            else financing.disbursement.hex(),
            "repayments": [
                [item.receipt.hex(), int(item.amount), item.payer.value]
                for item in financing.repayments
            ],
            "note": financing.note,
        }
    )


def progress_from_json(text: str) -> dict[str, Any]:
    """Keyword arguments of ``Financing`` for its steps."""
    raw: dict[str, Any] = json.loads(text)
    disbursement = raw["disbursement"]
    return {
        "payment_id": raw["payment_id"],
        "attempts": raw["attempts"],
        "disbursement": None if disbursement is None else bytes.fromhex(disbursement),
        "repayments": tuple(
            Repayment(bytes.fromhex(receipt), Fen(amount), Payer(payer))
            for receipt, amount, payer in raw["repayments"]
        ),
        "note": raw["note"],
    }


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
