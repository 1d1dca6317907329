"""Killed at any moment, the recorder of windows loses none and records none twice."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

from sqlalchemy import Engine, select
from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.ledger.adapters import xinlian_verify
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.app.telemetry_evidence import TelemetryEvidence
from xinlian.services.app.telemetry_proofs import TelemetryProofs
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.telemetry_tables import windows
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence, no_store, pins, sites_with
from tests.support.telemetry import GROUP, PARTY, SECOND, START, Plant

KILLS = 12
WINDOWS = 300


def recorder(url: str, sites: TelemetrySites) -> TelemetryEvidence:
    engine = make_engine(url)
    return TelemetryEvidence(engine, LocalEvidence(engine), sites)


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return len(connection.execute(select(windows.c.leaf)).all())


def killed(url: str, folder: Path, seconds: float) -> int:
    """A process that records, killed a while after it made some progress; the windows then."""
    child = os.fork()  # it inherits no connection
    if child == 0:
        try:
            recorder(url, TelemetrySites(folder, no_store)).round()
        finally:
            os._exit(0)
    engine = make_engine(url)
    before, until = count(engine), time.monotonic() + 10
    while count(engine) == before and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    after = count(engine)
    engine.dispose()
    return after


def test_every_window_is_recorded_once(tmp_path: Path) -> None:
    folder = tmp_path / "telemetry"
    plant = Plant(window_s=2).run(2 * WINDOWS)
    sites = sites_with(folder, plant)
    url = f"sqlite:///{tmp_path / 'x.db'}"
    engine = make_engine(url)
    upgrade(engine)
    evidence = LocalEvidence(engine)
    evidence.ensure_log(PARTY, "telemetry")  # type: ignore[arg-type]
    engine.dispose()
    chance = random.Random(9)
    seen = [0]
    while seen[-1] < WINDOWS and len(seen) < KILLS:
        seen.append(killed(url, folder, chance.uniform(0, 0.08)))
    assert seen == sorted(seen)
    TelemetryEvidence(engine, evidence, sites).round()
    with engine.connect() as connection:
        found = connection.execute(
            select(windows.c.start_us, windows.c.part, windows.c.leaf).order_by(windows.c.leaf)
        ).all()
    wanted = [(START + 2 * at * SECOND, 0, at) for at in range(WINDOWS)]
    assert [tuple(row) for row in found] == wanted
    span = (START + 100 * SECOND, START + 140 * SECOND)
    claim = Claim(ClaimKind.SUM, "m1", "torque")
    proven = TelemetryProofs(engine, evidence, sites).prove(PARTY, GROUP, span, [claim])
    assert xinlian_verify.verify(proven.data, pins(proven.data))["exit"] == 0
    assert any(0 < count < WINDOWS for count in seen), seen
    engine.dispose()
