"""A recall list from disclosed records alone: what anyone can reckon again, without the store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from xinlian.trace.model.causes import gather, inspected, made, named, worked
from xinlian.trace.model.facts import Correction, Event, Fact, Inspection, ProcessRecord
from xinlian.trace.model.items import Item, ItemId, ItemType
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.recall import (
    Cause,
    CauseKind,
    Finding,
    RecallLine,
    RecallList,
)
from xinlian.trace.model.records import facts_of, item_text
from xinlian.trace.model.spread import Seed, Verdict, Way, spread
from xinlian.trace.model.whereabouts import whereabouts_of

__all__ = ["list_digest", "path_of", "recompute"]


def list_digest(lines: Iterable[RecallLine]) -> str:
    """SHA-256 (hex) over the lines ``type:owner:id finding reason``, sorted, each ended by a new
    line. It stands in the evidence record of a recall."""
    texts = sorted(
        f"{item_text(line.vehicle)} {line.finding.value} {line.reason}\n" for line in lines
    )
    return hashlib.sha256("".join(texts).encode()).hexdigest()


def recompute(
    records: Mapping[int, Iterable[Mapping[str, Any]]],
    causes: Sequence[Cause],
    made_at_ms: int,
    recall_id: str = "",
) -> RecallList:
    """The recall list that follows from records of the schema ``xinlian-trace/1``, given for each
    party in the order of its log: a party corrects what it said itself. ``population`` counts the
    vehicles that the records name."""
    book = _Book()
    for party, each in sorted(records.items()):
        for record in each:
            book.add(party, facts_of(record))
    seeds = gather(
        (item, seed) for cause in causes for item, seed in book.seeds(cause) if seed is not None
    )
    verdicts = spread(seeds, book.ways(), _single, made_at_ms)
    contained = {way.child for way in book.ways()}
    lines = [_line(item, verdicts, book, made_at_ms) for item in sorted(verdicts)]
    cars = [line for line in lines if line.vehicle.type is ItemType.VEHICLE]
    counts = {finding: sum(line.finding is finding for line in cars) for finding in Finding}
    return RecallList(
        recall_id,
        tuple(causes),
        made_at_ms,
        tuple(cars),
        sum(item.type is ItemType.VEHICLE for item in book.items),
        counts[Finding.CERTAIN],
        counts[Finding.POSSIBLE],
        counts[Finding.EXCLUDED],
        0,
        stock=tuple(
            line
            for line in lines
            if line.vehicle.type is not ItemType.VEHICLE and line.vehicle not in contained
        ),
    )


def path_of(item: Any, verdicts: Mapping[Any, Verdict[Any]], levels_max: int = 1_000) -> list[Any]:
    """From the cause to the item."""
    way = [item]
    while (via := verdicts[way[-1]].via) is not None and len(way) < levels_max:
        way.append(via)
    return way[::-1]


def _line(
    item: ItemId, verdicts: Mapping[ItemId, Verdict[ItemId]], book: _Book, made_at_ms: int
) -> RecallLine:
    verdict = verdicts[item]
    path = tuple(each.id for each in path_of(item, verdicts))
    events = book.events(item, made_at_ms)
    return RecallLine(item, verdict.finding, verdict.reason, path, whereabouts_of(events))


def _single(item: ItemId) -> bool:
    return item.type is not ItemType.BATCH


_Key = tuple[int, ItemId, ItemId, int]
"""Of a link: party, parent, child, beginning (-1: not known)."""


class _Book:
    """Facts as the records tell them, one after the other, by the party that says so."""

    def __init__(self) -> None:
        self.items: set[ItemId] = set()
        self._events: dict[ItemId, list[tuple[int, Event]]] = {}
        self._described: list[Item] = []
        self._links: dict[_Key, Link] = {}
        self._withdrawn: set[_Key] = set()
        self._work: dict[tuple[int, str, str], ProcessRecord | Inspection] = {}
        self._links_of_event: dict[tuple[int, str], list[_Key]] = {}
        self._gone: set[tuple[int, str, str]] = set()

    def add(self, party: int, facts: Sequence[Fact]) -> None:
        """One record."""
        events = [f.event_id for f in facts if isinstance(f, Event) and not f.is_correction]
        for fact in facts:
            if isinstance(fact, Item):
                self.items.add(fact.id)
                self._described.append(fact)
            elif isinstance(fact, Link):
                key = self._link(party, fact)
                for event in events:
                    self._links_of_event.setdefault((party, event), []).append(key)
            elif isinstance(fact, Event):
                for item in fact.items:
                    self.items.add(item)
                    if not fact.is_correction:
                        self._events.setdefault(item, []).append((party, fact))
            elif not isinstance(fact, Correction):
                self.items.add(fact.item)
            if isinstance(fact, ProcessRecord):
                self._work.setdefault((party, "processrecord", fact.record_id), fact)
            elif isinstance(fact, Inspection):
                self._work.setdefault((party, "inspection", fact.inspection_id), fact)
            elif isinstance(fact, Correction):
                self._correct(party, fact)

    def _link(self, party: int, fact: Link) -> _Key:
        self.items |= {fact.parent, fact.child}
        begins = -1 if fact.valid_from_ms is None else fact.valid_from_ms
        pair = party, fact.parent, fact.child
        if fact.valid_from_ms is None and fact.valid_to_ms is not None:
            held = [
                key
                for key, link in self._links.items()
                if key[:3] == pair
                and key[3] <= fact.valid_to_ms
                and link.valid_to_ms is None
                and key not in self._withdrawn
            ]
            begins = max((key[3] for key in held), default=-1)
        key = (*pair, begins)
        old = self._links.get(key)
        ends = fact.valid_to_ms
        if old is not None and ends is None and key not in self._withdrawn:
            ends = old.valid_to_ms
        removal = self._links.get((*pair, -1))
        if old is None and ends is None and removal is not None:
            removed = removal.valid_to_ms
            ends = removed if removed is not None and removed > begins else None
        base = fact if old is None or fact.valid_from_ms is not None else old
        self._links[key] = Link(
            *(base.child, base.parent, base.kind, base.valid_from_ms, ends, base.quantity),
            *(base.unit, base.certainty, base.candidate_group),
        )
        self._withdrawn.discard(key)
        return key

    def _correct(self, party: int, fact: Correction) -> None:
        if fact.kind == "event":
            self._withdrawn |= set(self._links_of_event.get((party, fact.target), ()))
        elif fact.kind == "link":
            child, _, parent = fact.target.partition(">")
            self._withdrawn |= {
                key
                for key in self._links
                if (key[0], key[1].id, key[2].id) == (party, parent, child)
            }
        self._gone.add((party, fact.kind, fact.target))

    def events(self, item: ItemId, until_ms: int) -> list[Event]:
        """Events of an item up to a time, those withdrawn left out."""
        return [
            event
            for party, event in self._events.get(item, ())
            if (party, "event", event.event_id) not in self._gone
            and event.event_time_ms <= until_ms
        ]

    def ways(self) -> list[Way[ItemId]]:
        """Links that tell what things consist of."""
        return [
            Way(
                *(link.parent, link.child, key[3], link.valid_to_ms),
                link.certainty is Certainty.KNOWN,
                key in self._withdrawn,
                link.candidate_group,
            )
            for key, link in self._links.items()
            if link.kind is not LinkKind.PACKED
        ]

    def seeds(self, cause: Cause) -> Iterable[tuple[ItemId, Seed | None]]:
        """The items that are affected in themselves."""
        if cause.kind is CauseKind.ITEMS:
            scanned = {item.id for item in self._described if item.scanned in cause.names}
            for item in self.items:
                if item.id in cause.names or item in scanned or item_text(item) in cause.names:
                    yield item, named(cause)
        elif cause.kind is CauseKind.SUPPLIER:
            for described in self._described:
                yield described.id, made(cause, described)
        for key, work in self._work.items():
            if key in self._gone:
                continue
            if isinstance(work, ProcessRecord):
                yield work.item, worked(cause, work)
            else:
                yield work.item, inspected(cause, work)
