from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from xinlian.finance.adapters.data_files import china_calendar
from xinlian.finance.model.calendar import CalendarBasis
from xinlian.finance.model.financing.quotes import (
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
    RatePpm,
    rate_from_percent,
)
from xinlian.finance.model.xirr import xirr
from xinlian.ledger.model.days import Day, day_from_iso, start_of
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.money import Fen

MONDAY = day_from_iso("2025-07-07")


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
