"""Flags from a real store: a record, a row and a signal for each finding, once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine
from xinlian.ingest.adapters.files.classes import load_class
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.energy.metering import Meter
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.signals import Signals as Machines
from xinlian.ingest.model.tags import Role, Tag, TagTable, ValueType
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.telemetry_flags import TelemetryFlags, rating_of
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.trace_signals import Signals
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence

PARTY = 7
SECOND = 1_000_000
HOUR = 3_600 * SECOND
START = 1_788_220_800 * SECOND
METER = TagTable(
    "press-meter",
    (
        Tag(name="energy", address="1", type=ValueType.FLOAT64, unit="kW.h",
            role=Role.ENERGY_IMPORT, period_ms=10_000),
        Tag(name="pieces", address="2", type=ValueType.UINT32, role=Role.OUTPUT, period_ms=10_000),
        Tag(name="oven", address="3", type=ValueType.FLOAT32, unit="Cel", scale=Decimal(1),
            period_ms=10_000),
    ),
)  # fmt: skip


class Clock:
    time = (START + 2 * HOUR) // SECOND + 130

    def now(self) -> int:
        return self.time


def told(device: str, energy: Any, pieces: Any, oven: Any) -> Frame:
    """Two hours, a reading every ten seconds."""
    times = START + np.arange(720, dtype=np.int64) * 10 * SECOND
    columns = (
        np.asarray(energy, "<f8"),
        np.asarray(pieces, "<u4"),
        np.asarray(oven, "<f4"),
    )
    return Frame(device, METER, 0, times, columns)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Engine, TelemetryFlags, LocalEvidence]]:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    sites = TelemetrySites(tmp_path / "telemetry", open_duckdb)
    steps = np.arange(720)
    noise = np.random.default_rng(3).random(720)
    back = 100 + steps * 0.01
    back[500:] -= 20
    rising = 100 + steps * np.where(steps < 360, 0.02, 0.06)
    hung = np.where((steps >= 400) & (steps < 600), 181.5, 180 + noise)
    sites.site(PARTY).store.append(
        "collector",
        0,
        [
            told("line", 1_000 + steps * 0.05, steps // 2, 180 + noise),
            told("press-1", rising, steps // 2, 180 + noise),
            told("press-2", back, steps // 2, hung),
        ],
    )
    sites.site(PARTY).store.rollup()
    evidence = LocalEvidence(engine)
    tree = {
        "line": Meter(device="line"),
        "press-1": Meter(device="press-1", parent="line"),
        "press-2": Meter(device="press-2", parent="line"),
    }
    yield engine, TelemetryFlags(engine, evidence, sites, Clock(), lambda _: tree), evidence
    sites.close()
    engine.dispose()


def test_a_finding_is_a_record_a_row_and_a_signal_once(
    made: tuple[Engine, TelemetryFlags, LocalEvidence],
) -> None:
    engine, flags, evidence = made
    new = flags.round()
    assert flags.round() == 0
    found = flags.of(PARTY, (START, START + 2 * HOUR))
    kinds = {(each["machine"], each["kind"]) for each in found}
    assert kinds == {
        ("press-2", "counter-backwards"),
        ("press-2", "frozen-value"),
        ("line", "energy-balance"),
    }
    assert new == len(found)
    assert flags.weights(PARTY, (START, START + 2 * HOUR))["warning"] >= 1
    assert [each["machine"] for each in flags.of(PARTY, (START, START + 2 * HOUR), "line")]
    log = evidence.ensure_log(PartyId(PARTY), "telemetry")
    with engine.connect() as connection:
        for each in found:
            record = evidence.logs.record(connection, log, each["leaf"])
            assert record["reason"] == each["reason"]
            assert record["schema"] == "xinlian-telemetry-flag/1"
    signals = Signals(engine).after(0, PARTY, 100)
    assert len(signals) == new
    assert {each["kind"] for each in signals} == {"implausible-readings"}
    # The same hour looked at again, by this process or another, finds nothing new.
    assert flags.round() == 0
    assert flags.look(PARTY, (START + HOUR, START + 2 * HOUR)) == 0
    assert len(Signals(engine).after(0, PARTY, 100)) == new


def test_a_party_without_findings_has_no_weight(
    made: tuple[Engine, TelemetryFlags, LocalEvidence],
) -> None:
    _, flags, _ = made
    assert flags.look(PARTY, (START, START + HOUR // 4)) == 0
    assert flags.weights(8, (START, START + 2 * HOUR)) == {}


def test_simulated_machines_of_the_catalogue_are_above_suspicion(tmp_path: Path) -> None:
    """Plausible signals raise nothing but what their invented power does to a nameplate."""
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    sites = TelemetrySites(tmp_path / "telemetry", open_duckdb)
    times = START + HOUR + np.arange(360, dtype=np.int64) * 10 * SECOND
    frames = []
    for name in ("screw-compressor", "injection-machine", "six-axis-robot"):
        table = load_class(name).table
        for group, tags in enumerate(table.groups):
            columns = tuple(Machines().raws(f"{name}-1", tag, times) for tag in tags)
            frames.append(Frame(f"{name}-1", table, group, times, columns))
    sites.site(PARTY).store.append("collector", 0, frames)
    flags = TelemetryFlags(engine, LocalEvidence(engine), sites, Clock())
    flags.look(PARTY, (START + HOUR, START + 2 * HOUR))
    kinds = {each["kind"] for each in flags.of(PARTY, (START, START + 2 * HOUR))}
    assert kinds <= {"impossible-power"}
    sites.close()
    engine.dispose()


def test_ratings_are_those_of_consumers_and_producers() -> None:
    rating = rating_of("screw-compressor")
    assert rating is not None
    assert rating.rated_kw > 0
    assert not rating.generates
    assert rating_of("somebody's own list") is None


def test_demand_near_the_contract_and_a_low_power_factor_are_alarms(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    sites = TelemetrySites(tmp_path / "telemetry", open_duckdb)
    reactive = Tag(name="reactive", address="4", type=ValueType.FLOAT64, unit="kV.A.h{reactive}",
                   role=Role.REACTIVE_ENERGY, period_ms=10_000)  # fmt: skip
    table = TagTable("feeder", (METER.tags[0], reactive))
    steps = np.arange(720)
    # By hand: 0.25 kWh in 10 s are 90 kW, from 01:30 on 0.3 kWh, 108 kW; contracted are 100.
    energy = np.cumsum(np.where(steps <= 540, 0.25, 0.3))
    times = START + steps.astype(np.int64) * 10 * SECOND
    sites.site(PARTY).store.append(
        "collector", 0, [Frame("main", table, 0, times, (energy, energy * 0.75))]
    )
    meter = Meter(device="main", contract_kw=Decimal(100), factor_least=Decimal("0.9"))
    flags = TelemetryFlags(engine, LocalEvidence(engine), sites, Clock(), lambda _: {"main": meter})
    assert flags.look(PARTY, (START + HOUR, START + 2 * HOUR)) == 3
    found = flags.of(PARTY, (START, START + 2 * HOUR))
    told = {
        (each["kind"], each["severity"]): (each["start_us"] - START, each["numbers"])
        for each in found
    }
    half = HOUR // 2
    near, near_numbers = told["demand-near-contract", "notice"]
    over, over_numbers = told["demand-near-contract", "warning"]
    assert (near, near_numbers["kw"]) == (HOUR, "90")
    assert (over, over_numbers["kw"]) == (HOUR + half, "108")
    factor = Decimal(told["low-power-factor", "notice"][1]["factor"])
    assert round(factor, 4) == Decimal("0.8")
    sites.close()
    engine.dispose()


def test_a_meter_that_was_exchanged_does_not_accuse_the_one_above_it(tmp_path: Path) -> None:
    """A counter that begins anew gained nobody knows what: no balance is struck over it."""
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    sites = TelemetrySites(tmp_path / "telemetry", open_duckdb)
    steps = np.arange(720)
    child = 5_000 + steps * 0.01
    child[500:] = 900 + steps[500:] * 0.01
    noise = 180 + np.random.default_rng(3).random(720)
    sites.site(PARTY).store.append(
        "collector",
        0,
        [told("main", steps * 0.02, steps // 2, noise), told("child", child, steps // 2, noise)],
    )
    tree = {"main": Meter(device="main"), "child": Meter(device="child", parent="main")}
    flags = TelemetryFlags(engine, LocalEvidence(engine), sites, Clock(), lambda _: tree)
    flags.look(PARTY, (START + HOUR, START + 2 * HOUR))
    found = flags.of(PARTY, (START, START + 2 * HOUR))
    assert {each["kind"] for each in found} == {"counter-backwards"}
    sites.close()
    engine.dispose()
