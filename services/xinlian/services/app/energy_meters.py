"""Meters of a party: its metering tree, quarter hours from the store, balances of the tree."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from xinlian.ingest.adapters.files.metering import Metering, Stamp, read_metering, stamp_of
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.metering import Meter
from xinlian.ingest.model.query import Known
from xinlian.ingest.model.tags import Role
from xinlian.ingest.usecases.energy_meter import (
    QUARTER_US,
    MeterLoad,
    NodeBalance,
    balances,
    counter_of,
    meter_load,
)
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_site import TelemetrySites

__all__ = ["BALANCES_MAX", "EnergyMeters", "Extent", "StoredLoad"]

_LOG: Final = logging.getLogger(__name__)
BALANCES_MAX: Final = 200
"""Meters with others below them in one answer."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A meter as it is kept, and from when to when its counter was read."""

    meter: Meter
    tag: str
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class StoredLoad:
    """Quarter hours of a meter up to now; reactive energy where it counts that as well."""

    meter: Meter
    active: MeterLoad
    reactive: MeterLoad | None


class EnergyMeters:
    """Reads of a party's own meters. ``RefusedError`` for what it has not."""

    def __init__(self, sites: TelemetrySites, clock: Clock) -> None:
        self._sites = sites
        self._clock = clock
        self._read: dict[int, tuple[Stamp, Metering]] = {}

    def metering(self, party: int) -> Metering:
        """What the party's collectors left; ``STATE`` for files that cannot be read."""
        folder = self._sites.site(party).folder
        try:
            stamp = stamp_of(folder)
            kept = self._read.get(party)
            if kept is None or kept[0] != stamp:
                kept = self._read[party] = stamp, read_metering(folder)
        except (EnergyError, OSError) as exc:
            raise RefusedError(
                Code.STATE, f"the metering tree that a collector left is not usable: {exc}"
            ) from exc
        return kept[1]

    def meters(self, party: int) -> Mapping[str, Meter]:
        """By device."""
        return self.metering(party).meters

    def keys(self, party: int, group: str) -> tuple[str, ...] | None:
        """The devices of a group whose connection counts; ``None`` for all. Evidence does not wait
        for a file that cannot be read."""
        try:
            return self.metering(party).keys.get(group)
        except RefusedError as exc:
            _LOG.warning("all devices of party %d count as key devices: %s", party, exc)
            return None

    def extents(self, party: int) -> list[Extent]:
        """Every meter of the tree, and every device that counts energy."""
        known, meters = self._known(party), dict(self.meters(party))
        for each in known:
            meters.setdefault(each.device, Meter(device=each.device))
        found: list[Extent] = []
        for name, meter in sorted(meters.items()):
            own = [each for each in known if each.device == name]
            tag = counter_of(own, meter) if own else None
            if tag is not None or meter.parent or meter.tag:
                first = min((each.first_us for each in own), default=0)
                last = max((each.last_us for each in own), default=0)
                found.append(Extent(meter, tag.name if tag is not None else "", first, last))
        return found

    def load(
        self,
        party: int,
        device: str,
        span_us: tuple[int, int],
        changed: Mapping[str, Decimal] | None = None,
    ) -> StoredLoad:
        """Quarter hours of a span of whole ones, those in the future left out. ``changed``: members
        of the meter that differ from what is kept."""
        span, known = self._past(span_us), self._known(party)
        if all(each.device != device for each in known):
            raise RefusedError(Code.NOT_FOUND, f"there is no device {device} of your party")
        meter = self.meters(party).get(device) or Meter(device=device)
        store = self._sites.known(party).store
        try:
            meter = replace(meter, **(changed or {}))  # type: ignore[arg-type]
            active = meter_load(store, known, meter, span)
            reactive = meter_load(store, known, meter, span, Role.REACTIVE_ENERGY)
        except EnergyError as exc:
            raise RefusedError(Code.INVALID, f"the load cannot be told: {exc}") from exc
        if active is None:
            raise RefusedError(Code.NOT_FOUND, f"the device {device} has no counter of energy")
        return StoredLoad(meter, active, reactive)

    def balances(self, party: int, device: str, span_us: tuple[int, int]) -> list[NodeBalance]:
        """Of a meter and those below it; empty for one without."""
        meters = self.meters(party)
        if device not in meters:
            return []
        if len({each.parent for each in meters.values()}) > BALANCES_MAX:
            raise RefusedError(
                Code.INVALID, f"more than {BALANCES_MAX} meters have others below them"
            )
        span, known = self._past(span_us), self._known(party)
        try:
            return balances(self._sites.known(party).store, known, meters, device, span)
        except EnergyError as exc:
            raise RefusedError(Code.INVALID, f"the load cannot be told: {exc}") from exc

    def _known(self, party: int) -> list[Known]:
        return self._sites.known(party).store.catalogue()

    def _past(self, span_us: tuple[int, int]) -> tuple[int, int]:
        """Quarter hours that are over."""
        now_us = 1_000_000 * self._clock.now() // QUARTER_US * QUARTER_US
        start, end = span_us[0], min(span_us[1], now_us)
        if start >= end:
            raise RefusedError(Code.INVALID, "no quarter hour of that time is over yet")
        return start, end
