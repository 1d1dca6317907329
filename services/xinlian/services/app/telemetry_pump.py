"""From the collectors' logs into the stores: in order, once, in large bites, caught up by itself.

A log keeps what a store has not taken, however long that takes; the store commits how far it is
together with the readings, so that a process that dies between the two leaves nothing twice.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from xinlian.ingest.adapters.log.consumers import commit
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.segments.layout import SegmentError
from xinlian.ingest.usecases.log_ports import Damage, LogError
from xinlian.ingest.usecases.store_ports import StoreError
from xinlian.services.app.telemetry_site import TelemetrySite, TelemetrySites

__all__ = ["STORE", "TelemetryPump"]

STORE: Final = "store"
"""What the store is called among those for whom a log is kept."""
_LOG: Final = logging.getLogger(__name__)
_BITES: Final = 20
"""Batches of a stream in one round, so that no party starves the others."""


class TelemetryPump:
    """Brings the stores of all parties up to their logs."""

    def __init__(self, sites: TelemetrySites) -> None:
        self._sites = sites
        self._readers: dict[Path, LogReader] = {}
        self._told: dict[Path, str] = {}

    def round(self) -> int:
        """Move what is new, at most some seconds' work; the segments moved."""
        moved = 0
        for party in self._sites.parties():
            site = self._sites.site(party)
            for stream in site.streams():
                folder = site.log_folder / stream
                try:
                    moved += self._stream(site, stream, folder)
                    self._told.pop(folder, None)
                except (LogError, SegmentError, StoreError, OSError) as exc:
                    # One stream that cannot be read, or a store that is away, stops no other.
                    self._readers.pop(folder, None)
                    if self._told.get(folder) != str(exc):
                        self._told[folder] = str(exc)
                        _LOG.warning("readings of %s wait: %s", folder, exc)
        return moved

    def _stream(self, site: TelemetrySite, stream: str, folder: Path) -> int:
        reader = self._readers.get(folder)
        if reader is None:
            reader = self._readers[folder] = LogReader(folder, _tell)
        store = site.store
        position = store.applied(stream) + 1
        owed = store.unfinished(stream)
        moved = 0
        for _ in range(_BITES):
            if reader.next <= position:
                break
            batch = reader.segments(position)
            entries = [(place, segment.frames) for place, segment in batch.segments]
            if owed is not None:
                entries = [each for each in entries if each[0] <= owed]
            if entries:
                store.append_many(stream, entries)
                moved += len(entries)
            if batch.next <= position:
                break
            position = batch.next
            owed = None
        if moved:
            commit(folder, STORE, position - 1)
        return moved


def _tell(damage: Damage) -> None:
    """What cannot be read is told loudly; what comes behind it must not wait for ever."""
    _LOG.error("telemetry was lost from a log: %s", damage)
