"""Chinese e-invoices as XML: the fully digital layout (数电票) and the older flat one.

Both are unsigned excerpts of what the tax platform holds: amounts are read as decimal text, codes
and the sum are checked, and the caller re-checks the invoice with the platform before paying.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from xinlian.finance.model.trade.amounts import AMOUNT_MAX, AmountStyle
from xinlian.finance.model.trade.codes import (
    CodeError,
    parse_einvoice_number,
    parse_plain_number,
    parse_uscc,
)
from xinlian.finance.model.trade.documents import DocumentKind, PartyRef, TradeDocument
from xinlian.finance.model.trade.import_reasons import RowProblemError, RowReason
from xinlian.ledger.model.date_patterns import DatePattern
from xinlian.ledger.model.days import Day, date_of
from xinlian.ledger.model.money import Fen
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError

XML_BYTES_MAX: Final = 4 * 1024 * 1024
ELEMENTS_MAX: Final = 50_000
DEPTH_MAX: Final = 32
_AMOUNT = AmountStyle(maximum=AMOUNT_MAX)
_DATES = (
    DatePattern("YYYY-MM-DD"),
    DatePattern("YYYY-MM-DD hh:mm:ss"),
    DatePattern("YYYYMMDD"),
    DatePattern("YYYYMMDDhhmmss"),
    DatePattern("YYYY年MM月DD日"),
)
_CHINESE = re.compile(
    rb"\s*<\?xml[^>]{0,100}?encoding=[\"'](?:gbk|gb2312|gb18030)[\"'][^>]{0,100}\?>", re.IGNORECASE
)
_REVERSED = re.compile(r"被红冲蓝字[^0-9:：]{0,12}号码[:：]\s*([0-9]{8,20})")


@dataclass(frozen=True, slots=True)
class EInvoice:
    """An invoice, or a red-letter invoice as a credit note with the number of what it reverses."""

    document: TradeDocument
    reverses: str | None = None


_NEW: Final = {
    "number": "TaxSupervisionInfo/InvoiceNumber",
    "date": "TaxSupervisionInfo/IssueTime",
    "seller_code": "EInvoiceData/SellerInformation/SellerIdNum",
    "seller_name": "EInvoiceData/SellerInformation/SellerName",
    "buyer_code": "EInvoiceData/BuyerInformation/BuyerIdNum",
    "buyer_name": "EInvoiceData/BuyerInformation/BuyerName",
    "net": "EInvoiceData/BasicInformation/TotalAmWithoutTax",
    "tax": "EInvoiceData/BasicInformation/TotalTaxAm",
    "gross": "EInvoiceData/BasicInformation/TotalTax-includedAmount",
}
_OLD: Final = {
    "number": "Fphm",
    "date": "Kprq",
    "seller_code": "Xfsh",
    "seller_name": "Xfmc",
    "buyer_code": "Gfsh",
    "buyer_name": "Gfmc",
    "net": "Hjje",
    "tax": "Hjse",
    "gross": "Jshj",
}


def parse_einvoice(data: bytes) -> EInvoice:
    """Read one e-invoice.

    Raises ``FileRefusedError`` where it is no XML of either layout, ``RowProblemError`` where a
    field is missing or wrong.
    """
    root = _parse(data)
    fields = _new_fields(root) if root.tag == "EInvoice" else _old_fields(root)
    seller = _party(fields, "seller", RowReason.SELLER_MISSING, RowReason.SELLER_CODE_INVALID)
    buyer = _party(fields, "buyer", RowReason.BUYER_MISSING, RowReason.BUYER_CODE_INVALID)
    if seller.code == buyer.code:
        raise RowProblemError(
            RowReason.SAME_PARTY, "buyer_code", f"seller and buyer are both {seller.code}"
        )
    number = fields("number", RowReason.INVOICE_NUMBER_MISSING)
    digital = root.tag == "EInvoice" or len(number) == 20
    issued = _issued(fields("date", RowReason.INVOICE_DATE_MISSING))
    _check_number(number, date_of(issued).year if digital else None)
    gross = _AMOUNT.parse(fields("gross", RowReason.AMOUNT_MISSING), "amount")
    net, tax = (_part(fields, name) for name in ("net", "tax"))
    if net + tax != gross:
        raise RowProblemError(
            RowReason.TOTAL_NOT_SUM,
            "amount",
            f"net {net.yuan()} plus tax {tax.yuan()} is not {gross.yuan()}",
        )
    if gross == 0:
        raise RowProblemError(RowReason.AMOUNT_NOT_POSITIVE, "amount", "the invoice is over zero")
    red = gross < 0
    document = TradeDocument(
        kind=DocumentKind.CREDIT_NOTE if red else DocumentKind.INVOICE,
        seller=seller,
        buyer=buyer,
        number=number,
        issued=issued,
        gross=abs(gross),
        net=-net if red else net,
        tax=-tax if red else tax,
    )
    return EInvoice(document, _reversed_number(root) if red else None)


_Fields = Callable[[str, RowReason], str]


def _parse(data: bytes) -> Element:
    if len(data) > XML_BYTES_MAX:
        raise FileRefusedError(
            FileReason.FILE_TOO_LARGE, f"an e-invoice has at most {XML_BYTES_MAX} bytes"
        )
    try:
        root: Element = fromstring(_readable(data), forbid_dtd=True)
    except DefusedXmlException as exc:
        raise FileRefusedError(
            FileReason.XML_UNSAFE, "the XML declares entities or a document type"
        ) from exc
    except (ParseError, ValueError, LookupError) as exc:
        raise FileRefusedError(FileReason.XML_MALFORMED, f"no well-formed XML: {exc}") from exc
    level, count, depth = [root], 0, 0
    while level:
        count, depth = count + len(level), depth + 1
        if count > ELEMENTS_MAX or depth > DEPTH_MAX:
            raise FileRefusedError(FileReason.XML_UNSAFE, "the XML is too large or nested too deep")
        level = [child for element in level for child in element]
    return root


def _readable(data: bytes) -> bytes:
    """The document in UTF-8 where it states a Chinese encoding, which the parser doesn't know."""
    stated = _CHINESE.match(data)
    if stated is None:
        return data
    return data[stated.end() :].decode("gb18030").encode()


def _new_fields(root: Element) -> _Fields:
    def field(name: str, missing: RowReason) -> str:
        found = root.findall(_NEW[name])
        return _single([element.text or "" for element in found], name, missing)

    return field


def _old_fields(root: Element) -> _Fields:
    by_name: dict[str, list[str]] = {}
    for element in root.iter():
        by_name.setdefault(str(element.tag).rpartition("}")[2].lower(), []).append(
            element.text or ""
        )
    if not all(by_name.get(name.lower()) for name in ("Fphm", "Kprq", "Jshj")):
        raise FileRefusedError(
            FileReason.XML_NOT_AN_INVOICE,
            "neither an EInvoice document nor one with Fphm, Kprq and Jshj",
        )

    def field(name: str, missing: RowReason) -> str:
        return _single(by_name.get(_OLD[name].lower(), []), name, missing)

    return field


def _single(found: list[str], name: str, missing: RowReason) -> str:
    values = [text.strip() for text in found if text.strip()]
    if len(values) != 1 or len(values[0]) > 300:
        how = "nothing there" if not values else f"stands there {len(values)} times or too long"
        raise RowProblemError(missing, name, f"{name}: {how}")
    if not values[0].isprintable():
        raise RowProblemError(
            RowReason.CONTROL_CHARACTER, name, f"{name}: holds an invisible character"
        )
    return values[0]


def _party(fields: _Fields, role: str, missing: RowReason, invalid: RowReason) -> PartyRef:
    code = fields(f"{role}_code", missing)
    try:
        return PartyRef(parse_uscc(code), fields(f"{role}_name", missing)[:200])
    except CodeError as exc:
        raise RowProblemError(invalid, f"{role}_code", f"{role}: {exc}") from exc


def _check_number(number: str, year: int | None) -> None:
    try:
        if year is None:
            parse_plain_number(number)
            return
        parse_einvoice_number(number)
    except CodeError as exc:
        raise RowProblemError(RowReason.INVOICE_NUMBER_INVALID, "invoice_number", str(exc)) from exc
    try:
        parse_einvoice_number(number, issue_year=year)
    except CodeError as exc:
        raise RowProblemError(
            RowReason.INVOICE_NUMBER_OTHER_YEAR, "invoice_number", str(exc)
        ) from exc


def _issued(text: str) -> Day:
    found = (pattern.parse(text) for pattern in _DATES)
    day = next((value for value in found if value is not None), None)
    if day is None:
        raise RowProblemError(
            RowReason.INVOICE_DATE_INVALID, "invoice_date", f"not a date: {text[:40]}"
        )
    return day


def _part(fields: _Fields, name: str) -> Fen:
    try:
        return _AMOUNT.parse(fields(name, RowReason.TAX_AMOUNT_INVALID), name)
    except RowProblemError as exc:
        raise RowProblemError(RowReason.TAX_AMOUNT_INVALID, name, exc.message) from exc


def _reversed_number(root: Element) -> str | None:
    """The number of the reversed invoice, which the platform prints into the remark."""
    for element in root.iter():
        match = _REVERSED.search(element.text or "")
        if match is not None:
            return match.group(1)
    return None
