"""Facts as they stand in the store: who said them, and where the evidence is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from xinlian.trace.model.facts import Claim, Event, Gap, Inspection, ProcessRecord
from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.links import Link

__all__ = ["Certificate", "CertificateState", "Doubts", "ItemFacts", "Stored"]

_FactT = TypeVar("_FactT", covariant=True)  # noqa: PLC0105


@dataclass(frozen=True, slots=True)
class Stored(Generic[_FactT]):
    """A fact of ``party``. ``record`` is its row; its evidence is leaf ``leaf`` of the party's log
    of the stream ``trace``, or ``None`` if it came without evidence."""

    fact: _FactT
    party: int
    record: int
    withdrawn: bool = False
    leaf: int | None = None
    leaf_hash: str = ""
    captured_ms: int = 0


class CertificateState(StrEnum):
    """Review of a certificate."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A document about an item, with its structured header as JSON text."""

    number: int
    party: int
    item: ItemId
    sha256: str
    name: str
    media_type: str
    header: str
    attached_ms: int
    state: CertificateState
    reason: str = ""
    reviewed_by: str = ""
    reviewed_ms: int | None = None
    leaf: int | None = None
    leaf_hash: str = ""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is known of some items, in order of time; ``links`` have one of them as an end."""

    items: tuple[Stored[Item], ...] = ()
    links: tuple[Stored[Link], ...] = ()
    events: tuple[Stored[Event], ...] = ()
    inspections: tuple[Stored[Inspection], ...] = ()
    processes: tuple[Stored[ProcessRecord], ...] = ()
    claims: tuple[Stored[Claim], ...] = ()
    gaps: tuple[Stored[Gap], ...] = ()
    certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubts:
    """What speaks against an item and what is in it.

    ``facts``: all inspections of what failed one or missed one, the claims, the certificates;
    ``unsure``: parts known only as one of several; ``gaps``: things that should be known and are
    not; ``circle``: whether the records contradict each other."""

    facts: ItemFacts
    unsure: int
    gaps: int
    circle: bool
