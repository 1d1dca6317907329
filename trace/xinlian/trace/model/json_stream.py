"""Reads a long JSON document with memory for one entry of its list at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from xinlian.trace.model.json_text import decoded, decoder, parsed
from xinlian.trace.model.sources import SourceError

__all__ = ["JsonOutline", "outline"]

_BLANK = re.compile(r"[ \t\r\n]*")
_STREAMED: Final = object()
DEPTH_MAX: Final = 6


class JsonOutline:
    """A document without the entries of its streamed list.

    ``table`` is the document with that list empty; ``entries`` parses them anew, one at a time.
    """

    def __init__(self, text: str, table: dict[str, Any], start: int | None, count: int) -> None:
        self._text = text
        self._start = start
        self.table = table
        self.count = count

    def entries(self) -> Iterator[Any]:
        """The entries of the list, each parsed when it is asked for."""
        if self._start is not None:
            for _, _, entry in _elements(self._text, self._start):
                yield entry


class _Found:
    """Where the streamed list begins and how many entries it has."""

    def __init__(self) -> None:
        self.start: int | None = None
        self.count = 0


def outline(data: bytes, path: tuple[str, ...]) -> JsonOutline:
    """The outline of a JSON object whose long list stands under ``path`` (names from the top).

    Everything is parsed once, so that a broken document is refused before its first entry is
    given. Raises ``SourceError`` as ``load_json`` does.
    """
    text = decoded(data)
    found = _Found()
    with parsed():
        place = _skip(text, 0)
        if text[place : place + 1] != "{":
            decoder().decode(text)
            raise SourceError("", "the document is no object", "文件应为 JSON 对象")
        table, end = _object(text, place, path, found, 0)
        if _skip(text, end) != len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    return JsonOutline(text, table, found.start, found.count)


def _skip(text: str, place: int) -> int:
    match = _BLANK.match(text, place)
    return place if match is None else match.end()


def _object(
    text: str, place: int, path: tuple[str, ...], found: _Found, depth: int
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
        value, place = _value(text, place, path if path[:1] == (name,) else (), found, depth)
        made[name] = value
        place = _skip(text, place)
        mark = text[place : place + 1]
        if mark == "}":
            return made, place + 1
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
        place = _skip(text, place + 1)


def _value(
    text: str, place: int, path: tuple[str, ...], found: _Found, depth: int
) -> tuple[Any, int]:
    mark = text[place : place + 1]
    if len(path) > 1 and mark == "{" and depth < DEPTH_MAX:
        return _object(text, place, path[1:], found, depth + 1)
    if len(path) == 1 and mark == "[":
        end = place + 1
        found.start = place
        for element in _elements(text, place):
            found.count, end = found.count + 1, element[1]
        end = _skip(text, end)
        return [], end + 1
    value, end = decoder().raw_decode(text, place)
    return value, end


def _elements(text: str, place: int) -> Iterator[tuple[int, int, Any]]:
    """Start, end and value of each element of the array that begins at ``place``."""
    place = _skip(text, place + 1)
    if text[place : place + 1] == "]":
        return
    while True:
        value, end = decoder().raw_decode(text, place)
        yield place, end, value
        place = _skip(text, end)
        mark = text[place : place + 1]
        if mark == "]":
            return
        if mark != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, place)
        place = _skip(text, place + 1)
