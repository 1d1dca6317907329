"""The match of an invoice with the documents behind it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.finance.model.trade.documents import (
    DocumentError,
    DocumentKind,
    TradeDocument,
)
from xinlian.finance.model.trade.evidence_graph import Evidence
from xinlian.finance.model.trade.links import LinkKind
from xinlian.finance.model.trade.match_reasons import BreakReason
from xinlian.finance.model.trade.match_terms import MatchPolicy, MatchTerms
from xinlian.finance.model.trade.matching import Taken, match_invoice
from xinlian.ledger.model.money import Fen

from tests.finance.evidence import Chain, chain, document, link, links_of


def evidence(
    made: Chain,
    *more: tuple[TradeDocument, LinkKind, TradeDocument, int],
    billed: int | None = None,
) -> Evidence:
    links = [*links_of(made, billed), *(link(*item) for item in more)]
    documents = [*made, *(item[0] for item in more), *(item[2] for item in more)]
    return Evidence(made.invoice, {doc.key: doc for doc in documents}, tuple(links))


def breaks(
    found: Evidence, policy: MatchPolicy = MatchPolicy.CONTRACTED, vouchered: int = 0
) -> tuple[int, dict[BreakReason, int]]:
    result = match_invoice(found, MatchTerms(policy), Taken(Fen(vouchered)))
    return int(result.usable), {item.reason: int(item.amount) for item in result.breaks}


def test_a_full_match_has_no_breaks() -> None:
    assert breaks(evidence(chain())) == (200, {})


def test_every_break_has_its_reason_and_amount() -> None:
    made = chain()
    note = document(DocumentKind.CREDIT_NOTE, "N", 30)
    payment = document(DocumentKind.PAYMENT, "P", 20)
    dispute = document(DocumentKind.DISPUTE, "X", 10)
    invoice = made.invoice
    everything = evidence(
        made,
        (note, LinkKind.REVERSES, invoice, 30),
        (payment, LinkKind.SETTLES, invoice, 20),
        (dispute, LinkKind.CONTESTS, invoice, 10),
    )
    assert breaks(everything, vouchered=40) == (
        100,
        {
            BreakReason.CREDITED: 30,
            BreakReason.PAID_IN_ADVANCE: 20,
            BreakReason.DISPUTED: 10,
            BreakReason.ALREADY_VOUCHERED: 40,
        },
    )
    assert breaks(everything, vouchered=180) == (
        0,
        {
            BreakReason.CREDITED: 30,
            BreakReason.PAID_IN_ADVANCE: 20,
            BreakReason.DISPUTED: 10,
            BreakReason.ALREADY_VOUCHERED: 180,
            BreakReason.VOUCHERED_OVER_USABLE: 40,
        },
    )


def test_the_smallest_cover_counts() -> None:
    assert breaks(evidence(chain(delivery=150))) == (150, {BreakReason.OVER_DELIVERY: 50})
    short = chain(order=120, delivery=150)
    fulfils = link(short.delivery, LinkKind.FULFILS, short.order, 120)
    found = evidence(short)
    found = replace(found, links=(found.links[0], fulfils, found.links[2]))
    assert breaks(found) == (
        120,
        {BreakReason.OVER_ORDER: 30, BreakReason.OVER_DELIVERY: 50},
    )
    assert breaks(evidence(chain(contract=90, order=500))) == (
        90,
        {BreakReason.OVER_CONTRACT: 110},
    )


def test_a_credit_note_for_what_was_not_delivered_counts_once() -> None:
    made = chain(delivery=150)
    note = document(DocumentKind.CREDIT_NOTE, "N", 50)
    found = evidence(made, (note, LinkKind.REVERSES, made.invoice, 50))
    assert breaks(found) == (150, {BreakReason.CREDITED: 50})


def test_a_credit_note_above_the_invoice_is_told() -> None:
    made = chain()
    note = document(DocumentKind.CREDIT_NOTE, "N", 250)
    found = evidence(made, (note, LinkKind.REVERSES, made.invoice, 250))
    assert breaks(found)[0] == 0
    assert breaks(found)[1][BreakReason.CREDITED_OVER_INVOICE] == 50


def test_other_invoices_use_a_delivery_up() -> None:
    made = chain(delivery=300)
    other = document(DocumentKind.INVOICE, "I2", 180)
    found = evidence(made, (other, LinkKind.BILLS, made.delivery, 180))
    assert breaks(found) == (120, {BreakReason.OVER_DELIVERY: 80})


def test_missing_documents_break_by_policy() -> None:
    invoice = document(DocumentKind.INVOICE, "I", 200)
    alone = Evidence(invoice, {invoice.key: invoice}, ())
    assert breaks(alone, MatchPolicy.INVOICE_ONLY) == (200, {})
    assert breaks(alone, MatchPolicy.THREE_WAY) == (
        0,
        {BreakReason.ORDER_MISSING: 200, BreakReason.DELIVERY_MISSING: 200},
    )
    assert list(breaks(alone)[1]) == [
        BreakReason.CONTRACT_MISSING,
        BreakReason.ORDER_MISSING,
        BreakReason.DELIVERY_MISSING,
    ]


def test_an_order_billed_directly_and_through_a_delivery_counts_once() -> None:
    made = chain(order=200, delivery=200)
    found = evidence(made, (made.invoice, LinkKind.BILLS, made.order, 200))
    assert breaks(found) == (200, {})


def test_evidence_must_be_whole() -> None:
    made = chain()
    found = evidence(made)
    with pytest.raises(DocumentError):
        match_invoice(replace(found, documents={}), MatchTerms(), Taken())
    with pytest.raises(DocumentError):
        match_invoice(replace(found, invoice=made.order), MatchTerms(), Taken())
    with pytest.raises(DocumentError):
        match_invoice(found, MatchTerms(), Taken(Fen(-1)))


amount = st.integers(1, 1_000)


@given(amount, amount, amount, amount, amount, amount, st.integers(0, 1_000))
def test_usable_is_never_above_any_bound(
    contract: int, order: int, delivery: int, invoice: int, credit: int, paid: int, vouchered: int
) -> None:
    made = chain(contract, order, delivery, invoice)
    note = document(DocumentKind.CREDIT_NOTE, "N", credit)
    payment = document(DocumentKind.PAYMENT, "P", paid)
    found = evidence(
        made,
        (note, LinkKind.REVERSES, made.invoice, credit),
        (payment, LinkKind.SETTLES, made.invoice, paid),
    )
    usable, told = breaks(found, vouchered=vouchered)
    cover = min(contract, order, delivery, max(0, invoice - credit))
    assert usable == max(0, cover - paid - vouchered)
    assert (usable == invoice) == (not told)
    if usable > 0:
        assert sum(told.values()) == invoice - usable
    more = match_invoice(found, MatchTerms(), Taken(Fen(vouchered)))
    assert more.usable >= usable
