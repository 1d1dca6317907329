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
    RecallList,
)
from xinlian.trace.model.recompute import list_digest
from xinlian.trace.model.standing import (
    NamedBy,
    RecallEntry,
    RecallState,
    Standing,
    StandingError,
    Step,
    is_new,
)
from xinlian.trace.usecases import recall_scope
from xinlian.trace.usecases.ports import STREAM, Evidence, Seen, TraceSite, Visibility
from xinlian.trace.usecases.recall_records import (
    diff_of,
    drill_record,
    notice_record,
    recall_id_of,
    recall_record,
    signal_detail,
    step_record,
)
from xinlian.trace.usecases.recall_scope import Scope, are_plain
from xinlian.trace.usecases.recall_seeds import check_causes
from xinlian.trace.usecases.vehicle_sets import look_forward

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
        self._fresh(reader, causes)
        with self._site.read() as store:
            return self._scope(store, reader, causes, now_ms, with_stock=with_stock)

    def check(self, reader: int, causes: Sequence[Cause]) -> None:
        """Raises ``CauseError`` for causes that cannot be meant: a window that ends before it
        begins, or a machine, station, shift, gauge or supplier of which the reader sees nothing."""
        with self._site.read() as store:
            check_causes(store, causes, self._seen(store, reader))

    def _fresh(self, reader: int, causes: Sequence[Cause]) -> None:
        """Bring the sets that a list of many vehicles is made from nearer to now, by few steps."""
        if are_plain(causes):
            look_forward(self._site, self._visibility, reader, recall_scope.WALKED_MAX)

    def _seen(self, store: Any, reader: int) -> Seen:
        others = self._visibility.parties(store.connection, reader)
        return None if others is None else others | {reader}

    def _scope(
        self,
        store: Any,
        reader: int,
        causes: Sequence[Cause],
        now_ms: int,
        *,
        with_stock: bool = True,
    ) -> RecallList:
        seen = self._seen(store, reader)
        return Scope(store, seen, tuple(causes), now_ms).build(with_stock=with_stock)

    def make(
        self,
        party: int,
        causes: Sequence[Cause],
        now_ms: int,
        earlier: str | None = None,
        title: str = "",
    ) -> RecallList:
        """Make a list and keep it as a draft, with a record in the party's evidence log that fixes
        it; against an earlier list of the party (its id or number) it tells what changed. The same
        content at the same moment gives the same recall. Raises ``KeyError`` if there is no such
        earlier list.

        It is reckoned on one moment's state, and nobody who writes waits for that: what is captured
        meanwhile belongs to it no more than what is captured later.
        """
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        recall_id = recall_id_of(party, causes, now_ms, title, earlier)
        self._fresh(party, causes)
        with self._site.read() as store:
            kept: RecallList | None = store.recall(party, recall_id)
            if kept is not None:
                return kept
            found = replace(self._scope(store, party, causes, now_ms), recall_id=recall_id)
            if earlier is not None:
                before = store.recall(party, _standing(store, party, earlier).recall_id)
                found = replace(found, diff=diff_of(before, found))
            packed = store.packed(found)
        digest, first = list_digest(found.lines), (Step(RecallState.DRAFT, now_ms),)
        with self._site.write() as store:
            kept = store.recall(party, recall_id)
            if kept is not None:
                return kept
            standing = Standing(recall_id, party, store.next_number(party), title, first)
            record = recall_record(found, standing, digest)
            leaf = self._evidence.append(store.connection, log, [record])[0].index
            store.keep_recall(party, found, packed, digest, leaf)
            store.begin_standing(standing, leaf)
            return replace(found, notified=store.notified(found))

    def go(self, party: int, recall: str, state: RecallState, reason: str, now_ms: int) -> Standing:
        """Publish, close or withdraw a recall (its id or number), with a record in the party's
        evidence log; done again it changes nothing. Raises ``KeyError`` if there is no such recall,
        ``StandingError`` if it cannot go there."""
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        step = Step(state, now_ms, reason)
        with self._site.read() as store:
            standing = _standing(store, party, recall)
            found = store.recall(party, standing.recall_id)
            numbered = _affected(store, found) if state is RecallState.PUBLISHED else ()
        digest = list_digest(found.lines)
        with self._site.write() as store:
            standing = _standing(store, party, recall)
            if not is_new(standing, state, reason):
                return standing
            record = step_record(standing, step, digest)
            leaf = self._evidence.append(store.connection, log, [record])[0].index
            store.add_step(standing, step, leaf)
            store.name_items(standing.recall_id, numbered)
            gone = replace(standing, steps=(*standing.steps, step))
            if gone.was_published:
                subject = " ".join(filter(None, (f"recall {gone.number}", gone.title)))
                store.raise_signal(
                    party, f"recall-{state.value}", subject, signal_detail(gone, found), now_ms
                )
            return gone

    def get(self, party: int, recall: str) -> RecallList | None:
        """A kept list by its id or number, with who was notified by now."""
        with self._site.read() as store:
            standing = store.standing(party, recall)
            if standing is None:
                return None
            found: RecallList | None = store.recall(party, standing.recall_id)
            return found

    def standing(self, party: int, recall: str) -> Standing | None:
        """What a recall is called and how far it has come; by its id or number."""
        with self._site.read() as store:
            found: Standing | None = store.standing(party, recall)
            return found

    def all(self, party: int, limit: int = 100) -> list[RecallEntry]:
        """A party's recalls, newest first."""
        with self._site.read() as store:
            found: list[RecallEntry] = store.recalls(party, limit)
            return found

    def naming(self, reader: int, item: ItemId) -> list[NamedBy]:
        """Recalls that were published, by parties that the reader may see, and name an item as
        affected or maybe so; newest first."""
        with self._site.read() as store:
            seen = self._seen(store, reader)
            found: list[NamedBy] = store.naming(item, seen)
            return found

    def notify(
        self, party: int, recall: str, items: Iterable[ItemId], channel: str, now_ms: int
    ) -> int:
        """Note that holders were told; how many for the first time. Raises ``KeyError`` if there is
        no such recall, ``StandingError`` if it was not published, ``ValueError`` for a vehicle that
        is not on it."""
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        with self._site.write() as store:
            standing = _standing(store, party, recall)
            if not standing.was_published:
                raise StandingError(standing.state, "nobody is told of what was not published")
            recall_id = standing.recall_id
            found = store.recall(party, recall_id)
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

    def disclosure(self, party: int, recall: str) -> dict[int, list[int]]:
        """The leaves, by party, of the logs of the stream ``trace`` whose records are needed to
        reckon a recall again with ``recompute``: links, batches, work (if a cause is work), events,
        and corrections of these, as they were captured up to the recall, of parties that the
        party may see. Raises ``KeyError`` if there is no such recall."""
        with self._site.read() as store:
            recall_id = _standing(store, party, recall).recall_id
            found = store.recall(party, recall_id)
            seen = self._seen(store, party)
            scope = Scope(store, seen, found.causes, found.made_at_ms)
            numbers, edges = scope.walked()
            last: int = store.recall_bound(recall_id)
            with_work = any(cause.kind not in _NAMED for cause in found.causes)
            leaves: dict[int, list[int]] = store.leaves_of(
                numbers, edges, last, seen, with_work=with_work
            )
            return leaves


def _standing(store: Any, party: int, recall: str) -> Standing:
    found: Standing | None = store.standing(party, recall)
    if found is None:
        raise KeyError(recall)
    return found


def _affected(store: Any, found: RecallList) -> list[tuple[int, bool]]:
    """What a recall names by number, and whether it is only possible: its vehicles, parts in stock,
    and the things that it starts from."""
    known: dict[int, bool] = dict(store.numbered((*found.lines, *found.stock)))
    for cause in found.causes:
        if cause.kind is CauseKind.ITEMS:
            in_part = (cause.from_ms, cause.to_ms) != (None, None)
            for number in store.named(cause.names, None):
                known.setdefault(number, in_part)
    return sorted(known.items())
