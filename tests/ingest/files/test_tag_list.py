"""Tag lists as plants keep them: both encodings, both languages, Excel, a result per row."""

from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook
from xinlian.ingest.adapters.files.tag_list import TagList, parse_tags, read_tags
from xinlian.ingest.model.tags import TAGS_MAX, Access, Role, TagError, ValueType
from xinlian.ledger.adapters.files.table_files import FileContent
from xinlian.services.soak.fuzzing import fuzz

CHINESE = (
    "名称,地址,数据类型,系数,单位,下限,上限,周期,读写,用途,说明\n"
    "power,holding:0,FLOAT,0.1,kW,0,500,500ms,只读,active_power,有功功率\n"
    "setpoint,holding:2,WORD,,Cel,,,1000,读写,,设定温度\n"
)


def parse(data: bytes, name: str = "tags.csv") -> TagList:
    return parse_tags(FileContent(name, data, ""))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_chinese_list_in_either_encoding(encoding: str) -> None:
    table = parse(CHINESE.encode(encoding)).table("oven", version="2")
    power, setpoint = table.tags
    assert (power.type, power.scale, power.period_ms, power.role, power.label_zh) == (
        ValueType.FLOAT32, Decimal("0.1"), 500, Role.POWER, "有功功率",
    )  # fmt: skip
    assert setpoint.access is Access.READ_WRITE
    assert (setpoint.type, setpoint.label_zh) == (ValueType.UINT16, "设定温度")


def test_a_workbook(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ("Tag", "Address", "Type", "Scale"),
        ("t1", 40_001, "int16", 0.1),
        ("t2", 2, "", 1),
    ):
        sheet.append(row)
    made = BytesIO()
    book.save(made)
    (tmp_path / "tags.xlsx").write_bytes(made.getvalue())
    tags = read_tags(tmp_path / "tags.xlsx").table("t").tags
    assert [(tag.address, tag.scale) for tag in tags] == [
        ("40001", Decimal("0.1")), ("2", Decimal(1)),
    ]  # fmt: skip


def test_every_row_has_its_result() -> None:
    found = parse(
        b"name,address,type,period\ngood,1,int16,1000\ngood,2,int16,1000\nBad Name,3,int16,1\n"
        b"odd,4,int17,1000\nslow,5,int16,1.5\n,6,int16,1000\nlate,,int16,5\nlast,9,bool,20 ms\n"
    )
    assert [(row.line, row.tag is not None) for row in found.rows] == [
        (2, True), (3, False), (4, False), (5, False), (6, False), (7, False), (8, False),
        (9, True),
    ]  # fmt: skip
    assert found.problems[0].problem == "tag 'good' stands in line 2 already"
    assert all(row.problem_zh for row in found.problems)
    with pytest.raises(TagError, match=r"line 3: tag 'good'.* \(and 5 more rows\)"):
        found.table("t")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("t,1,int17,,,", "tag 't': type 'int17' is not one of bool, int8,"),
        ("t,1,,write-only,,", "tag 't': access 'write-only' is not one of r, rw"),
        ("t,1,,,volume,", "tag 't': role 'volume' is not one of active_energy_import,"),
        ("t,1,,,,kWh", "tag 't': unit 'kWh' is not one of UCUM; write kW.h"),
        ("t,1", "has more or fewer cells than the header"),
    ],
)
def test_a_refusal_says_what_is_allowed(row: str, problem: str) -> None:
    (found,) = parse(f"name,address,type,access,role,unit\n{row}\n".encode()).rows
    assert found.problem.startswith(problem)
    assert found.problem_zh


@pytest.mark.parametrize("mark", [";", "\t"])
def test_columns_may_be_separated_as_spreadsheets_do(mark: str) -> None:
    text = "name,address,access\nspeed,holding:7,读/写\n".replace(",", mark)
    (tag,) = parse(text.encode()).table("t").tags
    assert (tag.name, tag.address, tag.access) == ("speed", "holding:7", Access.READ_WRITE)


def test_a_refused_column_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(TagError) as refused:
        parse("名称,地址,颜色\na,1,b\n".encode())
    assert "deadband, access" in str(refused.value)
    assert "deadband（死区）、access（读写）" in refused.value.zh


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"name,address\n", "no tags"),
        (b"name,adress\na,1\n", "column 'adress' is unknown"),
        (b"name\na\n", "no column 'address'"),
        (b"name,address,tag\na,1,b\n", "column 'tag' is there twice"),
        (b"%PDF-1.4", "PDF"),
        (b"PK\x03\x04nonsense", "tags"),
    ],
)
def test_a_file_that_is_no_list_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(TagError, match=message):
        parse(data)


def test_65536_tags_are_read_and_one_more_is_refused() -> None:
    lines = [f"t{number},holding:{number}" for number in range(TAGS_MAX)]
    found = parse("\n".join(["name,address", *lines]).encode())
    assert len(found.table("big").tags) == TAGS_MAX
    more = parse("\n".join(["name,address", *lines, "extra,coil:1"]).encode())
    with pytest.raises(TagError, match="65536"):
        more.table("big")
    with pytest.raises(TagError, match="rows"):
        parse("\n".join(["name,address", *lines, "a,1", "b,2", "c,3"]).encode())


def test_damaged_lists_are_refused_in_words() -> None:
    found = fuzz(parse, seeds=[CHINESE.encode()], errors=(TagError,), tries=1_500, seed=5)
    assert found.accepted + found.refused == found.tries
