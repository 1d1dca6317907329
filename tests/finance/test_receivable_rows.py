"""One row: its reasons, their order, amounts, dates, mappings."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.finance.adapters.mapping_file import parse_mapping_text, read_mapping
from xinlian.finance.model.amounts import AmountStyle, MoneyUnit
from xinlian.finance.model.codes import synthetic_uscc
from xinlian.finance.model.date_patterns import DatePattern, PatternError
from xinlian.finance.model.documents import DocumentKind, document_key
from xinlian.finance.model.import_reasons import (
    ROW_REASON_TEXT,
    FileReason,
    RowProblemError,
    RowReason,
)
from xinlian.finance.model.mapping import Mapping, MappingError
from xinlian.finance.model.receivables import RowReader
from xinlian.finance.model.tables import CELL_CHARS_MAX, Cell, CellKind
from xinlian.ledger.model.days import date_of, day_from_iso, day_of
from xinlian.ledger.model.money import FEN_MAX, Fen

SELLER, BUYER = synthetic_uscc("t", "seller"), synthetic_uscc("t", "buyer")
TODAY = day_from_iso("2025-03-01")
MAPPING = """
version: 1
name: test
columns:
  seller_code: seller
  seller_name: seller name
  buyer_code: buyer
  invoice_number: number
  invoice_date: issued
  due_date: due
  delivery_date: delivered
  currency: currency
  net_amount: net
  tax_amount: tax
  amount: total
numbers: { amount_max_yuan: "1000000" }
facts:
  paid: { column: paid, type: date }
  disputed: { column: disputed, type: flag, "true": ["Y"], "false": ["N"] }
  note: { column: note }
"""
GOOD = {
    "seller": SELLER,
    "seller name": "甲公司",
    "buyer": BUYER,
    "number": "25312000000010638978",
    "issued": "2025-02-01",
    "due": "2025-05-01",
    "delivered": "2025-01-20",
    "currency": "CNY",
    "net": "100.00",
    "tax": "13.00",
    "total": "113.00",
    "paid": "2025-05-03",
    "disputed": "N",
    "note": "",
}
# One wrong cell per reason, in the order of precedence.
WRONG: list[tuple[RowReason, str, str | Cell]] = [
    (RowReason.CELL_TOO_LONG, "note", "x" * (CELL_CHARS_MAX + 1)),
    (RowReason.CELL_ERROR, "paid", Cell("#REF!", CellKind.ERROR)),
    (RowReason.FORMULA_WITHOUT_VALUE, "disputed", Cell("formula", CellKind.NO_VALUE)),
    (RowReason.CONTROL_CHARACTER, "seller name", "甲\u202e公司"),
    (RowReason.SELLER_MISSING, "seller", ""),
    (RowReason.SELLER_CODE_INVALID, "seller", SELLER[:-1] + "!"),
    (RowReason.BUYER_MISSING, "buyer", ""),
    (RowReason.BUYER_CODE_INVALID, "buyer", BUYER[::-1]),
    (RowReason.SAME_PARTY, "buyer", SELLER),
    (RowReason.INVOICE_NUMBER_MISSING, "number", ""),
    (RowReason.INVOICE_NUMBER_LOST_DIGITS, "number", Cell("2.5E+19", CellKind.ROUNDED)),
    (RowReason.INVOICE_NUMBER_INVALID, "number", "12345"),
    (RowReason.INVOICE_DATE_MISSING, "issued", ""),
    (RowReason.INVOICE_DATE_INVALID, "issued", "2025-02-30"),
    (RowReason.INVOICE_DATE_IN_FUTURE, "issued", "2025-03-02"),
    (RowReason.DUE_DATE_MISSING, "due", ""),
    (RowReason.DUE_DATE_INVALID, "due", "01/05/2025"),
    (RowReason.DUE_BEFORE_INVOICE, "due", "2025-01-31"),
    (RowReason.DUE_DATE_PAST, "due", "2025-02-28"),
    (RowReason.INVOICE_NUMBER_OTHER_YEAR, "number", "24312000000010638978"),
    (RowReason.DELIVERY_DATE_INVALID, "delivered", "soon"),
    (RowReason.CURRENCY_UNSUPPORTED, "currency", "USD"),
    (RowReason.AMOUNT_MISSING, "total", ""),
    (RowReason.AMOUNT_INVALID, "total", "1e9"),
    (RowReason.AMOUNT_NOT_POSITIVE, "total", "-113.00"),
    (RowReason.AMOUNT_TOO_LARGE, "total", "1000000.01"),
    (RowReason.TAX_AMOUNT_INVALID, "tax", "NaN"),
    (RowReason.TOTAL_NOT_SUM, "tax", "13.01"),
    (RowReason.FACT_INVALID, "disputed", "maybe"),
]


def reader(text: str = MAPPING) -> RowReader:
    return RowReader(parse_mapping_text(text), TODAY)


def cells(**changed: str | Cell) -> dict[str, Cell]:
    row: dict[str, str | Cell] = {**GOOD, **changed}
    return {name: Cell(text) if isinstance(text, str) else text for name, text in row.items()}


def reason_of(row: dict[str, Cell]) -> RowReason | None:
    try:
        reader().read(row)
    except RowProblemError as exc:
        return exc.reason
    return None


def test_a_good_row_becomes_an_invoice() -> None:
    found = reader().read(cells())
    assert (found.kind, found.number) == (DocumentKind.INVOICE, GOOD["number"])
    assert (found.seller.code, found.seller.name) == (SELLER, "甲公司")
    assert (found.buyer.code, found.buyer.name) == (BUYER, BUYER)
    assert (found.gross, found.net, found.tax) == (11_300, 10_000, 1_300)
    assert found.facts == (("disputed", "false"), ("paid", "2025-05-03"))
    assert found.key == document_key(
        DocumentKind.INVOICE, SELLER, GOOD["number"], day_from_iso("2025-02-01"), Fen(11_300)
    )


@pytest.mark.parametrize(("reason", "column", "value"), WRONG, ids=[row[0] for row in WRONG])
def test_each_reason_is_told(reason: RowReason, column: str, value: str | Cell) -> None:
    assert reason_of(cells(**{column: value})) is reason


def test_the_first_reason_in_order_is_told() -> None:
    for index, (first, column, value) in enumerate(WRONG):
        for _, other_column, other in WRONG[index + 1 :]:
            if other_column != column:
                row = cells(**{column: value, other_column: other})
                assert reason_of(row) is first, (first, other_column)


def test_the_order_of_reasons_is_kept() -> None:
    told = [row[0] for row in WRONG]
    order = list(RowReason)
    assert told == sorted(told, key=order.index)
    # These come from the file's form or from another row, not from a cell.
    elsewhere = {RowReason.RAGGED_ROW, RowReason.QUOTE_MALFORMED, RowReason.REVERSAL_UNMATCHED}
    assert set(order) == set(told) | elsewhere
    assert set(ROW_REASON_TEXT) == set(order)


def test_docs_list_the_reasons_in_order() -> None:
    text = (Path(__file__).parents[2] / "finance" / "IMPORTS.md").read_text(encoding="utf-8")
    for reasons in (list(FileReason), list(RowReason)):
        places = [text.find(f"`{reason}`") for reason in reasons]
        assert -1 not in places
        assert places == sorted(places)


def test_history_is_not_judged_by_today() -> None:
    old = cells(issued="2025-03-02", due="2025-03-02", number="25312000000010638978")
    assert reader(MAPPING + "historic: true\n").read(old).due == day_from_iso("2025-03-02")


@pytest.mark.parametrize(
    ("style", "text", "fen"),
    [
        (AmountStyle(), "12.34", 1_234),
        (AmountStyle(), "-12.3", -1_230),
        (AmountStyle(), "12.3400", 1_234),
        (AmountStyle(thousands=","), "1,234,567.89", 123_456_789),
        (AmountStyle(thousands=","), "1234567.89", 123_456_789),
        (AmountStyle(decimal=",", thousands="."), "1.234,5", 123_450),
        (AmountStyle(thousands=" "), "1 234", 123_400),
        (AmountStyle(thousands="'"), "1'234.5", 123_450),
        (AmountStyle(unit=MoneyUnit.FEN), "1234", 1_234),
        (AmountStyle(unit=MoneyUnit.FEN), "1234.00", 1_234),
        (AmountStyle(unit=MoneyUnit.WAN), "1.234567", 1_234_567),
    ],
)
def test_amounts_by_style(style: AmountStyle, text: str, fen: int) -> None:
    assert style.parse(text, "amount") == fen


@pytest.mark.parametrize(
    "text",
    [
        "1,234.56",
        "1e9",
        "1E9",
        "NaN",
        "Infinity",
        "inf",
        "0x10",
        "",
        " 1",
        "+1",
        "1.",
        ".5",
        "01",
        "1.234",
        "1..2",
        "1 000",
        "¥1",
        "(1.00)",
        "１２",
        "1_000",
        "--1",
        "9" * 41,
    ],
)
def test_amounts_of_another_form_are_invalid(text: str) -> None:
    with pytest.raises(RowProblemError) as caught:
        AmountStyle().parse(text, "amount")
    assert caught.value.reason is RowReason.AMOUNT_INVALID


@pytest.mark.parametrize("text", ["1,23", "12,34,567", "1,2345", ",123", "1,", "1234,567"])
def test_thousands_stand_where_they_belong(text: str) -> None:
    with pytest.raises(RowProblemError):
        AmountStyle(thousands=",").parse(text, "amount")


def test_huge_amounts_are_too_large() -> None:
    with pytest.raises(RowProblemError) as caught:
        AmountStyle().parse("92233720368547758.08", "amount")
    assert caught.value.reason is RowReason.AMOUNT_TOO_LARGE


@given(st.integers(-FEN_MAX, FEN_MAX), st.sampled_from(["", ",", " "]))
def test_written_amounts_read_back(amount: int, thousands: str) -> None:
    whole, decimals = Fen(amount).yuan().split(".")
    if thousands:
        whole = f"{int(whole):,}".replace(",", thousands) if whole.strip("-0") else whole
    assert AmountStyle(thousands=thousands).parse(f"{whole}.{decimals}", "amount") == amount


@pytest.mark.parametrize(
    ("pattern", "text", "iso"),
    [
        ("M/D/YYYY", "1/2/2013", "2013-01-02"),
        ("M/D/YYYY", "12/31/2013", "2013-12-31"),
        ("DD.MM.YYYY", "02.01.2013", "2013-01-02"),
        ("YYYY年M月D日", "2013年1月2日", "2013-01-02"),
        ("YYYYMMDD", "20130102", "2013-01-02"),
        ("YYYY-MM-DD hh:mm:ss", "2013-01-02 23:59:59", "2013-01-02"),
    ],
)
def test_dates_by_pattern(pattern: str, text: str, iso: str) -> None:
    assert DatePattern(pattern).parse(text) == day_from_iso(iso)


@pytest.mark.parametrize(
    "text", ["2013-1-02", "13-01-02", "2013-02-29", "2013-13-01", "２013-01-02", "x" * 50, ""]
)
def test_other_dates_are_none(text: str) -> None:
    assert DatePattern("YYYY-MM-DD").parse(text) is None


@given(st.dates(min_value=date_of(day_from_iso("1970-01-01"))))
def test_every_day_is_read(value: object) -> None:
    day = day_of(value)  # type: ignore[arg-type]
    stated = date_of(day)
    assert DatePattern("M/D/YYYY").parse(f"{stated.month}/{stated.day}/{stated.year:04d}") == day


@pytest.mark.parametrize("pattern", ["", "YYYY", "YYYY-MM", "YYYY-MM-MM", "MM-DD", "Y" * 41])
def test_patterns_need_year_month_and_day(pattern: str) -> None:
    with pytest.raises(PatternError):
        DatePattern(pattern)


def edited(old: str, new: str) -> str:
    assert old in MAPPING
    return MAPPING.replace(old, new)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "mapping"),
        ("[]", "mapping"),
        ("]", "YAML"),
        (edited("version: 1", "version: 2"), "version"),
        (edited("name: test\n", ""), "name"),
        (edited("  due_date: due\n", ""), "due_date"),
        (edited("  amount: total\n", ""), "amount"),
        (edited("  net_amount: net\n", ""), "net_amount"),
        (edited("  seller_code: seller\n", "  colour: seller\n"), "colour"),
        (edited("  seller_code: seller\n", "  seller_code: 5\n"), "seller_code"),
        (edited("type: date", "type: time"), "paid.type"),
        (edited('"true": ["Y"], ', ""), "disputed"),
        (edited('["Y"]', "[yes]"), "true"),
        (edited('"1000000"', '"1e6"'), "numbers"),
        (edited('"1000000"', "1000000"), "amount_max_yuan"),
        (MAPPING + "colour: red\n", "colour"),
        (MAPPING + "constants: { due_date: x }\n", "due_date"),
        (MAPPING + "historic: 1\n", "historic"),
        (MAPPING + "dates: []\n", "dates"),
        (MAPPING + "dates: [YYYY]\n", "dates"),
        (MAPPING + "invoice_number: any\n", "einvoice20"),
        (MAPPING + "source: { encoding: latin-1 }\n", "encoding"),
        (MAPPING + "source: { delimiter: ';;' }\n", "delimiter"),
        (MAPPING + "source: { quote: x }\n", "quote"),
        (MAPPING + "parties: { seller: { rule: guess } }\n", "rule"),
        (MAPPING + "parties: { seller: { names: [a] } }\n", "names"),
        (MAPPING + "parties: { carrier: {} }\n", "carrier"),
        (MAPPING + "parties: 5\n", "parties"),
        ("a: &x [1]\nb: *x\n", "anchors"),
        ("a: !!python/object:os.system {}\n", "tags"),
        ("[" * 5000, "YAML"),
    ],
)
def test_wrong_mappings_name_the_key(text: str, names: str) -> None:
    with pytest.raises(MappingError, match=names):
        parse_mapping_text(text)


def test_mapping_files_are_bounded_text(tmp_path: Path) -> None:
    for name, data in (("big", b"#" * 70_000), ("binary", b"\xff\xfe\x00"), ("none", None)):
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(MappingError, match=name):
            read_mapping(path)
    with pytest.raises(MappingError):
        read_mapping(tmp_path)


def test_a_mapping_has_a_digest_of_its_content() -> None:
    base = parse_mapping_text(MAPPING)
    assert parse_mapping_text(MAPPING + "# a remark\n").digest == base.digest
    assert parse_mapping_text(edited("name: test", "name: other")).digest != base.digest


def test_parties_without_codes_get_made_up_ones() -> None:
    text = MAPPING + (
        'parties:\n  seller: { rule: synthetic, names: { "391": 甲 } }\n'
        '  buyer: { rule: synthetic, name: "客户 {value}" }\n'
    )
    found = reader(text).read(cells(seller="391", buyer="391", **{"seller name": ""}))
    assert found.seller.name == "甲"
    assert found.buyer.name == "客户 391"
    assert found.seller.code != found.buyer.code


def test_numbers_and_dates_of_a_workbook() -> None:
    found = reader().read(
        cells(
            total=Cell("113", CellKind.NUMBER),
            net=Cell("100", CellKind.NUMBER),
            tax=Cell("13", CellKind.NUMBER),
            issued=Cell("2025-02-01", CellKind.DATE),
        )
    )
    assert (found.gross, found.issued) == (11_300, day_from_iso("2025-02-01"))
    for column, cell in (
        ("total", Cell("2025-02-01", CellKind.DATE)),
        ("total", Cell("1000000000000000000", CellKind.ROUNDED)),
        ("total", Cell("0.001", CellKind.NUMBER)),
    ):
        assert reason_of(cells(**{column: cell})) is RowReason.AMOUNT_INVALID
    as_number = cells(issued=Cell("45689", CellKind.NUMBER))
    assert reason_of(as_number) is RowReason.INVOICE_DATE_INVALID


def test_workbook_numbers_ignore_the_style_of_texts() -> None:
    style = replace(parse_mapping_text(MAPPING), amounts=AmountStyle(decimal=",", thousands="."))
    mapping: Mapping = style
    row = cells(
        total=Cell("113.5", CellKind.NUMBER), net=Cell("100,5"), tax=Cell("13", CellKind.NUMBER)
    )
    assert RowReader(mapping, TODAY).read(row).gross == 11_350
