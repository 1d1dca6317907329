"""Statistics over inspections on record, through a reader's eyes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.errors import Code, RefusedError
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.adapters.sql.store import SqlTrace
from xinlian.trace.model.quality.errors import NothingMeasuredError
from xinlian.trace.usecases.ports import Visibility
from xinlian.trace.usecases.quality import (
    ChartKind,
    ChartReport,
    GaugeImpact,
    QualityError,
    RootCauseReport,
    Yields,
    chart,
    gauge_out,
    root_cause,
    yields,
)
from xinlian.trace.usecases.recall_scope import WALKED_MAX
from xinlian.trace.usecases.vehicle_sets import look_forward

__all__ = ["Quality", "unfit"]


def unfit(exc: QualityError) -> RefusedError:
    """Data from which a figure cannot be reckoned, ``NOT_FOUND`` where there are none."""
    code = Code.NOT_FOUND if isinstance(exc, NothingMeasuredError) else Code.INVALID
    return RefusedError(code, f"this cannot be reckoned from these data: {exc}")


class Quality:
    """Charts, causes and gauges; ``reader`` is a party or ``EVERYONE``."""

    def __init__(self, engine: Engine, visibility: Visibility) -> None:
        self._engine = engine
        self._visibility = visibility

    @contextmanager
    def _asked(self) -> Iterator[SqlQuality]:
        with begin_read(self._engine) as connection:
            try:
                yield SqlQuality(connection, self._visibility)
            except QualityError as exc:
                raise unfit(exc) from exc

    def chart(
        self,
        reader: int,
        characteristic: str,
        *,
        machine: str,
        kind: ChartKind | None,
        size: int,
        rules: str,
        learn: int | None,
    ) -> ChartReport:
        """A control chart of a characteristic; refused with ``NOT_FOUND``, ``INVALID``."""
        with self._asked() as asked:
            return chart(
                asked,
                reader,
                characteristic,
                machine=machine,
                kind=kind,
                size=size,
                rules=rules,
                learn=learn,
            )

    def causes(self, reader: int, code: str, fdr: float) -> RootCauseReport:
        """What stands behind failures; refused with ``INVALID``."""
        look_forward(SqlTrace(self._engine), self._visibility, reader, WALKED_MAX)
        with self._asked() as asked:
            return root_cause(asked, reader, code=code, fdr=fdr)

    def yields(
        self, reader: int, station: str, since_ms: int | None, until_ms: int | None
    ) -> Yields:
        """First-pass yields, rework and PPM of stations; refused with ``NOT_FOUND``."""
        with self._asked() as asked:
            return yields(asked, reader, station=station, since_ms=since_ms, until_ms=until_ms)

    def gauge_impact(
        self, reader: int, gauge: str, last_good_ms: int, found_bad_ms: int
    ) -> GaugeImpact:
        """What a wrong gauge measured; refused with ``INVALID``."""
        with self._asked() as asked:
            return gauge_out(
                asked, reader, gauge, last_good_ms=last_good_ms, found_bad_ms=found_bad_ms
            )
