"""Evidence logs in a database without a chain, and a plant's log on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine
from xinlian.ingest.adapters.log.log import LogLimits, SegmentLog
from xinlian.ingest.model.segments.segment import Segment
from xinlian.ingest.usecases.log_ports import Kind
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.usecases.evidence import Appended, EvidenceLogs, NewRecord, Request
from xinlian.services.app.telemetry_site import TelemetrySites

from tests.support.telemetry import METER, PARTY, Plant
from tests.support.xlproof import BLOCK_TIME

CONTRACT = Address(b"\xc0" * 20)


class LocalEvidence:
    """What ``Evidence`` does, with heads that no chain carries."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.logs = EvidenceLogs(SqlEvidence())
        self.cutting = True
        """Whether new records get a head."""

    def ensure_log(self, party: PartyId, stream: str) -> bytes:
        with begin_write(self.engine) as connection:
            found = self.logs.find(connection, party, stream)
            if found is None:
                found = self.logs.create(
                    connection, chain_id=31337, contract=CONTRACT, party=party, stream=stream
                )
            return found.log_id

    def append(
        self, connection: Connection, log: bytes, records: Sequence[NewRecord]
    ) -> list[Appended]:
        return self.logs.append(connection, log, records)

    def prove(self, requests: Mapping[bytes, Request], *, wait: bool = True) -> bytes:
        with begin_write(self.engine) as connection:
            for log in requests if self.cutting else ():
                self.logs.cut_head(connection, log)
            return self.logs.prove(connection, requests)


def pins(proof: bytes) -> list[bytes]:
    """The head of a proof, as somebody who trusts its maker would pin it."""
    (one,) = orjson.loads(proof)["proof"]["parts"]
    log = {name: one["log"][name] for name in ("chain_id", "contract", "key_commitment")}
    head = {"format": "xinlian-head/1", "log": one["log"]["id"], **log, **one["head"]}
    return [json.dumps(head | {"block_time": BLOCK_TIME}).encode()]


def no_store(_folder: Path) -> Any:
    raise AssertionError("no store is needed")


def sites_with(folder: Path, plant: Plant) -> TelemetrySites:
    """The plant's segments in a log on disk."""
    write(folder, plant, 0)
    return TelemetrySites(folder, no_store)


def write(folder: Path, plant: Plant, since: int) -> None:
    """Add the plant's entries from a place on."""
    place = folder / str(PARTY) / "log" / "collector"
    place.mkdir(parents=True, exist_ok=True)
    log = SegmentLog(place, LogLimits())
    log.write([(Kind.TABLE, canonical(METER.to_json()))])
    for entry in plant.log.entries[since:]:
        if isinstance(entry, Segment):
            log.write([(Kind.SEGMENT, entry.encode())])
        else:
            log.write([(Kind.MARK, json.dumps(entry).encode())])
    log.close()
