"""From the collectors' logs into the stores: in order, once, in large bites, caught up by itself.

A log keeps what a store has not taken, however long that takes; the store commits how far it is
together with the readings, so that a process that dies between the two leaves nothing twice.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import Final

from xinlian.ingest.adapters.log.consumers import check_same, commit
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.usecases.log_ports import Damage
from xinlian.ingest.usecases.store_ports import TelemetryStore
from xinlian.services.app.telemetry_site import TelemetrySite, TelemetrySites
from xinlian.services.app.turns import Turns

__all__ = ["STORE", "TelemetryPump"]

STORE: Final = "store"
"""What the store is called among those for whom a log is kept."""
_LOG: Final = logging.getLogger(__name__)
_BITES: Final = 20
"""Batches of a stream in one round, so that no party starves the others."""
_SECONDS: Final = 2.0
"""After which a stream gets no further batch in a round."""

Entries = list[tuple[int, list[Frame]]]


class TelemetryPump:
    """Brings the stores of all parties up to their logs."""

    def __init__(self, sites: TelemetrySites, turns: Turns | None = None) -> None:
        self._sites = sites
        self._readers: dict[Path, LogReader] = {}
        self._turns = turns or sites.turns("storing the readings")

    def round(self) -> int:
        """Move what is new, at most some seconds' work; the segments moved. One stream that cannot
        be read, or a store that is away, stops no other."""
        moved = 0
        for party in self._sites.parties():
            site = self._sites.site(party)
            for stream in site.streams():
                folder = site.log_folder / stream
                moved += self._turns.take(folder, partial(self._stream, site, stream, folder))
        return moved

    def _stream(self, site: TelemetrySite, stream: str, folder: Path) -> int:
        store = site.store
        reader = self._readers.get(folder)
        if reader is None:
            reader = self._readers[folder] = LogReader(folder, _tell, party=site.party)
        try:
            return _move(reader, store, stream, folder)
        except BaseException:
            del self._readers[folder]
            reader.close()
            raise


def _move(reader: LogReader, store: TelemetryStore, stream: str, folder: Path) -> int:
    position, moved = store.applied(stream) + 1, 0
    owed = store.unfinished(stream)
    check_same(reader, folder, STORE, position - 1 if owed is None else owed)
    end = time.monotonic() + _SECONDS
    if owed is not None:
        # What the store may have a part of is given once more, all of it in one call.
        entries = _up_to(reader, position, owed)
        store.append_many(stream, entries)
        position, moved = owed + 1, len(entries)
    for _ in range(_BITES):
        if reader.next <= position or (moved and time.monotonic() > end):
            break
        batch = reader.segments(position)
        entries = [(place, segment.frames) for place, segment in batch.segments]
        if entries:
            store.append_many(stream, entries)
            moved += len(entries)
        if batch.next <= position:
            break
        position = batch.next
    if moved:
        commit(folder, STORE, position - 1)
    return moved


def _up_to(reader: LogReader, position: int, last: int) -> Entries:
    """The segments from a position to ``last``. As many as were given before, which one read gave
    then. If the last cannot be read any more, its place is given without readings: the store must
    know that this was all."""
    found: Entries = []
    while position <= last:
        batch = reader.segments(position)
        found += [(at, segment.frames) for at, segment in batch.segments if at <= last]
        if batch.next <= position:
            break
        position = batch.next
    if not found or found[-1][0] < last:
        found.append((last, []))
    return found


def _tell(damage: Damage) -> None:
    """What cannot be read is told loudly; what comes behind it must not wait for ever."""
    _LOG.error("telemetry was lost from a log: %s", damage)
