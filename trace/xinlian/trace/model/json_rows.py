"""Facts as JSON: what the API takes, and the stream of a supplier's control point."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from xinlian.trace.model.capture import Problem, Row
from xinlian.trace.model.codes import CodeError, Identified, identify
from xinlian.trace.model.epcis.times import LAST_MS, stamp_ms
from xinlian.trace.model.fields import MAKERS, WORDS, decimal, make_fact
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.json_stream import outline
from xinlian.trace.model.json_text import dump_json
from xinlian.trace.model.sources import NumberText, SourceError, short

__all__ = ["ROWS_MAX", "JsonFields", "control_point_rows", "rows_from_json", "rows_from_json_file"]

ROWS_MAX: Final = 200_000
TEXT_CHARS_MAX: Final = 4_096
_E = TypeVar("_E", bound=StrEnum)
_POINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-/]{0,63}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,15}", re.ASCII)


class JsonFields:
    """The fields of a JSON object. Things are ``{"id": …, "type": …}`` or a bare code."""

    def __init__(self, table: Mapping[str, Any], owner: int) -> None:
        self._table = table
        self._owner = owner
        self._asked = {"type"}

    def _take(self, name: str) -> Any:
        self._asked.add(name)
        return self._table.get(name)

    def text(self, name: str) -> str | None:
        """A text; empty means missing."""
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, str) or isinstance(value, NumberText):
            raise self.wrong(name, "must be a text", "应为文本")
        if len(value) > TEXT_CHARS_MAX:
            raise self.wrong(name, f"longer than {TEXT_CHARS_MAX}", f"超过 {TEXT_CHARS_MAX} 字符")
        return value or None

    def number(self, name: str) -> str | None:
        """A number or a decimal text; integers of a parsed request count, floats don't."""
        value = self._take(name)
        if value is None or value == "":
            return None
        whole = isinstance(value, int) and not isinstance(value, bool)
        made = decimal(str(value)) if isinstance(value, str) or whole else None
        if made is None:
            raise self.wrong(
                name,
                f"{short(str(value))!r} is no decimal number (send it as a text)",
                f"“{short(str(value))}”不是十进制数（请以文本发送）",
            )
        return made

    def time(self, name: str) -> int | None:
        """A time stamp with offset."""
        text = self.text(name)
        if text is None:
            return None
        made = stamp_ms(text)
        if made is None or not 0 <= made < LAST_MS:
            raise self.wrong(
                name,
                f"{short(text)!r} is no time with offset between 1970 and 2099",
                f"“{short(text)}”不是 1970 至 2099 年间带时区的时间",
            )
        return made

    def choice(self, name: str, words: str, kind: type[_E]) -> _E | None:
        """A member of an enum."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return kind(WORDS.get(words, {}).get(text, text))
        except ValueError:
            known = ", ".join(kind)
            raise self.wrong(
                name, f"{short(text)!r} is none of {known}", f"“{short(text)}”不在 {known} 之中"
            ) from None

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._take(name)
        if value not in (None, True, False):
            raise self.wrong(name, "must be true or false", "应为 true 或 false")
        return bool(value)

    def item(self, name: str) -> Identified | None:
        """A thing: an object of id, type and owner, or a bare code with ``<name>_type`` beside."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, dict):
            inner = JsonFields(value, self._owner)
            text, kind = inner.text("id"), inner.choice("type", "type", ItemType)
            owner = inner.owner()
            inner.done(f"{name}.")
        else:
            text, kind = self.text(name), self.choice(f"{name}_type", "type", ItemType)
            owner = self._owner
        if text is None:
            raise self.missing(name)
        try:
            return identify(text, owner, kind)
        except CodeError as exc:
            raise self.wrong(name, exc.why, exc.why_zh) from exc

    def owner(self) -> int:
        """The party in whose number space a plain code lies: the one that speaks, if none is named.

        So a supplier can speak of a batch by its customer's code.
        """
        text = self.number("owner")
        if text is None:
            return self._owner
        if not text.isdigit() or not 0 < int(text) < 2**32:
            raise self.wrong("owner", "must be the number of a party", "应为参与方编号")
        return int(text)

    def table(self, name: str) -> dict[str, str]:
        """Texts by name."""
        value = self._take(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or len(value) > 200:
            raise self.wrong(name, "must be an object of texts", "应为文本对象")
        made = {}
        for key, item in value.items():
            whole = isinstance(item, int) and not isinstance(item, bool)
            if not isinstance(item, str) and not whole:
                raise self.wrong(f"{name}.{key}", "must be a text", "应为文本")
            made[key] = str(item)
        return made

    def missing(self, name: str) -> SourceError:
        """The error for a field that is needed."""
        return SourceError(name, "is missing", "缺失")

    def wrong(self, name: str, why: str, why_zh: str) -> SourceError:
        """The error for a field of a wrong content."""
        return SourceError(name, why, why_zh)

    def done(self, prefix: str = "") -> None:
        """Refuse names that nobody asked for."""
        for name in self._table:
            if name not in self._asked:
                raise SourceError(f"{prefix}{name}", "no such field", "没有此字段")


def rows_from_json(value: object, owner: int) -> Iterator[Row]:
    """A row per fact of ``{"facts": [{"type": "item", …}, …]}``.

    ``value`` is parsed JSON; numbers are decimal texts, whole numbers or ``NumberText``. Raises
    ``SourceError`` where the whole has another form.
    """
    for number, place, entry in _listed(value, "facts"):
        yield _row(number, place, entry, owner, None, "")


def rows_from_json_file(data: bytes, owner: int) -> Iterator[Row]:
    """The same of a file, with memory for one fact at a time."""
    found = outline(data, ("facts",), ROWS_MAX)
    if found.count:
        found.table["facts"] = [None]
    _listed(found.table, "facts")
    for index, entry in enumerate(found.entries()):
        yield _row(index + 1, f"facts[{index}]", entry, owner, None, "")


def control_point_rows(value: object, owner: int) -> Iterator[Row]:
    """A row per inspection of ``{"control_point": …, "rows": [{"sequence": 1, "item": …}, …]}``.

    The inspection's id is ``point:sequence``: sending a part of the stream again only repeats what
    is known. Sequence numbers rise within a message; numbers left out show in the attributes.
    """
    table = value if isinstance(value, dict) else {}
    point = table.get("control_point")
    if not isinstance(point, str) or _POINT.fullmatch(point) is None:
        raise SourceError("control_point", "is missing or no plain code", "缺失或不是合法编码")
    last = -1
    for number, place, entry in _listed({"rows": table.get("rows")}, "rows"):
        sequence = str(entry.get("sequence", "")) if isinstance(entry, dict) else ""
        if _WHOLE.fullmatch(sequence) is None or int(sequence) <= last:
            why = ("must be a whole number above the row before", "应为大于前一行的整数")
            yield Row(number, place, dump_json(entry), problem=Problem(f"{place}.sequence", *why))
            continue
        last = int(sequence)
        yield _row(number, place, entry, owner, point, str(last))


def _listed(value: object, name: str) -> list[tuple[int, str, Any]]:
    """The entries of the list that alone stands in an object, with number and place."""
    entries = value.get(name) if isinstance(value, dict) else None
    if not isinstance(entries, list) or not entries:
        raise SourceError(name, "must be a list with entries", "应为非空列表")
    if len(entries) > ROWS_MAX:
        raise SourceError(name, f"more than {ROWS_MAX} rows: divide them", f"超过 {ROWS_MAX} 行")
    if isinstance(value, dict) and set(value) != {name}:
        other = next(key for key in value if key != name)
        raise SourceError(short(str(other)), "no such field", "没有此字段")
    return [(index + 1, f"{name}[{index}]", entry) for index, entry in enumerate(entries)]


def _row(
    number: int, place: str, entry: object, owner: int, point: str | None, sequence: str
) -> Row:
    source = ""
    try:
        source = dump_json(entry)
        if not isinstance(entry, dict):
            raise SourceError("", "must be an object", "应为对象")
        if point is not None:
            kept = {key: item for key, item in entry.items() if key != "sequence"}
            kept["inspection_id"] = f"{point}:{sequence}"
            marks = {"control_point": point, "sequence": sequence}
            given = kept.get("attributes") or {}
            if isinstance(given, dict):
                kept["attributes"] = {**given, **marks}
            source = dump_json({"control_point": point, **entry})
            fields = JsonFields(kept, owner)
            fact = make_fact("inspection", fields)
            fields.done()
            return Row(number, place, source, (fact,))
        kind = str(entry.get("type"))
        if kind not in MAKERS:
            raise SourceError(
                "type", f"none of {', '.join(MAKERS)}", f"不在 {'、'.join(MAKERS)} 之中"
            )
        fields = JsonFields(entry, owner)
        fact = make_fact(kind, fields)
        fields.done()
        return Row(number, place, source, (fact,))
    except SourceError as exc:
        path = f"{place}.{exc.path}" if exc.path else place
        return Row(number, place, source, problem=Problem(path, exc.why, exc.why_zh))
    except RecursionError:
        return Row(number, place, source, problem=Problem(place, "nested too deep", "嵌套过深"))
