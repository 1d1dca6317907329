"""The setting that keeps readings in ClickHouse, as the product wires it; ClickHouse's own engine
behind its HTTP interface stands in for a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from xinlian.ingest.model.query import Aggregate
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_pump import TelemetryPump
from xinlian.services.app.telemetry_wiring import make_telemetry
from xinlian.services.settings import Settings

from tests.support.clickhouse_shim import clickhouse_server
from tests.support.collected import frame, record

__all__ = ["clickhouse_server"]

START = 1_790_000_000_000_000
# Databases are named by party; other tests of the session have theirs.
PARTY, OTHER = 4_001, 4_002


def test_readings_go_where_the_setting_says(clickhouse_server: str, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("a word with @ and / in it\n", encoding="utf-8")
    secret.chmod(0o600)
    settings = Settings(
        data=tmp_path / "d",
        telemetry_clickhouse_url=clickhouse_server.replace("http://", "http://xinlian@"),
        telemetry_clickhouse_password_file=secret,
    )
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    parts = make_telemetry(settings, engine)
    record(settings.telemetry_dir, PARTY, [frame("m1", START, [10] * 10 + [30] * 10)])
    record(settings.telemetry_dir, OTHER, [frame("m2", START, [7])])
    pump = TelemetryPump(parts.sites)
    assert pump.round() == 2
    assert pump.round() == 0
    reads, span = parts.reads, (START, START + 60_000_000)
    assert {each.tag: each.value for each in reads.latest(PARTY, [], [])} == {
        "power": 3.0,
        "energy": 1_019.0,
    }
    (power,) = reads.readings(PARTY, "m1", ["power"], *span, 100)
    assert power.values.tolist() == [1.0] * 10 + [3.0] * 10
    (steps,) = reads.steps(PARTY, ["m1"], ["power"], *span, 10_000_000, [Aggregate.AVG])
    assert steps.values[Aggregate.AVG].tolist() == [1.0, 3.0]
    with reads.export(PARTY, "m1", ["power"], *span, "csv") as file:
        assert len(file.read_text(encoding="utf-8").splitlines()) == 21
    with pytest.raises(RefusedError) as caught:
        reads.latest(PARTY, ["m2"], [])
    assert caught.value.code is Code.NOT_FOUND
    assert not list(settings.telemetry_dir.rglob("*.duckdb"))
    parts.sites.close()
    # A new process goes on where this one ended.
    again = make_telemetry(settings, engine)
    record(settings.telemetry_dir, PARTY, [frame("m1", START + 30_000_000, [50])])
    assert TelemetryPump(again.sites).round() == 1
    (power,) = again.reads.readings(PARTY, "m1", ["power"], *span, 100)
    assert power.values.tolist() == [1.0] * 10 + [3.0] * 10 + [5.0]
    again.sites.close()
    engine.dispose()
