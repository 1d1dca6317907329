"""Cells of a table as the fields of a fact."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from xinlian.ledger.model.table_reasons import TableReason
from xinlian.ledger.model.tables import CELL_CHARS_MAX, Cell, CellKind, SourceRow
from xinlian.trace.model.capture import Problem, Row
from xinlian.trace.model.codes import CodeError, Identified, identify
from xinlian.trace.model.epcis.times import LAST_MS, stamp_ms
from xinlian.trace.model.fields import WORDS, decimal, make_fact
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.json_text import dump_json
from xinlian.trace.model.mapping import TraceMapping
from xinlian.trace.model.sources import SourceError, short

__all__ = ["row_of"]

_E = TypeVar("_E", bound=StrEnum)
_UNREADABLE: Final = {
    TableReason.RAGGED_ROW: (
        "the row has more or fewer cells than the header",
        "列数与表头不符",
    ),
    TableReason.CELL_TOO_LONG: ("a cell is too long", "单元格内容过长"),
    TableReason.QUOTE_MALFORMED: ("a quoted cell is malformed", "引号格式错误"),
}
_TRUE_FALSE: Final = {"true": True, "false": False}


def row_of(
    number: int, row: SourceRow, header: tuple[str, ...], mapping: TraceMapping, owner: int
) -> Row:
    """The row of a table with its fact, or its problem; ``row 17`` counts lines of the file."""
    place = f"row {row.line}"
    if row.problem is not None:
        source = dump_json([cell.text for cell in row.cells])
        return Row(number, place, source, problem=Problem("", *_UNREADABLE[row.problem]))
    cells = dict(zip(header, row.cells, strict=True))
    source = dump_json({name: _shown(cell) for name, cell in cells.items()})
    try:
        fact = make_fact(mapping.kind.fact, CellFields(cells, mapping, owner))
        return Row(number, place, source, (fact,), names=mapping.columns)
    except SourceError as exc:
        return Row(number, place, source, problem=Problem(exc.path, exc.why, exc.why_zh))


def _shown(cell: Cell) -> str:
    return f"{cell.text} {cell.clock}" if cell.clock else cell.text


class CellFields:
    """The fields of a row by the mapping."""

    def __init__(self, cells: Mapping[str, Cell], mapping: TraceMapping, owner: int) -> None:
        self._cells = cells
        self._mapping = mapping
        self._owner = owner

    def _cell(self, name: str) -> Cell | None:
        column = self._mapping.columns.get(name)
        if column is None:
            constant = self._mapping.constants.get(name)
            return None if constant is None else Cell(constant)
        return self._checked(self._cells[column], name)

    def _checked(self, cell: Cell, name: str) -> Cell | None:
        if cell.kind is CellKind.ERROR:
            raise self.wrong(
                name, f"the cell holds an error ({short(cell.text)})", "单元格为错误值"
            )
        if cell.kind is CellKind.NO_VALUE:
            raise self.wrong(name, "a formula has no stored value", "公式没有保存计算结果")
        if len(cell.text) > CELL_CHARS_MAX:
            raise self.wrong(name, "the cell is too long", "单元格内容过长")
        return cell if cell.text else None

    def text(self, name: str) -> str | None:
        """A text; a number that lost digits is refused."""
        cell = self._cell(name)
        return None if cell is None else self._text(cell, name)

    def _text(self, cell: Cell, name: str) -> str:
        if cell.kind is CellKind.ROUNDED:
            raise self.wrong(
                name,
                "the spreadsheet stored the code as a number and lost digits: format as text",
                "编码以数值保存，已丢失位数：请将单元格设为文本",
            )
        return _shown(cell)

    def number(self, name: str) -> str | None:
        """A decimal text."""
        cell = self._cell(name)
        if cell is None:
            return None
        mapping = self._mapping
        plain = cell.kind in (CellKind.NUMBER, CellKind.ROUNDED)
        made = (
            decimal(cell.text)
            if plain
            else decimal(cell.text, point=mapping.point, thousands=mapping.thousands)
        )
        if made is None:
            raise self.wrong(
                name, f"{short(cell.text)!r} is no number", f"“{short(cell.text)}”不是数值"
            )
        return made

    def time(self, name: str) -> int | None:
        """A time by the mapping's patterns, of a date cell, or with its own offset."""
        cell = self._cell(name)
        if cell is None:
            return None
        made = self._time(cell, name)
        if made is None:
            patterns = " or ".join(pattern.text for pattern in self._mapping.times)
            raise self.wrong(
                name,
                f"{short(cell.text)!r} is no time of the form {patterns}",
                f"“{short(cell.text)}”不是 {patterns} 形式的时间",
            )
        if not 0 <= made < LAST_MS:
            raise self.wrong(
                name,
                f"{short(cell.text)} lies outside the years 1970 to 2099",
                f"{short(cell.text)} 不在 1970 至 2099 年之间",
            )
        return made

    def _time(self, cell: Cell, name: str) -> int | None:
        with_offset = stamp_ms(cell.text)
        if with_offset is not None:
            return with_offset
        zone = self._mapping.zone_minutes
        text = f"{cell.text}T{cell.clock or '00:00:00'}Z" if cell.kind is CellKind.DATE else ""
        made = stamp_ms(text)
        if made is not None and zone is not None:
            return made - zone * 60_000
        found = (pattern.parse(cell.text, zone or 0) for pattern in self._mapping.times)
        made = made if made is not None else next((ms for ms in found if ms is not None), None)
        if made is not None and zone is None:
            raise self.wrong(
                name,
                "the mapping names no time_zone, and the time has none of its own",
                "映射未指定 time_zone，且时间不含时区",
            )
        return made

    def choice(self, name: str, words: str, kind: type[_E]) -> _E | None:
        """A member of an enum by the mapping's words, those known to all, or its value."""
        text = self.text(name)
        if text is None:
            return None
        own = self._mapping.words.get(words, {})
        value = own.get(text, WORDS[words].get(text, text))
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(kind)
            raise self.wrong(
                name,
                f"{short(text)!r} is none of {known} and no word of the mapping",
                f"“{short(text)}”不在 {known} 之中，映射中也没有该词",
            ) from None

    def flag(self, name: str) -> bool:
        """True or false; false where the cell is empty."""
        text = self.text(name)
        if text is None:
            return False
        own = self._mapping.words.get("flag", {})
        value = own.get(text, WORDS["flag"].get(text, text)).lower()
        if value not in _TRUE_FALSE:
            raise self.wrong(name, f"{short(text)!r} is no yes or no", f"“{short(text)}”不是是或否")
        return _TRUE_FALSE[value]

    def item(self, name: str) -> Identified | None:
        """A thing by its code, its type from the field beside it."""
        text = self.text(name)
        if text is None:
            return None
        kind = self.choice(f"{name}_type", "type", ItemType)
        if kind is None:
            raise self.missing(f"{name}_type")
        try:
            return identify(text, self._owner, kind)
        except CodeError as exc:
            raise self.wrong(name, exc.why, exc.why_zh) from exc

    def table(self, name: str) -> dict[str, str]:  # noqa: ARG002 a kind of row has one table
        """Further columns that hold something."""
        made = {}
        for kept, column in self._mapping.table.items():
            cell = self._checked(self._cells[column], column)
            if cell is not None:
                made[kept] = self._text(cell, column)
        return made

    def missing(self, name: str) -> SourceError:
        """The error for an empty cell that is needed."""
        return SourceError(self._column(name), "is empty", "为空")

    def wrong(self, name: str, why: str, why_zh: str) -> SourceError:
        """The error for a cell of a wrong content, naming the column as the file does."""
        return SourceError(self._column(name), why, why_zh)

    def _column(self, name: str) -> str:
        return self._mapping.columns.get(name, name)
