"""Recall lists as files: nothing runs in a spreadsheet, nothing is lost, and both languages."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace

import openpyxl
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.trace.adapters.exports import recall_csv, recall_pdf, recall_xlsx
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.items import WORLD, ItemId, ItemType
from xinlian.trace.model.recall import (
    Cause,
    CauseKind,
    Finding,
    RecallDiff,
    RecallLine,
    RecallList,
    Whereabouts,
)
from xinlian.trace.model.standing import RecallState, Standing, Step

COIL = "https://id.gs1.org/01/09521100000024/10/EL-260908-3"


def _vehicle(number: int) -> ItemId:
    return ItemId(WORLD, ItemType.VEHICLE, f"LXLBE2A0XTH{100_000 + number}")


STOCK = (
    RecallLine(
        ItemId(WORLD, ItemType.SERIAL, "0LCMB160A10001G9K0005161"),
        Finding.CERTAIN,
        "contains",
        (COIL,),
        Whereabouts.STOPPABLE,
    ),
)


def _recall(lines: tuple[RecallLine, ...], diff: RecallDiff | None = None) -> RecallList:
    causes = (
        Cause(CauseKind.ITEMS, (f"batch:0:{COIL}",)),
        Cause(CauseKind.MACHINE, ("CO-1",), 1_789_516_800_000, None),
    )
    return RecallList(
        "R-1",
        causes,
        1_795_320_000_000,
        lines,
        40,
        0,
        0,
        0,
        2,
        diff,
        STOCK,
        (_vehicle(2), _vehicle(9)),
    )


LINES = (
    RecallLine(_vehicle(1), Finding.POSSIBLE, "unknown-code", ("a", "b"), Whereabouts.STOPPABLE),
    RecallLine(_vehicle(2), Finding.CERTAIN, "contains", (COIL, "包-1"), Whereabouts.FIELD),
    RecallLine(_vehicle(3), Finding.EXCLUDED, "removed", (), Whereabouts.UNKNOWN),
)
DIFF = RecallDiff(
    "R-0", (_vehicle(1),), (_vehicle(9),), ((_vehicle(2), Finding.POSSIBLE, Finding.CERTAIN),)
)


def _csv(recall: RecallList, language: Language) -> list[list[str]]:
    out = io.BytesIO()
    recall_csv(recall, language, out)
    data = out.getvalue()
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def _xlsx(recall: RecallList, language: Language) -> tuple[list[list[object]], bytes]:
    out = io.BytesIO()
    recall_xlsx(recall, language, out)
    book = openpyxl.load_workbook(io.BytesIO(out.getvalue()))
    sheet = book.worksheets[1]
    return [list(row) for row in sheet.iter_rows(values_only=True)], out.getvalue()


def test_csv_tells_everything_of_a_vehicle() -> None:
    rows = _csv(_recall(LINES, DIFF), Language.ZH)
    assert rows[0][:4] == ["类别", "车辆或零件", "结论", "原因"]
    assert rows[2] == [
        "车辆",
        _vehicle(2).id,
        "确定受影响",
        "车内装有受影响零件",
        "contains",
        "已交付",
        f"{COIL} > 包-1",
        "结论变化",
        "可能受影响",
        "是",
    ]
    assert rows[1][3] == "unknown-code"
    assert rows[1][7] == "新增"
    assert rows[1][9] == ""
    assert rows[4][:2] == ["库存零件", STOCK[0].vehicle.id]
    assert rows[5][1] == _vehicle(9).id
    assert rows[5][7:] == ["移出", "", "是"]


@pytest.mark.parametrize("language", list(Language))
def test_what_the_list_cannot_see_is_said_in_every_file(language: Language) -> None:
    recall = replace(_recall(LINES), hidden=1_234)
    words = {"en": "more vehicles may be affected", "zh": "可能还有更多车辆受影响"}[language]
    assert words in _csv(recall, language)[-1][3]
    assert "1,234" in _csv(recall, language)[-1][3]
    rows, data = _xlsx(recall, language)
    assert words in str(rows[-1][3])
    summary = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    told = {str(row[0]): row[1] for row in summary.iter_rows(values_only=True)}
    most = {"en": ("Affected at most", "unknown"), "zh": ("至多受影响", "未知")}[language]
    assert told[most[0]] == most[1]
    out = io.BytesIO()
    recall_pdf(recall, language, out)
    document = pypdfium2.PdfDocument(out.getvalue())
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert words in text.replace("\r\n", "")
    assert "1 – ?" in text


def test_a_vehicle_that_is_affected_no_more_has_one_row() -> None:
    cleared = RecallDiff("R-0", (), (_vehicle(3),), ())
    rows = [row for row in _csv(_recall(LINES, cleared), Language.EN) if row[1] == _vehicle(3).id]
    assert [(row[2], row[7]) for row in rows] == [("excluded", "no longer affected")]


@pytest.mark.parametrize("state", list(RecallState))
def test_what_is_handed_out_says_how_far_the_recall_has_come(state: RecallState) -> None:
    steps = (Step(RecallState.DRAFT, 1), Step(state, 1_795_320_000_000, "a reason"))
    standing = Standing("R-1", 7, 12, "bad coil", steps)
    pdf, xlsx = io.BytesIO(), io.BytesIO()
    recall_pdf(_recall(LINES), Language.EN, pdf, standing)
    recall_xlsx(_recall(LINES), Language.EN, xlsx, standing)
    document = pypdfium2.PdfDocument(pdf.getvalue())
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "Recall 12 bad coil" in text
    assert ("not published" in text) is (state is RecallState.DRAFT)
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.getvalue())).worksheets[0]
    told = {str(row[0]): str(row[1]) for row in sheet.iter_rows(values_only=True)}
    assert told["Recall"] == "12 bad coil"
    assert state.value in told["State"]
    assert "a reason" in told["State"]


def test_xlsx_holds_the_same_rows_and_a_summary() -> None:
    recall = _recall(LINES, DIFF)
    rows, data = _xlsx(recall, Language.EN)
    plain = [[cell or "" for cell in row] for row in rows]
    assert plain == _csv(recall, Language.EN)
    book = openpyxl.load_workbook(io.BytesIO(data))
    summary = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    # Figures are numbers, so that a spreadsheet reckons with them.
    for name, figure in (
        ("Affected at least", 1),
        ("Affected at most", 2),
        ("Vehicles in all", 40),
    ):
        assert [name, figure] in summary
    assert ["Id", "R-1"] in summary


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠"])
def test_a_formula_stays_a_text(start: str) -> None:
    evil = f'{start}HYPERLINK("http://x")'
    vehicle = ItemId(7, ItemType.VEHICLE, evil)
    recall = _recall((RecallLine(vehicle, Finding.CERTAIN, evil, (evil,)),))
    for cell in _csv(recall, Language.EN)[1]:
        assert cell[:1] not in set("=+-@＝＋－＠\t\r")
    rows, data = _xlsx(recall, Language.EN)
    assert "HYPERLINK" in str(rows[1][1])
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        sheets = [name for name in package.namelist() if "worksheets/sheet" in name]
        for name in sheets:
            assert b"<f>" not in package.read(name)
            assert b"hyperlink" not in package.read(name).lower().replace(b"hyperlink(", b"")


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(max_examples=40, deadline=None)
@given(code=_TEXT.filter(bool), path=st.lists(_TEXT, max_size=3))
def test_any_text_of_a_source_can_be_exported(code: str, path: list[str]) -> None:
    vehicle = ItemId(7, ItemType.VEHICLE, code)
    recall = _recall((RecallLine(vehicle, Finding.POSSIBLE, code, tuple(path)),))
    assert len(_csv(recall, Language.ZH)) == 3
    rows, _ = _xlsx(recall, Language.ZH)
    assert len(rows) == 3


@pytest.mark.parametrize("language", list(Language))
def test_pdf_has_bounds_causes_and_certain_vehicles_first(language: Language) -> None:
    out = io.BytesIO()
    report = recall_pdf(_recall(LINES, DIFF), language, out)
    document = pypdfium2.PdfDocument(out.getvalue())
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert report.pages == 1
    assert report.missing == ()
    assert "1 – 2" in text
    assert f": {COIL}" in text
    assert "2026-09-16 08:00:00" in text
    assert text.index(_vehicle(2).id) < text.index(_vehicle(1).id) < text.index(_vehicle(3).id)
    assert _vehicle(9).id in text
    words = {"en": "an affected part is in it", "zh": "车内装有受影响零件"}
    assert words[language] in text
    assert STOCK[0].vehicle.id in text.replace("\r\n", "")


def test_a_long_pdf_says_what_it_leaves_out() -> None:
    lines = tuple(RecallLine(_vehicle(n), Finding.POSSIBLE, "contains") for n in range(5_400))
    certain = RecallLine(_vehicle(9_999), Finding.CERTAIN, "contains")
    out = io.BytesIO()
    report = recall_pdf(_recall((*lines, certain)), Language.EN, out)
    document = pypdfium2.PdfDocument(out.getvalue())
    first = document[0].get_textpage().get_text_range()
    last = document[len(document) - 1].get_textpage().get_text_range()
    document.close()
    assert report.left_out == 402
    assert "402 more vehicles" in last
    assert _vehicle(9_999).id in first
