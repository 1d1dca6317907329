"""What one company may see and state: e-invoices that a buyer brings."""

from __future__ import annotations

from sqlalchemy.orm import Session
from xinlian.finance.adapters.trade.company_books import CompanyBooks
from xinlian.finance.adapters.trade.document_store import SqlDocumentStore
from xinlian.finance.adapters.trade.einvoice_xml import parse_einvoice
from xinlian.finance.adapters.trade.import_store import SqlImportStore
from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.finance.model.trade.documents import TradeDocument
from xinlian.finance.model.trade.import_reasons import Outcome, RowReason
from xinlian.finance.model.trade.import_report import RowResult
from xinlian.finance.model.trade.match_terms import MatchPolicy
from xinlian.finance.usecases.trade.import_einvoices import import_einvoices
from xinlian.finance.usecases.trade.import_table import ImportSource

from tests.finance.evidence import usable_of
from tests.finance.test_einvoices import BUYER, SELLER, digital, red

STRANGER = synthetic_uscc("t", "stranger")


def bring(session: Session, by: str, text: str) -> RowResult:
    found = parse_einvoice(text.encode())
    source = ImportSource("x.xml", found.document.key.hex(), by)
    stores = CompanyBooks(session, by), SqlImportStore(session)
    (row,) = import_einvoices(source, [found], *stores, 1_740_000_000).rows
    return row


def stands(session: Session, row: RowResult) -> TradeDocument | None:
    assert row.document is not None
    return SqlDocumentStore(session).get(row.document)


def test_an_invoice_stands_once_its_seller_says_so(light_session: Session) -> None:
    stated = bring(light_session, BUYER, digital())
    assert (stated.outcome, stands(light_session, stated)) == (Outcome.ACCEPTED, None)
    assert stated.document is not None
    assert CompanyBooks(light_session, BUYER).get(stated.document) is not None
    assert CompanyBooks(light_session, SELLER).get(stated.document) is None
    made = bring(light_session, SELLER, digital())
    assert made.outcome is Outcome.ACCEPTED
    assert stands(light_session, made) is not None


def test_a_buyers_red_invoice_takes_nothing_back(light_session: Session) -> None:
    invoice = bring(light_session, SELLER, digital())
    assert invoice.document is not None
    noted = bring(light_session, BUYER, red())
    assert (noted.outcome, stands(light_session, noted)) == (Outcome.ACCEPTED, None)
    usable = usable_of(light_session, invoice.document, MatchPolicy.INVOICE_ONLY)
    assert usable.usable == 11_300
    assert bring(light_session, SELLER, red()).outcome is Outcome.ACCEPTED
    usable = usable_of(light_session, invoice.document, MatchPolicy.INVOICE_ONLY)
    assert usable.usable == 0


def test_an_invoice_with_others_is_not_known_to_a_made_up_buyer(light_session: Session) -> None:
    before = bring(light_session, STRANGER, red().replace(BUYER, STRANGER))
    bring(light_session, SELLER, digital())
    later = bring(
        light_session,
        STRANGER,
        red().replace(BUYER, STRANGER).replace("2025-02-09", "2025-02-10"),
    )
    assert before.reason is later.reason is RowReason.REVERSAL_UNMATCHED
    assert before.message == later.message
    between_others = bring(light_session, STRANGER, digital())
    assert between_others.reason is RowReason.NOT_YOURS
