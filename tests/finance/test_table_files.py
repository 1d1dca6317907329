"""Files as they come: encodings, quoting, workbooks, and hostile ones."""

import codecs
import contextlib
import io
import os
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.finance.adapters.csv_table import CsvTable, decode
from xinlian.finance.adapters.mapping_file import parse_mapping_text
from xinlian.finance.adapters.table_files import open_table, read_file
from xinlian.finance.model.import_reasons import FileReason, FileRefusedError, RowReason
from xinlian.finance.model.tables import Cell, CellKind, SourceRow, Table

MAPPING_TEXT = """
version: 1
name: t
columns:
  { seller_code: a, buyer_code: b, invoice_number: c, invoice_date: d, due_date: e, amount: f }
"""
MAPPING = parse_mapping_text(MAPPING_TEXT)


def table(data: bytes, name: str = "x.csv", mapping: str = MAPPING_TEXT) -> Table:
    folder = Path(os.environ["PYTEST_FOLDER"])
    path = folder / name
    path.write_bytes(data)
    return open_table(read_file(path), parse_mapping_text(mapping))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_FOLDER", str(tmp_path))


def refusal(work: Callable[[], object]) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        work()
    return caught.value


def rows(found: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in found.rows()]


Fill = Callable[[openpyxl.Workbook], None]
CHINESE = "购方,金额\r\n云辰汽车,12.50\r\n".encode


@pytest.mark.parametrize(
    "data",
    [
        CHINESE("utf-8"),
        CHINESE("utf-8-sig"),
        CHINESE("gb18030"),
        CHINESE("gbk"),
        CHINESE("utf-16"),
        codecs.BOM_UTF16_BE + CHINESE("utf-16-be"),
    ],
)
def test_encodings_are_told_apart(data: bytes) -> None:
    found = table(data)
    assert found.header == ("购方", "金额")
    assert rows(found) == [["云辰汽车", "12.50"]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (CHINESE("utf-16-le"), FileReason.ENCODING_UNKNOWN),
        ("a,b\n1,2\n".encode("utf-16-be"), FileReason.NUL_CHARACTER),
        (b"a,b\n1,\x002\n", FileReason.NUL_CHARACTER),
        (codecs.BOM_UTF32_LE + "a,b".encode("utf-32-le"), FileReason.ENCODING_UNKNOWN),
        ("a,b\n1,caf\xe9,\n".encode("latin-1"), FileReason.ENCODING_UNKNOWN),
        ("a\n" + "\ue000\n", FileReason.ENCODING_UNKNOWN),
        (b"\xff\xfe\x00\xd8", FileReason.ENCODING_UNKNOWN),
        (b"a,b\n\x80\x80\n", FileReason.ENCODING_UNKNOWN),
    ],
)
def test_unknown_encodings_are_refused(data: bytes | str, reason: FileReason) -> None:
    raw = data.encode() if isinstance(data, str) else data
    assert refusal(lambda: table(raw)).reason is reason


def test_a_stated_encoding_is_the_only_one_tried() -> None:
    assert decode(CHINESE("gb18030"), "gb18030").startswith("购方")
    for data, encoding in (
        (CHINESE("gb18030"), "utf-8"),
        (CHINESE("utf-16"), "gb18030"),
        (CHINESE("utf-8"), "utf-16"),
    ):
        failed = refusal(lambda data=data, encoding=encoding: decode(data, encoding))  # type: ignore[misc]
        assert failed.reason is FileReason.ENCODING_UNKNOWN
    assert refusal(lambda: decode(b"a\nb\n\xff", "utf-8")).line == 3


@settings(max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(FileRefusedError):
        list(CsvTable.open(data, MAPPING).rows())


def test_lines_are_counted_over_quoted_line_ends_and_blank_lines() -> None:
    found = list(table(b'a,b\r\n1,"x\r\ny"\r\n\r\n,\r\n3,4\r\n').rows())
    assert [(row.line, [cell.text for cell in row.cells]) for row in found] == [
        (2, ["1", "x\r\ny"]),
        (6, ["3", "4"]),
    ]


def test_ragged_and_malformed_rows_keep_their_line() -> None:
    found = list(table(b'a,b\n1\n1,2,3\n"x"y,2\n4,5\n').rows())
    assert [(row.line, row.problem) for row in found] == [
        (2, RowReason.RAGGED_ROW),
        (3, RowReason.RAGGED_ROW),
        (4, RowReason.QUOTE_MALFORMED),
        (5, None),
    ]


def test_a_cell_of_a_million_characters_is_one_bad_row() -> None:
    huge = b"x" * 1_000_000
    found = list(table(b"a,b\n1," + huge + b"\n2,3\n").rows())
    assert found[0] == SourceRow(2, (), RowReason.CELL_TOO_LONG)
    assert [cell.text for cell in found[1].cells] == ["2", "3"]
    found = list(table(b'a,b\n1,"' + huge + b'"\n2,3\n').rows())
    assert [(row.line, row.problem) for row in found] == [(2, RowReason.CELL_TOO_LONG), (3, None)]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'a,b\n1,2\n3,"4\n5,6\n', 3),
        (b'a,b\n1,"2\n3,4\n5,"6"\n', 2),
        (b'a,b\n1,"' + b"x\n" * 200_000, 2),
        (b'a,b\n1,"' + b"x" * 1_000_000 + b"\n2,3\n", 2),
    ],
)
def test_an_unclosed_quote_refuses_the_file(data: bytes, line: int) -> None:
    failed = refusal(lambda: list(table(data).rows()))
    assert (failed.reason, failed.line) == (FileReason.UNCLOSED_QUOTE, line)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\n\n", FileReason.HEADER_MISSING),
        (b",,\n,\n", FileReason.HEADER_MISSING),
        (b'"a\n', FileReason.UNCLOSED_QUOTE),
        (b"a,b,a\n1,2,3\n", FileReason.DUPLICATE_HEADER),
        (b"a, a\n1,2\n", FileReason.DUPLICATE_HEADER),
        (b",".join(b"c%d" % i for i in range(300)), FileReason.TOO_MANY_COLUMNS),
        (b"<html><table></table></html>", FileReason.WRONG_KIND),
        (b"  <?xml version='1.0'?><EInvoice/>", FileReason.WRONG_KIND),
        (b"%PDF-1.7\n", FileReason.WRONG_KIND),
        (b"\x1f\x8b\x08\x00", FileReason.WRONG_KIND),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", FileReason.OLD_EXCEL),
        (b"PK\x03\x04rest", FileReason.WRONG_KIND),
        (b"", FileReason.EMPTY_FILE),
    ],
)
def test_files_without_a_table_are_refused(data: bytes, reason: FileReason) -> None:
    assert refusal(lambda: table(data)).reason is reason


def test_too_many_rows_are_refused() -> None:
    data = b"a,b\n" + b"1,2\n" * 200_001
    failed = refusal(lambda: sum(1 for _ in table(data).rows()))
    assert (failed.reason, failed.line) == (FileReason.TOO_MANY_ROWS, 200_002)


def test_only_readable_files_of_bounded_size_are_read(tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as stream:
        stream.truncate(64 * 1024 * 1024 + 1)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, reason in (
        (tmp_path, FileReason.NOT_A_FILE),
        (tmp_path / "none", FileReason.NOT_A_FILE),
        (Path("/dev/zero"), FileReason.NOT_A_FILE),
        (pipe, FileReason.NOT_A_FILE),
        (Path("a\0b"), FileReason.NOT_A_FILE),
        (large, FileReason.FILE_TOO_LARGE),
    ):
        assert refusal(lambda path=path: read_file(path)).reason is reason  # type: ignore[misc]


def workbook(*lines: Sequence[object], fill: Fill | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(list(line))
    if fill is not None:
        fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def edit(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return out.getvalue()


# Workbooks know no time zones.
NOON = datetime(2025, 2, 1, 12, 0)  # noqa: DTZ001
SHEET = "xl/worksheets/sheet1.xml"
SMALL_BOOK = workbook(["a", "b"], ["x", 5], ["y", 6.5])


def test_a_workbook_is_read_as_the_user_sees_it() -> None:
    data = workbook(
        ["购方", "号码", "日期", "金额", "备注"],
        [" 云辰 ", "00123", date(2025, 2, 1), 55.94, None],
        ["沧海", 25312000000010638978, NOON, 0.1 + 0.2, True],
        ["北岭", 12, "2025/2/1", -3, "x"],
    )
    found = table(data, "x.xlsx")
    assert found.header == ("购方", "号码", "日期", "金额", "备注")
    first, second, third = found.rows()
    assert first.cells == (
        Cell("云辰"),
        Cell("00123"),
        Cell("2025-02-01", CellKind.DATE),
        Cell("55.94", CellKind.NUMBER),
        Cell(""),
    )
    assert second.cells[1].kind is CellKind.ROUNDED
    assert second.cells[2] == Cell("2025-02-01", CellKind.DATE)
    assert second.cells[3] == Cell("0.3", CellKind.NUMBER)
    assert second.cells[4] == Cell("TRUE")
    assert third.cells[1:4] == (
        Cell("12", CellKind.NUMBER),
        Cell("2025/2/1"),
        Cell("-3", CellKind.NUMBER),
    )
    assert [first.line, second.line, third.line] == [2, 3, 4]


@settings(max_examples=30)
@given(st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=20))
def test_every_amount_of_a_workbook_is_exact(amounts: list[int]) -> None:
    data = workbook(["a"], *[[fen / 100] for fen in amounts])
    path = Path(os.environ["PYTEST_FOLDER"]) / "amounts.xlsx"
    path.write_bytes(data)
    found = open_table(read_file(path), MAPPING)
    texts = [row.cells[0].text for row in found.rows()]
    expected = [f"{'-' if x < 0 else ''}{abs(x) // 100}.{abs(x) % 100:02d}" for x in amounts]
    assert texts == [text.rstrip("0").rstrip(".") for text in expected]


def test_workbook_lines_count_empty_rows_and_ragged_ones() -> None:
    data = workbook(["a", "b"], [], [1], [1, 2, 3], [1, 2, ""])
    found = [(row.line, row.problem, len(row.cells)) for row in table(data, "x.xlsx").rows()]
    assert found == [(3, None, 2), (4, RowReason.RAGGED_ROW, 3), (5, None, 2)]


def test_formulas_count_by_their_stored_result() -> None:
    data = workbook(["a", "b"], ["=1+1", "=1/0"])
    found = next(iter(table(data, "x.xlsx").rows()))
    assert {cell.kind for cell in found.cells} == {CellKind.NO_VALUE}
    stored = edit(
        data,
        SHEET,
        lambda xml: xml.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>").replace(
            b'r="B2"><f>1/0</f><v />', b'r="B2" t="e"><f>1/0</f><v>#DIV/0!</v>'
        ),
    )
    found = next(iter(table(stored, "x.xlsx").rows()))
    assert found.cells == (Cell("2", CellKind.NUMBER), Cell("#DIV/0!", CellKind.ERROR))


def test_dates_of_the_1904_system() -> None:
    plain = workbook(["a"], [date(2025, 2, 1)])
    shifted = edit(
        plain,
        "xl/workbook.xml",
        lambda xml: xml.replace(b"<workbookPr", b'<workbookPr date1904="1"'),
    )
    assert rows(table(plain, "x.xlsx")) == [["2025-02-01"]]
    # The same serial number counts from four years and a day later.
    assert rows(table(shifted, "x.xlsx")) == [["2029-02-02"]]


def test_the_named_sheet_is_read() -> None:
    def second_sheet(book: openpyxl.Workbook) -> None:
        book.create_sheet("二").append(["x"])
        book["二"].append(["y"])

    data = workbook(["a"], ["b"], fill=second_sheet)
    named = MAPPING_TEXT + "source: { sheet: 二 }\n"
    assert rows(table(data, "x.xlsx", named)) == [["y"]]
    failed = refusal(lambda: table(data, "x.xlsx", MAPPING_TEXT + "source: { sheet: 三 }\n"))
    assert failed.reason is FileReason.SHEET_MISSING


def bomb(size: int) -> bytes:
    head = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1" t="inlineStr"><is><t>'
    )
    tail = b"</t></is></c></row></sheetData></worksheet>"
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["a"]))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, head + b"x" * size + tail if name == SHEET else old.read(name))
    return out.getvalue()


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    data = bomb(50_000_000)
    assert len(data) < 100_000
    assert refusal(lambda: table(data, "x.xlsx")).reason is FileReason.WORKBOOK_TOO_LARGE


def test_a_bomb_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(bomb(50_000_000))
    real = (50_000_000 + 200).to_bytes(4, "little")
    # The size stands in the local header and in the directory; say it is 200 bytes in both.
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as book:
        real = book.getinfo(SHEET).file_size.to_bytes(4, "little")
    assert bytes(data).count(real) == 2
    lying = bytes(data).replace(real, (200).to_bytes(4, "little"))
    failed = refusal(lambda: list(table(lying, "x.xlsx").rows()))
    assert failed.reason is FileReason.WORKBOOK_DAMAGED


def test_many_parts_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(1_001):
            made.writestr(str(number), b"")
    assert refusal(lambda: table(out.getvalue(), "x.xlsx")).reason is FileReason.WORKBOOK_TOO_LARGE


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
)


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml"])
def test_entities_in_a_workbook_are_refused(part: str) -> None:
    data = edit(workbook(["a"], ["b"]), part, lambda xml: ENTITIES + xml[xml.index(b"<", 5) :])
    failed = refusal(lambda: list(table(data, "x.xlsx").rows()))
    assert failed.reason in (FileReason.WORKBOOK_UNSAFE, FileReason.WORKBOOK_DAMAGED)


def spoiled(old: bytes, new: bytes) -> bytes:
    data = workbook(["a", "b"], ["x", 5])
    assert old in zipfile.ZipFile(io.BytesIO(data)).read(SHEET)
    return edit(data, SHEET, lambda xml: xml.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'<row r="2"', b'<row r="1"'),
        (b'<row r="2"', b'<row r="9999999"'),
        (b'<row r="2"', b'<row r="-2"'),
        (b'r="B2"', b'r="A2"'),
        (b'r="B2"', b'r="??"'),
        (b"<v>5</v></c></row>", b"<v>5</v></c></row><row>"),
        (b'<c r="B2" t="n"', b'<c r="B2" t="s"'),
        (b"<v>5</v>", b"<" * 5),
    ],
)
def test_damaged_worksheets_are_refused(old: bytes, new: bytes) -> None:
    failed = refusal(lambda: list(table(spoiled(old, new), "x.xlsx").rows()))
    assert failed.reason is FileReason.WORKBOOK_DAMAGED


def test_strange_numbers_are_error_cells() -> None:
    for text in (b"NaN", b"1e999999", b"0x10", b"9" * 100):
        found = next(iter(table(spoiled(b"<v>5</v>", b"<v>" + text + b"</v>"), "x.xlsx").rows()))
        assert found.cells[1].kind is CellKind.ERROR


def test_deep_nesting_is_refused() -> None:
    data = spoiled(b"<sheetData>", b"<a>" * 500 + b"</a>" * 500 + b"<sheetData>")
    failed = refusal(lambda: list(table(data, "x.xlsx").rows()))
    assert failed.reason is FileReason.WORKBOOK_DAMAGED


@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x", "x.xls"])
def test_a_workbook_has_its_own_name(name: str) -> None:
    assert refusal(lambda: table(workbook(["a"]), name)).reason is FileReason.WRONG_KIND


def test_a_name_does_not_make_a_workbook() -> None:
    assert refusal(lambda: table(b"a,b\n1,2\n", "x.xlsx")).reason is FileReason.WRONG_KIND
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("word/document.xml", b"<a/>")
    assert refusal(lambda: table(out.getvalue(), "x.xlsx")).reason is FileReason.WRONG_KIND
    assert refusal(lambda: table(b"PK\x03\x04", "x.xlsx")).reason is FileReason.WORKBOOK_DAMAGED


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_spoiled_workbook_is_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(SMALL_BOOK)
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path = Path(os.environ["PYTEST_FOLDER"]) / "spoiled.xlsx"
    path.write_bytes(bytes(raw))
    with contextlib.suppress(FileRefusedError):
        list(open_table(read_file(path), MAPPING).rows())
