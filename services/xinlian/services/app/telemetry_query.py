"""What a party asks of its own telemetry: devices, newest values, windows, steps, files."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from xinlian.ingest.model.query import (
    Aggregate,
    Downsample,
    Known,
    Latest,
    Series,
    Steps,
    Window,
)
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_site import TelemetrySites

__all__ = ["DEVICES_MAX", "READINGS_MAX", "TelemetryReads"]

DEVICES_MAX: Final = 1_000
"""Devices of one answer."""
READINGS_MAX: Final = 20_000
"""Values of one answer; more go into a file."""
EXPORT_VALUES_MAX: Final = 5_000_000
"""Values of one file: all of them lie in memory at once, as columns (about 20 bytes each) and as
the rows that are written."""
EXPORTS_AT_ONCE: Final = 2
EXPORT_WAIT_S: Final = 10.0


class TelemetryReads:
    """Reads of stored readings, bounded; a party sees its own devices alone.

    Raises what the store refuses (``QueryError``, ``StoreError``), which has both languages.
    """

    def __init__(self, sites: TelemetrySites) -> None:
        self.sites = sites
        self._exports = threading.BoundedSemaphore(EXPORTS_AT_ONCE)

    def devices(self, party: int) -> list[Known]:
        """Every device that ever told something."""
        return self.sites.known(party).store.catalogue()

    def units(
        self, party: int, devices: Sequence[str] = (), tags: Sequence[str] = ()
    ) -> dict[str, dict[str, str]]:
        """The tags that devices (all if none is named) ever had, with their newest unit in UCUM.
        ``NOT_FOUND`` for a device that is none of the party's, and for a tag that none of them has.
        """
        wanted = frozenset(devices)
        found: dict[str, dict[str, str]] = {}
        for known in sorted(self.devices(party), key=lambda each: each.last_us):
            if not wanted or known.device in wanted:
                found.setdefault(known.device, {}).update(
                    (tag.name, tag.unit) for tag in known.tags
                )
        for device in devices:
            if device not in found:
                raise RefusedError(Code.NOT_FOUND, f"there is no device {device} of your party")
        names = frozenset().union(*found.values())
        for tag in tags:
            if tag not in names:
                raise RefusedError(Code.NOT_FOUND, f"none of these devices has a tag {tag}")
        return found

    def latest(self, party: int, devices: Sequence[str], tags: Sequence[str]) -> list[Latest]:
        """The newest readings; of all devices if none is named. ``INVALID`` for more than 20,000
        tags."""
        units, wanted = self.units(party, devices, tags), frozenset(tags)
        names = list(units)[:DEVICES_MAX]
        if sum(not wanted or tag in wanted for name in names for tag in units[name]) > READINGS_MAX:
            raise RefusedError(Code.INVALID, "that is more than 20,000 tags: name devices and tags")
        return self.sites.known(party).store.latest(names, list(tags) or None) if names else []

    def readings(
        self, party: int, device: str, tags: Sequence[str], since_us: int, until_us: int, limit: int
    ) -> list[Series]:
        """Readings of a device as they were taken; all tags if none is named. ``INVALID`` where
        that may be more than 20,000 values."""
        request = self._window(party, device, tags, since_us, until_us, limit)
        if len(request.tags) * limit > READINGS_MAX:
            raise RefusedError(
                Code.INVALID,
                f"{len(request.tags)} tags of {limit} rows are more than 20,000 values: name tags, "
                f"take at most {READINGS_MAX // len(request.tags)} rows, or export a file",
            )
        return self.sites.known(party).store.window(request)

    def steps(
        self,
        party: int,
        devices: Sequence[str],
        tags: Sequence[str],
        since_us: int,
        until_us: int,
        step_us: int,
        aggregates: Sequence[Aggregate],
    ) -> list[Steps]:
        """Aggregates per step of some tags of some devices."""
        self.units(party, devices, tags)
        request = Downsample(
            devices=tuple(devices),
            tags=tuple(tags),
            start_us=since_us,
            end_us=until_us,
            step_us=step_us,
            aggregates=tuple(aggregates),
        )
        _fits(((until_us - since_us) // step_us + 1) * len(tags) * len(devices) * len(aggregates))
        return self.sites.known(party).store.downsample(request)

    @contextmanager
    def export(
        self,
        party: int,
        device: str,
        tags: Sequence[str],
        since_us: int,
        until_us: int,
        form: Literal["parquet", "csv"],
    ) -> Iterator[Path]:
        """A window as a file, which is gone afterwards. ``INVALID`` for more than 5,000,000 values,
        ``RATE_LIMITED`` while as many exports are being made as the memory has room for."""
        chosen = tuple(tags) or tuple(self.units(party, [device], tags)[device])
        limit = max(1, EXPORT_VALUES_MAX // len(chosen))
        request = self._window(party, device, chosen, since_us, until_us, limit)
        if not self._exports.acquire(timeout=EXPORT_WAIT_S):
            raise RefusedError(
                Code.RATE_LIMITED,
                "other files are being written: try again in a moment",
                retry_after_seconds=int(EXPORT_WAIT_S),
            )
        try:
            with tempfile.TemporaryDirectory(prefix="xinlian-export-") as folder:
                path = Path(folder) / f"readings.{form}"
                if self.sites.known(party).store.export(request, path, form) >= limit:
                    raise RefusedError(
                        Code.INVALID,
                        f"a file holds fewer than {limit:,} rows of so many tags: take a shorter "
                        f"span or fewer tags",
                    )
                yield path
        finally:
            self._exports.release()

    def _window(
        self, party: int, device: str, tags: Sequence[str], since_us: int, until_us: int, limit: int
    ) -> Window:
        known = self.units(party, [device], tags)[device]
        chosen = tuple(tags) or tuple(known)
        return Window(device=device, tags=chosen, start_us=since_us, end_us=until_us, limit=limit)


def _fits(values: int) -> None:
    if values > READINGS_MAX:
        raise RefusedError(
            Code.INVALID,
            "that is more than 20,000 values: take longer steps, a shorter span, or export a file",
        )
