"""The windows of a party's readings that were recorded as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, func, select
from xinlian.ingest.model.telemetry_proof import LATE_US
from xinlian.ingest.model.window_record import day_start_us
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_evidence import unpacked
from xinlian.services.app.telemetry_tables import windows

__all__ = ["RecordedWindow", "RecordedWindows"]

_SCANNED_MAX: Final = 20_000
"""Windows looked at for a device that was there for a part of the time alone."""


@dataclass(frozen=True, slots=True)
class RecordedWindow:
    """A window, or what came late of one (``part`` above 0); ``record``: its place in the log."""

    group: str
    start_us: int
    end_us: int
    part: int
    record: int
    root: bytes
    stream: str
    devices: int


class RecordedWindows:
    """A party sees its own windows alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, party: int) -> int:
        """How many there are."""
        query = select(func.count()).select_from(windows).where(windows.c.party == party)
        with begin_read(self._engine) as connection:
            return int(connection.execute(query).scalar_one())

    def listed(
        self, party: int, group: str | None, span_us: tuple[int, int], limit: int
    ) -> list[RecordedWindow]:
        """Windows that begin in a span, the newest first."""
        query = (
            select(windows)
            .where(windows.c.party == party)
            .where((windows.c.start_us >= span_us[0]) & (windows.c.start_us < span_us[1]))
            .order_by(windows.c.start_us.desc(), windows.c.device_group, windows.c.part)
            .limit(limit)
        )
        if group is not None:
            query = query.where(windows.c.device_group == group)
        with begin_read(self._engine) as connection:
            return [
                RecordedWindow(
                    row.device_group,
                    row.start_us,
                    row.end_us,
                    row.part,
                    row.leaf,
                    bytes(row.root),
                    row.stream,
                    len(unpacked(row.devices)),
                )
                for row in connection.execute(query)
            ]

    def group_of(self, party: int, device: str, span_us: tuple[int, int]) -> str:
        """The device group whose windows hold a device's readings in a span; ``NOT_FOUND``."""
        start, end = span_us
        query = (
            select(windows.c.device_group, windows.c.devices)
            .where((windows.c.party == party) & (windows.c.first_us < end))
            .where((windows.c.last_us >= start) & (windows.c.start_us < end))
            .where(windows.c.start_us >= day_start_us(start - LATE_US))
            .order_by(windows.c.start_us.desc())
            .limit(_SCANNED_MAX)
        )
        with begin_read(self._engine) as connection:
            for row in connection.execute(query):
                if device in unpacked(row.devices):
                    return str(row.device_group)
        raise RefusedError(
            Code.NOT_FOUND, f"no readings of the device {device} were recorded in this time"
        )
