"""Single values of an EPCIS event: texts, URIs, numbers, words of the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from xinlian.trace.model.epcis.names import Names
from xinlian.trace.model.epcis.times import stamp_ms
from xinlian.trace.model.epcis.vocabulary import web_form
from xinlian.trace.model.sources import NumberText, SourceError, short

__all__ = [
    "NumberText",
    "Reader",
    "as_list",
    "as_table",
    "as_text",
    "as_uri",
    "decimal_text",
    "free",
    "table_of",
    "time_text",
    "word",
]

Reader = Callable[[Any, Names, str], Any]
"""Makes the document form of a member of a table: its value, the names, its place."""

TEXT_CHARS_MAX: Final = 16_384
DEPTH_MAX: Final = 32
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")


def as_table(value: object, path: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise SourceError(path, "must be an object", "应为对象")
    return value


def as_list(value: object, path: str, most: int) -> list[Any]:
    """A JSON array of at most ``most`` elements."""
    if not isinstance(value, list):
        raise SourceError(path, "must be a list", "应为列表")
    if len(value) > most:
        raise SourceError(
            path,
            f"lists {len(value)}, at most {most} are taken",
            f"列有 {len(value)} 项，上限 {most}",
        )
    return value


def as_text(value: object, path: str) -> str:
    """A text of bounded length."""
    if not isinstance(value, str) or isinstance(value, NumberText):
        raise SourceError(path, "must be a text", "应为文本")
    if len(value) > TEXT_CHARS_MAX:
        raise SourceError(
            path, f"is longer than {TEXT_CHARS_MAX} characters", f"超过 {TEXT_CHARS_MAX} 个字符"
        )
    return value


def as_uri(value: object, names: Names, path: str) -> str:
    """An absolute URI; a declared prefix is expanded, old CBV URNs become web vocabulary."""
    text = web_form(names.value(as_text(value, path).strip()))
    if _URI.fullmatch(text) is None:
        raise SourceError(path, f"{short(text)!r} is no URI", f"“{short(text)}”不是 URI")
    return text


def time_text(value: object, path: str) -> str:
    """A time stamp as given."""
    text = as_text(value, path).strip()
    if stamp_ms(text) is None:
        raise SourceError(
            path,
            f"{short(text)!r} is no date and time with offset such as 2026-03-01T08:00:00+08:00",
            f"“{short(text)}”不是带时区的日期时间，如 2026-03-01T08:00:00+08:00",
        )
    return text


def decimal_text(value: object, path: str, *, positive: bool = False) -> str:
    """The decimal text of a number, as given."""
    text = str(value).strip() if isinstance(value, str) else ""
    if _DECIMAL.fullmatch(text) is None or len(text) > 60:
        raise SourceError(
            path, f"{short(str(value))!r} is no number", f"“{short(str(value))}”不是数值"
        )
    if positive and text.startswith("-"):
        raise SourceError(path, "must not be negative", "不得为负")
    return text


def word(value: object, names: Names, words: frozenset[str], space: str, path: str) -> str:
    """The URI of a word of the CBV, or another URI as given."""
    text = as_text(value, path).strip()
    if text in words:
        return space + text
    if ":" not in text:
        raise SourceError(
            path,
            f"{short(text)!r} is no word of CBV 2.0 ({', '.join(sorted(words)[:4])}, …) and no URI",
            f"“{short(text)}”既不是 CBV 2.0 词汇（{'、'.join(sorted(words)[:4])}……），也不是 URI",
        )
    return as_uri(text, names, path)


def free(value: object, names: Names, path: str, depth: int = 0) -> Any:
    """Content of an extension: names and compact values expanded, numbers as text."""
    if depth > DEPTH_MAX:
        raise SourceError(path, f"is nested deeper than {DEPTH_MAX}", f"嵌套超过 {DEPTH_MAX} 层")
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        for name, item in value.items():
            plain = ":" not in name
            place = f"{path}.{name}"
            made[name if plain else names.field(name, place)] = free(item, names, place, depth + 1)
        return made
    if isinstance(value, list):
        return [free(item, names, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, NumberText):
        return str(value)
    return names.value(as_text(value, path))


def table_of(
    value: object, names: Names, path: str, known: Mapping[str, Reader], *needed: str
) -> dict[str, Any]:
    """The document form of an object: members that are known by their readers, all others as
    extensions with a name space. What is ``needed`` must be there."""
    made: dict[str, Any] = {}
    for name, item in as_table(value, path).items():
        place = f"{path}.{name}"
        reader = known.get(name)
        if reader is None:
            made[names.field(name, place)] = free(item, names, place)
        else:
            made[name] = reader(item, names, place)
    for name in needed:
        if name not in made:
            raise SourceError(f"{path}.{name}", "is missing", "缺失")
    return made
