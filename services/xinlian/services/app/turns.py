"""Turns of many, parties or their streams, on one thread: who fails stops nobody else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable
from typing import Final

from xinlian.ingest.model.segments.layout import SegmentError
from xinlian.ingest.usecases.log_ports import LogError
from xinlian.ingest.usecases.store_ports import StoreError
from xinlian.ledger.adapters.sql.errors import StoreError as SqlStoreError
from xinlian.ledger.adapters.sql.errors import store_errors
from xinlian.ledger.model.evidence.errors import EvidenceError
from xinlian.services.app.errors import RefusedError

__all__ = ["Turns"]

_LOG: Final = logging.getLogger(__name__)
_EXPECTED: Final = (
    LogError, SegmentError, StoreError, SqlStoreError, EvidenceError, RefusedError, OSError,
)  # fmt: skip
"""What may befall a log, a store or a database; anything else is a mistake of ours."""
_PAUSE_S: Final = 0.25
_PAUSE_MAX_S: Final = 15.0
_SHARE: Final = 5
"""Who took a second to fail waits for five at least: one that hangs takes a sixth of the time."""


class Turns:
    """What fails is told once in the program's log and rests a while: longer each time, and the
    longer the longer it took to fail. ``faults`` says why each that fails does so now."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._until: dict[Hashable, float] = {}
        self._pause: dict[Hashable, float] = {}
        self.faults: dict[Hashable, str] = {}

    def take(self, who: Hashable, do: Callable[[], int]) -> int:
        """The turn of ``who``: what ``do`` answers, or 0 if it rests or fails."""
        begun = self._clock()
        if begun < self._until.get(who, begun):
            return 0
        try:
            with store_errors(self._name):
                done = do()
        except Exception as exc:  # noqa: BLE001  (whatever it is, the others have their turns)
            told = str(exc) or type(exc).__name__
            if self.faults.get(who) != told:
                unexpected = not isinstance(exc, _EXPECTED)
                level = logging.ERROR if unexpected else logging.WARNING
                _LOG.log(level, "%s of %s waits: %s", self._name, who, told, exc_info=unexpected)
            self.faults[who] = told
            now = self._clock()
            pause = self._pause.get(who, _PAUSE_S)
            self._until[who] = now + max(pause, _SHARE * (now - begun))
            self._pause[who] = min(2 * pause, _PAUSE_MAX_S)
            return 0
        if self.faults.pop(who, None) is not None:
            _LOG.info("%s of %s goes on", self._name, who)
            del self._until[who], self._pause[who]
        return done
