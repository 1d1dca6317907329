"""Curves in a dossier: what was measured while a record ran, for those who see the record."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.services.app.clock import Clock
from xinlian.services.app.telemetry_evidence import TelemetryEvidence
from xinlian.services.app.telemetry_links import TelemetryLinks
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.trace_dossier import Extent
from xinlian.services.app.trace_items import Eyes
from xinlian.services.app.trace_policy import Strangers
from xinlian.services.app.trace_wiring import TraceParts, make_trace
from xinlian.trace.model.dossier import Dossier, ProofState
from xinlian.trace.model.facts import ProcessRecord

from tests.ingest.evidence.local import write
from tests.support.telemetry import GROUP, PARTY, START
from tests.support.telemetry import Plant as Machines
from tests.trace.plant import Plant, item, vehicle

VIN = vehicle("LXLBE2A00TH100113")
START_MS = START // 1000


@pytest.fixture
def trace(engine: Engine, clock: Clock, plant: Plant, tmp_path: Path) -> TraceParts:
    """A site whose machines ran for a minute, and whose readings were recorded."""
    made = make_trace(engine, clock, bytes(32), 60, lambda _: {}, "http://here.example")
    machines = Machines().run(60)
    write(tmp_path / "telemetry", machines, 0)
    sites = TelemetrySites(tmp_path / "telemetry", open_duckdb)
    store = sites.site(PARTY).store
    frames = [(position, segment.frames) for position, segment in machines.log.segments(0).segments]
    store.append_many("collector", frames)
    assert TelemetryEvidence(engine, plant.logs, sites).round() == 6
    made.dossiers.telemetry_of = TelemetryLinks(engine, sites, plant.logs.logs).of
    return made


def seen(trace: TraceParts, party: int) -> Dossier:
    found = trace.items.one(VIN.id, None, None, party)
    made = trace.dossiers.of(found.item, Eyes(party, Strangers.ALL), found.address, Extent())
    assert made is not None
    return made


def pressed(name: str, machine: str = "", telemetry: str = "") -> ProcessRecord:
    times = (START_MS + 12_000, START_MS + 31_000)
    return ProcessRecord(name, VIN, "OP20", *times, machine=machine, telemetry=telemetry)


def test_torque_and_oven_of_the_machine_are_shown_with_proof(
    plant: Plant, trace: TraceParts
) -> None:
    plant.must(item(VIN), pressed("w1", machine="m2", telemetry=GROUP), party=PARTY)
    (window,) = seen(trace, PARTY).telemetry
    assert (window.record_id, window.group) == ("w1", GROUP)
    assert {each.name for each in window.channels} == {"m2 torque", "m2 oven", "m2 power"}
    torque = next(each for each in window.channels if each.name == "m2 torque")
    assert torque.unit == "N.m"
    assert [round(value, 3) for _, value in torque.readings] == [
        round((400 + s % 30) / 10 - 5, 3) for s in range(12, 31)
    ]
    assert window.proof.state is ProofState.WAITING
    assert window.proof.index == 3, "the record of the window that ends last"
    assert window.proof.leaf_hash


def test_who_does_not_see_the_record_sees_no_curve(plant: Plant, trace: TraceParts) -> None:
    plant.must(item(VIN), pressed("w1", machine="m2", telemetry=GROUP), party=PARTY)
    plant.must(item(VIN), party=8)
    stranger = seen(trace, 8)
    assert stranger.facts == ()
    assert stranger.telemetry == ()


def test_nothing_is_shown_where_nothing_was_recorded(plant: Plant, trace: TraceParts) -> None:
    """Another party's record that names this group gives it nothing of this party's readings."""
    late = ProcessRecord("w2", VIN, "OP20", START_MS + 900_000, START_MS + 901_000, telemetry=GROUP)
    plant.must(item(VIN), pressed("w1"), pressed("w3", telemetry="another"), late, party=PARTY)
    assert seen(trace, PARTY).telemetry == ()
    plant.must(item(VIN), pressed("w4", machine="m2", telemetry=GROUP), party=8)
    assert seen(trace, 8).telemetry == ()


def test_a_machine_without_a_device_of_its_name_shows_the_group(
    plant: Plant, trace: TraceParts
) -> None:
    plant.must(item(VIN), pressed("w1", machine="LINE-3", telemetry=GROUP), party=PARTY)
    (window,) = seen(trace, PARTY).telemetry
    assert len(window.channels) == 6
    assert {each.name.split()[0] for each in window.channels} == {"m1", "m2"}
