"""E-invoice XML in both layouts, good and hostile."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from xinlian.finance.adapters.trade.document_store import SqlDocumentStore
from xinlian.finance.adapters.trade.einvoice_xml import EInvoice, parse_einvoice
from xinlian.finance.adapters.trade.import_store import SqlImportStore
from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.finance.model.trade.documents import DocumentKind
from xinlian.finance.model.trade.import_reasons import Outcome, RowProblemError, RowReason
from xinlian.finance.model.trade.import_report import ImportReport
from xinlian.finance.model.trade.match_terms import MatchPolicy
from xinlian.finance.usecases.trade.import_einvoices import import_einvoices
from xinlian.finance.usecases.trade.import_table import ImportSource
from xinlian.ledger.model.days import iso_of
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError

from tests.finance.evidence import usable_of

SELLER, BUYER = synthetic_uscc("t", "seller"), synthetic_uscc("t", "buyer")
NUMBER = "25312000000010638978"
RED_NUMBER = "25312000000010639999"


def digital(
    number: str = NUMBER,
    net: str = "100.00",
    tax: str = "13.00",
    gross: str = "113.00",
    date: str = "2025-02-01",
    remark: str = "",
) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<EInvoice>
  <Header><EIid>{number}</EIid><InherentLabel><GeneralOrSpecialVAT><LabelCode>01</LabelCode>
  </GeneralOrSpecialVAT></InherentLabel></Header>
  <EInvoiceData>
    <SellerInformation><SellerIdNum>{SELLER}</SellerIdNum><SellerName>甲公司</SellerName>
    </SellerInformation>
    <BuyerInformation><BuyerIdNum>{BUYER}</BuyerIdNum><BuyerName>乙公司</BuyerName>
    <BuyerBankName/></BuyerInformation>
    <BasicInformation><TotalAmWithoutTax>{net}</TotalAmWithoutTax><TotalTaxAm>{tax}</TotalTaxAm>
    <TotalTax-includedAmount>{gross}</TotalTax-includedAmount></BasicInformation>
    <IssuItemInformation><ItemName>轴承</ItemName><Quantity>3</Quantity><TaxRate>0.13</TaxRate>
    </IssuItemInformation>
    <AdditionalInformation><Remark>{remark}</Remark></AdditionalInformation>
  </EInvoiceData>
  <TaxSupervisionInfo><InvoiceNumber>{number}</InvoiceNumber><IssueTime>{date}</IssueTime>
  </TaxSupervisionInfo>
</EInvoice>"""


def red(reversed_number: str = NUMBER, gross: str = "-113.00") -> str:
    remark = f"被红冲蓝字数电发票号码：{reversed_number} 红字发票信息确认单编号：3101"
    return digital(RED_NUMBER, "-100.00", "-13.00", gross, "2025-02-09", remark)


OLD = f"""<?xml version="1.0" encoding="GBK"?>
<business><body><Fpdm>031002100211</Fpdm><Fphm>66422957</Fphm><Kprq>20210930</Kprq>
<Xfsh>{SELLER}</Xfsh><Xfmc>甲公司</Xfmc><Gfsh>{BUYER}</Gfsh><Gfmc>乙公司</Gfmc>
<Hjje>100.00</Hjje><Hjse>13.00</Hjse><Jshj>113.00</Jshj></body></business>"""


def test_the_digital_layout() -> None:
    found = parse_einvoice(digital(date="2025-02-01 10:11:12").encode())
    made = found.document
    assert (made.kind, made.number, found.reverses) == (DocumentKind.INVOICE, NUMBER, None)
    assert (made.seller.code, made.seller.name) == (SELLER, "甲公司")
    assert (made.buyer.code, made.buyer.name) == (BUYER, "乙公司")
    assert (made.net, made.tax, made.gross) == (10_000, 1_300, 11_300)
    assert iso_of(made.issued) == "2025-02-01"


def test_the_older_layout_in_gbk() -> None:
    made = parse_einvoice(OLD.encode("gbk")).document
    assert (made.number, made.gross, iso_of(made.issued)) == ("66422957", 11_300, "2021-09-30")
    lower = OLD.replace("Fphm", "FPHM").replace("Jshj", "JSHJ")
    assert parse_einvoice(lower.encode("gbk")).document.number == "66422957"


def test_a_red_letter_invoice_is_a_credit_note() -> None:
    found = parse_einvoice(red().encode())
    assert (found.document.kind, found.document.gross) == (DocumentKind.CREDIT_NOTE, 11_300)
    assert found.reverses == NUMBER


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (SELLER, "", RowReason.SELLER_MISSING),
        (SELLER, SELLER[:-1] + "!", RowReason.SELLER_CODE_INVALID),
        (BUYER, "", RowReason.BUYER_MISSING),
        (BUYER, "91440300192317458G", RowReason.BUYER_CODE_INVALID),
        (BUYER, SELLER, RowReason.SAME_PARTY),
        ("甲公司", "甲\u202e公司", RowReason.CONTROL_CHARACTER),
        (NUMBER, "", RowReason.INVOICE_NUMBER_MISSING),
        (NUMBER, "2531", RowReason.INVOICE_NUMBER_INVALID),
        (NUMBER, "24312000000010638978", RowReason.INVOICE_NUMBER_OTHER_YEAR),
        ("2025-02-01", "", RowReason.INVOICE_DATE_MISSING),
        ("2025-02-01", "2025-02-30", RowReason.INVOICE_DATE_INVALID),
        ("113.00", "", RowReason.AMOUNT_MISSING),
        ("113.00", "1.13e2", RowReason.AMOUNT_INVALID),
        ("113.00", "99999999999999999999", RowReason.AMOUNT_TOO_LARGE),
        (">13.00", ">NaN", RowReason.TAX_AMOUNT_INVALID),
        (">13.00", ">13.01", RowReason.TOTAL_NOT_SUM),
        (
            "<IssueTime>",
            "<IssueTime>2025-01-01</IssueTime><IssueTime>",
            RowReason.INVOICE_DATE_MISSING,
        ),
    ],
)
def test_wrong_fields_are_told(old: str, new: str, reason: RowReason) -> None:
    text = digital()
    assert old in text
    with pytest.raises(RowProblemError) as caught:
        parse_einvoice(text.replace(old, new).encode())
    assert caught.value.reason is reason


def test_an_invoice_over_nothing_is_told() -> None:
    with pytest.raises(RowProblemError) as caught:
        parse_einvoice(digital(net="0.00", tax="0.00", gross="0.00").encode())
    assert caught.value.reason is RowReason.AMOUNT_NOT_POSITIVE


BILLION_LAUGHS = (
    '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;&x;&x;">]>'
    "<EInvoice>&y;</EInvoice>"
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BILLION_LAUGHS, FileReason.XML_UNSAFE),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><EInvoice/>", FileReason.XML_UNSAFE),
        ("<!DOCTYPE EInvoice><EInvoice/>", FileReason.XML_UNSAFE),
        ("<a>" * 40 + "</a>" * 40, FileReason.XML_UNSAFE),
        ("<EInvoice>" + "<a/>" * 60_000 + "</EInvoice>", FileReason.XML_UNSAFE),
        ("<EInvoice>", FileReason.XML_MALFORMED),
        ("销方,购方", FileReason.XML_MALFORMED),
        ("<?xml version='1.0' encoding='martian'?><EInvoice/>", FileReason.XML_MALFORMED),
        ("<Invoice/>", FileReason.XML_NOT_AN_INVOICE),
        (" " * (4 * 1024 * 1024 + 1), FileReason.FILE_TOO_LARGE),
    ],
)
def test_hostile_xml_is_refused(text: str, reason: FileReason) -> None:
    with pytest.raises(FileRefusedError) as caught:
        parse_einvoice(text.encode())
    assert caught.value.reason is reason


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises((FileRefusedError, RowProblemError)):
        parse_einvoice(data)


@given(st.integers(0, 2_000), st.binary(min_size=1, max_size=3))
def test_a_spoiled_invoice_is_read_or_refused(place: int, noise: bytes) -> None:
    data = bytearray(digital().encode())
    data[place % len(data) :][: len(noise)] = noise
    data[place % len(data) : place % len(data) + len(noise)] = noise
    try:
        found = parse_einvoice(bytes(data))
    except (FileRefusedError, RowProblemError):
        return
    assert found.document.gross > 0


def take(session: Session, *texts: str) -> ImportReport:
    found: list[EInvoice | RowProblemError] = []
    for text in texts:
        try:
            found.append(parse_einvoice(text.encode("gbk" if "GBK" in text else "utf-8")))
        except RowProblemError as exc:
            found.append(exc)
    source = ImportSource("batch", sha256("".join(texts).encode()).hexdigest())
    stores = SqlDocumentStore(session), SqlImportStore(session)
    return import_einvoices(source, found, *stores, 1_740_000_000)


def test_a_batch_of_invoices(session: Session) -> None:
    texts = [
        red(),
        digital(),
        OLD,
        digital(),
        digital(net="200.00", gross="213.00"),
        digital(tax="13.01"),
        red("25312000000099999999").replace(RED_NUMBER, NUMBER[:-1] + "1"),
        red()
        .replace(RED_NUMBER, NUMBER[:-1] + "2")
        .replace("-113.00", "-226.00")
        .replace("-100.00", "-213.00"),
        red("no number").replace(RED_NUMBER, NUMBER[:-1] + "3"),
    ]
    report = take(session, *texts)
    session.commit()
    told = [(row.line, row.outcome, row.reason) for row in report.rows]
    assert told == [
        (1, Outcome.ACCEPTED, None),
        (2, Outcome.ACCEPTED, None),
        (3, Outcome.ACCEPTED, None),
        (4, Outcome.EXISTS, None),
        (5, Outcome.CONFLICT, None),
        (6, Outcome.INVALID, RowReason.TOTAL_NOT_SUM),
        (7, Outcome.INVALID, RowReason.REVERSAL_UNMATCHED),
        (8, Outcome.ACCEPTED, None),
        (9, Outcome.INVALID, RowReason.REVERSAL_UNMATCHED),
    ]
    blue = report.rows[1].document
    assert blue is not None
    assert usable_of(session, blue, MatchPolicy.INVOICE_ONLY).usable == 0
    again = take(session, *texts)
    assert again.repeated
    assert again.rows == report.rows


def test_a_red_letter_invoice_may_come_later(light_session: Session) -> None:
    take(light_session, digital())
    (row,) = take(light_session, red()).rows
    assert row.outcome is Outcome.ACCEPTED
    (row,) = take(light_session, red(), OLD).rows[:1]
    assert row.outcome is Outcome.EXISTS
