"""Reads a mapping file: YAML without anchors, aliases or tags, of bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml
from xinlian.finance.model.mapping import Mapping, MappingError, parse_mapping

MAPPING_BYTES_MAX: Final = 64 * 1024


def read_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file; raises ``MappingError`` naming file and key."""
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
        return parse_mapping_text(text)
    except MappingError as exc:
        raise MappingError(f"{path}: {exc}") from exc


def parse_mapping_text(text: str) -> Mapping:
    """The mapping in a YAML text."""
    try:
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            # An alias lets a few lines stand for gigabytes.
            if isinstance(token, (yaml.AliasToken, yaml.AnchorToken, yaml.TagToken)):
                line = token.start_mark.line + 1
                raise MappingError(f"line {line}: anchors, aliases and tags are not allowed")
        return parse_mapping(yaml.safe_load(text))
    except (yaml.YAMLError, RecursionError, ValueError) as exc:
        if isinstance(exc, MappingError):
            raise
        raise MappingError(f"no YAML: {' '.join(str(exc).split())[:300]}") from exc
