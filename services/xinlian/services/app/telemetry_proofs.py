"""Proof files about readings, and service figures over spans, from the windows recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import Connection, Engine, select
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.frames import Counts
from xinlian.ingest.model.segments.layout import SegmentError
from xinlian.ingest.model.service import Service
from xinlian.ingest.model.telemetry_proof import LATE_US, Claim, ClaimError
from xinlian.ingest.model.window_record import day_start_us, days_of
from xinlian.ingest.usecases.log_ports import LogError
from xinlian.ingest.usecases.prove import Asked, Proved, StoredWindow, prove
from xinlian.ingest.usecases.windows import Disclosure
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.usecases.evidence import Request
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_evidence import STREAM, unpacked
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.telemetry_tables import windows

__all__ = ["GroupService", "TelemetryProofs"]

WINDOWS_MAX: Final = 20_000
"""Windows of one proof."""
DAYS_MAX: Final = 999
"""Verifiers follow the windows of so many days."""
REPORT_ROWS_MAX: Final = 600_000
_NOW_S: Final = 60
"""A span that ends as short a time ago ends now."""
_SETTLED_US: Final = 60_000_000
"""How long after its end a window may take until it is recorded."""


class Prover(Protocol):
    """Makes bundles; ``services.app.evidence.Evidence``."""

    def ensure_log(self, party: PartyId, stream: str) -> bytes:
        """The id of a party's log of a stream."""

    def prove(self, requests: Mapping[bytes, Request], *, wait: bool = True) -> bytes:
        """A bundle against the newest heads."""


@dataclass(frozen=True, slots=True)
class GroupService:
    """Service figures of a device group over a span; ``windows`` recorded."""

    group: str
    windows: int
    service: Service


class TelemetryProofs:
    """What was recorded of a party's readings. A party asks about its own alone."""

    def __init__(
        self, engine: Engine, evidence: Prover, sites: TelemetrySites, clock: Clock | None = None
    ) -> None:
        """Without a clock nothing is said about the time after the last window."""
        self._clock = clock
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
        short: bool = False,
    ) -> Proved:
        """A proof of claims over readings of a device group in [start, end).

        A span up to now ends with the last reading that is fixed on the chain: the file says so.
        Where readings are missing in the span, it states the gap. ``short``: of counters the ends
        alone are shown, and the file states that nobody looked between them.

        Refused with ``NOT_FOUND`` where nothing was recorded, ``STATE`` while its records are not
        on the chain or after its segments were deleted, ``INVALID`` for what cannot be claimed.
        """
        start, end = span_us
        if not claims or not 0 <= start < end:
            raise RefusedError(Code.INVALID, "a proof claims something of a span of time")
        if end - start > DAYS_MAX * 86_400_000_000:
            raise RefusedError(
                Code.INVALID, f"a proof covers at most {DAYS_MAX} days: ask for a shorter time"
            )
        with begin_read(self._engine) as connection:
            end = max(start + 1, self._reached(connection, party, group, end))
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
        fixed = [each for each in stored if each.record < part["head"]["size"]]
        if len(fixed) < len(stored):
            until = self._fixed_until(fixed, stored, end)
            return self.prove(party, group, (start, until), claims, wait=wait, short=short)
        shown = {each["index"] for each in part["records"]}
        stored = [each for each in stored if each.record in shown]
        asked = Asked(group, start, end, tuple(claims), short)
        with _refusals(), self._logs(party) as logs:
            return prove(bundle, log, asked, stored, logs)

    def service(
        self, party: int, span_us: tuple[int, int], group: str | None = None
    ) -> list[GroupService]:
        """Service figures of the party's groups (or one) over the windows that begin in a span.
        Time without a window counts as an outage, up to now: the collector was away."""
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
        behind: dict[str, int] = {}
        length: dict[str, int] = {}
        with begin_read(self._engine) as connection:
            for at, row in enumerate(connection.execute(query)):
                if at == REPORT_ROWS_MAX:
                    raise RefusedError(Code.INVALID, "too many windows: ask for a shorter time")
                name = row.device_group
                if name not in behind:
                    before = self._end_before(connection, party, name, start)
                    behind[name] = row.start_us if before is None else max(before, start)
                away = max(0, row.start_us - behind[name])
                behind[name] = max(behind[name], row.end_us)
                found[name] = found.get(name, Service()) + Service(away, away) + _service(row)
                number[name] += not row.part
                length[name] = row.end_us - row.start_us
        now = min(end, 1_000_000 * self._clock.now()) if self._clock is not None else 0
        for name, until in behind.items():
            away = now - until
            if away > length[name] + _SETTLED_US:
                found[name] += Service(away, away)
        return [GroupService(name, number[name], each) for name, each in found.items()]

    def _end_before(
        self, connection: Connection, party: int, group: str, start_us: int
    ) -> int | None:
        """The end of a group's last window that begins before a time."""
        query = (
            select(windows.c.end_us)
            .where((windows.c.party == party) & (windows.c.device_group == group))
            .where(windows.c.start_us < start_us)
            .order_by(windows.c.start_us.desc())
            .limit(1)
        )
        return connection.execute(query).scalar()

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
            .where(
                (windows.c.start_us >= day_start_us(start - LATE_US)) & (windows.c.start_us < end)
            )
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

    def _fixed_until(
        self, fixed: Sequence[StoredWindow], stored: Sequence[StoredWindow], end: int
    ) -> int:
        """The end of a span up to now: behind the last reading under a head. Refused with
        ``STATE`` where the span ends earlier, or nothing is fixed."""
        until = max((each.last_us + 1 for each in fixed), default=0)
        waiting = min(each.first_us for each in stored if each not in fixed)
        now = self._clock is not None and end >= (self._clock.now() - _NOW_S) * 1_000_000
        if now and until <= waiting and fixed:
            return until
        if not fixed:
            raise RefusedError(
                Code.STATE, "none of these readings is on the chain yet: try again in a minute"
            )
        raise RefusedError(
            Code.STATE,
            "of these readings those until "
            f"{datetime.fromtimestamp(min(until, waiting) // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ} "
            "are on the chain: end there, or try again in a minute",
        )

    def _reached(self, connection: Connection, party: int, group: str, end: int) -> int:
        """Until when a span reaches whose last window is not recorded yet, but will be."""
        of_group = (windows.c.party == party) & (windows.c.device_group == group)
        query = select(windows.c.start_us, windows.c.end_us, windows.c.last_us).where(of_group)
        row = connection.execute(query.order_by(windows.c.start_us.desc()).limit(1)).one_or_none()
        if row is None or self._clock is None:
            return end
        next_us = 2 * row.end_us - row.start_us
        due = self._clock.now() * 1_000_000 >= next_us + _SETTLED_US
        return end if due else min(end, row.last_us + 1)

    @contextmanager
    def _logs(self, party: int) -> Iterator[Any]:
        """The logs of a party's streams, closed at the end."""
        readers: dict[str, LogReader] = {}
        site = self._sites.site(party)

        def log(stream: str) -> Disclosure:
            if stream not in readers:
                readers[stream] = LogReader(site.log_folder / stream, party=site.party)
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
