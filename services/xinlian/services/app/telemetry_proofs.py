"""Proof files about readings, and service figures over spans, from the windows recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import Connection, Engine, select
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.frames import Counts
from xinlian.ingest.model.segments.layout import SegmentError
from xinlian.ingest.model.service import Service
from xinlian.ingest.model.telemetry_proof import LATE_US, Claim, ClaimError, Reckoned
from xinlian.ingest.model.window_record import days_of
from xinlian.ingest.usecases.log_ports import LogError
from xinlian.ingest.usecases.prove import Asked, StoredWindow, prove
from xinlian.ingest.usecases.windows import Disclosure
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.usecases.evidence import Request
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_evidence import STREAM, unpacked
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.telemetry_tables import windows

__all__ = ["GroupService", "Proven", "TelemetryProofs"]

WINDOWS_MAX: Final = 20_000
"""Windows of one proof."""
REPORT_ROWS_MAX: Final = 600_000


class Prover(Protocol):
    """Makes bundles; ``services.app.evidence.Evidence``."""

    def ensure_log(self, party: PartyId, stream: str) -> bytes:
        """The id of a party's log of a stream."""

    def prove(self, requests: Mapping[bytes, Request], *, wait: bool = True) -> bytes:
        """A bundle against the newest heads."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A proof's file and what it claims."""

    data: bytes
    claims: tuple[Reckoned, ...]


@dataclass(frozen=True, slots=True)
class GroupService:
    """Service figures of a device group over a span; ``windows`` recorded."""

    group: str
    windows: int
    service: Service


class TelemetryProofs:
    """What was recorded of a party's readings. A party asks about its own alone."""

    def __init__(self, engine: Engine, evidence: Prover, sites: TelemetrySites) -> None:
        self._engine = engine
        self._evidence = evidence
        self._sites = sites

    def prove(
        self,
        party: int,
        group: str,
        span_us: tuple[int, int],
        claims: Sequence[Claim],
        *,
        wait: bool = True,
    ) -> Proven:
        """A proof of claims over readings of a device group in [start, end).

        Refused with ``NOT_FOUND`` where nothing was recorded, ``STATE`` while its records are not
        on the chain or after its segments were deleted, ``INVALID`` for what cannot be claimed.
        """
        start, end = span_us
        if not claims or not 0 <= start < end:
            raise RefusedError(Code.INVALID, "a proof claims something of a span of time")
        with begin_read(self._engine) as connection:
            stored = list(self._windows(connection, party, group, start, end))
        if not stored:
            raise RefusedError(
                Code.NOT_FOUND, f"no readings of the group {group} were recorded in this time"
            )
        if len(stored) > WINDOWS_MAX:
            raise RefusedError(
                Code.INVALID, f"a proof holds at most {WINDOWS_MAX} windows: ask for a shorter time"
            )
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        subjects = days_of(party, group, max(0, start - LATE_US), end)
        bundle = orjson.loads(self._evidence.prove({log: Request(subjects=subjects)}, wait=wait))
        (part,) = bundle["parts"]
        if any(each.record >= part["head"]["size"] for each in stored):
            raise RefusedError(
                Code.STATE, "the newest of these readings are not on the chain yet: try again later"
            )
        shown = {each["index"] for each in part["records"]}
        stored = [each for each in stored if each.record in shown]
        asked = Asked(group, start, end, tuple(claims))
        with _refusals(), self._logs(party) as logs:
            data, reckoned = prove(bundle, log, asked, stored, logs)
        return Proven(data, tuple(reckoned))

    def service(
        self, party: int, span_us: tuple[int, int], group: str | None = None
    ) -> list[GroupService]:
        """Service figures of the party's groups (or one) over the windows that begin in a span."""
        start, end = span_us
        query = (
            select(
                windows.c.device_group,
                windows.c.start_us,
                windows.c.end_us,
                windows.c.part,
                windows.c.service,
            )
            .where((windows.c.party == party) & (windows.c.start_us >= start))
            .where(windows.c.start_us < end)
            .order_by(windows.c.device_group, windows.c.start_us, windows.c.part)
            .limit(REPORT_ROWS_MAX + 1)
        )
        if group is not None:
            query = query.where(windows.c.device_group == group)
        found: dict[str, Service] = {}
        number: dict[str, int] = defaultdict(int)
        with begin_read(self._engine) as connection:
            for at, row in enumerate(connection.execute(query)):
                if at == REPORT_ROWS_MAX:
                    raise RefusedError(Code.INVALID, "too many windows: ask for a shorter time")
                found[row.device_group] = found.get(row.device_group, Service()) + _service(row)
                number[row.device_group] += not row.part
        return [GroupService(name, number[name], each) for name, each in found.items()]

    def devices(self, party: int, group: str, span_us: tuple[int, int]) -> list[str]:
        """Devices of a group that were recorded in a span."""
        with begin_read(self._engine) as connection:
            stored = self._windows(connection, party, group, *span_us)
            return sorted({device for each in stored for device in each.devices})

    def _windows(
        self, connection: Connection, party: int, group: str, start: int, end: int
    ) -> Iterator[StoredWindow]:
        """Those with readings in a span, in order of time."""
        query = (
            select(windows)
            .where((windows.c.party == party) & (windows.c.device_group == group))
            .where((windows.c.start_us >= start - LATE_US) & (windows.c.start_us < end))
            .where((windows.c.first_us < end) & (windows.c.last_us >= start))
            .order_by(windows.c.start_us, windows.c.part)
            .limit(WINDOWS_MAX + 1)
        )
        for row in connection.execute(query):
            counts = unpacked(row.devices)
            yield StoredWindow(
                record=row.leaf,
                first_us=row.first_us,
                last_us=row.last_us,
                root=bytes(row.root),
                stream=row.stream,
                positions=tuple(unpacked(row.positions)),
                devices={device: Counts(**each) for device, each in counts.items()},
                secret=bytes(row.secret),
            )

    @contextmanager
    def _logs(self, party: int) -> Iterator[Any]:
        """The logs of a party's streams, closed at the end."""
        readers: dict[str, LogReader] = {}
        site = self._sites.site(party)

        def log(stream: str) -> Disclosure:
            if stream not in readers:
                readers[stream] = LogReader(site.log_folder / stream)
            return Disclosure(readers[stream])

        try:
            yield log
        finally:
            for reader in readers.values():
                reader.close()


def _service(row: Any) -> Service:
    told = orjson.loads(row.service)
    found = Service.from_record(
        {"window_start_us": row.start_us, "window_end_us": row.end_us, **told}
    )
    if not row.part:
        return found
    return Service(counts=found.counts, latency=found.latency, jitter=found.jitter)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ClaimError as exc:
        raise RefusedError(Code.INVALID, str(exc)) from exc
    except (KeyError, LogError, SegmentError) as exc:
        raise RefusedError(
            Code.STATE, f"the readings themselves are not kept any more or damaged: {exc}"
        ) from exc
