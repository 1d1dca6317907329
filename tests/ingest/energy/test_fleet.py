"""2,000 devices of 20 kinds and 50 product series over a year: three views that sum exactly."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from xinlian.ingest.adapters.energy.rows import factor_table, tariff
from xinlian.ingest.adapters.files.classes import load_class
from xinlian.ingest.adapters.paper.energy_report import tables_pdf
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.fleet import FLEET_KINDS, PlantYear, simulate_plant
from xinlian.ingest.usecases.energy_fleet import FleetReport, fleet_report, series_footprint
from xinlian.ingest.usecases.energy_fleet_tables import fleet_tables
from xinlian.trace.model.dossier import Language, Words

CLASSES = [load_class(name) for name in FLEET_KINDS]


@pytest.fixture(scope="module")
def plant() -> PlantYear:
    return simulate_plant(CLASSES)


@pytest.fixture(scope="module")
def report(plant: PlantYear) -> FleetReport:
    factor = factor_table().find("electricity", "CN", date(2024, 1, 1))
    return fleet_report(plant, tariff("sample-industry"), factor)


def test_the_plant_is_as_large_as_it_says(plant: PlantYear) -> None:
    assert (len(plant.devices), len(plant.kinds), len(plant.series)) == (2_000, 20, 50)
    assert len({device.id for device in plant.devices}) == 2_000
    metered = plant.kind_wh.sum(axis=0)
    parts = plant.direct_wh.sum(axis=0) + plant.standby_wh + plant.utility_wh
    assert (metered == parts).all()
    assert (metered == plant.line_wh.sum(axis=0) + plant.utility_wh).all()
    assert int(plant.device_month_wh.sum()) == int(metered.sum())
    assert (plant.factory_wh > metered).all()
    for place, kind in enumerate(CLASSES):
        highest = plant.kind_wh[place].max() / 250 / 100
        assert float(kind.idle_kw) * 0.05 < highest <= float(kind.rated_kw)


def test_every_view_sums_to_the_meter_and_the_bill(report: FleetReport) -> None:
    grid = report.factor.value
    for view in (report.kinds, report.lines, report.series):
        assert sum(row.energy_wh for row in view) == report.energy_wh
        assert sum(row.cost_fen for row in view) == report.bill.total_fen
        assert sum((row.co2_g for row in view), Decimal(0)) == report.energy_wh * grid
    idle = [sum(row.idle_wh for row in view) for view in (report.kinds, report.lines)]
    assert idle[0] == idle[1] > 0
    assert report.ledger.trial_balance() == 0
    bearers = report.ledger.bearers()
    assert {row.name: row.energy_wh for row in report.series} == bearers
    shared = report.ledger.shared("utilities")
    assert shared == int(report.plant.utility_wh.sum())
    factory = report.balances[0]
    assert factory.unaccounted_wh == report.ledger.shared("losses")
    assert all(balance.unaccounted_wh == 0 for balance in report.balances[1:])


def test_the_share_of_a_series_equals_a_plain_reckoning(report: FleetReport) -> None:
    plant = report.plant
    periods = tariff("sample-industry").year_periods(plant.first, plant.days)
    months = np.repeat(
        (np.datetime64(plant.first) + np.arange(plant.days)).astype("datetime64[M]").astype(int), 96
    )
    shared = plant.factory_wh - plant.direct_wh.sum(axis=0)
    expected = plant.direct_wh.sum(axis=1).astype(np.float64)
    for month in np.unique(months):
        for period in range(5):
            at = (months == month) & (periods == period)
            direct = plant.direct_wh[:, at].sum(axis=1)
            if direct.sum():
                expected += shared[at].sum() * direct / direct.sum()
            else:
                weights = plant.direct_wh.sum(axis=1)
                expected += shared[at].sum() * weights / weights.sum()
    reported = np.array([row.energy_wh for row in report.series])
    assert np.abs(reported - expected).max() < 400


def test_pieces_and_heat_explain_the_plant(report: FleetReport) -> None:
    assert report.baseline.valid
    assert all(term.t > 5 for term in report.baseline.terms[1:])


def test_a_footprint_of_a_series(report: FleetReport) -> None:
    footprint = series_footprint(report, "series-007", proof="urn:xinlian:evidence:7:telemetry:1")
    row = report.series[6]
    assert footprint.total_kg * 1_000 == row.co2_g
    assert footprint.primary_share == 100
    assert footprint.amount == row.pieces


def test_tables_and_paper(report: FleetReport) -> None:
    tables = fleet_tables(report)
    assert [len(table.rows) for table in tables] == [7, 22, 28, 51]
    out = io.BytesIO()
    assert tables_pdf(Words("Plant", "工厂"), "2024", tables, Language.ZH, out) >= 3
    assert out.getvalue().startswith(b"%PDF")


def test_the_same_seed_draws_the_same_plant() -> None:
    few = {"devices": 40, "series": 4, "lines": 2, "year": 2023}
    made = [simulate_plant(CLASSES, seed=seed, **few) for seed in (3, 3, 4)]
    assert (made[0].factory_wh == made[1].factory_wh).all()
    assert (made[0].factory_wh != made[2].factory_wh).any()
    assert made[0].days == 365
    with pytest.raises(EnergyError):
        simulate_plant(CLASSES, devices=10)
    with pytest.raises(EnergyError):
        simulate_plant([load_class("screw-compressor")])
