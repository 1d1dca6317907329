"""Windows become records once, whatever dies when; proofs of them verify offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, select
from xinlian.ingest.adapters.log.consumers import committed
from xinlian.ingest.model.segments.segment import Segment
from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.ledger.adapters import xinlian_verify
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app import telemetry_evidence
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_evidence import TelemetryEvidence
from xinlian.services.app.telemetry_proofs import TelemetryProofs
from xinlian.services.app.telemetry_tables import windows
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence, pins, sites_with, write
from tests.support.telemetry import GROUP, PARTY, SECOND, START, Plant, frame


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")
    made = make_engine(url)
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    made = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(made)
    yield made
    made.dispose()


def rows(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        order = (windows.c.start_us, windows.c.part)
        return list(connection.execute(select(windows).order_by(*order)))


def span(low: int, high: int) -> tuple[int, int]:
    return START + low * SECOND, START + high * SECOND


def test_a_claim_about_a_log_on_disk_is_proved_offline(engine: Engine, tmp_path: Path) -> None:
    sites = sites_with(tmp_path, Plant().run(60))
    evidence = LocalEvidence(engine)
    assert TelemetryEvidence(engine, evidence, sites).round() == 6
    proofs = TelemetryProofs(engine, evidence, sites)
    claims = (
        Claim(ClaimKind.DELTA, "m2", "energy"),
        Claim(ClaimKind.INTEGRAL, "m2", "power", 2 * SECOND),
    )
    proven = proofs.prove(PARTY, GROUP, span(7, 52), claims)
    report: Any = xinlian_verify.verify(proven.data, pins(proven.data))
    assert report["exit"] == 0, report["steps"]
    told = [one["en"] for one in report["steps"][15]["reasons"]]
    # The counter rises by 3 hundredths of a kWh a second; its first reading is that of second 7.
    assert told[0] == "m2/energy: delta is 1.32 kW.h, from 45 readings"
    assert next(each.value for each in proven.claims) == "1.32"
    (one,) = proofs.service(PARTY, span(0, 60))
    assert (one.group, one.windows, one.service.loss_ppm) == (GROUP, 6, 0)
    assert one.service.available_ppm == 1_000_000
    assert proofs.devices(PARTY, GROUP, span(0, 10)) == ["m1", "m2"]


def test_a_long_span_of_a_counter_shows_its_ends_alone(sqlite: Engine, tmp_path: Path) -> None:
    sites = sites_with(tmp_path, Plant().run(120))
    evidence = LocalEvidence(sqlite)
    TelemetryEvidence(sqlite, evidence, sites).round()
    proofs = TelemetryProofs(sqlite, evidence, sites)
    claim = Claim(ClaimKind.DELTA, "m1", "energy")
    proven = proofs.prove(PARTY, GROUP, span(0, 120), [claim], short=True)
    report: Any = xinlian_verify.verify(proven.data, pins(proven.data))
    assert report["exit"] == 3, "nobody looked at the counter in between"
    assert proven.claims[0].value == "3.57"
    shown = orjson.loads(proven.data)["windows"]
    assert [len(each["segments"]) for each in shown] == [5, *[0] * 10, 5]
    assert "windows shown without their readings: 10" in str(report["steps"][16])


def test_who_dies_between_two_steps_records_nothing_twice(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sites = sites_with(tmp_path, Plant().run(60))
    evidence = LocalEvidence(sqlite)

    class Died(BaseException):
        pass

    def after_commit(*_: Any) -> None:
        raise Died

    def in_transaction(*_: Any) -> Any:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(telemetry_evidence, "commit", after_commit)
        with pytest.raises(Died):
            TelemetryEvidence(sqlite, evidence, sites).round()
    done = len(rows(sqlite))
    assert done == 6
    with monkeypatch.context() as patch:
        patch.setattr(evidence, "append", in_transaction)
        assert TelemetryEvidence(sqlite, evidence, sites).round() == 0
    later = Plant().run(60).run(60, since=60)
    write(tmp_path, later, 31)
    with monkeypatch.context() as patch:
        patch.setattr(evidence, "append", in_transaction)
        with pytest.raises(Died):
            TelemetryEvidence(sqlite, evidence, sites).round()
    assert len(rows(sqlite)) == done
    assert TelemetryEvidence(sqlite, evidence, sites).round() == 6
    assert TelemetryEvidence(sqlite, evidence, sites).round() == 0
    assert [row.start_us for row in rows(sqlite)] == [START + at * 10 * SECOND for at in range(12)]
    assert [row.leaf for row in rows(sqlite)] == list(range(12))
    assert committed(tmp_path / str(PARTY) / "log" / "collector", "evidence") >= 60


def test_late_segments_are_parts_that_name_the_first(sqlite: Engine, tmp_path: Path) -> None:
    plant = Plant().run(40)
    plant.log.entries.append(plant.late(14))
    plant.run(20, since=40)
    sites = sites_with(tmp_path, plant)
    evidence = LocalEvidence(sqlite)
    assert TelemetryEvidence(sqlite, evidence, sites).round() == 7
    found = [(row.start_us, row.part) for row in rows(sqlite)]
    assert (START + 10 * SECOND, 1) in found
    log = evidence.ensure_log(PartyId(PARTY), "telemetry")
    with sqlite.connect() as connection:
        records = [evidence.logs.record(connection, log, row.leaf) for row in rows(sqlite)]
    late = next(each for each in records if each["part"] == 1)
    first = next(row for row in rows(sqlite) if row.start_us == late["window_start_us"])
    assert late["amends"] == first.leaf_hash.hex()
    proofs = TelemetryProofs(sqlite, evidence, sites)
    claim = Claim(ClaimKind.MAX, "m3", "torque")
    proven = proofs.prove(PARTY, GROUP, span(10, 20), [claim])
    report: Any = xinlian_verify.verify(proven.data, pins(proven.data))
    assert report["exit"] == 0, report["steps"]
    assert proofs.service(PARTY, span(0, 60))[0].service.span_us == 60 * SECOND


class At:
    """A clock that stands at a second after the plant's start."""

    def __init__(self, second: int) -> None:
        self.second = second

    def now(self) -> int:
        return START // SECOND + self.second


def test_time_without_a_collector_is_not_available(sqlite: Engine, tmp_path: Path) -> None:
    """A minute of readings, a minute away, a minute of readings, two minutes away."""
    sites = sites_with(tmp_path, Plant().run(60).run(60, since=120))
    evidence = LocalEvidence(sqlite)
    TelemetryEvidence(sqlite, evidence, sites).round()

    def told(low: int, high: int, now: int) -> tuple[int, int]:
        clock = At(now)
        (one,) = TelemetryProofs(sqlite, evidence, sites, clock).service(PARTY, span(low, high))
        return one.service.span_us // SECOND, one.service.outage_us // SECOND

    assert told(0, 180, 180) == (180, 60)
    assert told(90, 180, 180) == (90, 30)  # that it was there before is known
    assert told(-500, 180, 180) == (180, 60)  # before its first window there is no group
    assert told(0, 300, 240) == (180, 60)  # the next window may yet be recorded
    assert told(0, 300, 300) == (300, 180)
    assert told(0, 300, 9_000) == (300, 180)


def test_a_proof_up_to_now_ends_with_what_was_recorded(sqlite: Engine, tmp_path: Path) -> None:
    """The window under way is no gap; a collector that has gone away is."""
    sites = sites_with(tmp_path, Plant().run(60))
    evidence = LocalEvidence(sqlite)
    TelemetryEvidence(sqlite, evidence, sites).round()
    for now, exits in ((68, 0), (9_000, 3)):
        proofs = TelemetryProofs(sqlite, evidence, sites, At(now))
        proven = proofs.prove(PARTY, GROUP, span(30, now), [Claim(ClaimKind.MAX, "m1", "power")])
        assert xinlian_verify.verify(proven.data, pins(proven.data))["exit"] == exits
        assert bool(proven.gaps) == (exits == 3)


def test_a_proof_up_to_now_ends_with_what_is_on_the_chain(sqlite: Engine, tmp_path: Path) -> None:
    """Whoever names an earlier end is told how far the chain has come."""
    plant = Plant().run(60)
    sites = sites_with(tmp_path, plant)
    evidence = LocalEvidence(sqlite)
    recording = TelemetryEvidence(sqlite, evidence, sites)
    recording.round()
    proofs = TelemetryProofs(sqlite, evidence, sites, At(98))
    claim = Claim(ClaimKind.MAX, "m1", "power")
    proofs.prove(PARTY, GROUP, span(30, 60), [claim])
    written = len(plant.log.entries)
    write(tmp_path, plant.run(30, since=60), written)
    recording.round()
    evidence.cutting = False
    proven = proofs.prove(PARTY, GROUP, span(30, 98), [claim])
    assert xinlian_verify.verify(proven.data, pins(proven.data))["exit"] == 0
    assert orjson.loads(proven.data)["span"]["end_us"] // SECOND == START // SECOND + 59
    proofs = TelemetryProofs(sqlite, evidence, sites, At(900))
    for low, high, told in ((30, 78, "until 2026-09-01T00:00:59Z are"), (70, 98, "none of")):
        with pytest.raises(RefusedError, match=told) as refused:
            proofs.prove(PARTY, GROUP, span(low, high), [claim])
        assert refused.value.code is Code.STATE


def test_what_a_device_never_told_is_named(sqlite: Engine, tmp_path: Path) -> None:
    sites = sites_with(tmp_path, Plant().run(20))
    evidence = LocalEvidence(sqlite)
    TelemetryEvidence(sqlite, evidence, sites).round()
    proofs = TelemetryProofs(sqlite, evidence, sites)
    with pytest.raises(RefusedError, match="m1 told nothing of a tag torq") as refused:
        proofs.prove(PARTY, GROUP, span(0, 20), [Claim(ClaimKind.MAX, "m1", "torq")])
    assert "点位 torq" in refused.value.__cause__.zh  # type: ignore[union-attr]


def test_a_segment_of_hours_is_in_proofs_of_its_last_readings(
    sqlite: Engine, tmp_path: Path
) -> None:
    """What was kept back while a disk was full stands in the window in which it begins."""
    plant = Plant()
    rows = frame("m1", 0, [START + at * SECOND for at in (1, 3_700, 7_300)])
    first, last = int(rows.received_us[0]), int(rows.received_us[-1])
    plant.log.entries.append(
        Segment(PARTY, GROUP, 10, 0, first, last, (plant.block(rows),), bytes(32))
    )
    plant.log.entries.append({"now_us": last + 60 * SECOND, "final": True})
    sites = sites_with(tmp_path, plant)
    evidence = LocalEvidence(sqlite)
    TelemetryEvidence(sqlite, evidence, sites).round()
    proofs = TelemetryProofs(sqlite, evidence, sites)
    proven = proofs.prove(PARTY, GROUP, span(7_000, 8_000), [Claim(ClaimKind.MAX, "m1", "power")])
    report: Any = xinlian_verify.verify(proven.data, pins(proven.data))
    assert {each["status"] for each in report["steps"]} <= {"PASS", "GAP STATED"}, report
    assert proven.claims[0].rows == 1


def test_what_cannot_be_proved_is_refused(sqlite: Engine, tmp_path: Path) -> None:
    sites = sites_with(tmp_path, Plant().run(20))
    evidence = LocalEvidence(sqlite)
    TelemetryEvidence(sqlite, evidence, sites).round()
    proofs = TelemetryProofs(sqlite, evidence, sites)
    claim = Claim(ClaimKind.MAX, "m1", "torque")
    for group, low, high, asked, code in (
        ("another", 0, 20, claim, Code.NOT_FOUND),
        (GROUP, 500, 600, claim, Code.NOT_FOUND),
        (GROUP, 20, 20, claim, Code.INVALID),
        (GROUP, 0, 100_000_000_000, claim, Code.INVALID),
        (GROUP, 0, 20, Claim(ClaimKind.MAX, "m9", "torque"), Code.INVALID),
    ):
        with pytest.raises(RefusedError) as refused:
            proofs.prove(PARTY, group, span(low, high), [asked])
        assert refused.value.code is code
    for file in (tmp_path / str(PARTY) / "log" / "collector").glob("*.xlseg"):
        file.unlink()
    with pytest.raises(RefusedError) as refused:
        proofs.prove(PARTY, GROUP, span(0, 20), [claim])
    assert refused.value.code is Code.STATE


def test_a_damaged_segment_stops_nothing_but_itself(sqlite: Engine, tmp_path: Path) -> None:
    sites = sites_with(tmp_path, Plant().run(60))
    (file,) = (tmp_path / str(PARTY) / "log" / "collector").glob("*.xlseg")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.write_bytes(data)
    evidence = LocalEvidence(sqlite)
    assert TelemetryEvidence(sqlite, evidence, sites).round() == 6
    proofs = TelemetryProofs(sqlite, evidence, sites)
    claim = Claim(ClaimKind.MAX, "m1", "torque")
    proven = proofs.prove(PARTY, GROUP, span(0, 60), [claim])
    report: Any = xinlian_verify.verify(proven.data, pins(proven.data))
    assert report["exit"] == 3, "a segment is gone, and its number tells"
    assert [each.segments for each in proven.gaps.lost] == [1]
    segments = sum(len(each["segments"]) for each in orjson.loads(proven.data)["windows"])
    assert segments == 29
