"""Watches what is captured: judges new inspections and raises signals with the vehicles concerned.

Inspections are numbered as they are taken in. Up to which number each party's were judged is kept
with the signals themselves, so that none is lost when a process dies or a write fails; the same
finding is raised once whatever the number of watches.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from typing import Any, Final

from sqlalchemy import select
from xinlian.ledger.adapters.sql.errors import StoreError, store_errors
from xinlian.trace.adapters.quality.judged import (
    judged_of,
    parties_waiting,
    set_judged,
    set_judged_for_all,
)
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.adapters.sql import tables_facts as t
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.specs import SPECS
from xinlian.trace.adapters.sql.store import SqlTrace, TraceStore
from xinlian.trace.model.capture import CaptureReceipt
from xinlian.trace.model.facts import Inspection
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.usecases.ports import Visibility
from xinlian.trace.usecases.quality.live_signals import LiveSignal, LiveSignals

__all__ = ["MORE_SIGNALS", "QualityWatch"]

_LOG: Final = logging.getLogger(__name__)

MORE_SIGNALS: Final = "more-signals"
"""Raised in place of those beyond ``SIGNALS_MAX`` of what is judged at once, with their number."""
SIGNALS_MAX: Final = 200
VEHICLES_MAX: Final = 1_000
WARM_MAX: Final = 20_000
_CHUNK: Final = 5_000
_FIELDS: Final = SPECS[Inspection].fields


class _Party:
    """The streams of one party, and the number of the last inspection fed to them."""

    def __init__(self, live: LiveSignals, fed: int) -> None:
        self.live = live
        self.fed = fed


class QualityWatch:
    """Call ``look(party)`` after every capture; it may be called at any time from any thread.

    How far a party is judged is kept with the signals, in one transaction: a watch takes up there,
    whoever judged before and however it ended. At the first look its streams are rebuilt from the
    latest ``WARM_MAX`` inspections judged, silently. ``touched`` is told, after the look, of which
    characteristics something new was seen.
    """

    def __init__(
        self,
        site: SqlTrace,
        visibility: Visibility,
        now_ms: Callable[[], int],
        make: Callable[[int], LiveSignals] = lambda _party: LiveSignals(),
        touched: Callable[[int, Collection[str]], object] = lambda _party, _names: None,
    ) -> None:
        self._site = site
        self._visibility = visibility
        self._now_ms = now_ms
        self._make = make
        self._touched = touched
        self._parties: dict[int, _Party] = {}
        self._lock = threading.Lock()

    def look(self, party: int) -> list[LiveSignal]:
        """Judge what is new of a party and raise its signals; those that were new."""
        names: set[str] = set()
        raised: list[LiveSignal] = []
        with self._lock:
            try:
                while (watched := self._waiting(party)) is not None:
                    with self._site.write() as store:
                        raised += self._judge(store, party, watched, names)
            except BaseException:
                self._parties.pop(party, None)  # the streams may be ahead of what was kept
                raise
        if names:
            self._touched(party, names)
        return raised

    def after_capture(self, party: int, _receipt: CaptureReceipt) -> None:
        """For a capture's hook: what is captured stays so, whatever becomes of its signals."""
        try:
            with store_errors("raising signals"):
                self.look(party)
        except (StoreError, QualityError):
            _LOG.exception("signals of party %d could not be raised; they will be", party)

    def catch_up(self) -> int:
        """Look at every party of which something may not have been judged: after a start, and now
        and then for what could not be. How many signals were raised; raises ``StoreError``."""
        with store_errors("looking for inspections to judge"):
            with self._site.read() as store:
                parties, newest = parties_waiting(store.connection)
            raised = sum(len(self.look(party)) for party in parties)
            if parties:
                with self._site.write() as store:
                    set_judged_for_all(store.connection, newest)
        return raised

    def _waiting(self, party: int) -> _Party | None:
        """The streams of a party that has something to be judged."""
        watched = self._parties.get(party)
        with self._site.read() as store:
            stood = judged_of(store.connection, party)
            if not self._new(store, party, stood, limit=1):
                return None
            if watched is None:
                watched = self._parties[party] = self._warm(store, party, stood)
        return watched

    def _judge(
        self, store: TraceStore, party: int, watched: _Party, names: set[str]
    ) -> list[LiveSignal]:
        """Feed the next inspections; those that another watch has judged are fed silently."""
        stood = judged_of(store.connection, party)
        found: list[LiveSignal] = []
        for number, inspection in self._new(store, party, watched.fed):
            signals = watched.live.feed(inspection)
            watched.fed = number
            if number > stood:
                found += signals
                names.add(inspection.characteristic)
        if watched.fed > stood:
            set_judged(store.connection, party, watched.fed)
        return self._raise(store, party, found)

    def _warm(self, store: TraceStore, party: int, judged: int) -> _Party:
        columns = t.inspections.c
        query = _select().where(columns.party == party, columns.inspection <= judged)
        latest = query.order_by(columns.inspection.desc()).limit(WARM_MAX)
        watched = _Party(self._make(party), judged)
        watched.live.warm(one for _, one in _read(store, latest)[::-1])
        return watched

    def _new(
        self, store: TraceStore, party: int, after: int, limit: int = _CHUNK
    ) -> list[tuple[int, Inspection]]:
        columns = t.inspections.c
        query = _select().where(columns.party == party, columns.inspection > after)
        return _read(store, query.order_by(columns.inspection).limit(limit))

    def _raise(self, store: TraceStore, party: int, found: list[LiveSignal]) -> list[LiveSignal]:
        reader = SqlQuality(store.connection, self._visibility)
        told, raised = found[:SIGNALS_MAX], []
        try:
            held = reader.vehicles_of(party, list({item for one in told for item in one.items}))
        except QualityError:  # more lies over an item than can be read: the signal must not wait
            held = None
        for one in told:
            known = held or {}
            vins = list(dict.fromkeys(vin for item in one.items for vin in known.get(item, ())))
            count = None if held is None else len(vins)
            detail = {**one.detail(), "vehicles": vins[:VEHICLES_MAX], "vehicle_count": count}
            if store.raise_signal(party, one.kind, one.subject, detail, self._now_ms()):
                raised.append(one)
        if len(found) > SIGNALS_MAX:
            last, more = found[-1], len(found) - SIGNALS_MAX
            subject = f"{last.subject}+{more}"
            detail = {
                "count": more,
                "text": f"{more} more signals in this capture",
                "text_zh": f"本次采集另有 {more} 条信号",
            }
            store.raise_signal(party, MORE_SIGNALS, subject, detail, self._now_ms())
        return raised


def _select() -> Any:
    columns = t.inspections.c
    fields = (columns[name] for name in _FIELDS)
    query = select(columns.inspection, columns.inspection_id, *fields)
    return query.where(columns.withdrawn == 0)


def _read(store: TraceStore, query: Any) -> list[tuple[int, Inspection]]:
    rows = list(store.connection.execute(query))
    ids = ItemTable(store.connection).ids({row[2] for row in rows})
    return [(row[0], SPECS[Inspection].fact(row[1], row[2:], ids)) for row in rows]
