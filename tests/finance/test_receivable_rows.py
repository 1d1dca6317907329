"""One row: its reasons, their order, amounts, dates, mappings."""

from dataclasses import replace
from pathlib import Path

import pytest
from xinlian.finance.adapters.trade.mapping_file import parse_mapping_text
from xinlian.finance.model.trade.amounts import AmountStyle
from xinlian.finance.model.trade.documents import DocumentKind, document_key
from xinlian.finance.model.trade.import_reasons import ROW_REASON_TEXT, RowProblemError, RowReason
from xinlian.finance.model.trade.mapping import Mapping
from xinlian.finance.model.trade.receivables import RowReader
from xinlian.ledger.model.days import day_from_iso
from xinlian.ledger.model.money import Fen
from xinlian.ledger.model.table_reasons import FileReason
from xinlian.ledger.model.tables import CELL_CHARS_MAX, Cell, CellKind

from tests.finance.rows import BUYER, GOOD, MAPPING, SELLER, TODAY

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
    # These come from the file's form, from another row or from who imports, not from a cell.
    elsewhere = {
        RowReason.RAGGED_ROW,
        RowReason.QUOTE_MALFORMED,
        RowReason.REVERSAL_UNMATCHED,
        RowReason.NOT_YOURS,
    }
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
