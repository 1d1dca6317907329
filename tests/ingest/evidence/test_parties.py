"""Whoever writes a log says in its segments whose they are; its folder says whose it is."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.usecases.log_ports import Damage
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.app.telemetry_evidence import TelemetryEvidence
from xinlian.services.app.telemetry_tables import windows
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence, sites_with
from tests.support.telemetry import PARTY, Plant


def test_a_log_that_speaks_for_another_party_records_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    sites = sites_with(tmp_path / "sites", Plant().run(60))
    other = PARTY + 1
    (tmp_path / "sites" / str(PARTY)).rename(tmp_path / "sites" / str(other))
    assert TelemetryEvidence(engine, LocalEvidence(engine), sites).round() == 0
    with engine.connect() as connection:
        assert connection.execute(select(windows)).all() == []
    engine.dispose()
    told: list[Damage] = []
    log = tmp_path / "sites" / str(other) / "log" / "collector"
    assert LogReader(log, told.append, party=other).segments(0).segments == []
    reason = f"a segment of party {PARTY} in a log of party {other}"
    assert {each.reason for each in told} == {reason}
    assert len(LogReader(log, party=PARTY).segments(0).segments) == len(told)
