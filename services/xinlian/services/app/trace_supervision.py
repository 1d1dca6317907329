"""Recognised control points are looked at after captures and by time: broken terms suspend them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.adapters.sql.errors import StoreError, store_errors
from xinlian.ledger.model.evidence.errors import EvidenceError
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import RefusedError
from xinlian.services.app.evidence import Evidence
from xinlian.trace.adapters.quality.point_data import point_data
from xinlian.trace.adapters.quality.recognition_store import SqlRecognitions
from xinlian.trace.model.quality.recognition import supervise
from xinlian.trace.usecases.quality import PointKey, QualityError, Recognition, Standing, State
from xinlian.trace.usecases.quality.recognising import AHEAD_MS_MAX, suspend_broken
from xinlian.trace.usecases.quality.standings import standing_of

__all__ = ["STREAM", "Supervision"]

STREAM: Final = "quality"
"""The evidence log of each party that holds the steps of its control points."""
_BATCH: Final = 200
_LOG: Final = logging.getLogger(__name__)


class Supervision:
    """``review`` after a capture, ``round`` every now and then: calibrations and data grow old
    without anything being captured."""

    def __init__(self, engine: Engine, clock: Clock, evidence: Evidence) -> None:
        self._engine = engine
        self._clock = clock
        self._evidence = evidence
        self._after: PointKey | None = None

    def review(self, supplier: int, characteristics: Collection[str]) -> int:
        """Look at a supplier's recognised points of some characteristics; how many it suspended.
        What fails is logged: a round looks again."""
        try:
            with store_errors("reviewing control points"), begin_read(self._engine) as connection:
                points = SqlRecognitions(connection).listed(supplier, State.RECOGNISED)
        except StoreError:
            _LOG.exception("control points of party %d could not be reviewed", supplier)
            return 0
        return sum(
            self._look(point)
            for point in points
            if point.supplier == supplier and point.characteristic in characteristics
        )

    def round(self) -> int:
        """Look at the next recognised points of all parties, 200 at most, and begin again after
        the last; how many were suspended."""
        with begin_read(self._engine) as connection:
            points = SqlRecognitions(connection).next_ones(State.RECOGNISED, self._after, _BATCH)
        suspended = sum(self._look(point) for point in points)
        self._after = _key(points[-1]) if len(points) == _BATCH else None
        return suspended

    def _look(self, point: Recognition) -> bool:
        try:
            with store_errors(f"supervising {point.point}"):
                return self._suspended(point)
        except (StoreError, QualityError, RefusedError, EvidenceError):
            _LOG.exception("the control point %s could not be supervised", _key(point))
            return False

    def _suspended(self, point: Recognition) -> bool:
        now_ms = 1000 * self._clock.now()
        with begin_read(self._engine) as connection:
            standing, why = _standing(connection, point, now_ms)
        if supervise(point, standing, now_ms, why) is None:
            return False
        sides = (point.supplier, point.customer)
        logs = {one: self._evidence.ensure_log(PartyId(one), STREAM) for one in sides}
        with begin_write(self._engine) as connection:

            def sink(party: int, record: Mapping[str, Any]) -> None:
                self._evidence.append(connection, logs[party], [record])

            standing, why = _standing(connection, point, now_ms)
            store = SqlRecognitions(connection)
            return suspend_broken(store, sink, _key(point), standing, now_ms, why) is not None


def _standing(connection: Connection, point: Recognition, now_ms: int) -> tuple[Standing, str]:
    steps = SqlRecognitions(connection).steps(_key(point))
    signed = next(one["standing"] for one in reversed(steps) if "standing" in one)
    found, ever = point_data(connection, point, now_ms + AHEAD_MS_MAX)
    return standing_of(point.terms, Standing.from_record(signed), found, ever)


def _key(point: Recognition) -> PointKey:
    return PointKey(point.supplier, point.customer, point.point)
