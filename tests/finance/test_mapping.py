"""Mappings, amounts and dates as files write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.finance.adapters.trade.mapping_file import parse_mapping_text, read_mapping
from xinlian.finance.model.trade.amounts import AmountStyle, MoneyUnit
from xinlian.finance.model.trade.import_reasons import RowProblemError, RowReason
from xinlian.ledger.model.date_patterns import DatePattern, PatternError
from xinlian.ledger.model.days import date_of, day_from_iso, day_of
from xinlian.ledger.model.money import FEN_MAX, Fen
from xinlian.ledger.model.sections import MappingError

from tests.finance.rows import MAPPING


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
        ("[" * 60_000, "nested"),
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
