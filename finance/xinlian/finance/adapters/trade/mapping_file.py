"""Reads a mapping of receivables from YAML."""

from __future__ import annotations

from pathlib import Path

from xinlian.finance.model.trade.mapping import Mapping, parse_mapping
from xinlian.ledger.adapters.files.yaml_file import parse_yaml, read_yaml


def read_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file; raises ``MappingError`` naming file and key."""
    return read_yaml(path, parse_mapping)


def parse_mapping_text(text: str) -> Mapping:
    """The mapping in a YAML text."""
    return parse_yaml(text, parse_mapping)
