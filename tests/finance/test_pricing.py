from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from xinlian.finance.adapters.data_files import china_calendar, market_rules
from xinlian.finance.model.calendar import CalendarBasis
from xinlian.finance.model.payment_clock import (
    BuyerKind,
    ClockState,
    SizeClass,
    late_interest,
    payment_clock,
)
from xinlian.finance.model.quotes import (
    Fee,
    FeeTime,
    FinancingKind,
    Quote,
    QuoteError,
    QuoteRequest,
    QuoteTerms,
    price_quote,
    rank,
    terms_hash,
    terms_text,
)
from xinlian.finance.model.rates import (
    PPM,
    Basis,
    RateError,
    RatePpm,
    apportion,
    days_between,
    interest,
    percent,
    rate_from_percent,
    rate_ppm,
)
from xinlian.finance.model.xirr import CashFlow, XirrError, xirr
from xinlian.ledger.model.days import Day, day_from_iso, start_of
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.money import Fen

MONDAY = day_from_iso("2025-07-07")


def flows(*pairs: tuple[str, int]) -> list[CashFlow]:
    return [CashFlow(day_from_iso(day), Fen(amount)) for day, amount in pairs]


# The example in the documentation of spreadsheets' XIRR: 0.373362535.
SPREADSHEET = flows(
    ("2008-01-01", -1_000_000),
    ("2008-03-01", 275_000),
    ("2008-10-30", 425_000),
    ("2009-02-15", 325_000),
    ("2009-04-01", 275_000),
)


def test_xirr_gives_the_spreadsheets_figure() -> None:
    assert xirr(SPREADSHEET) == Decimal("0.373363")
    assert xirr([CashFlow(flow.day, -flow.amount) for flow in SPREADSHEET]) == Decimal("0.373363")
    assert xirr(SPREADSHEET[::-1]) == Decimal("0.373363")


@pytest.mark.parametrize(
    ("pairs", "rate"),
    [
        # A year of 365 days: the rate is the interest.
        ((("2025-01-01", 10_000), ("2026-01-01", -11_000)), "0.100000"),
        ((("2025-01-01", 10_000), ("2026-01-01", -10_000)), "0.000000"),
        # 2 % over 90 days: 1.02 ** (365 / 90) - 1.
        ((("2025-01-01", 100_000), ("2025-04-01", -102_000)), "0.083624"),
        # 1 % over ten days, compounded 36.5 times: 1.01 ** 36.5 - 1.
        ((("2025-01-01", 10_000), ("2025-01-11", -10_100)), "0.437905"),
        ((("2025-01-01", 10_000), ("2026-01-01", -5_000)), "-0.500000"),
    ],
)
def test_xirr_of_two_flows_is_the_closed_form(
    pairs: tuple[tuple[str, int], ...], rate: str
) -> None:
    assert xirr(flows(*pairs)) == Decimal(rate)


@given(st.integers(1_000, 10**13), st.integers(1, 3_000), st.integers(1, 700), st.integers(0, 365))
def test_xirr_of_two_flows_solves_the_equation(price: int, extra: int, days: int, gap: int) -> None:
    owed = price + price * extra // 100_000
    start = Day(15_000 + gap)
    rate = xirr([CashFlow(start, Fen(price)), CashFlow(Day(start + days), -Fen(owed))])
    exact = (Decimal(owed) / Decimal(price)) ** (Decimal(365) / Decimal(days)) - 1
    assert abs(rate - exact) <= Decimal("0.000001")


@pytest.mark.parametrize(
    "bad",
    [
        [],
        flows(("2025-01-01", 100)),
        flows(("2025-01-01", 100), ("2025-02-01", 100)),
        flows(("2025-01-01", 100), ("2025-01-01", -90)),
        flows(("2025-01-01", -100), ("2025-02-01", 230), ("2025-03-01", -132)),
        flows(("2025-01-01", 1), ("2025-01-02", -(10**15))),
    ],
)
def test_xirr_refuses_flows_without_one_rate(bad: list[CashFlow]) -> None:
    with pytest.raises(XirrError):
        xirr(bad)


@pytest.mark.parametrize(
    ("principal", "rate", "days", "basis", "fen"),
    [
        # 1 000 000 yuan at 3.85 % for 90 days.
        (100_000_000, "3.85", 90, Basis.ACT_360, 962_500),
        (100_000_000, "3.85", 90, Basis.ACT_365, 949_315),
        (100_000_000, "4.35%", 365, Basis.ACT_365, 4_350_000),
        (1, "100", 180, Basis.ACT_360, 0),  # half a fen goes to the even one
        (3, "100", 180, Basis.ACT_360, 2),
        (5, "100", 180, Basis.ACT_360, 2),
    ],
)
def test_simple_interest(principal: int, rate: str, days: int, basis: Basis, fen: int) -> None:
    assert interest(Fen(principal), rate_from_percent(rate), days, basis) == fen


def test_rates_are_exact_text() -> None:
    assert rate_from_percent("3.85") == 38_500
    assert percent(RatePpm(38_500)) == "3.8500"
    for bad in ("", "-1", "3,85", "1e1", "3.85001", "101", "NaN", "3.85 %"):
        with pytest.raises(RateError):
            rate_from_percent(bad)
    for value in (-1, PPM + 1, True, 0.5):
        with pytest.raises(RateError):
            rate_ppm(value)  # type: ignore[arg-type]
    with pytest.raises(RateError):
        days_between(Day(2), Day(1))
    with pytest.raises(RateError):
        interest(Fen(-1), RatePpm(1), 1, Basis.ACT_360)


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_apportioned_parts_add_up_and_are_fair(total: int, weights: list[int]) -> None:
    assume(sum(weights) > 0)
    parts = apportion(Fen(total), weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(total * weight, sum(weights)) - int(part)) < 1


def test_nothing_is_apportioned_over_nothing() -> None:
    for total, weights in ((1, []), (1, [0]), (1, [2, -1]), (-1, [1])):
        with pytest.raises(RateError):
            apportion(Fen(total), weights)


def request(amount: int = 100_000_000, due: str = "2025-10-05") -> QuoteRequest:
    now = start_of(MONDAY)
    return QuoteRequest(
        "r", PartyId(3), PieceId(65536), Fen(amount), False, MONDAY, day_from_iso(due), now, now + 9
    )


def terms(
    rate: str = "3.85",
    kind: FinancingKind = FinancingKind.SALE,
    basis: Basis = Basis.ACT_360,
    fees: tuple[Fee, ...] = (),
    advance_ppm: int = PPM,
    recourse: bool = False,
    day: Day = MONDAY,
) -> QuoteTerms:
    return QuoteTerms(
        kind, recourse, rate_from_percent(rate), basis, day, PartyId(9), fees, advance_ppm
    )


def test_a_discount_in_figures() -> None:
    # Due on Sunday 5 October 2025, in the National Day week: paid on Thursday the 9th, 94 days.
    fees = (
        Fee("platform", Fen(50_000), FeeTime.UPFRONT),
        Fee("collection", Fen(10_000), FeeTime.MATURITY),
    )
    found = price_quote(request(), terms(fees=fees), china_calendar())
    assert found.maturity == day_from_iso("2025-10-09")
    assert found.days == 94
    assert found.interest == 1_005_278  # 100 000 000 × 3.85 % × 94 / 360 = 1 005 277.78
    assert found.price == 100_000_000 - 1_005_278 - 50_000
    assert found.owed == 100_000_000
    assert found.calendar is CalendarBasis.PUBLISHED
    exact = (Decimal(100_010_000) / Decimal(98_944_722)) ** (Decimal(365) / 94) - 1
    assert found.all_in == exact.quantize(Decimal("0.000001"))
    assert xirr(found.flows) == found.all_in


def test_a_loan_in_figures() -> None:
    loan = terms("4.35", FinancingKind.PLEDGE, Basis.ACT_365, advance_ppm=800_000)
    found = price_quote(request(due="2025-10-10"), loan, china_calendar())
    assert found.principal == found.price == 80_000_000
    assert found.days == 95
    assert found.interest == 905_753  # 80 000 000 × 4.35 % × 95 / 365 = 905 753.42
    assert found.owed == 80_905_753


def test_money_on_a_holiday_comes_after_it() -> None:
    found = price_quote(request(), terms(day=day_from_iso("2025-07-12")), china_calendar())
    assert found.start == day_from_iso("2025-07-14")


def test_a_year_without_published_days_is_marked() -> None:
    late = QuoteRequest(
        "r", PartyId(3), PieceId(65536), Fen(100), False, MONDAY, day_from_iso("2027-03-01"), 0, 9
    )
    assert price_quote(late, terms(), china_calendar()).calendar is CalendarBasis.WEEKENDS_ONLY


@pytest.mark.parametrize(
    "bad",
    [
        terms(fees=(Fee("x", Fen(100_000_000), FeeTime.UPFRONT),)),
        terms(day=day_from_iso("2025-10-05")),
        terms(day=day_from_iso("2025-10-09")),
        terms(fees=(Fee("x", Fen(98_994_721), FeeTime.UPFRONT),)),
    ],
)
def test_quotes_that_leave_nothing_are_refused(bad: QuoteTerms) -> None:
    with pytest.raises(QuoteError):
        price_quote(request(), bad, china_calendar())


def test_terms_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(QuoteError):
        terms(advance_ppm=900_000)
    with pytest.raises(QuoteError):
        terms(kind=FinancingKind.PLEDGE, advance_ppm=0)
    with pytest.raises(QuoteError):
        Fee("", Fen(1), FeeTime.UPFRONT)
    with pytest.raises(QuoteError):
        Fee("x", Fen(-1), FeeTime.UPFRONT)
    with pytest.raises(QuoteError):
        terms(fees=(Fee("x", Fen(0), FeeTime.UPFRONT),) * 17)
    for amount, due in ((0, "2025-10-05"), (-1, "2025-10-05"), (1, "2025-07-07")):
        with pytest.raises(QuoteError):
            request(amount, due)


@given(
    st.integers(10_000, 10**13),
    st.integers(0, 300_000),
    st.integers(1, 360),
    st.sampled_from(Basis),
    st.integers(0, 50),
)
def test_every_fen_of_a_discount_is_somewhere(
    amount: int, rate: int, days: int, basis: Basis, fee: int
) -> None:
    asked = QuoteRequest(
        "r", PartyId(3), PieceId(1), Fen(amount), False, MONDAY, Day(MONDAY + days), 0, 9
    )
    given_terms = QuoteTerms(
        FinancingKind.SALE,
        False,
        RatePpm(rate),
        basis,
        MONDAY,
        PartyId(9),
        (Fee("fee", Fen(fee), FeeTime.UPFRONT),),
    )
    try:
        found = price_quote(asked, given_terms, china_calendar())
    except QuoteError:
        assume(False)
    assert found.price + found.interest + found.upfront_fees == found.face == amount
    exact = Fraction(amount * rate * found.days, PPM * basis.year_days)
    assert abs(int(found.interest) - exact) <= Fraction(1, 2)
    assert (found.all_in > 0) == (found.interest + fee > 0) or abs(found.all_in) < 1


def quote(name: str, given_terms: QuoteTerms, quoted_at: int = 0) -> Quote:
    asked = request()
    return Quote(
        name,
        asked.id,
        PartyId(5),
        given_terms,
        price_quote(asked, given_terms, china_calendar()),
        "rules",
        quoted_at,
        10**10,
    )


def test_quotes_are_ranked_by_what_they_cost() -> None:
    cheap_rate_high_fee = quote("a", terms("3.0", fees=(Fee("f", Fen(900_000), FeeTime.UPFRONT),)))
    honest = quote("b", terms("4.0"))
    with_recourse = quote("c", terms("4.0", recourse=True))
    later = quote("d", terms("4.0"), quoted_at=5)
    dear = quote("e", terms("5.0", basis=Basis.ACT_365))
    everyone = [cheap_rate_high_fee, dear, later, with_recourse, honest]
    assert [item.id for item in rank(everyone)] == ["b", "d", "c", "e", "a"]
    assert rank(everyone[::-1]) == rank(everyone)


def test_agreed_terms_have_one_text_and_every_change_shows() -> None:
    base = quote("a", terms())
    assert terms_text(request(), base) == terms_text(request(), quote("a", terms()))
    assert "." not in terms_text(request(), base).replace(str(base.pricing.all_in), "")
    changed = [
        quote("a", terms("3.86")),
        quote("a", terms(basis=Basis.ACT_365)),
        quote("a", terms(recourse=True)),
        quote("b", terms()),
        quote("a", terms(fees=(Fee("f", Fen(1), FeeTime.MATURITY),))),
    ]
    hashes = {terms_hash(request(), item) for item in (base, *changed)}
    assert len(hashes) == 6


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
