"""Port of the telemetry store: what was read, as engineering values, to be asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, Protocol

from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.query import (
    Aggregate,
    Amendment,
    Downsample,
    Known,
    Latest,
    Retention,
    Roll,
    Series,
    Status,
    Steps,
    Window,
)

__all__ = ["NOTHING", "StoreError", "TelemetryStore"]

NOTHING = -1
"""Position of a stream of which nothing was applied; positions count from 0."""


class StoreError(Exception):
    """The store cannot do what it was asked, and changed nothing. ``zh`` says it in Chinese."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class TelemetryStore(Protocol):
    """Readings by device, tag and time. Reads may run in other threads while one writes."""

    def append(self, stream: str, position: int, frames: Sequence[Frame]) -> bool:
        """Store the frames of one entry of a log, once: durable when it returns. ``False`` if the
        position had been applied before: then nothing is done."""

    def append_many(self, stream: str, entries: Sequence[tuple[int, Sequence[Frame]]]) -> int:
        """The same for entries with ascending positions, in one transaction: much faster. Those
        that were applied before are left out. Returns the position applied now."""

    def applied(self, stream: str) -> int:
        """The last position applied, ``NOTHING`` at first."""

    def unfinished(self, stream: str) -> int | None:
        """The position up to which entries must be given again in one call, because it is not
        known whether the last ``append_many`` was carried out (lost answer, restart)."""

    def latest(
        self, devices: Sequence[str], tags: Sequence[str] | None = None, *, amended: bool = True
    ) -> list[Latest]:
        """The newest reading of each tag (all tags if ``None``); unknown ones are left out."""

    def window(self, request: Window) -> list[Series]:
        """One series a tag of the request, in its order; empty where nothing was read."""

    def downsample(self, request: Downsample) -> list[Steps]:
        """One entry for each device and tag, devices first, in the request's order."""

    def across(
        self,
        tag: str,
        devices: Sequence[str],
        span_us: tuple[int, int],
        step_us: int,
        aggregate: Aggregate = Aggregate.AVG,
    ) -> list[Steps]:
        """One tag of many devices, one aggregate a step."""

    def rolled(self, roll: Roll, request: Downsample) -> list[Steps]:
        """Like ``downsample`` with the roll's step, from the table of roll-ups. The span is widened
        to whole steps. Includes amendments as of the last ``rollup``. Seconds are kept of tags that
        are read faster than once a second; of others they are reckoned from the readings."""

    def rollup(self, spans_max: int = 96) -> int:
        """Reckon roll-ups of spans (15 minutes of a table) that got rows or amendments since; at
        most ``spans_max``, each in a transaction of its own. Returns how many remain."""

    def retain(self, policy: Retention, now_us: int) -> int:
        """Drop days that are older than the policy says; those whose roll-ups wait are kept.
        Returns how many were dropped."""

    def amend(self, amendments: Iterable[Amendment]) -> int:
        """Add corrections, all or none. Returns how many were new; a key given again with other
        content is refused (``StoreError``)."""

    def amendments(self, device: str, start_us: int, end_us: int) -> list[Amendment]:
        """Those that touch a device in a span, oldest first."""

    def export(
        self, request: Window, path: Path, form: Literal["parquet", "csv"] = "parquet"
    ) -> int:
        """Write a window as rows (time, one column a tag and its quality); returns how many. The
        file appears whole or not at all."""

    def catalogue(self) -> list[Known]:
        """Devices with their tag tables, oldest first; a device stands once for each table."""

    def status(self) -> Status:
        """Size and extent."""

    def close(self) -> None:
        """Let go of files and connections."""
