"""The report of a plant's devices as tables of texts, for screen and paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from xinlian.ingest.usecases.energy_fleet import LOSSES, SHARED, FleetReport, GroupRow
from xinlian.ingest.usecases.energy_shown import Table, kilo, rounded, same, tonnes, yuan
from xinlian.trace.model.dossier import Words

__all__ = ["fleet_tables"]

_NAMES: Final = {SHARED: Words("utilities", "公用设施"), LOSSES: Words("losses", "损耗")}
_HEADS: Final = (
    Words("Devices", "台数"),
    Words("Energy kWh", "电量 kWh"),
    Words("Idle kWh", "空载 kWh"),
    Words("Cost ¥", "电费 ¥"),
    Words("t CO2", "t CO2"),
)


def fleet_tables(report: FleetReport) -> list[Table]:
    """Overview, kinds, lines and series; each view's last row sums to the factory's meter."""
    plant = report.plant
    kinds = {name: Words(*each) for name, each in zip(plant.kinds, plant.labels, strict=True)}
    return [
        _overview(report),
        _view(
            "kinds",
            Words("By kind of device", "按设备种类"),
            Words("Kind", "种类"),
            report.kinds,
            kinds,
        ),
        _view("lines", Words("By line", "按产线"), Words("Line", "产线"), report.lines, {}),
        _series(report),
    ]


def _overview(report: FleetReport) -> Table:
    plant, factory, model = report.plant, report.balances[0], report.baseline
    share = Decimal(factory.unaccounted_wh) * 100 / max(1, report.energy_wh)
    rows = (
        (
            Words("Devices, kinds, lines, series", "设备、种类、产线、系列"),
            same(
                f"{len(plant.devices):,} / {len(plant.kinds)} / {len(plant.lines)} / "
                f"{len(plant.series)}"
            ),
        ),
        (
            Words("Energy of the factory's meter", "总表电量"),
            same(f"{kilo(report.energy_wh)} kWh"),
        ),
        (
            Words("Not seen by any other meter", "其他电表未计量"),
            same(f"{kilo(factory.unaccounted_wh)} kWh ({rounded(share, 2)} %)"),
        ),
        (Words("Cost", "电费"), same(f"¥ {yuan(report.bill.total_fen)}")),
        (
            Words("Carbon", "碳排放"),
            same(f"{tonnes(sum((r.co2_g for r in report.kinds), Decimal(0)))} t CO2"),
        ),
        (
            Words("Baseline: kWh a piece, kWh a degree-day", "基准：每件 kWh、每度日 kWh"),
            same(f"{model.terms[1].value:,.2f}, {model.terms[2].value:,.0f} (R² {model.r2:.3f})"),
        ),
        (
            Words("Postings of shared energy, their balance", "分摊凭证数、试算差额"),
            same(f"{len(report.ledger.postings):,}, {report.ledger.trial_balance()} Wh"),
        ),
    )
    heads = (Words("Figure", "指标"), Words("Value", "数值"))
    return Table("fleet", Words("Overview", "概览"), heads, rows)


def _view(
    name: str,
    title: Words,
    head: Words,
    rows: Sequence[GroupRow],
    labels: Mapping[str, Words],
) -> Table:
    named = {**_NAMES, **labels}
    made = [
        (
            named.get(row.name, same(row.name)),
            same(row.devices or ""),
            same(kilo(row.energy_wh)),
            same(kilo(row.idle_wh)),
            same(yuan(row.cost_fen)),
            same(tonnes(row.co2_g)),
        )
        for row in rows
    ]
    made.append(
        (
            Words("Total", "合计"),
            same(f"{sum(row.devices for row in rows):,}"),
            same(kilo(sum(row.energy_wh for row in rows))),
            same(kilo(sum(row.idle_wh for row in rows))),
            same(yuan(sum(row.cost_fen for row in rows))),
            same(tonnes(sum((row.co2_g for row in rows), Decimal(0)))),
        )
    )
    return Table(name, title, (head, *_HEADS), tuple(made), frozenset(range(1, 6)), total=True)


def _series(report: FleetReport) -> Table:
    heads = (
        Words("Series", "系列"),
        Words("Pieces", "件数"),
        Words("Energy kWh", "电量 kWh"),
        Words("Cost ¥", "电费 ¥"),
        Words("kWh each", "kWh/件"),
        Words("¥ each", "元/件"),
        Words("kg CO2 each", "kg CO2/件"),
    )
    rows = [_series_row(row) for row in report.series]
    whole = report.series
    total = GroupRow(
        "", 0, sum(row.energy_wh for row in whole), 0, sum(row.cost_fen for row in whole),
        sum((row.co2_g for row in whole), Decimal(0)), sum(row.pieces for row in whole),
    )  # fmt: skip
    rows.append((Words("Total", "合计"), *_series_row(total)[1:]))
    note = Words(
        "With its share of utilities, standby and losses, posted by month and time of use in "
        "proportion to the energy of the machines.",
        "含公用设施、待机与损耗分摊：按月、按时段，依机器直接用电量比例入账。",
    )
    title = Words("By product series", "按产品系列")
    return Table("series", title, heads, tuple(rows), frozenset(range(1, 7)), note, True)


def _series_row(row: GroupRow) -> tuple[Words, ...]:
    each = Decimal(max(1, row.pieces))
    return (
        same(row.name),
        same(f"{row.pieces:,}"),
        same(kilo(row.energy_wh)),
        same(yuan(row.cost_fen)),
        same(rounded(Decimal(row.energy_wh) / 1_000 / each, 3)),
        same(rounded(Decimal(row.cost_fen) / 100 / each, 2)),
        same(rounded(row.co2_g / 1_000 / each, 3)),
    )
