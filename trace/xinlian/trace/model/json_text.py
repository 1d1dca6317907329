"""JSON in and out with numbers kept as the texts they were written as."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

from xinlian.trace.model.sources import NumberText, SourceError, short

__all__ = ["JSON_BYTES_MAX", "decoded", "decoder", "dump_json", "load_json", "parsed"]

JSON_BYTES_MAX: Final = 64 * 1024 * 1024
_NUMBER_CHARS_MAX: Final = 60


def load_json(data: bytes, most: int = JSON_BYTES_MAX) -> Any:
    """JSON of at most ``most`` bytes, numbers as ``NumberText``; raises ``SourceError``.

    Refused beside what is no JSON: names that stand twice in an object, NaN and infinities, and
    nesting deeper than the parser goes (about a thousand).
    """
    text = decoded(data, most)
    with parsed():
        return decoder().decode(text)


def decoded(data: bytes, most: int = JSON_BYTES_MAX) -> str:
    """The text of a document of at most ``most`` bytes; raises ``SourceError``."""
    if len(data) > most:
        raise SourceError(
            "",
            f"the document has {len(data)} bytes, at most {most} are read: divide it",
            f"文件有 {len(data)} 字节，上限为 {most}：请拆分",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise SourceError(
            "", f"not UTF-8 at byte {exc.start}", f"第 {exc.start} 字节处不是 UTF-8"
        ) from exc


@contextmanager
def parsed() -> Iterator[None]:
    """What the parser refuses, as ``SourceError``."""
    try:
        yield
    except json.JSONDecodeError as exc:
        raise SourceError(
            "",
            f"no JSON: {exc.msg} in line {exc.lineno}, column {exc.colno}",
            f"不是合法 JSON：第 {exc.lineno} 行第 {exc.colno} 列（{exc.msg}）",
        ) from exc
    except RecursionError as exc:
        raise SourceError("", "nested too deep", "嵌套过深") from exc


@cache
def decoder() -> json.JSONDecoder:
    """The parser; its errors are made ours by ``parsed``."""
    return json.JSONDecoder(
        object_pairs_hook=_table,
        parse_float=_number,
        parse_int=_number,
        parse_constant=_constant,
    )


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
    made: list[str] = []
    _dump(value, made.append)
    return "".join(made)


def _dump(value: Any, write: Callable[[str], None]) -> None:
    kind = type(value)
    if kind is str:
        write(encode_basestring(value))
    elif kind is NumberText:
        write(value)
    elif isinstance(value, dict):
        mark = "{"
        for name in sorted(value):
            write(mark + encode_basestring(name) + ":")
            _dump(value[name], write)
            mark = ","
        write("}" if value else "{}")
    elif isinstance(value, list | tuple):
        mark = "["
        for item in value:
            write(mark)
            _dump(item, write)
            mark = ","
        write("]" if value else "[]")
    else:
        write(json.dumps(value))
