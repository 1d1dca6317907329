"""Requests, quotes and acceptance: refusals, repeats, ranking."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from xinlian.finance.adapters.data_files import market_rules
from xinlian.finance.model.financing.life import (
    Stage,
)
from xinlian.finance.model.financing.quotes import FinancingKind
from xinlian.finance.model.rates import PPM
from xinlian.finance.usecases.financing.quoting import (
    Offer,
    QuoteReason,
    QuoteRefusedError,
    accept_quote,
    ranked_quotes,
    request_quotes,
    stage_of_request,
    submit_quote,
    withdraw_quote,
    withdraw_request,
)
from xinlian.ledger.model.days import Day, day_from_iso
from xinlian.ledger.model.ids import PieceId
from xinlian.ledger.model.money import Fen

from tests.finance.desk import (
    DUE,
    FUNDER,
    MARKET,
    MONDAY,
    NOW,
    RIVAL,
    SUPPLIER,
    Desk,
    ask,
    terms,
)


def refused(work: Callable[[], object]) -> QuoteReason:
    with pytest.raises(QuoteRefusedError) as caught:
        work()
    return caught.value.reason


def test_keys_make_steps_repeatable(desk: Desk) -> None:
    first = request_quotes(desk.store, SUPPLIER, ask(), "k", NOW)
    again = request_quotes(desk.store, SUPPLIER, ask(), "k", NOW + 60)
    assert (first.existed, again.existed, again.request) == (False, True, first.request)
    for field, value in (
        ("amount", Fen(5)),
        ("piece", PieceId(5)),
        ("back", True),
        ("due", Day(DUE + 1)),
        ("closes_at", NOW + 1),
    ):
        with pytest.raises(QuoteRefusedError) as caught:
            request_quotes(desk.store, SUPPLIER, ask(**{field: value}), "k", NOW)
        assert (caught.value.reason, caught.value.field) == (QuoteReason.DIFFERENT, field)
    assert request_quotes(desk.store, RIVAL, ask(), "k", NOW).request.id != first.request.id
    offer = Offer(first.request.id, FUNDER, terms(), NOW + 60)
    quote = submit_quote(desk.store, MARKET, offer, "k", NOW)
    same = submit_quote(desk.store, MARKET, offer, "k", NOW + 1)
    assert (quote.existed, same.existed, same.quote) == (False, True, quote.quote)
    for changed, field in (
        (replace(offer, terms=terms(rate=1)), "terms"),
        (replace(offer, expires_at=NOW + 61), "expires_at"),
    ):
        with pytest.raises(QuoteRefusedError) as caught:
            submit_quote(desk.store, MARKET, changed, "k", NOW)
        assert (caught.value.reason, caught.value.field) == (QuoteReason.DIFFERENT, field)
    one = accept_quote(desk.store, quote.quote.id, SUPPLIER, NOW)
    two = accept_quote(desk.store, quote.quote.id, SUPPLIER, NOW + 9_999)
    assert (one.existed, two.existed) == (False, True)
    assert (two.financing, two.opening) == (one.financing, one.opening)


def test_what_no_request_can_be(light: Desk) -> None:
    for changed in ({"amount": Fen(0)}, {"due": MONDAY}, {"closes_at": NOW}):
        assert refused(partial(light.request, **changed)) is (QuoteReason.IMPOSSIBLE)
    for key in ("", "k" * 201):
        assert refused(partial(light.request, key)) is QuoteReason.IMPOSSIBLE


def test_quotes_are_refused_for_their_reason(light: Desk) -> None:
    request = light.request()
    assert refused(lambda: light.quote("none")) is QuoteReason.UNKNOWN
    assert refused(lambda: light.quote(request, expires=0)) is QuoteReason.EXPIRED
    assert refused(lambda: light.quote(request, SUPPLIER)) is QuoteReason.OWN_REQUEST
    past = Day(MONDAY - 1)
    assert refused(lambda: light.quote(request, disburse_day=past)) is QuoteReason.DAY_PAST
    late = Day(DUE + 1)
    assert refused(lambda: light.quote(request, disburse_day=late)) is QuoteReason.IMPOSSIBLE
    closed = Offer(request, FUNDER, terms(), NOW + 9_999)
    assert refused(lambda: submit_quote(light.store, MARKET, closed, "c", NOW + 3_600)) is (
        QuoteReason.CLOSED
    )
    withdraw_request(light.store, request, SUPPLIER)
    assert refused(lambda: light.quote(request)) is QuoteReason.WITHDRAWN
    assert stage_of_request(light.store, request, NOW) is Stage.RELEASED


def test_long_terms_need_the_funders_reason(light: Desk) -> None:
    soft = light.request("soft", due=day_from_iso("2026-03-02"))
    assert refused(lambda: light.quote(soft)) is QuoteReason.TENOR_REASON_MISSING
    assert refused(lambda: light.quote(soft, tenor_reason=" ")) is QuoteReason.TENOR_REASON_MISSING
    quote = light.store.quote(light.quote(soft, tenor_reason="设备定制周期长"))
    assert quote is not None
    assert quote.rules_version == market_rules().at(MONDAY).version
    hard = light.request("hard", due=day_from_iso("2026-07-08"))
    assert refused(lambda: light.quote(hard, key="h", tenor_reason="x")) is (
        QuoteReason.TERM_TOO_LONG
    )


def test_acceptance_is_refused_for_its_reason(light: Desk) -> None:
    request = light.request()
    first, second = light.quote(request, key="a"), light.quote(request, RIVAL, "b")
    third = light.quote(request, key="c", expires=10)
    withdraw_quote(light.store, second, RIVAL)
    store = light.store
    assert refused(lambda: accept_quote(store, "none", SUPPLIER, NOW)) is QuoteReason.UNKNOWN
    assert refused(lambda: accept_quote(store, first, RIVAL, NOW)) is QuoteReason.NOT_YOURS
    assert refused(lambda: accept_quote(store, second, SUPPLIER, NOW)) is QuoteReason.WITHDRAWN
    assert refused(lambda: accept_quote(store, third, SUPPLIER, NOW + 10)) is QuoteReason.EXPIRED
    assert refused(lambda: withdraw_quote(store, first, RIVAL)) is QuoteReason.NOT_YOURS
    assert refused(lambda: withdraw_request(store, request, RIVAL)) is QuoteReason.NOT_YOURS
    accept_quote(store, first, SUPPLIER, NOW)
    assert refused(lambda: accept_quote(store, third, SUPPLIER, NOW)) is (
        QuoteReason.ALREADY_ACCEPTED
    )
    assert refused(lambda: light.quote(request, RIVAL, "d")) is QuoteReason.ALREADY_ACCEPTED
    assert refused(lambda: withdraw_quote(store, first, FUNDER)) is QuoteReason.ALREADY_ACCEPTED
    assert refused(lambda: withdraw_request(store, request, SUPPLIER)) is (
        QuoteReason.ALREADY_ACCEPTED
    )
    stale = light.quote(light.request("k2"), key="e", expires=9 * 86_400)
    assert refused(lambda: accept_quote(store, stale, SUPPLIER, NOW + 86_400)) is (
        QuoteReason.DAY_PAST
    )


def test_a_pledge_and_a_sale_compete_by_cost(light: Desk) -> None:
    request = light.request()
    sale = light.quote(request, key="a", rate=40_000)
    loan = light.quote(
        request, RIVAL, "b", rate=40_000, kind=FinancingKind.PLEDGE, advance_ppm=PPM * 8 // 10
    )
    # Interest of a loan is paid at the end, that of a discount at the start.
    assert [quote.id for quote in ranked_quotes(light.store, request, NOW)] == [loan, sale]
