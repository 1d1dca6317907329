"""Where a party's telemetry lies, and its store: opened when first asked for, once a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from xinlian.ingest.usecases.store_ports import TelemetryStore
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.turns import Turns

__all__ = ["PARTIES_MAX", "TelemetrySite", "TelemetrySites"]

PARTIES_MAX: Final = 64
"""Parties whose telemetry one server keeps."""

OpenStore = Callable[[Path], TelemetryStore]


class TelemetrySite:
    """The folder of one party: ``log/STREAM/`` of its collectors, ``store/``, ``run/``."""

    def __init__(self, party: int, folder: Path, open_store: OpenStore) -> None:
        self.party = party
        self.folder = folder
        self._open_store = open_store
        self._store: TelemetryStore | None = None
        self._lock = threading.Lock()

    @property
    def log_folder(self) -> Path:
        """Where the collectors' logs lie, a folder a stream."""
        return self.folder / "log"

    def streams(self) -> list[str]:
        """Names of the collectors' streams."""
        if not self.log_folder.is_dir():
            return []
        return sorted(each.name for each in self.log_folder.iterdir() if each.is_dir())

    @property
    def store(self) -> TelemetryStore:
        """The store."""
        with self._lock:
            if self._store is None:
                folder = self.folder / "store"
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._store = self._open_store(folder)
            return self._store

    def close(self) -> None:
        """Let go of the store."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None


class TelemetrySites:
    """The sites of all parties below ``root``."""

    def __init__(self, root: Path, open_store: OpenStore) -> None:
        self.root = root
        self._open_store = open_store
        self._sites: dict[int, TelemetrySite] = {}
        self._lock = threading.Lock()
        self._turns: list[Turns] = []

    def parties(self) -> list[int]:
        """Parties that have telemetry here."""
        if not self.root.is_dir():
            return []
        names = [each.name for each in self.root.iterdir() if each.is_dir()]
        return sorted(int(name) for name in names if name.isdecimal())[:PARTIES_MAX]

    def site(self, party: int) -> TelemetrySite:
        """The site of a party; nothing is made on disk before it is needed."""
        with self._lock:
            if party not in self._sites:
                folder = self.root / str(party)
                self._sites[party] = TelemetrySite(party, folder, self._open_store)
            return self._sites[party]

    def turns(self, name: str) -> Turns:
        """Turns of the sites at something; what fails of it counts as waiting."""
        made = Turns(name)
        self._turns.append(made)
        return made

    @property
    def waiting(self) -> int:
        """How many things are not done now, for a log or a store that cannot be used: each is told
        in the program's log."""
        return sum(len(each.faults) for each in self._turns)

    def each(self, turns: Turns, do: Callable[[TelemetrySite], int]) -> int:
        """Do something for every party; one that fails stops no other. The sum of the answers."""
        return sum(
            turns.take(f"party {party}", partial(do, self.site(party))) for party in self.parties()
        )

    def known(self, party: int) -> TelemetrySite:
        """The site of a party that has telemetry; ``NOT_FOUND`` otherwise."""
        site = self.site(party)
        if not site.folder.is_dir():
            raise RefusedError(
                Code.NOT_FOUND,
                "your party has no telemetry on this server: run a collector with `ingest run`",
            )
        return site

    def close(self) -> None:
        """Let go of all stores."""
        with self._lock:
            for site in self._sites.values():
                site.close()
