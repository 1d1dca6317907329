"""Watches what is captured: judges new inspections and raises signals with the vehicles concerned.

Inspections are numbered as they are taken in. A watch remembers up to which number it has judged
and takes up from there after every capture, whoever carried it out; the same finding is raised once
whatever the number of watches.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
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
"""Raised in place of those beyond ``SIGNALS_MAX`` of one capture, with their number."""
SIGNALS_MAX: Final = 200
VEHICLES_MAX: Final = 1_000
WARM_MAX: Final = 20_000
_CHUNK: Final = 5_000
_FIELDS: Final = SPECS[Inspection].fields


class _Party:
    """The streams of one party, and the number of the last inspection judged."""

    def __init__(self, live: LiveSignals, judged: int) -> None:
        self.live = live
        self.judged = judged


class QualityWatch:
    """Call ``look(party)`` after every capture; it may be called at any time from any thread.

    At the first look at a party its streams are rebuilt from the latest ``WARM_MAX`` inspections
    before ``since``, silently; ``since`` is the newest inspection when the watch was made.
    ``touched`` is told, after the look, of which characteristics something new was seen.
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
        with site.read() as store:
            newest = select(func.max(t.inspections.c.inspection))
            self._since = store.connection.scalar(newest) or 0

    def look(self, party: int) -> list[LiveSignal]:
        """Judge what is new of a party and raise its signals; those that were new."""
        names: set[str] = set()
        with self._lock, self._site.write() as store:
            watched = self._parties.get(party)
            if watched is None:
                watched = self._parties[party] = self._warm(store, party)
            found: list[LiveSignal] = []
            while rows := self._new(store, party, watched.judged):
                for number, inspection in rows:
                    found += watched.live.feed(inspection)
                    names.add(inspection.characteristic)
                    watched.judged = number
            raised = self._raise(store, party, found)
        if names:
            self._touched(party, names)
        return raised

    def after_capture(self, party: int, _receipt: CaptureReceipt) -> None:
        """For a capture's hook: what is captured stays so, whatever becomes of its signals."""
        try:
            self.look(party)
        except (SQLAlchemyError, QualityError):
            _LOG.exception("signals of party %d could not be raised; the next capture tries", party)

    def _warm(self, store: TraceStore, party: int) -> _Party:
        columns = t.inspections.c
        query = _select().where(columns.party == party, columns.inspection <= self._since)
        latest = query.order_by(columns.inspection.desc()).limit(WARM_MAX)
        watched = _Party(self._make(party), self._since)
        watched.live.warm(one for _, one in _read(store, latest)[::-1])
        return watched

    def _new(self, store: TraceStore, party: int, after: int) -> list[tuple[int, Inspection]]:
        columns = t.inspections.c
        query = _select().where(columns.party == party, columns.inspection > after)
        return _read(store, query.order_by(columns.inspection).limit(_CHUNK))

    def _raise(self, store: TraceStore, party: int, found: list[LiveSignal]) -> list[LiveSignal]:
        reader = SqlQuality(store.connection, self._visibility)
        told, raised = found[:SIGNALS_MAX], []
        held = reader.vehicles_of(party, list({item for one in told for item in one.items}))
        for one in told:
            vins = list(dict.fromkeys(vin for item in one.items for vin in held[item]))
            detail = {**one.detail(), "vehicles": vins[:VEHICLES_MAX], "vehicle_count": len(vins)}
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
