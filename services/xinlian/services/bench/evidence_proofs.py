"""Making and checking proofs for `./xl bench evidence`."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from xinlian.ledger.adapters import xinlian_verify
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.heads import LogInfo, pinned_head
from xinlian.ledger.usecases.evidence import EvidenceLogs, Request
from xinlian.services.bench.evidence_load import RECORDS_PER_VEHICLE, VEHICLES_AT_ONCE, vehicle_id

SAMPLES: Final = 300
BUNDLE: Final = 5_000
REPEATS: Final = 3
_PASSED: Final = ("PASS", "NOT CHECKED")


class ProofError(RuntimeError):
    """The verifier refused what was made."""


@dataclass(frozen=True, slots=True)
class Single:
    """Milliseconds for a proof of one record, median and 95th percentile; bytes of its file."""

    p50_ms: float
    p95_ms: float
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """Seconds to make and to verify a bundle, the best of a few; records and bytes in it."""

    make_s: float
    verify_s: float
    records: int
    size_bytes: int


class Prover:
    """Proofs of a log that is filled."""

    def __init__(self, engine: Engine, info: LogInfo, leaves: int) -> None:
        self._engine = engine
        self._info = info
        self._leaves = leaves
        self._logs = EvidenceLogs(SqlEvidence())
        self._rnd = random.Random(4)  # noqa: S311  the same places in every run
        with begin_read(engine) as conn:
            stored = self._logs.newest_head(conn, info.log_id)
        if stored is None or stored.anchor is None:
            raise ProofError("the log has no head on chain")
        self._pinned = json.dumps(pinned_head(info, stored.head, stored.anchor)).encode()

    def single(self) -> Single:
        """Proofs of one record each, at random places, each read and made from nothing."""
        times, size = [], 0
        for _ in range(SAMPLES):
            wanted = Request(indices=[self._rnd.randrange(self._leaves)])
            seconds, data = self._timed(wanted)
            times.append(1_000 * seconds)
            size = max(size, len(data))
        self._verified(data)
        times.sort()
        return Single(times[SAMPLES // 2], times[SAMPLES * 95 // 100], size)

    def scattered(self, records: int = BUNDLE) -> Bundle:
        """Records all over the log; nothing is said about their subjects."""
        wanted = self._rnd.sample(range(self._leaves), min(records, self._leaves))
        return self._bundle(Request(indices=wanted))

    def vehicles(self, records: int = BUNDLE) -> Bundle:
        """Everything about so many vehicles, and that it is everything."""
        count = max(1, records // RECORDS_PER_VEHICLE)
        # These have all their records; a small log has no such vehicles yet.
        finished = range(VEHICLES_AT_ONCE, self._leaves // RECORDS_PER_VEHICLE - count)
        first = self._rnd.choice(finished) if finished else 0
        subjects = [vehicle_id(first + at) for at in range(count)]
        return self._bundle(Request(subjects=subjects))

    def _bundle(self, wanted: Request) -> Bundle:
        made, checked = [], []
        for _ in range(REPEATS):
            seconds, data = self._timed(wanted)
            made.append(seconds)
            checked.append(self._verified(data))
        return Bundle(min(made), min(checked), data.count(b'"leaf":'), len(data))

    def _timed(self, wanted: Request) -> tuple[float, bytes]:
        began = time.perf_counter()
        with begin_read(self._engine) as conn:
            data = self._logs.prove(conn, {self._info.log_id: wanted})
        return time.perf_counter() - began, data

    def _verified(self, data: bytes) -> float:
        began = time.perf_counter()
        report = xinlian_verify.verify(data, [self._pinned])
        seconds = time.perf_counter() - began
        failed = [step for step in report["steps"] if step["status"] not in _PASSED]
        unchecked: Sequence[int] = [
            step["step"] for step in report["steps"] if step["status"] != "PASS"
        ]
        # Without SM3 in the log and without an earlier head, steps 8 and 10 have nothing to check.
        if failed or not set(unchecked) <= {8, 10}:
            raise ProofError(f"the verifier found: {failed or unchecked}")
        return seconds
