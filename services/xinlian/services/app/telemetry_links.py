"""What was measured while a process record ran: curves for a dossier, each with its proof.

A process record names a device group (``telemetry``), a machine and a span of time. Its readings
are those of its own party; who may see the record may see them, and nobody else is given it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Final, Protocol

from sqlalchemy import Engine, func, select
from xinlian.ingest.model.query import Aggregate, Downsample, Known, QueryError
from xinlian.ingest.model.tags import Role, Tag
from xinlian.ingest.usecases.store_ports import StoreError, TelemetryStore
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.usecases.evidence import EvidenceLogs
from xinlian.services.app.telemetry_evidence import STREAM, unpacked
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.telemetry_tables import windows
from xinlian.trace.model.dossier import Proof, ProofState, TelemetryChannel, TelemetryWindow
from xinlian.trace.model.facts import ProcessRecord
from xinlian.trace.model.stored import Stored

__all__ = ["TelemetryLinks", "TelemetryOf"]

RECORDS_MAX: Final = 8
"""Process records of a dossier whose curves are shown."""
CHANNELS_MAX: Final = 6
"""Curves of one record."""
DEVICES_MAX: Final = 4
STEPS: Final = 120
"""A curve has at most a least and a greatest value for each of so many steps."""
_HOUR_US: Final = 3_600_000_000
_SLACK_MS: Final = 5_000
_RANK: Final = {Role.NONE: 0, Role.POWER: 1, Role.CURRENT: 2}
"""What a process is judged by comes first; counters and states are no curves."""

_LOG: Final = logging.getLogger(__name__)


class TelemetryOf(Protocol):
    """Gives the curves of process records."""

    def __call__(self, processes: Sequence[Stored[ProcessRecord]]) -> tuple[TelemetryWindow, ...]:
        """The curves, in the order of the records; nothing of those without readings."""


class TelemetryLinks:
    """Links process records with the windows recorded of their device group."""

    def __init__(self, engine: Engine, sites: TelemetrySites, logs: EvidenceLogs) -> None:
        self._engine = engine
        self._sites = sites
        self._logs = logs

    def of(self, processes: Sequence[Stored[ProcessRecord]]) -> tuple[TelemetryWindow, ...]:
        """See ``TelemetryOf``. What the store cannot give is left out and logged."""
        named = [each for each in processes if each.fact.telemetry and not each.withdrawn]
        found = []
        for each in named[:RECORDS_MAX]:
            try:
                window = self._window(each.party, each.fact)
            except (StoreError, QueryError) as exc:
                _LOG.warning("readings of %s are left out: %s", each.fact.record_id, exc)
                continue
            if window is not None:
                found.append(window)
        return tuple(found)

    def _window(self, party: int, fact: ProcessRecord) -> TelemetryWindow | None:
        span = (1000 * fact.start_ms, 1000 * max(fact.end_ms, fact.start_ms + 1))
        devices, proof = self._recorded(party, fact.telemetry, span)
        chosen = of_machine(devices, fact.machine)[:DEVICES_MAX]
        if not chosen:
            return None
        store = self._sites.site(party).store
        channels = tuple(_channels(store, chosen, span))
        if not channels:
            return None
        return TelemetryWindow(
            fact.record_id, fact.telemetry, fact.start_ms, fact.end_ms, channels, proof
        )

    def _recorded(self, party: int, group: str, span: tuple[int, int]) -> tuple[list[str], Proof]:
        """Devices of a group in a span, and the proof of the last of its windows: a head over that
        covers those before it."""
        start, end = span
        inside = (
            (windows.c.party == party)
            & (windows.c.device_group == group)
            & (windows.c.start_us >= start - _HOUR_US)
            & (windows.c.start_us < end)
            & (windows.c.first_us < end)
            & (windows.c.last_us >= start)
        )
        with begin_read(self._engine) as connection:
            leaf = connection.execute(select(func.max(windows.c.leaf)).where(inside)).scalar()
            if leaf is None:
                return [], Proof(ProofState.NONE)
            query = select(windows.c.devices, windows.c.leaf_hash, windows.c.leaf).where(inside)
            first = connection.execute(query.order_by(windows.c.start_us).limit(1)).one()
            last = connection.execute(query.where(windows.c.leaf == leaf)).one()
            info = self._logs.find(connection, PartyId(party), STREAM)
            if info is None:
                return [], Proof(ProofState.NONE)
            head = queries.covering_head(connection, info.log_id, leaf + 1)
        names = {**unpacked(first.devices), **unpacked(last.devices)}
        log, leaf_hash = info.log_id.hex(), bytes(last.leaf_hash).hex()
        if head is None:
            return sorted(names), Proof(ProofState.WAITING, log, leaf, leaf_hash)
        proof = Proof(
            ProofState.FIXED,
            log,
            leaf,
            leaf_hash,
            head.size,
            "0x" + head.tx_hash.hex(),
            head.block,
            1000 * head.time,
        )
        return sorted(names), proof


def of_machine(devices: Sequence[str], machine: str) -> list[str]:
    """The devices that bear a machine's name, alone or before ``-``, ``_`` or ``.``; all of them
    where none does."""
    own = [
        each
        for each in devices
        if machine and (each == machine or each.startswith(tuple(machine + mark for mark in "-_.")))
    ]
    return own or list(devices)


def _channels(
    store: TelemetryStore, devices: Sequence[str], span: tuple[int, int]
) -> Iterator[TelemetryChannel]:
    known = {each.device: each for each in store.catalogue() if each.device in devices}
    curves = [(device, tag) for device in devices for tag in _curves(known.get(device))]
    curves.sort(key=lambda each: _RANK[each[1].role])
    start, end = span
    for device, tag in curves[:CHANNELS_MAX]:
        request = Downsample(
            devices=(device,),
            tags=(tag.name,),
            start_us=start,
            end_us=end,
            step_us=max(1, -(-(end - start) // STEPS)),
            aggregates=(Aggregate.MIN, Aggregate.MAX),
        )
        for steps in store.downsample(request):
            least, most = steps.values[Aggregate.MIN], steps.values[Aggregate.MAX]
            bands = [
                (max(time_us, start) // 1000, low, high)
                for time_us, low, high in zip(
                    steps.times_us.tolist(), least.tolist(), most.tolist(), strict=True
                )
                if isfinite(low) and isfinite(high)
            ]
            if bands:
                yield _channel(device, tag, bands, request.step_us // 1000)


def _channel(
    device: str, tag: Tag, bands: Sequence[tuple[int, float, float]], step_ms: int
) -> TelemetryChannel:
    readings = []
    for at_ms, low, high in bands:
        readings.append((at_ms, low))
        if high != low:
            readings.append((at_ms + step_ms // 2, high))
    return TelemetryChannel(
        name=f"{device} {tag.label or tag.name}",
        unit=tag.unit,
        readings=tuple(readings),
        name_zh=f"{device} {tag.label_zh or tag.label or tag.name}",
        bands=tuple(bands),
        # Deadband holds back what does not change: then silence is no hole.
        hole_ms=0 if tag.deadband else 2 * max(tag.period_ms, step_ms) + _SLACK_MS,
        low=None if tag.low is None else float(tag.low),
        high=None if tag.high is None else float(tag.high),
    )


def _curves(known: Known | None) -> list[Tag]:
    return [] if known is None else [tag for tag in known.tags if tag.role in _RANK]
