"""Opens bytes as a table, for tests."""

import io
import zipfile
from collections.abc import Callable, Sequence

import openpyxl
import pytest
from xinlian.finance.adapters.trade.mapping_file import parse_mapping_text
from xinlian.ledger.adapters.files.table_files import FileContent, open_table
from xinlian.ledger.model.table_reasons import FileRefusedError
from xinlian.ledger.model.tables import Table

MAPPING_TEXT = """
version: 1
name: t
columns:
  { seller_code: a, buyer_code: b, invoice_number: c, invoice_date: d, due_date: e, amount: f }
"""


MAPPING = parse_mapping_text(MAPPING_TEXT)


def table(data: bytes, name: str = "x.csv", mapping: str = MAPPING_TEXT) -> Table:
    return open_table(FileContent(name, data, ""), parse_mapping_text(mapping))


def refusal(work: Callable[[], object]) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        work()
    return caught.value


def rows(found: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in found.rows()]


Fill = Callable[[openpyxl.Workbook], None]


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
