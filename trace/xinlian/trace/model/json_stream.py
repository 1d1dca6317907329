"""Reads a long JSON document with memory for one entry of its list at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from xinlian.trace.model.json_text import decoded, decoder, parsed
from xinlian.trace.model.sources import SourceError

__all__ = ["JsonOutline", "outline"]

_BLANK = re.compile(r"[ \t\r\n]*")
# Possessive, and satisfied with an open end: it never tries a character twice.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
DEPTH_MAX: Final = 6
VALUES_MAX: Final = 400_000
"""Most values of one entry, and of all that stands beside the list."""
_STEPS: Final = (1 << 12, 1 << 16)
"""Texts of these lengths hold no more values than are allowed: they are tried first."""

Name = str | re.Pattern[str]
"""A name in an object, or a pattern of it."""


class JsonOutline:
    """A document without the entries of its streamed list.

    ``table`` is the document with that list empty, ``streamed`` whether there is such a list;
    ``entries`` parses them anew, one at a time.
    """

    def __init__(self, text: str, table: dict[str, Any], start: int | None, count: int) -> None:
        self._text = text
        self._start = start
        self.streamed = start is not None
        self.table = table
        self.count = count

    def entries(self) -> Iterator[Any]:
        """The entries of the list, each parsed when it is asked for."""
        if self._start is not None:
            for _, _, entry in _elements(self._text, self._start):
                yield entry


class _Found:
    """Where the streamed list begins and how many entries it has, of how many at most; how many
    values stand beside it."""

    def __init__(self, most: int) -> None:
        self.start: int | None = None
        self.count = 0
        self.most = most
        self.beside = 0


def outline(data: bytes, path: tuple[Name, ...], most: int) -> JsonOutline:
    """The outline of a JSON object whose long list of at most ``most`` entries stands under
    ``path`` (names from the top).

    Everything is parsed once, so that a broken document is refused before its first entry is
    given. Raises ``SourceError`` as ``load_json`` does, and where an entry, or what stands beside
    the list, has more than ``VALUES_MAX`` values: they are counted before they are made.
    """
    text = decoded(data)
    found = _Found(most)
    with parsed():
        place = _skip(text, 0)
        if text[place : place + 1] != "{":
            _, end, _ = _parsed(text, place)
            if _skip(text, end) != len(text):
                raise json.JSONDecodeError("Extra data", text, end)
            raise SourceError("", "the document is no object", "文件应为 JSON 对象")
        table, end = _object(text, place, path, found, 0)
        if _skip(text, end) != len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    return JsonOutline(text, table, found.start, found.count)


def _skip(text: str, place: int) -> int:
    match = _BLANK.match(text, place)
    return place if match is None else match.end()


def _object(
    text: str, place: int, path: tuple[Name, ...], found: _Found, depth: int
) -> tuple[dict[str, Any], int]:
    """An object from its brace on, and where it ends."""
    made: dict[str, Any] = {}
    place = _skip(text, place + 1)
    if text[place : place + 1] == "}":
        return made, place + 1
    while True:
        if text[place : place + 1] != '"':
            raise json.JSONDecodeError("Expecting property name", text, place)
        name, place = decoder().raw_decode(text, place)
        place = _skip(text, place)
        if text[place : place + 1] != ":":
            raise json.JSONDecodeError("Expecting ':' delimiter", text, place)
        place = _skip(text, place + 1)
        if name in made:
            raise SourceError(str(name)[:80], "stands twice in one object", "在同一对象中重复出现")
        within = path if path and _is_named(path[0], name) else ()
        value, place = _value(text, place, within, found, depth)
        made[name] = value
        place = _skip(text, place)
        mark = text[place : place + 1]
        if mark == "}":
            return made, place + 1
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
        place = _skip(text, place + 1)


def _value(
    text: str, place: int, path: tuple[Name, ...], found: _Found, depth: int
) -> tuple[Any, int]:
    mark = text[place : place + 1]
    if len(path) > 1 and mark == "{" and depth < DEPTH_MAX:
        return _object(text, place, path[1:], found, depth + 1)
    if len(path) == 1 and mark == "[":
        end = place + 1
        found.start = place
        for element in _elements(text, place):
            found.count, end = found.count + 1, element[1]
            if found.count > found.most:
                raise SourceError("", f"more than {found.most} entries", f"超过 {found.most} 项")
        end = _skip(text, end)
        return [], end + 1
    value, end, count = _parsed(text, place)
    found.beside += count
    if found.beside > VALUES_MAX:
        raise _too_many()
    return value, end


def _is_named(wanted: Name, name: str) -> bool:
    return wanted == name if isinstance(wanted, str) else wanted.fullmatch(name) is not None


def _parsed(text: str, place: int) -> tuple[Any, int, int]:
    """The value that begins at a place, where it ends, and at most how many values it holds; they
    are counted before they are made."""
    for chars in _STEPS:
        short = text[place : place + chars]
        with suppress(json.JSONDecodeError):
            value, end = decoder().raw_decode(short)
            return value, place + end, short.count(",", 0, end) + short.count("[", 0, end) + 1
        if len(short) < chars:
            break
    count = _count(text, place)
    return *decoder().raw_decode(text, place), count


def _count(text: str, place: int) -> int:
    """The values of a long value; refused if they are too many."""
    count, depth = 1, 0
    for token in _TOKEN.finditer(text, place):
        mark = token.group()[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        count += mark in "[{,"
        if count > VALUES_MAX:
            raise _too_many()
        if depth <= 0:
            break
    return count


def _too_many() -> SourceError:
    return SourceError(
        "",
        f"more than {VALUES_MAX} values in one entry or beside the list: divide it",
        f"单项内或列表之外超过 {VALUES_MAX} 个值：请拆分",
    )


def _elements(text: str, place: int) -> Iterator[tuple[int, int, Any]]:
    """Start, end and value of each element of the array that begins at ``place``."""
    place = _skip(text, place + 1)
    if text[place : place + 1] == "]":
        return
    while True:
        value, end, _ = _parsed(text, place)
        yield place, end, value
        place = _skip(text, end)
        mark = text[place : place + 1]
        if mark == "]":
            return
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
        place = _skip(text, place + 1)
