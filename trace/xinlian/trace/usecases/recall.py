"""Recalls: from a cause to the vehicles affected, how sure that is and why.

Small scopes are walked link by link. A large scope of named batches is an OR of bitmaps: vehicles
that a batch reaches by known links that hold are certain, and only the others are walked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from xinlian.ledger.model.ids import PartyId
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import (
    Cause,
    CauseKind,
    Drill,
    Finding,
    RecallDiff,
    RecallList,
)
from xinlian.trace.model.recompute import list_digest
from xinlian.trace.usecases.ports import STREAM, Evidence, TraceSite, Visibility
from xinlian.trace.usecases.recall_records import (
    drill_record,
    notice_record,
    recall_id_of,
    recall_record,
)
from xinlian.trace.usecases.recall_scope import Scope

__all__ = ["Recalls"]

_NANOSECONDS_PER_US: Final = 1_000
_NAMED: Final = frozenset({CauseKind.ITEMS, CauseKind.SUPPLIER})


class Recalls:
    """Makes recall lists, keeps them, and tells what changed since an earlier one."""

    def __init__(
        self,
        site: TraceSite,
        visibility: Visibility,
        evidence: Evidence,
        ticks_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._site = site
        self._visibility = visibility
        self._evidence = evidence
        self._ticks_ns = ticks_ns

    def scope(
        self, reader: int, causes: Sequence[Cause], now_ms: int, *, with_stock: bool = True
    ) -> RecallList:
        """The list as of ``now_ms``, of what the reader may see; nothing is kept."""
        with self._site.read() as store:
            stale = store.touched()
        if stale:
            with self._site.write() as store:
                store.refresh()
        with self._site.read() as store:
            return self._scope(store, reader, causes, now_ms, with_stock=with_stock)

    def _scope(
        self,
        store: Any,
        reader: int,
        causes: Sequence[Cause],
        now_ms: int,
        *,
        with_stock: bool = True,
    ) -> RecallList:
        others = self._visibility.parties(store.connection, reader)
        seen = None if others is None else others | {reader}
        return Scope(store, seen, tuple(causes), now_ms).build(with_stock=with_stock)

    def make(
        self, party: int, causes: Sequence[Cause], now_ms: int, earlier: str | None = None
    ) -> RecallList:
        """Make a list and keep it, with a record in the party's evidence log that fixes it; against
        an earlier list of the party it tells what changed. The same causes at the same moment give
        the same recall. Raises ``KeyError`` if there is no such earlier list."""
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        recall_id = recall_id_of(party, causes, now_ms)
        with self._site.write() as store:
            kept: RecallList | None = store.recall(party, recall_id)
            if kept is not None:
                return kept
            store.refresh()
            found = replace(self._scope(store, party, causes, now_ms), recall_id=recall_id)
            if earlier is not None:
                before = store.recall(party, earlier)
                if before is None:
                    raise KeyError(earlier)
                found = replace(found, diff=_diff(before, found))
            digest = list_digest(found.lines)
            record = recall_record(found, digest)
            leaf = self._evidence.append(store.connection, log, [record])[0].index
            store.keep_recall(party, found, digest, leaf)
            return replace(found, notified=store.notified(found))

    def get(self, party: int, recall_id: str) -> RecallList | None:
        """A kept list, with who was notified by now."""
        with self._site.read() as store:
            found: RecallList | None = store.recall(party, recall_id)
            return found

    def all(self, party: int, limit: int = 100) -> list[tuple[str, int, tuple[Cause, ...]]]:
        """A party's recalls, newest first: id, time, causes."""
        with self._site.read() as store:
            found: list[tuple[str, int, tuple[Cause, ...]]] = store.recalls(party, limit)
            return found

    def notify(
        self, party: int, recall_id: str, items: Iterable[ItemId], channel: str, now_ms: int
    ) -> int:
        """Note that holders were told; how many for the first time. Raises ``KeyError`` if there is
        no such recall, ``ValueError`` for a vehicle that is not on it."""
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        with self._site.write() as store:
            found = store.recall(party, recall_id)
            if found is None:
                raise KeyError(recall_id)
            told = set(items)
            strange = told - {line.vehicle for line in found.lines}
            if strange:
                raise ValueError(f"{min(strange).id} is not on this recall")
            new: list[ItemId] = store.add_notices(recall_id, told, channel, now_ms)
            if new:
                record = notice_record(recall_id, new, channel, now_ms)
                self._evidence.append(store.connection, log, [record])
            return len(new)

    def drill(self, party: int, causes: Sequence[Cause], now_ms: int) -> Drill:
        """Trace as if it were earnest, measure how long that takes, and record it."""
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        start = self._ticks_ns()
        found = self.scope(party, causes, now_ms)
        scoped = self._ticks_ns()
        digest = list_digest(found.lines)
        steps = {
            "scope_us": (scoped - start) // _NANOSECONDS_PER_US,
            "digest_us": (self._ticks_ns() - scoped) // _NANOSECONDS_PER_US,
        }
        drill = Drill(
            recall_id_of(party, causes, now_ms),
            now_ms,
            tuple(causes),
            sum(steps.values()),
            steps,
            {"certain": found.certain, "possible": found.possible, "excluded": found.excluded},
        )
        with self._site.write() as store:
            record = drill_record(drill, digest)
            leaf = self._evidence.append(store.connection, log, [record])[0].index
            store.keep_drill(party, drill, leaf)
        return drill

    def drills(self, party: int, limit: int = 100) -> list[Drill]:
        """A party's drills, newest first."""
        with self._site.read() as store:
            found: list[Drill] = store.drills(party, limit)
            return found

    def disclosure(self, party: int, recall_id: str) -> dict[int, list[int]]:
        """The leaves, by party, of the logs of the stream ``trace`` whose records are needed to
        reckon a recall again with ``recompute``: links, batches, work (if a cause is work), events,
        and corrections of these, as they were captured up to the recall, of parties that the
        party may see. Raises ``KeyError`` if there is no such recall."""
        with self._site.read() as store:
            found = store.recall(party, recall_id)
            if found is None:
                raise KeyError(recall_id)
            others = self._visibility.parties(store.connection, party)
            seen = None if others is None else others | {party}
            scope = Scope(store, seen, found.causes, found.made_at_ms)
            numbers, edges = scope.walked()
            last: int = store.recall_bound(recall_id)
            with_work = any(cause.kind not in _NAMED for cause in found.causes)
            leaves: dict[int, list[int]] = store.leaves_of(
                numbers, edges, last, seen, with_work=with_work
            )
            return leaves


def _diff(before: RecallList, now: RecallList) -> RecallDiff:
    old = {line.vehicle: line.finding for line in before.lines}
    new = {line.vehicle: line.finding for line in now.lines}
    gone = Finding.EXCLUDED
    was = {vehicle for vehicle, finding in old.items() if finding is not gone}
    now_in = {vehicle for vehicle, finding in new.items() if finding is not gone}
    return RecallDiff(
        before.recall_id,
        tuple(sorted(now_in - was)),
        tuple(sorted(was - now_in)),
        tuple(
            (vehicle, old[vehicle], new[vehicle])
            for vehicle in sorted(was & now_in)
            if old[vehicle] is not new[vehicle]
        ),
    )
