"""The payment clock of small suppliers and late interest."""

from dataclasses import replace

import pytest
from xinlian.finance.adapters.data_files import market_rules
from xinlian.finance.model.rates import (
    RateError,
    RatePpm,
)
from xinlian.finance.model.trade.documents import DocumentKind
from xinlian.finance.model.trade.payment_clock import (
    BuyerKind,
    ClockState,
    SizeClass,
    late_interest,
    payment_clock,
)
from xinlian.finance.usecases.trade.documents import due_payment
from xinlian.ledger.model.days import Day, day_from_iso
from xinlian.ledger.model.money import Fen

from tests.finance.evidence import document


def clock_days(**change: object) -> tuple[ClockState, int | None]:
    arguments: dict[str, object] = {
        "delivery_day": day_from_iso("2025-07-01"),
        "supplier": SizeClass.SMALL,
        "buyer": BuyerKind.LARGE_ENTERPRISE,
        "rules": market_rules(),
    }
    found = payment_clock(**(arguments | change))  # type: ignore[arg-type]
    return found.state, found.days


def test_the_payment_clock() -> None:
    assert clock_days() == (ClockState.RUNS, 60)
    assert clock_days(agreed_days=30) == (ClockState.RUNS, 30)
    assert clock_days(agreed_days=90) == (ClockState.RUNS, 60)
    assert clock_days(buyer=BuyerKind.PUBLIC_BODY) == (ClockState.RUNS, 30)
    assert clock_days(buyer=BuyerKind.PUBLIC_BODY, agreed_days=45) == (ClockState.RUNS, 45)
    assert clock_days(supplier=SizeClass.LARGE) == (ClockState.SUPPLIER_IS_LARGE, None)
    assert clock_days(buyer=BuyerKind.OTHER) == (ClockState.BUYER_NOT_COVERED, None)
    before = day_from_iso("2025-05-31")
    assert clock_days(delivery_day=before) == (ClockState.NO_RULE_IN_FORCE, None)
    with pytest.raises(RateError):
        clock_days(agreed_days=-1)


def test_late_interest() -> None:
    rules = market_rules()
    clock = payment_clock(
        day_from_iso("2025-07-01"), SizeClass.MICRO, BuyerKind.LARGE_ENTERPRISE, rules, 90
    )
    assert clock.shortened
    assert clock.pay_by == day_from_iso("2025-08-30")
    paid = day_from_iso("2025-09-09")
    million = Fen(100_000_000)
    assert late_interest(million, clock, day_from_iso("2025-08-30"), rules) == 0
    # Ten days at five in ten thousand a day.
    assert late_interest(million, clock, paid, rules) == 500_000
    # An agreed rate below the loan prime rate is lifted to it.
    agreed = late_interest(million, clock, paid, rules, RatePpm(10_000), RatePpm(30_000))
    assert agreed == 82_192  # 100 000 000 × 3 % × 10 / 365 = 82 191.78
    with pytest.raises(RateError):
        late_interest(million, clock, paid, rules, RatePpm(10_000))
    with pytest.raises(RateError):
        late_interest(Fen(-1), clock, paid, rules)


def test_the_clock_of_an_invoice_runs_from_delivery() -> None:
    delivered, due = day_from_iso("2025-07-01"), day_from_iso("2025-09-29")
    invoice = document(
        DocumentKind.INVOICE,
        "1",
        100_000_000,
        issued=Day(delivered + 3),
        delivered=delivered,
        due=due,
    )
    sizes = (SizeClass.SMALL, BuyerKind.LARGE_ENTERPRISE, market_rules())
    found = due_payment(invoice, *sizes, due)
    # 90 days were agreed and 60 count: thirty days at five in ten thousand.
    assert (found.clock.days, found.clock.shortened) == (60, True)
    assert found.interest == 1_500_000
    assert due_payment(invoice, *sizes, delivered).interest == 0
    bare = replace(invoice, delivered=None, due=None)
    assert due_payment(bare, *sizes, due).clock.pay_by == Day(delivered + 63)
