"""Tag lists from CSV and Excel, as plants keep them: a row a tag, a result a row.

The header names members of a tag, in English or Chinese, in any order; ``name`` and ``address``
must be there. Text is UTF-8 or GB18030, told by the file itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from xinlian.ingest.adapters.files.units import check_unit
from xinlian.ingest.model.tags import TAGS_MAX, Tag, TagError, TagTable
from xinlian.ledger.adapters.files.table_files import FileContent, open_table, read_file
from xinlian.ledger.model.table_reasons import FileRefusedError, TableReason
from xinlian.ledger.model.tables import Bounds, SourceRow

__all__ = ["RowResult", "TagList", "parse_tags", "read_tags"]

_BOUNDS: Final = Bounds(rows=TAGS_MAX + 1)
_COLUMNS: Final = {
    "name": ("name", "tag", "名称", "点位", "点位名称", "点名", "变量名", "标签名"),
    "address": ("address", "addr", "地址", "寄存器地址"),
    "type": ("type", "data type", "datatype", "类型", "数据类型"),
    "order": ("order", "byte order", "字节序", "字节顺序", "字序"),
    "scale": ("scale", "factor", "比例", "系数", "倍率"),
    "offset": ("offset", "偏移"),
    "unit": ("unit", "单位", "单位符号"),
    "low": ("low", "min", "下限", "最小值"),
    "high": ("high", "max", "上限", "最大值"),
    "period_ms": ("period_ms", "period", "周期", "采集周期", "周期ms"),
    "deadband": ("deadband", "死区"),
    "access": ("access", "读写", "访问"),
    "role": ("role", "用途", "角色"),
    "label": ("label", "description", "标签"),
    "label_zh": ("label_zh", "说明", "描述", "备注", "中文标签"),
}
_KNOWN: Final = {alias: member for member, aliases in _COLUMNS.items() for alias in aliases}
_TYPES: Final = {
    "short": "int16", "ushort": "uint16", "word": "uint16", "int": "int16", "dint": "int32",
    "udint": "uint32", "dword": "uint32", "float": "float32", "real": "float32",
    "double": "float64", "lreal": "float64", "boolean": "bool", "bit": "bool", "byte": "uint8",
}  # fmt: skip
_ACCESS: Final = {
    "ro": "r", "read": "r", "read-only": "r", "只读": "r", "读": "r", "write": "rw",
    "read-write": "rw", "read/write": "rw", "r/w": "rw", "读写": "rw", "读/写": "rw", "可写": "rw",
}  # fmt: skip
_PROBLEMS: Final = {
    TableReason.RAGGED_ROW: ("has more or fewer cells than the header", "单元格数与表头不符"),
    TableReason.CELL_TOO_LONG: ("a cell is too long", "单元格过长"),
    TableReason.QUOTE_MALFORMED: ("a quotation mark is not closed", "引号不完整"),
}


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row: a tag, or the reason why not in both languages."""

    line: int
    name: str
    tag: Tag | None
    problem: str = ""
    problem_zh: str = ""


@dataclass(frozen=True, slots=True)
class _Layout:
    encoding: str
    delimiter: str
    sheet: str | None


@dataclass(frozen=True, slots=True)
class TagList:
    """A file's rows and what they mean."""

    source: str
    rows: tuple[RowResult, ...]

    @property
    def problems(self) -> tuple[RowResult, ...]:
        """Rows that are no tags."""
        return tuple(row for row in self.rows if row.tag is None)

    def table(self, name: str, *, version: str = "1", fixed: bool = False) -> TagTable:
        """The tag table; ``TagError`` if any row was refused, naming the first."""
        for row in self.problems:
            more = len(self.problems) - 1
            raise TagError(
                f"{self.source}, line {row.line}: {row.problem}"
                + (f" (and {more} more rows)" if more else ""),
                f"{self.source} 第 {row.line} 行：{row.problem_zh}"
                + (f"（另有 {more} 行）" if more else ""),
                row.name,
            )
        tags = tuple(row.tag for row in self.rows if row.tag is not None)
        return TagTable(name, tags, fixed, version)


def read_tags(
    path: Path, *, encoding: str = "auto", delimiter: str = ",", sheet: str | None = None
) -> TagList:
    """A tag list from a file; ``TagError`` if it cannot be read as a table at all."""
    try:
        content = read_file(path)
    except FileRefusedError as exc:
        raise TagError(str(exc), f"文件无法读取：{exc}") from exc
    return parse_tags(content, encoding=encoding, delimiter=delimiter, sheet=sheet)


def parse_tags(
    content: FileContent, *, encoding: str = "auto", delimiter: str = ",", sheet: str | None = None
) -> TagList:
    """A tag list from bytes, as ``read_tags``."""
    try:
        table = open_table(content, _Layout(encoding, delimiter, sheet), _BOUNDS)
        for mark in ";\t":  # what spreadsheets write where a comma is the decimal sign
            if len(table.header) == 1 and mark in table.header[0]:
                table = open_table(content, _Layout(encoding, mark, sheet), _BOUNDS)
        members = _members(table.header, content.name)
        seen: dict[str, int] = {}
        rows = tuple(_row(row, members, seen) for row in table.rows())
    except FileRefusedError as exc:
        message = f"{content.name}: {exc}"
        raise TagError(message, f"{content.name}：文件无法读取：{exc}") from exc
    if not rows:
        raise TagError(f"{content.name}: no tags", f"{content.name}：没有点位")
    return TagList(content.name, rows)


def _members(header: tuple[str, ...], source: str) -> tuple[str, ...]:
    """The member of a tag in each column."""
    found: list[str] = []
    for title in header:
        member = _KNOWN.get(title.strip().lower())
        if member is None or member in found:
            problem, problem_zh = (
                ("unknown", "无法识别") if member is None else ("there twice", "重复")
            )
            known = ", ".join(_COLUMNS)
            known_zh = "、".join(
                f"{aliases[0]}（{_chinese(aliases)}）" for aliases in _COLUMNS.values()
            )
            raise TagError(
                f"{source}: column {title!r} is {problem}; columns are: {known}",
                f"{source}：列 {title!r} {problem_zh}；可用列：{known_zh}",
            )
        found.append(member)
    for needed in ("name", "address"):
        if needed not in found:
            alias = _chinese(_COLUMNS[needed])
            raise TagError(
                f"{source}: no column {needed!r}", f"{source}：缺少列 {needed!r}（{alias}）"
            )
    return tuple(found)


def _chinese(aliases: tuple[str, ...]) -> str:
    return next(alias for alias in aliases if not alias.isascii())


def _row(row: SourceRow, members: tuple[str, ...], seen: dict[str, int]) -> RowResult:
    if row.problem is not None:
        return RowResult(row.line, "", None, *_PROBLEMS[row.problem])
    given: dict[str, Any] = {
        member: cell.text for member, cell in zip(members, row.cells, strict=False) if cell.text
    }
    name = str(given.get("name", ""))
    first = seen.setdefault(name, row.line)
    if first != row.line:
        return RowResult(
            row.line, name, None, f"tag {name!r} stands in line {first} already",
            f"点位 {name!r} 与第 {first} 行重复",
        )  # fmt: skip
    try:
        return RowResult(row.line, name, _tag(given))
    except TagError as exc:
        return RowResult(row.line, name, None, str(exc), exc.zh)


def _tag(given: dict[str, Any]) -> Tag:
    for needed in ("name", "address"):
        if needed not in given:
            raise TagError(f"no {needed}", f"缺少 {needed}", str(given.get("name", "")))
    if "type" in given:
        kind = given["type"].lower()
        given["type"] = _TYPES.get(kind, kind)
    if "access" in given:
        access = given["access"].lower()
        given["access"] = _ACCESS.get(access, access)
    if "order" in given:
        given["order"] = given["order"].upper()
    if "period_ms" in given:
        text = given["period_ms"].removesuffix("ms").strip()
        if not (text.isascii() and text.isdigit()) or len(text) > 18:
            raise TagError(
                f"period {given['period_ms']!r} is no whole number of ms",
                f"周期 {given['period_ms']!r} 须为整数毫秒",
                given["name"],
            )
        given["period_ms"] = int(text)
    return check_unit(Tag.from_json(given))
