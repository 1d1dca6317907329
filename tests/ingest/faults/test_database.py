"""The database of records is full: windows wait, and are recorded once when there is room."""

from __future__ import annotations

import logging
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.app.telemetry_evidence import TelemetryEvidence
from xinlian.services.app.telemetry_tables import windows
from xinlian.services.app.turns import Turns
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence, sites_with
from tests.support.telemetry import Plant

WINDOWS = 120


def test_windows_wait_for_room_and_are_recorded_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    made = make_engine(url)
    upgrade(made)
    made.dispose()
    engine = make_engine(url)
    pages = {"room": 0}

    @event.listens_for(engine, "checkout")
    def bound(connection: Any, *_: Any) -> None:
        used = connection.execute("PRAGMA page_count").fetchone()[0]
        most = used + pages["room"] if pages["room"] else 1 << 30
        connection.execute(f"PRAGMA max_page_count={most}")

    sites = sites_with(tmp_path / "telemetry", Plant(window_s=2).run(2 * WINDOWS))
    turns = Turns("recording windows", count(0, 1_000).__next__)  # nobody rests
    monkeypatch.setattr(sites, "turns", lambda _: turns)
    recorder = TelemetryEvidence(engine, LocalEvidence(engine), sites)
    pages["room"] = 8
    with caplog.at_level(logging.WARNING):
        assert sum(recorder.round() for _ in range(3)) < WINDOWS
    assert "database or disk is full" in caplog.text
    assert len(caplog.records) == 1, "told once"
    pages["room"] = 0
    for _ in range(20):
        recorder.round()
    assert not turns.faults
    with engine.connect() as connection:
        found = connection.execute(select(windows.c.start_us, windows.c.leaf)).all()
    assert sorted(row.leaf for row in found) == list(range(WINDOWS))
    assert len({row.start_us for row in found}) == WINDOWS
    engine.dispose()
