"""Mapping files read from YAML: tables of keys that are checked as they are asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from xinlian.ledger.model.tables import ENCODINGS, TableLayout

__all__ = ["MappingError", "Section", "check_fields", "check_layout", "digest_of"]

_Choice = TypeVar("_Choice", bound=StrEnum)


class MappingError(ValueError):
    """The mapping file is malformed; the message names the key."""


class Section:
    """One table of the mapping; keys nobody asked for are errors."""

    def __init__(self, path: str, raw: object) -> None:
        if not isinstance(raw, dict):
            raise MappingError(f"{path}: must be a table of keys and values")
        # YAML 1.1 reads the bare keys yes/no/true/false as booleans.
        self._raw: dict[str, Any] = {
            str(key).lower() if isinstance(key, bool) else str(key): value
            for key, value in raw.items()
        }
        self._asked: set[str] = set()
        self.path = path

    def names(self) -> list[str]:
        """The keys, in order."""
        return list(self._raw)

    def take(self, key: str, default: object = None) -> Any:
        """The value of a key, or the default where it is missing or empty."""
        self._asked.add(key)
        value = self._raw.get(key)
        return default if value is None else value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; without a default it is needed."""
        value = self.take(key, default)
        if not isinstance(value, str):
            raise MappingError(f"{self.path}.{key}: must be a text (in quotes)")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false where it is missing."""
        value = self.take(key, default=False)
        if not isinstance(value, bool):
            raise MappingError(f"{self.path}.{key}: must be true or false")
        return value

    def choice(self, key: str, kind: type[_Choice], default: _Choice) -> _Choice:
        """A member of an enum by its value."""
        value = self.take(key, default=default.value)
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(member.value for member in kind)
            raise MappingError(f"{self.path}.{key}: one of {known}") from None

    def section(self, key: str, *, optional: bool = False) -> Section:
        """A table within; an empty one where it is optional and missing."""
        value = self.take(key)
        if value is None and not optional:
            raise MappingError(f"{self.path}.{key}: is needed")
        return Section(f"{self.path}.{key}", {} if value is None else value)

    def texts(self) -> dict[str, str]:
        """All keys with their texts."""
        return {key: self.text(key) for key in self.names()}

    def done(self) -> None:
        """Refuse keys that nobody asked for."""
        unknown = [key for key in self._raw if key not in self._asked]
        if unknown:
            raise MappingError(f"{self.path}.{unknown[0]}: no such key")


def check_fields(
    columns: Mapping[str, str],
    constants: Mapping[str, str],
    *,
    needed: Iterable[str],
    known: Collection[str],
) -> None:
    """Raise ``MappingError`` for a field that is not known, is a column and a constant, or is
    needed and neither."""
    for name in (*columns, *constants):
        if name not in known:
            raise MappingError(f"columns.{name}: no such field; known are {', '.join(known)}")
    both = sorted(set(columns) & set(constants))
    if both:
        raise MappingError(f"constants.{both[0]}: is also a column")
    for name in needed:
        if name not in columns and name not in constants:
            raise MappingError(f"columns.{name}: is needed")


def check_layout(layout: TableLayout) -> None:
    """Raise ``MappingError`` for an unknown encoding or a delimiter that cannot be one."""
    if layout.encoding not in ENCODINGS:
        raise MappingError(f"source.encoding: one of {', '.join(ENCODINGS)}")
    if len(layout.delimiter) != 1 or layout.delimiter in '"\r\n\0':
        raise MappingError("source.delimiter: one character, no quote or line end")


def digest_of(raw: object) -> str:
    """The SHA-256 digest (hex) that names the content of a mapping read from YAML."""
    text = json.dumps(_plain(raw), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(raw: object) -> object:
    if isinstance(raw, dict):
        return {str(key): _plain(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_plain(value) for value in raw]
    return raw if isinstance(raw, (str, int, bool)) or raw is None else str(raw)
