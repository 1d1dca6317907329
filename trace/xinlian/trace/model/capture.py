"""Taking files and documents in: rows, their results, and the receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from xinlian.trace.model.facts import Fact

__all__ = ["CaptureReceipt", "Problem", "Row", "RowResult", "RowStatus"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row is no good: the field (path or column) and a sentence for people, in English and
    Chinese."""

    field: str
    why: str
    why_zh: str


@dataclass(frozen=True, slots=True)
class Row:
    """One event of a document, one row of a table, one twin of a container.

    ``place`` says where it stands in the source (``event 3``, ``row 17``). Either ``facts`` or
    ``problem`` is given. ``source`` is the row as given (canonical JSON text), kept whole.
    ``names`` are what the source calls the fields that it calls otherwise than the model.
    """

    number: int
    place: str
    source: str
    facts: tuple[Fact, ...] = ()
    problem: Problem | None = None
    names: Mapping[str, str] = field(default_factory=dict)


Rows = Iterable[Row]


class RowStatus(StrEnum):
    """What became of a row."""

    ACCEPTED = "accepted"
    EXISTS = "exists"
    """Known with the same content."""
    CONFLICT = "conflict"
    """Known with other content; ``field`` tells which differs."""
    INVALID = "invalid"
    NOT_TAKEN = "not-taken"
    """Good in itself, but another row of the file is not: the file was not taken in."""


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row. ``why`` tells why it was refused, or what a person should look at in a
    row that was taken in. ``record_hash`` (hex) is the leaf hash of its evidence record."""

    number: int
    place: str
    status: RowStatus
    field: str = ""
    why: str = ""
    why_zh: str = ""
    record_hash: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaptureReceipt:
    """The answer to a capture. ``taken`` is false if nothing was taken in, because of some row.

    ``included_by_ms`` is the promised time at which all records are under a head on the chain.
    """

    capture_id: str
    taken: bool
    rows: tuple[RowResult, ...]
    log_id: str = ""
    included_by_ms: int | None = None
    counts: Mapping[RowStatus, int] = field(default_factory=dict)
    """How many rows ended how; of a long file ``rows`` holds the first ones and those that say why
    it was refused, the rest is read page by page."""
