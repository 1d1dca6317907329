"""Reads a mapping file: YAML without anchors, aliases or tags, of bounded size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import yaml
from xinlian.ledger.model.sections import MappingError

MAPPING_BYTES_MAX: Final = 64 * 1024
DEPTH_MAX: Final = 8
_T = TypeVar("_T")


def read_yaml(path: Path, parse: Callable[[object], _T]) -> _T:
    """What ``parse`` makes of a YAML file; raises ``MappingError`` naming file and key."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAPPING_BYTES_MAX + 1)
    except OSError as exc:
        raise MappingError(f"{path} can't be read: {exc.strerror}") from exc
    if len(data) > MAPPING_BYTES_MAX:
        raise MappingError(f"{path} is larger than {MAPPING_BYTES_MAX} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise MappingError(f"{path} is not UTF-8 text") from exc
    try:
        return parse_yaml(text, parse)
    except MappingError as exc:
        raise MappingError(f"{path}: {exc}") from exc


def parse_yaml(text: str, parse: Callable[[object], _T]) -> _T:
    """What ``parse`` makes of a YAML text; raises ``MappingError``."""
    try:
        _check_shape(text)
        return parse(yaml.load(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError) as exc:
        if isinstance(exc, MappingError):
            raise
        raise MappingError(f"no YAML: {' '.join(str(exc).split())[:300]}") from exc


def _check_shape(text: str) -> None:
    """Refuse what lets a few lines stand for gigabytes or hours: aliases, tags, deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = 0 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise MappingError(f"line {line}: anchors and aliases are not allowed")
        if getattr(event, "tag", None) is not None:
            raise MappingError(f"line {line}: tags are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_MAX:
            raise MappingError(f"line {line}: nested deeper than {DEPTH_MAX} levels")
