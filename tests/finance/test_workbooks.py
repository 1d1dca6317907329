"""Excel workbooks, good and hostile."""

import contextlib
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from defusedxml.ElementTree import iterparse
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.finance.model.trade.import_reasons import RowReason
from xinlian.ledger.adapters.files import xlsx_package
from xinlian.ledger.adapters.files.table_files import FileContent, open_table
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError
from xinlian.ledger.model.tables import Bounds, Cell, CellKind

from tests.finance.tables import MAPPING, MAPPING_TEXT, edit, refusal, rows, table, workbook

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
    found = table(data, "amounts.xlsx")
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
        lambda xml: xml.replace(b"<workbookPr ", b'<workbookPr date1904="1" '),
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
    with contextlib.suppress(FileRefusedError):
        list(table(bytes(raw), "spoiled.xlsx").rows())


def sheet_of(*parts: bytes) -> bytes:
    head = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    )
    whole = head + b"".join(parts) + b"</sheetData></worksheet>"
    return edit(SMALL_BOOK, SHEET, lambda _: whole)


@pytest.mark.parametrize(
    ("rows_of", "cells", "reason"),
    [
        # One row of empty cells; many such rows, none of which is a row to a reader.
        ([b"<row>", b"<c/>" * 1_000_000, b"</row>"], 4_000_000, FileReason.WORKBOOK_TOO_LARGE),
        ([b"<row>" + b"<c/>" * 200 + b"</row>"] * 60, 10_000, FileReason.TOO_MANY_CELLS),
        ([b"<row/>"] * 60_000, 10_000, FileReason.TOO_MANY_CELLS),
        ([b"<a/>"] * 60_000, 10_000, FileReason.WORKBOOK_TOO_LARGE),
    ],
)
def test_rows_are_refused_before_they_are_whole(
    rows_of: list[bytes], cells: int, reason: FileReason, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def counted(*given: Any, **options: Any) -> Iterator[Any]:
        for pair in iterparse(*given, **options):
            seen.append(1)
            yield pair

    monkeypatch.setattr(xlsx_package, "iterparse", counted)
    content = FileContent("x.xlsx", sheet_of(*rows_of), "")
    failed = refusal(lambda: list(open_table(content, MAPPING, Bounds(cells=cells)).rows()))
    assert failed.reason is reason
    assert len(seen) < 100_000


def test_cells_without_places_follow_each_other() -> None:
    data = sheet_of(
        b'<row><c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r><rPh><t>x</t></rPh></is></c>',
        b'<c t="str"><v>c</v></c></row>',
        b'<row><c t="d"><v>2025-02-01T00:00:00</v></c><c t="str"><f>A1</f><v></v></c></row>',
    )
    found = table(data, "x.xlsx")
    assert found.header == ("ab", "c")
    assert [row.cells for row in found.rows()] == [(Cell("2025-02-01", CellKind.DATE), Cell(""))]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ((), FileReason.HEADER_MISSING),
        ((b'<row r="1"><c r="IW1"><v>1</v></c></row>',), FileReason.TOO_MANY_COLUMNS),
        ((b"<row><c><v>1</v></c></row>" * 200_002,), FileReason.TOO_MANY_ROWS),
    ],
)
def test_worksheets_are_bounded(parts: tuple[bytes, ...], reason: FileReason) -> None:
    assert refusal(lambda: list(table(sheet_of(*parts), "x.xlsx").rows())).reason is reason


def test_encrypted_and_strangely_packed_workbooks_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("xl/workbook.xml", b"<workbook/>")
    assert refusal(lambda: table(out.getvalue(), "x.xlsx")).reason is FileReason.WORKBOOK_DAMAGED
    raw = bytearray(SMALL_BOOK)
    entry = raw.index(b"PK\x01\x02")
    raw[entry + 8] |= 1
    assert refusal(lambda: table(bytes(raw), "x.xlsx")).reason is FileReason.WORKBOOK_UNSAFE
