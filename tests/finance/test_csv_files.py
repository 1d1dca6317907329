"""CSV files as they come: encodings, quoting, and hostile ones."""

import codecs
import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.adapters.files.csv_table import CsvTable, decode
from xinlian.ledger.adapters.files.table_files import FileContent, open_table, read_file
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError, TableReason
from xinlian.ledger.model.tables import Bounds, SourceRow

from tests.finance.tables import MAPPING, refusal, rows, table

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
        (2, TableReason.RAGGED_ROW),
        (3, TableReason.RAGGED_ROW),
        (4, TableReason.QUOTE_MALFORMED),
        (5, None),
    ]


def test_a_cell_of_a_million_characters_is_one_bad_row() -> None:
    huge = b"x" * 1_000_000
    found = list(table(b"a,b\n1," + huge + b"\n2,3\n").rows())
    assert found[0] == SourceRow(2, (), TableReason.CELL_TOO_LONG)
    assert [cell.text for cell in found[1].cells] == ["2", "3"]
    found = list(table(b'a,b\n1,"' + huge + b'"\n2,3\n').rows())
    assert [(row.line, row.problem) for row in found] == [(2, TableReason.CELL_TOO_LONG), (3, None)]


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


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a,b\n" + b"1,2\n" * 101, FileReason.TOO_MANY_ROWS),
        (b"a,b\n" + b"1,2,3,4,5,6,7,8,9,10\n" * 60, FileReason.TOO_MANY_CELLS),
        (b"a,b\n" + b"\n" * 1_000, FileReason.TOO_MANY_CELLS),
        (b"a,b\n" + b"," * 300, FileReason.TOO_MANY_COLUMNS),
        (b"a,b\n" + b"," * 2_000_000, FileReason.FILE_TOO_LARGE),
    ],
)
def test_a_server_sets_bounds_of_its_own(data: bytes, reason: FileReason) -> None:
    bounds = Bounds(file_bytes=1_000_000, rows=100, cells=500)
    content = FileContent("x.csv", data, "")
    failed = refusal(lambda: list(open_table(content, MAPPING, bounds).rows()))
    assert failed.reason is reason


@pytest.mark.parametrize("record", [b"," * 2_000_000, b'"x\n",' * 400_000])
def test_a_record_is_refused_before_it_is_whole(record: bytes) -> None:
    found = CsvTable.open(b"a,b\n" + record, MAPPING)
    failed = refusal(lambda: list(found.rows()))
    assert (failed.reason, failed.line) == (FileReason.TOO_MANY_COLUMNS, 2)


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
