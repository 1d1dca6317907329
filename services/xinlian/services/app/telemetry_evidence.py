"""Windows of readings become records in the party's evidence log ``telemetry``, once each.

A round reads a stream's log on from where it is, and writes, in one transaction: the records of the
windows that closed, a row for each, and how far the log was read with the windows still open. So
whatever dies when, a window has its record once; late segments are recorded as further parts.
"""

from __future__ import annotations

import logging
import secrets
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import Connection, Engine, func, insert, select, update
from xinlian.ingest.adapters.log.consumers import check_same, commit
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.segments.windows import ClosedWindow, WindowState
from xinlian.ingest.model.service import Service, delays_of
from xinlian.ingest.model.window_record import DeviceTree, service_of, window_record
from xinlian.ingest.usecases.log_ports import Damage, LogError
from xinlian.ingest.usecases.windows import closed_windows
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.usecases.evidence import Appended, NewRecord
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.telemetry_tables import positions, windows

__all__ = ["EVIDENCE", "STREAM", "EvidenceLog", "TelemetryEvidence", "unpacked"]

STREAM: Final = "telemetry"
"""The evidence log of each party that holds its window records."""
EVIDENCE: Final = "evidence"
"""What it is called among those for whom a log is kept."""
_BITES: Final = 20
"""Batches of a stream in one round, so that no party starves the others."""
_SAVE_AFTER: Final = 500
"""Entries read after which the open windows are saved, though none closed."""
_SAMPLES: Final = 6
"""Segments of a window in which delays are measured."""
_FRAMES: Final = 64

_LOG: Final = logging.getLogger(__name__)


class EvidenceLog(Protocol):
    """The evidence logs of parties; ``services.app.evidence.Evidence``."""

    def ensure_log(self, party: PartyId, stream: str) -> bytes:
        """The id of a party's log of a stream, made if there is none. Outside transactions."""

    def append(
        self, connection: Connection, log: bytes, records: Sequence[NewRecord]
    ) -> list[Appended]:
        """Append records within the caller's transaction."""


@dataclass
class _Stream:
    """A stream's log, as far as it was read. ``saved`` is the position in the database."""

    reader: LogReader
    sampler: LogReader
    state: WindowState
    saved: int


class TelemetryEvidence:
    """Reads the logs of all parties. One thread at a time; ``round`` is its task."""

    def __init__(
        self,
        engine: Engine,
        evidence: EvidenceLog,
        sites: TelemetrySites,
        key_devices: Callable[[int, str], Sequence[str] | None] = lambda _party, _group: None,
    ) -> None:
        """``key_devices(party, group)``: those whose connection counts; ``None`` for all."""
        self._engine = engine
        self._evidence = evidence
        self._sites = sites
        self._key_devices = key_devices
        self._streams: dict[Path, _Stream] = {}
        self._turns = sites.turns("recording windows")

    def round(self) -> int:
        """Record what has closed; how many windows. What fails is logged and tried again."""
        recorded = 0
        for party in self._sites.parties():
            site = self._sites.site(party)
            for name in site.streams():
                folder = site.log_folder / name
                recorded += self._turns.take(folder, partial(self._stream, party, name, folder))
        return recorded

    def _stream(self, party: int, name: str, folder: Path) -> int:
        stream = self._streams.get(folder)
        if stream is None:
            stream = self._streams[folder] = self._opened(party, name, folder)
        try:
            return self._read(party, name, stream, folder)
        except BaseException:
            self._forget(folder)
            raise

    def _read(self, party: int, name: str, stream: _Stream, folder: Path) -> int:
        check_same(stream.reader, folder, EVIDENCE, stream.saved - 1)
        recorded = 0
        for _ in range(_BITES):
            if stream.reader.next <= stream.state.position:
                break
            closed, more = closed_windows(stream.reader, stream.state)
            if closed or stream.state.position - stream.saved >= _SAVE_AFTER:
                self._save(party, name, stream, closed)
                recorded += len(closed)
                commit(folder, EVIDENCE, stream.state.position - 1)
            if not more:
                break
        return recorded

    def _opened(self, party: int, name: str, folder: Path) -> _Stream:
        with self._engine.connect() as connection:
            row = connection.execute(_position_of(party, name)).one_or_none()
        state = WindowState() if row is None else WindowState.from_json(unpacked(row.state))
        reader, sampler = (LogReader(folder, tell, party=party) for tell in (_tell, _quiet))
        return _Stream(reader, sampler, state, state.position)

    def _forget(self, folder: Path) -> None:
        """What was read is not what is saved any more."""
        stream = self._streams.pop(folder, None)
        if stream is not None:
            stream.reader.close()
            stream.sampler.close()

    def _save(self, party: int, name: str, stream: _Stream, closed: Sequence[ClosedWindow]) -> None:
        measured = [self._measured(party, stream, window) for window in closed]
        log = self._evidence.ensure_log(PartyId(party), STREAM)
        state = packed(stream.state.to_json())
        with begin_write(self._engine) as connection:
            row = connection.execute(_position_of(party, name).with_for_update()).one_or_none()
            if (0 if row is None else row.position) != stream.saved:
                raise LogError(
                    f"another process reads the stream {name} of party {party}",
                    f"另有进程在读取参与方 {party} 的数据流 {name}",
                )
            for window, service in zip(closed, measured, strict=True):
                self._record(connection, log, name, stream, window, service)
            kept = {"position": stream.state.position, "state": state}
            if row is None:
                connection.execute(insert(positions).values(party=party, stream=name, **kept))
            else:
                own = (positions.c.party == party) & (positions.c.stream == name)
                connection.execute(update(positions).where(own).values(kept))
        stream.saved = stream.state.position

    def _measured(self, party: int, stream: _Stream, window: ClosedWindow) -> Service:
        """The figures of a window; delays from some of its segments, evenly spread."""
        service = service_of(window, self._key_devices(party, window.group))
        step = -(-len(window.positions) // _SAMPLES)
        for position in window.positions[::step]:
            batch = stream.sampler.segments(position, 1)
            for _, segment in batch.segments[:1]:
                latency, jitter = delays_of(segment.frames[:_FRAMES])
                service += Service(latency=latency, jitter=jitter)
        return service

    def _record(
        self,
        connection: Connection,
        log: bytes,
        name: str,
        stream: _Stream,
        window: ClosedWindow,
        service: Service,
    ) -> None:
        part, first = self._parts(connection, window)
        secret = secrets.token_bytes(32)
        tables = {
            digest: f"{table.name}/{table.version}"
            for digest, table in stream.reader.tables.items()
        }
        record = window_record(
            window,
            collector=name,
            part=part,
            devices=DeviceTree(window.devices, secret),
            service=service,
            tables=tables,
            amends=first,
        )
        (appended,) = self._evidence.append(connection, log, [record])
        told = {"service": record["service"], "counts": record["counts"]}
        row = {
            "party": window.party,
            "device_group": window.group,
            "start_us": window.start_us,
            "part": part,
            "end_us": window.end_us,
            "first_us": record["first_us"],
            "last_us": record["last_us"],
            "stream": name,
            "leaf": appended.index,
            "leaf_hash": appended.leaf_hash,
            "root": window.root,
            "secret": secret,
            "positions": packed(list(window.positions)),
            "devices": packed({device: asdict(each) for device, each in window.devices.items()}),
            "service": orjson.dumps(told).decode(),
        }
        connection.execute(insert(windows).values(row))

    def _parts(self, connection: Connection, window: ClosedWindow) -> tuple[int, str]:
        """How many records of this window there are, and the leaf hash of the first."""
        own = (
            (windows.c.party == window.party)
            & (windows.c.device_group == window.group)
            & (windows.c.start_us == window.start_us)
        )
        count = connection.execute(
            select(func.count()).select_from(windows).where(own)
        ).scalar_one()
        if not count:
            return 0, ""
        first = select(windows.c.leaf_hash).where(own & (windows.c.part == 0))
        return int(count), bytes(connection.execute(first).scalar_one()).hex()


def _tell(damage: Damage) -> None:
    """Segments that cannot be read are in no window; those behind them must not wait for ever."""
    _LOG.error("telemetry was lost from a log before it was recorded: %s", damage)


def _quiet(_damage: Damage) -> None:
    """What the sampler cannot read was told before."""


def packed(value: Any) -> bytes:
    """JSON, deflated."""
    return zlib.compress(orjson.dumps(value), 6)


def unpacked(data: bytes) -> Any:
    """The reverse."""
    return orjson.loads(zlib.decompress(bytes(data)))


def _position_of(party: int, stream: str) -> Any:
    return select(positions.c.position, positions.c.state).where(
        (positions.c.party == party) & (positions.c.stream == stream)
    )
