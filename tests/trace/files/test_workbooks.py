import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError
from xinlian.trace.adapters.files import parse_mapping_text, table_rows
from xinlian.trace.model.capture import Row

from tests.trace.files.test_tables import ITEMS, content, fact


def workbook(*lines: tuple[Any, ...]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def sheet_rows(data: bytes) -> list[Row]:
    return list(table_rows(content(data, "t.xlsx"), parse_mapping_text(ITEMS), 7))


def test_date_cells_of_a_workbook_keep_their_time_of_day() -> None:
    head = ("编码", "类型", "时间", "颜色")
    data = workbook(head, ("A", "批次", datetime(2026, 3, 1, 8, 5, 1), 7))  # noqa: DTZ001
    made = fact(sheet_rows(data)[0])
    assert (made.made_at_ms, made.attributes) == (1_772_323_501_000, {"colour": "7"})


def test_a_code_that_lost_digits_in_a_spreadsheet_is_refused() -> None:
    data = workbook(("编码", "类型", "时间", "颜色"), (12345678901234567890, "批次", None, None))
    row = sheet_rows(data)[0]
    assert row.problem is not None
    assert "lost digits" in row.problem.why


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    source = workbook(("编码", "类型", "时间", "颜色"), ("A", "批次", None, None))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                body = body.replace(b"</sheetData>", b" " * 80_000_000 + b"</sheetData>")
            new.writestr(entry.filename, body, zipfile.ZIP_DEFLATED)
    with pytest.raises(FileRefusedError) as caught:
        sheet_rows(made.getvalue())
    assert caught.value.reason is FileReason.WORKBOOK_TOO_LARGE


def test_an_entity_attack_in_a_workbook_is_refused() -> None:
    source = workbook(("编码", "类型", "时间", "颜色"), ("A", "批次", None, None))
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                body = b'<!DOCTYPE a [<!ENTITY x "y">]>' + body.partition(b"?>")[2]
            new.writestr(entry.filename, body)
    with pytest.raises(FileRefusedError) as caught:
        sheet_rows(made.getvalue())
    assert caught.value.reason is FileReason.WORKBOOK_UNSAFE
