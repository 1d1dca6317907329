"""Attempts to set a counter back unseen, and to hide a serious flag behind many small ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlalchemy import insert
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.app.telemetry_flags import TelemetryFlags
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.telemetry_tables import flags
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence
from tests.ingest.evidence.test_flags import HOUR, PARTY, START, Clock, told


def test_neither_the_full_hour_nor_many_flags_hide_a_counter_set_back(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    sites = TelemetrySites(tmp_path / "telemetry", open_duckdb)
    steps = np.arange(720)
    energy = 100 + steps * 0.01
    energy[360:] -= 50  # exactly at the full hour
    frame = told("press", energy, steps // 2, 180 + np.random.default_rng(3).random(720))
    sites.site(PARTY).store.append("collector", 0, [frame])
    looking = TelemetryFlags(engine, LocalEvidence(engine), sites, Clock())
    try:
        looking.look(PARTY, (START + HOUR, START + 2 * HOUR))
        found = looking.of(PARTY, (START, START + 2 * HOUR))
        assert [each["start_us"] for each in found if each["kind"] == "counter-backwards"] == [
            START + HOUR
        ]
        before = looking.weights(PARTY, (START, START + 3 * HOUR))
        row = {
            "party": PARTY, "machine": "made-up", "kind": "frozen-value", "severity": "notice",
            "start_us": START + 2 * HOUR, "end_us": START + 3 * HOUR, "leaf": 0, "details": "{}",
        }  # fmt: skip
        with engine.begin() as connection:
            connection.execute(
                insert(flags), [{**row, "flag": f"{at:064x}"} for at in range(1_001)]
            )
        weights = looking.weights(PARTY, (START, START + 3 * HOUR))
        assert weights["warning"] == before["warning"] >= 1
        assert weights["notice"] == before.get("notice", 0) + 1_001
    finally:
        sites.close()
        engine.dispose()
