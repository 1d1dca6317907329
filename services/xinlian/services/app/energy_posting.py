"""Postings of the ledger of shared energy: as asked for, and as kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from xinlian.ingest.model.energy.allocation import Key

__all__ = ["Asked", "Posted"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Share out what ``device`` counted (or, with ``rest``, what those right below it did not) in
    ``[start_us, end_us)`` by weights."""

    posting: str
    device: str
    rest: bool
    start_us: int
    end_us: int
    key: Key
    weights: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Posted:
    """A posting as it is kept. ``leaf`` is its place in the evidence log ``log``."""

    posting: str
    device: str
    rest: bool
    start_us: int
    end_us: int
    total_wh: int
    key: str
    reverses: str
    reason: str
    shares: Sequence[tuple[str, int]]
    measured: Sequence[Mapping[str, Any]]
    log: str
    leaf: int
    reversed_by: str = ""
