"""Meters of a real store: quarter hours, balances, shared energy, against plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from xinlian.ingest.adapters.files.metering import keep_metering, read_metering
from xinlian.ingest.adapters.files.plant import parse_plant
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.energy.allocation import Key
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.metering import Meter
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.tags import Role, Tag, TagError, TagTable, ValueType
from xinlian.ingest.usecases.energy_meter import meter_load
from xinlian.ingest.usecases.energy_stored import Counter, stored_series
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.energy_ledger import EnergyLedger
from xinlian.services.app.energy_meters import EnergyMeters
from xinlian.services.app.energy_posting import Asked
from xinlian.services.app.errors import RefusedError
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.migrations import upgrade

from tests.ingest.evidence.local import LocalEvidence

PARTY = 7
MINUTE = 60_000_000
QUARTER = 15 * MINUTE
START = 1_788_220_800_000_000
HOURS = 6
TABLE = TagTable(
    "own-meter",
    (
        Tag(name="energy", address="1", type=ValueType.UINT32, scale=Decimal("0.01"), unit="kW.h",
            role=Role.ENERGY_IMPORT, period_ms=30_000),
        Tag(name="reactive", address="3", type=ValueType.UINT32, scale=Decimal("0.01"),
            unit="kV.A.h{reactive}", role=Role.REACTIVE_ENERGY, period_ms=30_000),
    ),
)  # fmt: skip
PLANT = """
party: 7
groups: [{id: g}]
tables:
  - name: own-meter
    tags:
      - {name: energy, address: "holding:0", type: uint32, scale: 0.01, unit: kW.h,
         role: active_energy_import}
devices:
  - {id: main, group: g, table: own-meter, driver: modbus-tcp, endpoint: {host: 127.0.0.1},
     meter: {multiplier: 40, contract_kw: 90, factor_least: 0.95}}
  - {id: press, group: g, table: own-meter, driver: modbus-tcp, endpoint: {host: 127.0.0.2},
     key: true, meter: {parent: main, rollover_kwh: 20}}
  - {id: air, group: g, table: own-meter, driver: modbus-tcp, endpoint: {host: 127.0.0.3},
     meter: {parent: main}}
"""


class Clock:
    def now(self) -> int:
        return (START + 30 * 24 * 4 * QUARTER) // 1_000_000


def raws(device: str) -> list[tuple[int, int]]:
    """(time, raw counter): two readings a minute; the press rolls over at 20 kWh, and nobody heard
    of it for some time."""
    made = []
    for at in range(-60, HOURS * 120):
        time = START + at * MINUTE // 2 + 1_000
        raw = {"main": 5_000 + (at + 60) // 2, "press": (1_500 + 7 * (at + 60)) % 2_000,
               "air": 100 + 5 * (at + 60)}[device]  # fmt: skip
        if device == "press" and 200 <= at < 265:
            continue
        made.append((time, raw))
    return made


def frame(device: str) -> Frame:
    rows = raws(device)
    times = np.array([time for time, _ in rows], np.int64)
    values = np.array([raw for _, raw in rows], "<u4")
    return Frame(device, TABLE, 0, times, (values, values // 2))


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[TelemetrySites]:
    sites = TelemetrySites(tmp_path / "telemetry", open_duckdb)
    store = sites.site(PARTY).store
    store.append("collector", 0, [frame(name) for name in ("main", "press", "air")])
    while store.rollup():
        pass
    keep_metering(sites.site(PARTY).folder, "collector", parse_plant(PLANT, "p", tmp_path))
    yield sites
    sites.close()


def plain_quarters(device: str, multiplier: int, rollover: int | None) -> list[int | None]:
    """Wh of each quarter hour by hand: the last reading of the two minutes before each bound."""
    ends: list[int | None] = []
    for place in range(HOURS * 4 + 1):
        bound = START + place * QUARTER
        seen = [raw for time, raw in raws(device) if bound - 2 * MINUTE <= time < bound]
        ends.append(seen[-1] if seen else None)
    made: list[int | None] = []
    for before, after in pairwise(ends):
        if before is None or after is None:
            made.append(None)
            continue
        gained = after - before
        if gained < 0 and rollover is not None:
            gained += rollover * 100
        made.append(gained * 10 * multiplier if gained >= 0 else None)
    return made


SPAN = (START, START + HOURS * 4 * QUARTER)


@pytest.mark.parametrize(
    ("device", "multiplier", "rollover"), [("main", 40, None), ("press", 1, 20), ("press", 1, None),
                                           ("air", 1, None)]
)  # fmt: skip
def test_quarter_hours_are_those_of_the_readings(
    sites: TelemetrySites, device: str, multiplier: int, rollover: int | None
) -> None:
    store = sites.site(PARTY).store
    meter = Meter(
        device=device,
        multiplier=Decimal(multiplier),
        rollover_kwh=None if rollover is None else Decimal(rollover),
    )
    load = meter_load(store, store.catalogue(), meter, SPAN)
    assert load is not None
    expected = plain_quarters(device, multiplier, rollover)
    told = [
        wh if known else None
        for wh, known in zip(load.steps_wh.tolist(), load.known.tolist(), strict=True)
    ]
    assert told == expected
    assert load.coverage == Fraction(sum(each is not None for each in expected), HOURS * 4)


def test_what_is_missing_is_told_and_never_made_up(sites: TelemetrySites) -> None:
    store = sites.site(PARTY).store
    meter = Meter(device="press", rollover_kwh=Decimal(20))
    load = meter_load(store, store.catalogue(), meter, SPAN)
    assert load is not None
    steps = [wh if sure else None for wh, sure in zip(load.steps_wh.tolist(), load.known.tolist(),
                                                      strict=True)]  # fmt: skip
    holes = steps.count(None)
    assert holes
    # All that the counter gained is in the steps or in the sum of the gaps, to the Wh.
    assert sum(each or 0 for each in steps) + load.gaps_wh == 7 * HOURS * 120 * 10
    counter = Counter(steps, load.gaps_wh, load.rollovers, load.resets)
    with pytest.raises(EnergyError, match=r"of 24 quarter hours have data, 95 % are wanted") as no:
        stored_series("press", START, timedelta(hours=8), counter, None, Fraction(95, 100))
    assert "2026-09-01 09:30" in str(no.value)
    assert "95 %" in no.value.zh
    series = stored_series("press", START, timedelta(hours=8), counter, None, Fraction(1, 2))
    assert int(series.energy_wh.sum()) == sum(each or 0 for each in steps)
    assert series.missing == 96 - 24 + holes
    assert any("in no figure here" in english for english, _ in series.notes)


def test_the_tree_of_the_plant_file_is_kept_and_balanced(sites: TelemetrySites) -> None:
    meters = EnergyMeters(sites, Clock())
    assert meters.keys(PARTY, "g") == ("press",)
    assert [each.meter.parent for each in meters.extents(PARTY)] == ["main", "", "main"]
    (balance,) = meters.balances(PARTY, "main", SPAN)
    own, press, air = (
        plain_quarters(name, *rest)
        for name, *rest in (("main", 40, None), ("press", 1, 20), ("air", 1, None))
    )
    common = [
        place
        for place in range(HOURS * 4)
        if None not in (own[place], press[place], air[place])
    ]  # fmt: skip
    assert balance.common == len(common)
    assert balance.measured_wh == sum(own[place] or 0 for place in common)
    below = sum((press[place] or 0) + (air[place] or 0) for place in common)
    assert balance.unaccounted_wh == balance.measured_wh - below


def test_a_plant_with_a_broken_tree_is_refused_with_its_line(tmp_path: Path) -> None:
    for wrong, right, words in (
        ("parent: main, rollover", "parent: man, rollover", "no meter 'man' above"),
        ("multiplier: 40", "parent: air, multiplier: 40", "circle"),
        ("multiplier: 40", "multiplier: 0", "multiplier is above 0"),
        ("multiplier: 40", "multiplier: forty", "multiplier is a number"),
        ("multiplier: 40", "tag: none, multiplier: 40", "no tag 'none' that counts energy"),
    ):
        with pytest.raises(TagError, match=words) as refused:
            parse_plant(PLANT.replace(wrong, right), "p", tmp_path)
        assert "line" in str(refused.value)
    (tmp_path / "metering").mkdir()
    (tmp_path / "metering" / "x.json").write_text("[]")
    with pytest.raises(EnergyError, match="reload the collector"):
        read_metering(tmp_path)


@pytest.fixture
def ledger(sites: TelemetrySites, tmp_path: Path) -> Iterator[tuple[Engine, EnergyLedger]]:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(engine)
    evidence = LocalEvidence(engine)
    yield engine, EnergyLedger(engine, evidence, sites, EnergyMeters(sites, Clock()), Clock())
    engine.dispose()


def asked(posting: str, device: str, *, rest: bool = False, hours: int = 1, **shares: int) -> Asked:
    return Asked(
        posting, device, rest, START, START + hours * 4 * QUARTER,
        Key.PIECES if len(shares) > 1 else Key.DIRECT,
        {name: Decimal(weight) for name, weight in shares.items()},
    )  # fmt: skip


def plain_delta(device: str, multiplier: int) -> int:
    """Wh between the first and last reading of the first hour."""
    seen = [raw for time, raw in raws(device) if START <= time < START + 4 * QUARTER]
    return (seen[-1] - seen[0]) * 10 * multiplier


def test_energy_is_shared_out_once_to_the_wh_and_kept(
    ledger: tuple[Engine, EnergyLedger], sites: TelemetrySites
) -> None:
    engine, book = ledger
    total = plain_delta("air", 1)
    made = book.share(PARTY, asked("p1", "air", B1=1, B2=2, B3=4))
    assert made.total_wh == total
    shares = dict(made.shares)
    assert sum(shares.values()) == total
    for name, weight in (("B1", 1), ("B2", 2), ("B3", 4)):
        exact = Decimal(total * weight) / 7
        assert abs(shares[name] - exact.quantize(Decimal(1), ROUND_HALF_UP)) <= 1
    # The same again answers the same, also from another process; another content is refused.
    again = EnergyLedger(
        engine, LocalEvidence(engine), sites, EnergyMeters(sites, Clock()), Clock()
    )
    assert again.share(PARTY, asked("p1", "air", B1=1, B2=2, B3=4)) == made
    with pytest.raises(RefusedError, match="another weights"):
        again.share(PARTY, asked("p1", "air", B1=1, B2=2, B3=5))
    assert again.borne(PARTY, "B2") == shares["B2"]
    assert again.listed(8) == []
    logs = LocalEvidence(engine).logs
    with engine.connect() as connection:
        assert logs.find(connection, PartyId(8), "telemetry") is None


def test_no_energy_is_shared_out_twice_up_or_down_the_tree(
    ledger: tuple[Engine, EnergyLedger],
) -> None:
    _, book = ledger
    book.share(PARTY, asked("p1", "air", B1=1))
    for other in (asked("p2", "air", B2=1), asked("p3", "main", B2=1)):
        with pytest.raises(RefusedError, match="already: take it back first"):
            book.share(PARTY, other)
    with pytest.raises(RefusedError, match="nothing rests"):
        book.share(PARTY, asked("p4", "press", rest=True, B2=1))
    rest = book.share(PARTY, asked("p5", "main", rest=True, B1=1, B2=1))
    press = 7 * 119 * 10  # it rolled over within the hour
    assert rest.total_wh == plain_delta("main", 40) - plain_delta("air", 1) - press
    taken = book.reverse(PARTY, "p1", "wrong batch")
    assert book.reverse(PARTY, "p1", "wrong batch") == taken
    assert taken.total_wh == -plain_delta("air", 1)
    assert book.borne(PARTY, "B1") == dict(rest.shares)["B1"]
    book.share(PARTY, asked("p6", "air", B2=1))
    with pytest.raises(RefusedError, match="not taken back itself"):
        book.reverse(PARTY, "p1.reversed", "again")


def test_a_posting_is_a_record_of_the_evidence_log(ledger: tuple[Engine, EnergyLedger]) -> None:
    engine, book = ledger
    made = book.share(PARTY, asked("p1", "air", B1=1))
    evidence = LocalEvidence(engine)
    log = evidence.ensure_log(PartyId(PARTY), "telemetry")
    with engine.connect() as connection:
        record = evidence.logs.record(connection, log, made.leaf)
    assert record["subject"] == "energy-posting:7:p1"
    assert record["shares"] == [{"bearer": "B1", "wh": made.total_wh}]
    (counted,) = record["measured"]
    gained = Decimal(counted["last"]) - Decimal(counted["first"])
    assert gained * 1_000 * Decimal(counted["multiplier"]) == record["total_wh"]
    with pytest.raises(RefusedError, match="no good reading within"):
        book.share(PARTY, Asked("p2", "air", False, START - 40 * QUARTER, START - 36 * QUARTER,
                                Key.DIRECT, {"B1": Decimal(1)}))  # fmt: skip
