"""The payment clock of small and medium suppliers, beside maturity.

保障中小企业款项支付条例: goods delivered by a small or medium enterprise are paid within a number
of days from delivery; late payment bears interest. The size class is the one at the contract date.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from xinlian.finance.model.rates import PPM, RateError, RatePpm
from xinlian.finance.model.rules import MarketRules
from xinlian.ledger.model.days import Day, add_days
from xinlian.ledger.model.money import Fen


class SizeClass(StrEnum):
    """Size of an enterprise by the national classification."""

    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class BuyerKind(StrEnum):
    """Who buys: a large enterprise, a public body, or anyone else."""

    LARGE_ENTERPRISE = "large_enterprise"
    PUBLIC_BODY = "public_body"
    OTHER = "other"


class ClockState(StrEnum):
    """Why the clock runs or does not."""

    RUNS = "runs"
    SUPPLIER_IS_LARGE = "supplier_is_large"
    BUYER_NOT_COVERED = "buyer_not_covered"
    NO_RULE_IN_FORCE = "no_rule_in_force"


@dataclass(frozen=True, slots=True)
class PaymentClock:
    """The last day for payment in law, with the rules it rests on; no day where none applies."""

    state: ClockState
    pay_by: Day | None
    days: int | None
    rules_version: str
    shortened: bool = False
    """The contract agreed on more days than the rules allow, and the rules' cap was taken."""


def payment_clock(
    delivery_day: Day,
    supplier: SizeClass,
    buyer: BuyerKind,
    rules: MarketRules,
    agreed_days: int | None = None,
) -> PaymentClock:
    """When a delivery must be paid; an agreed term stands, cut to the cap of the rules."""
    at_delivery = rules.at(delivery_day)
    if agreed_days is not None and agreed_days < 0:
        raise RateError("an agreed payment term is not negative")
    if supplier is SizeClass.LARGE:
        return PaymentClock(ClockState.SUPPLIER_IS_LARGE, None, None, at_delivery.version)
    if buyer is BuyerKind.OTHER:
        return PaymentClock(ClockState.BUYER_NOT_COVERED, None, None, at_delivery.version)
    name = "sme_public_buyer_days" if buyer is BuyerKind.PUBLIC_BODY else "sme_large_buyer_days"
    days = at_delivery.number(name)
    if days is None:
        return PaymentClock(ClockState.NO_RULE_IN_FORCE, None, None, at_delivery.version)
    cap = at_delivery.number("sme_agreed_days_max") or days
    if agreed_days is not None:
        days = min(agreed_days, cap)
    shortened = agreed_days is not None and agreed_days > cap
    pay_by = add_days(delivery_day, days)
    return PaymentClock(ClockState.RUNS, pay_by, days, at_delivery.version, shortened)


def late_interest(
    amount: Fen,
    clock: PaymentClock,
    paid_on: Day,
    rules: MarketRules,
    agreed_rate: RatePpm | None = None,
    loan_prime_rate: RatePpm | None = None,
) -> Fen:
    """Interest for payment after ``clock.pay_by``, in whole fen, rounded half to even.

    With an agreed annual rate (ACT/365) that rate holds, but not less than the one-year loan
    prime rate at contract date, which must then be given; without one the daily rate of the rules
    at the last day for payment holds.
    """
    if amount < 0:
        raise RateError("late interest needs an amount that is not negative")
    if clock.pay_by is None or paid_on <= clock.pay_by:
        return Fen(0)
    days = paid_on - clock.pay_by
    if agreed_rate is not None:
        if loan_prime_rate is None:
            raise RateError("an agreed rate is judged against the loan prime rate: give it")
        annual = max(agreed_rate, loan_prime_rate)
        return amount.times(Fraction(annual * days, PPM * 365))
    daily_ppm = rules.at(clock.pay_by).number("sme_late_interest_daily_ppm")
    return amount.times(Fraction((daily_ppm or 0) * days, PPM))
