"""Energy, cost and carbon of a plant by kind of device, by line and by product series: three views
that each sum to the factory's meter and its bill to the Wh and to the fen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.allocation import AllocationLedger, Key
from xinlian.ingest.model.energy.bill import Bill, bill_of
from xinlian.ingest.model.energy.carbon import Activity, Factor, Footprint, grams
from xinlian.ingest.model.energy.exact import share_out
from xinlian.ingest.model.energy.fleet import PlantYear
from xinlian.ingest.model.energy.load import months_of
from xinlian.ingest.model.energy.regression import Baseline, degree_days, fit
from xinlian.ingest.model.energy.tariff import Period, Tariff
from xinlian.ingest.model.energy.tree import Balance, Level, MeterNode, MeterTree, Wh

__all__ = ["FleetReport", "GroupRow", "fleet_report", "series_footprint"]

SHARED: Final = "utilities"
LOSSES: Final = "losses"
QUARTER_US: Final = 900_000_000
Cell = tuple[str, Period]
"""A month and a time of use."""
Places = npt.NDArray[np.intp]
"""Places of quarter hours."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One line of a view."""

    name: str
    devices: int
    energy_wh: int
    idle_wh: int
    cost_fen: int
    co2_g: Decimal
    pieces: int = 0


@dataclass(frozen=True)
class FleetReport:
    """The views, the balance of the meters, and the baseline of the plant."""

    plant: PlantYear
    bill: Bill
    factor: Factor
    kinds: tuple[GroupRow, ...]
    lines: tuple[GroupRow, ...]
    series: tuple[GroupRow, ...]
    ledger: AllocationLedger
    balances: tuple[Balance, ...]
    baseline: Baseline
    """Daily kWh by pieces and by degree-days of cooling."""

    @property
    def energy_wh(self) -> int:
        """What the factory's meter counted."""
        return int(self.plant.factory_wh.sum())


def fleet_report(plant: PlantYear, tariff: Tariff, factor: Factor) -> FleetReport:
    """Reckon all views of a plant's year."""
    bill = bill_of(tariff, plant.factory_wh, plant.first)
    cells = _cells(plant, tariff)
    losses = plant.factory_wh - plant.kind_wh.sum(axis=0)
    by_kind = {name: plant.kind_wh[at] for at, name in enumerate(plant.kinds)} | {LOSSES: losses}
    by_line = {name: plant.line_wh[at] for at, name in enumerate(plant.lines)}
    by_line |= {SHARED: plant.utility_wh, LOSSES: losses}
    ledger, by_series = _share(plant, cells, losses)
    kinds, lines = _by_cell(by_kind, cells), _by_cell(by_line, cells)
    count_kind = _count([plant.kinds[device.kind] for device in plant.devices])
    count_line = _count(
        [SHARED if device.line < 0 else plant.lines[device.line] for device in plant.devices]
    )
    idle_kind = dict(zip(plant.kinds, plant.kind_idle_wh.tolist(), strict=True))
    idle_line = dict(zip(plant.lines, plant.line_idle_wh.tolist(), strict=True))
    idle_line[SHARED] = sum(idle_kind.values()) - sum(idle_line.values())
    pieces = dict(zip(plant.series, plant.pieces.sum(axis=1).tolist(), strict=True))
    return FleetReport(
        plant,
        bill,
        factor,
        _rows(kinds, bill, factor, count_kind, idle_kind, {}),
        _rows(lines, bill, factor, count_line, idle_line, {}),
        _rows(by_series, bill, factor, {}, {}, pieces),
        ledger,
        tuple(_tree(plant)),
        _baseline(plant),
    )


def series_footprint(
    report: FleetReport, name: str, *, proof: str = "", upstream: Activity | None = None
) -> Footprint:
    """The footprint of a piece of a series over the year; its energy is measured (primary)."""
    row = next(row for row in report.series if row.name == name)
    kwh = Decimal(row.energy_wh) / 1_000
    power = Activity("Electricity of production and its share of utilities", kwh, report.factor,
                     True, proof)  # fmt: skip
    activities = (power,) if upstream is None else (power, upstream)
    end = report.plant.first + timedelta(report.plant.days)
    return Footprint(name, "piece", Decimal(row.pieces), report.plant.first, end, activities)


def _cells(plant: PlantYear, tariff: Tariff) -> dict[Cell, Places]:
    """The quarter hours of each month and time of use."""
    places = tariff.year_periods(plant.first, plant.days)
    out = {}
    for month, span in months_of(plant.first, plant.days):
        for place, period in enumerate(Period):
            found = np.flatnonzero(places[span] == place) + span.start
            if len(found):
                out[month, period] = found
    return out


def _by_cell(views: Mapping[str, Wh], cells: Mapping[Cell, Places]) -> dict[str, dict[Cell, int]]:
    return {
        name: {cell: int(energy[at].sum()) for cell, at in cells.items()}
        for name, energy in views.items()
    }


def _share(
    plant: PlantYear,
    cells: Mapping[Cell, Places],
    losses: Wh,
) -> tuple[AllocationLedger, dict[str, dict[Cell, int]]]:
    """Post the energy of machines directly, and share utilities, standby and losses out by it."""
    ledger = AllocationLedger()
    direct = {
        cell: dict(zip(plant.series, plant.direct_wh[:, at].sum(axis=1).tolist(), strict=True))
        for cell, at in cells.items()
    }
    year = {name: sum(cell[name] for cell in direct.values()) for name in plant.series}
    out: dict[str, dict[Cell, int]] = {name: dict.fromkeys(cells, 0) for name in plant.series}
    sources = {SHARED: plant.utility_wh, "standby": plant.standby_wh, LOSSES: losses}
    origin = int(np.datetime64(plant.first, "us").astype(np.int64))
    for cell, at in cells.items():
        month, period = cell
        window = origin + int(at[0]) * QUARTER_US, origin + (int(at[-1]) + 1) * QUARTER_US
        label = f"{month}/{period}"
        used = sum(direct[cell].values())
        ledger.share(f"{label}/machines", "machines", window, used, Key.DIRECT, direct[cell])
        weights = direct[cell] if used else year
        for name, energy in sources.items():
            total = int(energy[at].sum())
            ledger.share(f"{label}/{name}", name, window, total, Key.DIRECT_ENERGY, weights)
    for posting in ledger.postings:
        month, time_of_use, _ = posting.id.split("/")
        for name, share in posting.shares:
            out[name][month, Period(time_of_use)] += share
    return ledger, out


def _rows(
    energy: Mapping[str, Mapping[Cell, int]],
    bill: Bill,
    factor: Factor,
    devices: Mapping[str, int],
    idle: Mapping[str, int],
    pieces: Mapping[str, int],
) -> tuple[GroupRow, ...]:
    """Share each line of the bill out by the energy that it is about."""
    fen = dict.fromkeys(energy, 0)
    periods = {period.value for period in Period}
    for line in bill.lines:
        if line.kind in periods:
            cell = line.month, Period(line.kind)
            weights = {name: of.get(cell, 0) for name, of in energy.items()}
        else:
            weights = {
                name: sum(wh for (month, _), wh in of.items() if month == line.month)
                for name, of in energy.items()
            }
        for name, share in share_out(line.amount_fen, weights).items():
            fen[name] += share
    rows = []
    for name, of in energy.items():
        total = sum(of.values())
        rows.append(
            GroupRow(
                name, devices.get(name, 0), total, idle.get(name, 0), fen[name],
                grams(total, factor), pieces.get(name, 0),
            )
        )  # fmt: skip
    return tuple(rows)


def _tree(plant: PlantYear) -> list[Balance]:
    """The balance of factory, lines and machines, by month."""
    nodes = [MeterNode(id="factory", level=Level.FACTORY)]
    members: dict[int, list[str]] = {}
    for device in plant.devices:
        members.setdefault(device.line, []).append(device.id)
    meters: dict[str, Wh] = {}
    for line, ids in members.items():
        name = SHARED if line < 0 else plant.lines[line]
        terms = tuple((1, each) for each in ids)
        nodes.append(MeterNode(id=name, level=Level.LINE, parent="factory", terms=terms))
        nodes += [MeterNode(id=each, level=Level.MACHINE, parent=name) for each in ids]
    for at, device in enumerate(plant.devices):
        meters[device.id] = plant.device_month_wh[at]
    spans = months_of(plant.first, plant.days)
    meters["factory"] = np.array([plant.factory_wh[span].sum() for _, span in spans])
    tree = MeterTree(nodes)
    return tree.balances(tree.energies(meters))


def _baseline(plant: PlantYear) -> Baseline:
    daily = plant.factory_wh.reshape(-1, 96).sum(axis=1) / 1_000
    cooling = degree_days(plant.celsius, 18.0, cooling=True)
    return fit(daily, [("pieces", plant.pieces.sum(axis=0)), ("cooling_degree_days", cooling)])


def _count(names: list[str]) -> dict[str, int]:
    return dict(Counter(names))
