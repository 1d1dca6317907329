"""Flags of readings that do not add up, kept where others find them.

A round looks at the last whole hour. What it finds stands, in one transaction, as a record in the
party's evidence log ``telemetry``, as a row here, and as a signal of traceability: quality sees it
among its signals, and who finances a party asks ``of`` or counts by ``weights``. The same finding
is flagged once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, func, insert, select
from xinlian.ingest.adapters.files.classes import class_names, load_class
from xinlian.ingest.model.device_class import EnergyRole
from xinlian.ingest.model.energy.metering import Meter
from xinlian.ingest.model.flags import Flag
from xinlian.ingest.model.query import Known
from xinlian.ingest.usecases.flags import Rating, look, look_at_tree
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.ledger.model.evidence.canonical import time_text
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.clock import Clock
from xinlian.services.app.telemetry_evidence import STREAM, EvidenceLog
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.telemetry_tables import flags
from xinlian.trace.adapters.sql.signals import SignalTable
from xinlian.trace.model.signals import IMPLAUSIBLE

__all__ = ["SCHEMA", "TelemetryFlags"]

SCHEMA: Final = "xinlian-telemetry-flag/1"
_HOUR_US: Final = 3_600_000_000
_SETTLED_US: Final = 120_000_000
"""How long after its end an hour is looked at: roll-ups are made by then."""
_AT_ONCE: Final = 5
"""Devices of a party in one round."""
LISTED_MAX: Final = 1_000

_LOG: Final = logging.getLogger(__name__)


@dataclass
class _Turn:
    """How far the look at an hour has come."""

    span_us: tuple[int, int]
    known: Sequence[Known]
    at: int = 0


class TelemetryFlags:
    """Looks for flags, keeps and tells them. ``meters(party)`` is the party's metering tree."""

    def __init__(
        self,
        engine: Engine,
        evidence: EvidenceLog,
        sites: TelemetrySites,
        clock: Clock,
        meters: Callable[[int], Mapping[str, Meter]] = lambda _party: {},
    ) -> None:
        self._engine = engine
        self._evidence = evidence
        self._sites = sites
        self._clock = clock
        self._meters = meters
        self._turns: dict[int, _Turn] = {}
        self._rounds = sites.turns("looking for what does not add up")

    def round(self) -> int:
        """Look at the next few devices of every party, in the last whole hour, and at its metering
        tree when all had their turn; how many flags are new. Others wait for this thread."""
        end = (1_000_000 * self._clock.now() - _SETTLED_US) // _HOUR_US * _HOUR_US
        new = 0
        for party in self._sites.parties():
            turn = partial(self._turn, party, (end - _HOUR_US, end))
            new += self._rounds.take(f"party {party}", turn)
        return new

    def _turn(self, party: int, span_us: tuple[int, int]) -> int:
        turn = self._turns.get(party)
        store = self._sites.site(party).store
        if turn is None or turn.span_us != span_us:
            turn = self._turns[party] = _Turn(span_us, store.catalogue())
        if turn.at > len(turn.known):
            return 0
        few = turn.known[turn.at : turn.at + _AT_ONCE]
        turn.at += _AT_ONCE  # what fails is not tried again within this hour
        found = look(store, few, span_us, rating_of)
        if turn.at >= len(turn.known):
            turn.at = len(turn.known) + 1
            found += look_at_tree(store, turn.known, span_us, self._meters(party))
        return self._keep(party, found) if found else 0

    def look(self, party: int, span_us: tuple[int, int]) -> int:
        """Look at a span of whole quarters of an hour at once; how many flags are new."""
        store = self._sites.site(party).store
        store.rollup()
        known = store.catalogue()
        found = look(store, known, span_us, rating_of)
        found += look_at_tree(store, known, span_us, self._meters(party))
        return self._keep(party, found) if found else 0

    def _keep(self, party: int, found: Sequence[Flag]) -> int:
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        now_ms = 1000 * self._clock.now()
        new = 0
        with begin_write(self._engine) as connection:
            for flag in found:
                new += self._keep_one(connection, party, log, flag, now_ms)
        return new

    def _keep_one(
        self, connection: Connection, party: int, log: bytes, flag: Flag, now_ms: int
    ) -> bool:
        name = _digest(flag)
        own = (flags.c.party == party) & (flags.c.flag == name)
        if connection.execute(select(flags.c.flag).where(own)).first() is not None:
            return False
        told = flag.to_json()
        record = {
            "schema": SCHEMA,
            "subject": f"telemetry-flag:{party}:{flag.machine}",
            "event_time": time_text(min(flag.end_us // 1000, now_ms)),
            **told,
        }
        (appended,) = self._evidence.append(connection, log, [record])
        connection.execute(
            insert(flags).values(
                party=party,
                flag=name,
                machine=flag.machine,
                kind=flag.kind.value,
                severity=flag.severity.value,
                start_us=flag.start_us,
                end_us=flag.end_us,
                leaf=appended.index,
                details=orjson.dumps(told).decode(),
            )
        )
        subject = f"{flag.machine} {flag.kind.value} {name[:16]}"
        SignalTable(connection).raise_signal(party, IMPLAUSIBLE, subject, told, now_ms)
        return True

    def of(
        self, party: int, span_us: tuple[int, int], machine: str | None = None
    ) -> list[dict[str, Any]]:
        """Flags that touch a span, the newest first, at most 1,000; each as in its record, with the
        place ``leaf`` of that in the evidence log."""
        start, end = span_us
        query = (
            select(flags.c.details, flags.c.leaf)
            .where((flags.c.party == party) & (flags.c.start_us < end) & (flags.c.end_us > start))
            .order_by(flags.c.start_us.desc(), flags.c.flag)
            .limit(LISTED_MAX)
        )
        if machine is not None:
            query = query.where(flags.c.machine == machine)
        with begin_read(self._engine) as connection:
            rows = connection.execute(query).all()
        return [{**orjson.loads(row.details), "leaf": row.leaf} for row in rows]

    def weights(self, party: int, span_us: tuple[int, int]) -> dict[str, int]:
        """How many flags of each severity touch a span: what a financier weighs."""
        start, end = span_us
        query = (
            select(flags.c.severity, func.count())
            .where((flags.c.party == party) & (flags.c.start_us < end) & (flags.c.end_us > start))
            .group_by(flags.c.severity)
        )
        with begin_read(self._engine) as connection:  # all: many small ones hide no serious one
            return {row[0]: row[1] for row in connection.execute(query)}


def rating_of(table: str) -> Rating | None:
    """The nameplate of a device class; ``None`` for tables that are none's."""
    if table not in class_names():
        return None
    found = load_class(table)
    if found.energy in (EnergyRole.METER, EnergyRole.NONE):
        return None
    generates = found.energy in (EnergyRole.PRODUCER, EnergyRole.STORAGE)
    return Rating(float(found.rated_kw), generates)


def _digest(flag: Flag) -> str:
    """What a finding is about, whatever its numbers come to when it is looked at again."""
    about = [flag.machine, flag.kind.value, flag.start_us, flag.numbers.get("tag", "")]
    return sha256(orjson.dumps(about)).hexdigest()
