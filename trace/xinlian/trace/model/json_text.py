"""JSON in and out with numbers kept as the texts they were written as."""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

from xinlian.trace.model.sources import NumberText, SourceError, short

__all__ = ["JSON_BYTES_MAX", "dump_json", "load_json"]

JSON_BYTES_MAX: Final = 64 * 1024 * 1024
_NUMBER_CHARS_MAX: Final = 60


def load_json(data: bytes, most: int = JSON_BYTES_MAX) -> Any:
    """JSON of at most ``most`` bytes, numbers as ``NumberText``; raises ``SourceError``.

    Refused beside what is no JSON: names that stand twice in an object, NaN and infinities, and
    nesting deeper than the parser goes (about a thousand).
    """
    if len(data) > most:
        raise SourceError(
            "",
            f"the document has {len(data)} bytes, at most {most} are read: divide it",
            f"文件有 {len(data)} 字节，上限为 {most}：请拆分",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SourceError(
            "", f"not UTF-8 at byte {exc.start}", f"第 {exc.start} 字节处不是 UTF-8"
        ) from exc
    try:
        return json.loads(
            text,
            object_pairs_hook=_table,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as exc:
        raise SourceError(
            "",
            f"no JSON: {exc.msg} in line {exc.lineno}, column {exc.colno}",
            f"不是合法 JSON：第 {exc.lineno} 行第 {exc.colno} 列（{exc.msg}）",
        ) from exc
    except RecursionError as exc:
        raise SourceError("", "nested too deep", "嵌套过深") from exc


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise SourceError(short(name), "stands twice in one object", "在同一对象中重复出现")
            seen.add(name)
    return made


def _number(text: str) -> NumberText:
    if len(text) > _NUMBER_CHARS_MAX:
        raise SourceError("", f"the number {text[:20]}… is too long", f"数值 {text[:20]}… 过长")
    return NumberText(text)


def _constant(text: str) -> NoReturn:
    raise SourceError("", f"{text} is no number", f"{text} 不是数值")


def dump_json(value: Any) -> str:
    """Compact JSON with sorted names; a ``NumberText`` is written as the number it is."""
    if isinstance(value, NumberText):
        return value
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        inner = (f"{encode_basestring(name)}:{dump_json(value[name])}" for name in sorted(value))
        return f"{{{','.join(inner)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(dump_json, value))}]"
    return json.dumps(value)
