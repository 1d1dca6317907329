import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.model.sections import MappingError
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError
from xinlian.ledger.model.tables import Bounds
from xinlian.trace.adapters.files import FileContent, parse_mapping_text, table_rows
from xinlian.trace.model.capture import Row
from xinlian.trace.model.facts import Claim, ClaimKind, Inspection, ProcessRecord, Result
from xinlian.trace.model.items import WORLD, Item, ItemType
from xinlian.trace.model.links import Certainty, Link, LinkKind

ITEMS = """
version: 1
name: t
kind: items
columns: {item: 编码, item_type: 类型, made_at: 时间}
attributes: {colour: 颜色}
times: ["YYYY-MM-DD hh:mm:ss", "YYYY/M/D h:mm", "YYYY-MM-DD"]
time_zone: "+08:00"
"""
LINKS = """
version: 1
name: t
kind: links
columns: {child: c, parent: p, kind: k, valid_from: f, valid_to: t, quantity: q,
          certainty: s, candidate_group: g}
constants: {child_type: serial, parent_type: vehicle}
words: {link: {莉: assembled}}
numbers: {decimal: ",", thousands: "."}
times: YYYY-MM-DD
time_zone: "+00:00"
"""
INSPECTIONS = """
version: 1
name: t
kind: inspections
columns: {inspection_id: id, item: i, characteristic: c, time: t, value: v, lower: l, upper: u,
          key: k, sample_size: n, defects: d, result: r}
constants: {item_type: 序列件}
"""


def content(data: bytes, name: str = "t.csv") -> FileContent:
    return FileContent(name, data, hashlib.sha256(data).hexdigest())


def read(mapping: str, text: str, encoding: str = "utf-8", **bounds: int) -> list[Row]:
    plan = parse_mapping_text(mapping)
    made = content(text.encode(encoding))
    return list(table_rows(made, plan, 7, Bounds(**bounds) if bounds else Bounds()))


def fact(row: Row) -> Any:
    assert row.problem is None, row.problem
    return row.facts[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_items_are_read_in_every_encoding(encoding: str) -> None:
    text = "编码,类型,时间,颜色\n"
    text += "LGBH52E08DY076543,整车,2026-03-01 08:00:00,红\nP-1,批次,2026/3/1 8:05,\n"
    car, lot = (fact(row) for row in read(ITEMS, text, encoding))
    assert isinstance(car, Item)
    assert (car.id.owner, car.id.type) == (WORLD, ItemType.VEHICLE)
    assert (car.made_at_ms, car.attributes) == (1_772_323_200_000, {"colour": "红"})
    assert (lot.id.owner, lot.id.type, lot.id.id) == (7, ItemType.BATCH, "P-1")
    assert (lot.made_at_ms, lot.attributes) == (1_772_323_500_000, {})


def test_links_have_validity_quantity_and_candidates() -> None:
    head = "c,p,k,f,t,q,s,g\n"
    body = 'a,CAR,装配,2026-03-01,2026-03-02,"1.234,5",,\nb,CAR,莉,,,,候选,G1\n'
    one, two = (fact(row) for row in read(LINKS, head + body))
    assert isinstance(one, Link)
    assert (one.valid_from_ms, one.valid_to_ms) == (1_772_323_200_000, 1_772_409_600_000)
    assert (one.quantity, one.certainty, one.parent.type) == (
        "1234.5",
        Certainty.KNOWN,
        ItemType.VEHICLE,
    )
    assert (two.kind, two.certainty, two.candidate_group) == (
        LinkKind.ASSEMBLED,
        Certainty.CANDIDATE,
        "G1",
    )


def test_results_follow_from_value_and_limits_where_none_is_given() -> None:
    head = "id,i,c,t,v,l,u,k,n,d,r\n"
    when = "2026-03-01T08:00:00+08:00"
    body = [
        f"1,P,厚度,{when},1.0,0.9,1.1,是,,,",
        f"2,P,厚度,{when},1.2,0.9,1.1,,,,",
        f"3,P,厚度,{when},,0.9,1.1,,,,",
        f"4,P,外观,{when},,,,,50,2,",
        f"5,P,厚度,{when},1.2,0.9,1.1,,,,合格",
    ]
    found = [fact(row) for row in read(INSPECTIONS, head + "\n".join(body))]
    assert [each.result for each in found] == [
        Result.PASSED,
        Result.FAILED,
        Result.NOT_MEASURED,
        Result.FAILED,
        Result.PASSED,
    ]
    assert isinstance(found[0], Inspection)
    assert (found[0].key, found[1].key) == (True, False)
    assert (found[3].sample_size, found[3].defects) == (50, 2)


def test_processes_and_claims_are_read() -> None:
    processes = """
version: 1
name: t
kind: processes
columns: {record_id: id, item: i, item_type: y, station: s, start: a, end: e}
parameters: {power W: w}
"""
    when = "2026-03-01T08:00:00Z,2026-03-01T08:00:09Z"
    made = fact(read(processes, f"id,i,y,s,a,e,w\n1,P,serial,焊接,{when},29.50\n")[0])
    assert isinstance(made, ProcessRecord)
    assert (made.end_ms - made.start_ms, made.parameters) == (9000, {"power W": "29.50"})
    claims = """
version: 1
name: t
kind: claims
columns: {claim_id: id, item: i, item_type: y, kind: k, time: t, code: c}
"""
    made = fact(read(claims, "id,i,y,k,t,c\n1,P,serial,0 公里,2026-03-01T08:00:00Z,E1\n")[0])
    assert isinstance(made, Claim)
    assert (made.kind, made.code) == (ClaimKind.ZERO_KM, "E1")


@pytest.mark.parametrize(
    ("line", "column", "word"),
    [
        (",整车,,", "编码", "empty"),
        ("X,,,", "类型", "empty"),
        ("X,飞机,,", "类型", "none of serial"),
        ("X,整车,soon,", "时间", "no time of the form"),
        ("X,整车,1969-12-31,", "时间", "1970 to 2099"),
        ("X,整车,2101-01-01,", "时间", "1970 to 2099"),
        ("X,整车,2026-02-30,", "时间", "no time of the form"),
        ("АB1,整车,,", "编码", "CYRILLIC"),
        ("https://id.gs1.org/01/04012345111119/10/7,批次,,", "编码", "8 would fit"),
        ("X,整车,2026-03-01", "", "cells"),
    ],
)
def test_a_bad_row_is_named_with_row_and_column(line: str, column: str, word: str) -> None:
    good, bad = read(ITEMS, f"编码,类型,时间,颜色\nA,批次,,\n{line}\n")
    assert good.problem is None
    assert bad.place == "row 3"
    assert bad.problem is not None
    assert bad.problem.field == column
    assert word in bad.problem.why
    assert bad.problem.why_zh


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("a,b,装配,2026-03-02,2026-03-01,,,", "t"),
        ("a,b,装配,,,-1,,", "q"),
        ("a,b,装配,,,x,,", "q"),
        ("a,b,焊,,,,,", "k"),
        ("a,b,装配,,,,候选,", "g"),
        ("a,b,装配,,,,确定,G", "g"),
        ("https://id.gs1.org/01/04012345111118,b,装配,,,,,", "c"),
    ],
)
def test_a_bad_link_is_named(line: str, column: str) -> None:
    row = read(LINKS, f"c,p,k,f,t,q,s,g\n{line}\n")[0]
    assert row.problem is not None
    assert row.problem.field == column


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", FileReason.EMPTY_FILE),
        ("编码,类型,时间,颜色\n", FileReason.NO_ROWS),
        ("编码,类型,时间\nA,批次,\n", FileReason.MISSING_COLUMN),
        ('编码,类型,时间,颜色\n"A,批次,,\nB,批次,,\n', FileReason.UNCLOSED_QUOTE),
        ("编码,类型,时间,颜色\nA\0,批次,,\n", FileReason.NUL_CHARACTER),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(text: str, reason: FileReason) -> None:
    with pytest.raises(FileRefusedError) as caught:
        read(ITEMS, text)
    assert caught.value.reason is reason


def test_rows_come_one_at_a_time_and_are_bounded() -> None:
    text = "编码,类型,时间,颜色\n" + "".join(f"A{n},批次,,\n" for n in range(50))
    rows = table_rows(content(text.encode()), parse_mapping_text(ITEMS), 7, Bounds(rows=20))
    assert isinstance(rows, Iterator)
    assert [next(rows).number for _ in range(20)] == list(range(1, 21))
    with pytest.raises(FileRefusedError) as caught:
        next(rows)
    assert caught.value.reason is FileReason.TOO_MANY_ROWS


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("version: 1", "version: 2", "version"),
        ("kind: items", "kind: things", "kind"),
        ("kind: items\n", "", "kind"),
        ("item_type: 类型, ", "", "columns.item_type: is needed"),
        ("made_at: 时间", "weight: 时间", "no such field"),
        ('"+08:00"', '"8"', "time_zone"),
        ('"YYYY-MM-DD"', '"YYYY-MM"', "needs one year"),
        ("attributes:", "parameters:", "no such key"),
        ("name: t", "name: t\nextra: 1", "no such key"),
        ("name: t", "name: t\nwords: {colour: {a: b}}", "words.colour"),
        ("name: t", "name: &a t\nother: *a", "anchors"),
    ],
)
def test_a_wrong_mapping_names_its_key(old: str, new: str, word: str) -> None:
    assert old in ITEMS
    with pytest.raises(MappingError, match=word):
        parse_mapping_text(ITEMS.replace(old, new))


def test_a_time_without_zone_is_not_guessed() -> None:
    plan = ITEMS.replace('time_zone: "+08:00"\n', "")
    row = read(plan, "编码,类型,时间,颜色\nA,批次,2026-03-01,\n")[0]
    assert row.problem is not None
    assert "time_zone" in row.problem.why
    given = read(plan, "编码,类型,时间,颜色\nA,批次,2026-03-01T08:00:00+08:00,\n")[0]
    assert fact(given).made_at_ms == 1_772_323_200_000


@given(st.lists(st.text(max_size=12), min_size=4, max_size=4))
@settings(deadline=None)
def test_no_cell_breaks_the_reader(cells: list[str]) -> None:
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    try:
        rows = read(ITEMS, f"编码,类型,时间,颜色\nA,批次,,\n{line}\n")
    except (FileRefusedError, UnicodeEncodeError):
        return
    assert rows[0].problem is None
    for row in rows[1:]:
        assert (row.problem is None) == bool(row.facts)
