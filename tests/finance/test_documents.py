"""Trade documents: keys, links, match and reversal."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from xinlian.finance.adapters.document_store import SqlDocumentStore
from xinlian.finance.model.codes import synthetic_uscc
from xinlian.finance.model.documents import (
    DocumentError,
    DocumentKind,
    DocumentLink,
    LinkKind,
    PartyRef,
    TradeDocument,
    differing_field,
    document_key,
    registration_of,
)
from xinlian.finance.model.import_reasons import Outcome
from xinlian.finance.model.matching import BreakReason, Evidence, MatchPolicy, match_invoice
from xinlian.finance.usecases.documents import (
    evidence_of,
    record_document,
    reverse_invoice,
    usable_amount,
)
from xinlian.ledger.model.days import Day, day_from_iso
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.money import Fen

SELLER = PartyRef(synthetic_uscc("t", "seller"), "甲")
BUYER = PartyRef(synthetic_uscc("t", "buyer"), "乙")
THIRD = PartyRef(synthetic_uscc("t", "third"), "丙")
DAY = day_from_iso("2025-02-01")


def document(kind: DocumentKind, number: str, amount: int, **changed: object) -> TradeDocument:
    base = TradeDocument(kind, SELLER, BUYER, number, DAY, Fen(amount))
    return replace(base, **changed)  # type: ignore[arg-type]


def link(source: TradeDocument, kind: LinkKind, target: TradeDocument, amount: int) -> DocumentLink:
    return DocumentLink(source.key, target.key, kind, Fen(amount))


def test_the_key_is_as_documented() -> None:
    text = (
        "xinlian:trade-document:v1\ninvoice\n91440300192317458F\n25442000000012345678\n"
        "2025-02-01\n11300"
    )
    made = document_key(
        DocumentKind.INVOICE, "91440300192317458F", "25442000000012345678", DAY, Fen(11_300)
    )
    assert made == hashlib.sha256(text.encode()).digest()


texts = st.text("AZ09-/._", min_size=1, max_size=12)
keys = st.tuples(
    st.sampled_from(DocumentKind), texts, texts, st.integers(0, 30_000), st.integers(1, 10**12)
)


@given(keys, keys)
def test_different_documents_have_different_keys(
    one: tuple[DocumentKind, str, str, int, int], two: tuple[DocumentKind, str, str, int, int]
) -> None:
    assume(one != two)
    made = [document_key(k, s, n, Day(d), Fen(a)) for k, s, n, d, a in (one, two)]
    assert made[0] != made[1]


def test_a_key_can_not_be_forged_by_line_feeds() -> None:
    with pytest.raises(DocumentError):
        document_key(DocumentKind.INVOICE, "a\nb", "c", DAY, Fen(1))


@pytest.mark.parametrize(
    "changed",
    [
        {"gross": Fen(0)},
        {"gross": Fen(-1)},
        {"buyer": SELLER},
        {"net": Fen(90)},
        {"net": Fen(90), "tax": Fen(11)},
    ],
)
def test_what_no_document_can_be(changed: dict[str, object]) -> None:
    with pytest.raises(DocumentError):
        document(DocumentKind.INVOICE, "1", 100, **changed)


def test_the_differing_field_is_named() -> None:
    base = document(DocumentKind.INVOICE, "1", 100, facts=(("a", "1"), ("b", "2")))
    for changed, field in (
        ({"issued": Day(DAY + 1)}, "invoice_date"),
        ({"gross": Fen(101)}, "amount"),
        ({"due": DAY}, "due_date"),
        ({"buyer": THIRD}, "buyer_code"),
        ({"delivered": DAY}, "delivery_date"),
        ({"net": Fen(90), "tax": Fen(10)}, "net_amount"),
        ({"facts": (("b", "3"),)}, "facts.b"),
        ({"facts": (("c", "3"),)}, None),
        ({"facts": ()}, None),
        ({"buyer": PartyRef(BUYER.code, "renamed")}, None),
    ):
        assert differing_field(base, replace(base, **changed)) == field


def test_only_kinds_the_chain_knows_are_registered() -> None:
    invoice = document(DocumentKind.INVOICE, "1", 100)
    assert registration_of(invoice, Fen(60)).amount == 60
    with pytest.raises(DocumentError):
        registration_of(document(DocumentKind.PAYMENT, "1", 100), Fen(60))
    for usable in (0, 101):
        with pytest.raises(DocumentError):
            registration_of(invoice, Fen(usable))


class Chain(NamedTuple):
    """A contract, order, delivery and invoice that fit."""

    contract: TradeDocument
    order: TradeDocument
    delivery: TradeDocument
    invoice: TradeDocument


def chain(
    contract: int = 1_000, order: int = 500, delivery: int = 300, invoice: int = 200
) -> Chain:
    return Chain(
        document(DocumentKind.CONTRACT, "C", contract),
        document(DocumentKind.ORDER, "O", order),
        document(DocumentKind.DELIVERY, "D", delivery),
        document(DocumentKind.INVOICE, "I", invoice),
    )


def links_of(made: Chain, billed: int | None = None) -> list[DocumentLink]:
    return [
        link(made.order, LinkKind.UNDER, made.contract, int(made.order.gross)),
        link(made.delivery, LinkKind.FULFILS, made.order, int(made.delivery.gross)),
        link(made.invoice, LinkKind.BILLS, made.delivery, billed or int(made.invoice.gross)),
    ]


def evidence(
    made: Chain,
    *more: tuple[TradeDocument, LinkKind, TradeDocument, int],
    billed: int | None = None,
) -> Evidence:
    links = [*links_of(made, billed), *(link(*item) for item in more)]
    documents = [*made, *(item[0] for item in more), *(item[2] for item in more)]
    return Evidence(made.invoice, {doc.key: doc for doc in documents}, tuple(links))


def breaks(
    found: Evidence, policy: MatchPolicy = MatchPolicy.FOUR_WAY, vouchered: int = 0
) -> tuple[int, dict[BreakReason, int]]:
    result = match_invoice(found, policy, Fen(vouchered))
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
        match_invoice(replace(found, documents={}), MatchPolicy.FOUR_WAY, Fen(0))
    with pytest.raises(DocumentError):
        match_invoice(replace(found, invoice=made.order), MatchPolicy.FOUR_WAY, Fen(0))
    with pytest.raises(DocumentError):
        match_invoice(found, MatchPolicy.FOUR_WAY, Fen(-1))


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
    more = match_invoice(found, MatchPolicy.INVOICE_ONLY, Fen(vouchered))
    assert more.usable >= usable


@pytest.fixture
def store(session: Session) -> SqlDocumentStore:
    return SqlDocumentStore(session)


def record(store: SqlDocumentStore, made: Chain) -> None:
    links = links_of(made)
    record_document(store, made.contract)
    record_document(store, made.order, links[:1])
    record_document(store, made.delivery, links[1:2])
    record_document(store, made.invoice, links[2:])


def test_documents_and_links_are_kept(store: SqlDocumentStore) -> None:
    made = chain()
    record(store, made)
    found = evidence_of(store, made.invoice.key)
    assert set(found.documents.values()) == set(made)
    assert len(found.links) == 3
    assert usable_amount(store, made.invoice.key, MatchPolicy.FOUR_WAY, Fen(0)).usable == 200
    again = record_document(store, made.invoice, links_of(made)[2:])
    assert again.outcome is Outcome.EXISTS
    changed = replace(made.invoice, due=DAY)
    result = record_document(store, changed, links_of(made)[2:])
    assert (result.outcome, result.field) == (Outcome.CONFLICT, "due_date")
    less = [replace(links_of(made)[2], amount=Fen(199))]
    result = record_document(store, made.invoice, less)
    assert (result.outcome, result.field) == (Outcome.CONFLICT, "link")


def test_links_that_can_not_belong_are_refused_and_nothing_is_written(
    store: SqlDocumentStore,
) -> None:
    made = chain()
    record(store, made)
    foreign = document(DocumentKind.ORDER, "F", 100, buyer=THIRD)
    record_document(store, foreign)
    new = document(DocumentKind.INVOICE, "I9", 100)
    unknown = document(DocumentKind.DELIVERY, "none", 100)
    attempts: list[Callable[[], object]] = [
        lambda: record_document(store, new, [link(new, LinkKind.UNDER, made.contract, 100)]),
        lambda: record_document(store, new, [link(new, LinkKind.BILLS, foreign, 100)]),
        lambda: record_document(store, new, [link(new, LinkKind.BILLS, made.delivery, 101)]),
        lambda: record_document(store, new, [link(new, LinkKind.BILLS, unknown, 100)]),
        lambda: record_document(store, new, links_of(made)[:1]),
        lambda: evidence_of(store, new.key),
    ]
    for attempt in attempts:
        with pytest.raises(DocumentError):
            attempt()
    assert store.get(new.key) is None


def test_a_red_letter_invoice_withdraws_and_reports_the_shortfall(store: SqlDocumentStore) -> None:
    made = chain()
    record(store, made)
    note = document(DocumentKind.CREDIT_NOTE, "N", 150)
    result, reversal = reverse_invoice(store, note, made.invoice.key, Fen(200), Fen(120))
    assert result.outcome is Outcome.ACCEPTED
    assert (reversal.withdrawn, reversal.shortfall) == (80, 70)
    assert (reversal.item.document, reversal.item.note) == (made.invoice.key, note.key)
    assert reversal.item.amount == 150
    again, same = reverse_invoice(store, note, made.invoice.key, Fen(200), Fen(120))
    assert (again.outcome, same) == (Outcome.EXISTS, reversal)
    found = usable_amount(store, made.invoice.key, MatchPolicy.FOUR_WAY, Fen(120))
    told = {item.reason: item.amount for item in found.breaks}
    assert (found.usable, told[BreakReason.VOUCHERED_OVER_USABLE]) == (0, 70)


def test_only_credit_notes_reverse(store: SqlDocumentStore) -> None:
    made = chain()
    record(store, made)
    with pytest.raises(DocumentError):
        reverse_invoice(store, made.order, made.invoice.key, Fen(200), Fen(0))
    note = document(DocumentKind.CREDIT_NOTE, "N", 150)
    with pytest.raises(DocumentError):
        reverse_invoice(store, note, made.invoice.key, Fen(100), Fen(101))
    with pytest.raises(DocumentError):
        reverse_invoice(store, note, DocumentKey(bytes(32)), Fen(100), Fen(0))
