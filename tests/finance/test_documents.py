"""Trade documents: keys, links, match and reversal."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from xinlian.finance.adapters.trade.document_store import SqlDocumentStore
from xinlian.finance.adapters.trade.graph_store import SqlGraph
from xinlian.finance.model.trade.documents import (
    DocumentError,
    DocumentKind,
    PartyRef,
    differing_field,
    document_key,
    registration_of,
)
from xinlian.finance.model.trade.import_reasons import Outcome
from xinlian.finance.model.trade.links import LinkKind
from xinlian.finance.model.trade.match_reasons import BreakReason
from xinlian.finance.model.trade.match_terms import MatchPolicy
from xinlian.finance.usecases.trade.documents import (
    Holding,
    record_document,
    reverse_invoice,
)
from xinlian.finance.usecases.trade.evidence import evidence_of
from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import DocumentKey
from xinlian.ledger.model.items import CreditNote
from xinlian.ledger.model.money import Fen

from tests.finance.evidence import (
    BUYER,
    DAY,
    SELLER,
    THIRD,
    Chain,
    chain,
    document,
    link,
    links_of,
    usable_of,
)


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


@pytest.fixture
def store(session: Session) -> SqlDocumentStore:
    return SqlDocumentStore(session)


def record(store: SqlDocumentStore, made: Chain) -> None:
    links = links_of(made)
    record_document(store, made.contract)
    record_document(store, made.order, links[:1])
    record_document(store, made.delivery, links[1:2])
    record_document(store, made.invoice, links[2:])


def test_documents_and_links_are_kept(session: Session, store: SqlDocumentStore) -> None:
    made = chain()
    record(store, made)
    found = evidence_of(SqlGraph(session), made.invoice.key)
    assert set(found.documents.values()) == set(made)
    assert len(found.links) == 3
    assert usable_of(session, made.invoice.key, MatchPolicy.CONTRACTED).usable == 200
    again = record_document(store, made.invoice, links_of(made)[2:])
    assert again.outcome is Outcome.EXISTS
    changed = replace(made.invoice, due=DAY)
    result = record_document(store, changed, links_of(made)[2:])
    assert (result.outcome, result.field) == (Outcome.CONFLICT, "due_date")
    less = [replace(links_of(made)[2], amount=Fen(199))]
    result = record_document(store, made.invoice, less)
    assert (result.outcome, result.field) == (Outcome.CONFLICT, "references")


def test_links_that_can_not_belong_are_refused_and_nothing_is_written(
    session: Session, store: SqlDocumentStore
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
        lambda: evidence_of(SqlGraph(session), new.key),
    ]
    for attempt in attempts:
        with pytest.raises(DocumentError):
            attempt()
    assert store.get(new.key) is None


def test_a_red_letter_invoice_withdraws_and_reports_the_shortfall(
    session: Session, store: SqlDocumentStore
) -> None:
    made = chain()
    record(store, made)
    key = made.invoice.key
    note = document(DocumentKind.CREDIT_NOTE, "N", 150)
    held = [Holding(key, Fen(200), Fen(120))]
    result, reversal = reverse_invoice(store, note, key, held)
    assert result.outcome is Outcome.ACCEPTED
    assert (reversal.withdrawn, reversal.shortfall, reversal.beyond) == (80, 70, 0)
    assert reversal.items == (CreditNote(key, note.key, 150),)
    again, same = reverse_invoice(store, note, key, held)
    assert (again.outcome, same) == (Outcome.EXISTS, reversal)
    found = usable_of(session, key, MatchPolicy.CONTRACTED, 120)
    told = {item.reason: item.amount for item in found.breaks}
    assert (found.usable, told[BreakReason.VOUCHERED_OVER_USABLE]) == (0, 70)


def test_a_credit_note_follows_an_invoice_into_its_bundles(store: SqlDocumentStore) -> None:
    made = chain()
    record(store, made)
    first, second = DocumentKey(b"1" * 32), DocumentKey(b"2" * 32)
    held = [
        Holding(made.invoice.key, Fen(50), Fen(50)),
        Holding(first, Fen(100), Fen(70)),
        Holding(second, Fen(50), Fen(0), Fen(10)),
    ]
    for amount, parts, withdrawn, shortfall, beyond in (
        (60, {first: 30, second: 30}, 60, 0, 0),
        (100, {made.invoice.key: 30, first: 30, second: 40}, 70, 30, 0),
        (200, {made.invoice.key: 50, first: 100, second: 40}, 70, 120, 10),
    ):
        note = document(DocumentKind.CREDIT_NOTE, f"N{amount}", amount)
        _, reversal = reverse_invoice(store, note, made.invoice.key, held)
        assert {item.document: item.amount for item in reversal.items} == parts
        assert (reversal.withdrawn, reversal.shortfall) == (withdrawn, shortfall)
        assert reversal.beyond == beyond


def test_only_credit_notes_reverse(store: SqlDocumentStore) -> None:
    made = chain()
    record(store, made)
    with pytest.raises(DocumentError):
        reverse_invoice(store, made.order, made.invoice.key, [])
    note = document(DocumentKind.CREDIT_NOTE, "N", 150)
    with pytest.raises(DocumentError):
        reverse_invoice(store, note, DocumentKey(bytes(32)), [])
    for usable, used, shortfall in ((100, 101, 0), (100, -1, 0), (100, 0, 101)):
        with pytest.raises(DocumentError):
            Holding(note.key, Fen(usable), Fen(used), Fen(shortfall))
