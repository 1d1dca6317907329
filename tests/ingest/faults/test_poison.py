"""A stream that cannot be read, or a store that fails oddly, stops no other party's."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from xinlian.ingest.adapters.log.log import SegmentLog
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.query import Window
from xinlian.ingest.usecases.log_ports import Kind
from xinlian.ingest.usecases.store_ports import TelemetryStore
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.app.telemetry_evidence import TelemetryEvidence
from xinlian.services.app.telemetry_pump import TelemetryPump
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence
from tests.support.collected import frame, record

START = 1_790_000_000_000_000
POISON = (
    b"", b"{", b"[]", b"7", b'{"name": 1}', b"\xff\xfe", b"[" * 5_000,
    b'{"fixed":true,"name":"t","tags":[{"address":"1","name":"a","scale":"1e400","type":"bool"}],'
    b'"version":"1"}',
)  # fmt: skip


def poisoned(root: Path, party: int, table: bytes, kind: Kind) -> None:
    folder = root / str(party) / "log" / "collector"
    folder.mkdir(parents=True)
    log = SegmentLog(folder)
    log.turn(1_000)
    log.write([(Kind.TABLE, table), (kind, table)])
    log.close()


def opened(folder: Path) -> TelemetryStore:
    if folder.parent.name == "3":
        raise RuntimeError("a store that fails as no store should")
    return open_duckdb(folder, memory_mb=256, threads=1)


@pytest.mark.parametrize("kind", [Kind.SEGMENT, Kind.MARK])
def test_the_others_are_stored_and_recorded(
    tmp_path: Path, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "telemetry"
    for number, table in enumerate(POISON):
        poisoned(root, 10 + number, table, kind)
    for party in (3, 9, 99):
        record(root, party, [frame("m1", START, [1, 2, 3])])
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    sites = TelemetrySites(root, opened)
    recorder = TelemetryEvidence(engine, LocalEvidence(engine), sites)
    pump = TelemetryPump(sites)
    with caplog.at_level(logging.WARNING):
        assert sum(pump.round() for _ in range(3)) == 2
        assert sum(recorder.round() for _ in range(3)) == 3
    span = Window(device="m1", tags=("power",), start_us=START, end_us=START + 10**8)
    for party in (9, 99):
        [series] = sites.site(party).store.window(span)
        assert series.values.tolist() == [0.1, 0.2, 0.3]
    told = caplog.text
    assert "fails as no store should" in told
    assert len(caplog.records) < 4 * len(POISON) + 8, "told once, not in every round"
    sites.close()
    engine.dispose()
