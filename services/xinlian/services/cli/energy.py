"""Energy: a year's report of a meter, and a fleet of machines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from xinlian.services.cli.common import command, common_options, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick

if TYPE_CHECKING:
    from xinlian.ingest.model.energy.load import LoadSeries
    from xinlian.ingest.model.energy.tariff import Tariff
    from xinlian.ingest.usecases.energy_fleet import FleetReport
    from xinlian.ingest.usecases.energy_tables import Table
    from xinlian.ingest.usecases.energy_year import YearReport
    from xinlian.trace.model.dossier import Words

__all__ = ["make", "year_of"]

_WIDTH: Final = 132
_LINES: Final = 25
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


def make(name: str) -> click.Command:
    """The group ``energy``."""
    from xinlian.services.cli import energy_batch, rows_energy
    from xinlian.services.cli.verbs import make_command

    group = click.Group(
        name,
        params=[*common_options()],
        help=pick("Energy, cost and carbon.", "能耗、费用与碳排放。"),
    )
    group.add_command(_report())
    group.add_command(_fleet())
    group.add_command(energy_batch.make(_tell))
    group.add_command(energy_batch.tree())
    for verb in rows_energy.ROWS:
        made = make_command(verb)
        made.params.extend(common_options())
        group.add_command(made)
    return group


def _report() -> click.Command:
    from xinlian.services.cli import energy_store

    params: list[click.Parameter] = [
        click.Argument(["file"], type=_FILE, required=False),
        click.Option(["--tariff"], type=_FILE,
                     help=pick("dated tariff (YAML), or a sample", "分时电价 YAML，默认示例")),
        click.Option(["--alarm-kw"], type=click.IntRange(1),
                     help=pick("tell demand above this", "需量告警值 kW")),
        click.Option(["--region"], default="CN", show_default=True,
                     help=pick("grid of the emission factor: CN, CN-east …",
                               "排放因子所属电网：CN、CN-east 等")),
        click.Option(["--contract-kw"], type=click.FloatRange(0, min_open=True),
                     help=pick("contracted demand: what comes near is told", "合同需量 kW")),
        click.Option(["--pdf"], type=_FILE, help=pick("write the report as PDF", "导出 PDF 报告")),
        *energy_store.options(),
    ]  # fmt: skip
    text = pick(
        "A year of a meter: load profile, energy and cost by month, peaks, power factor, baseline, "
        "anomalies, alarms, CO2. FILE is a CSV of quarter hours; --meter or --from-store takes a "
        "stored meter instead; without any a sample year is made up.",
        "仪表年度报告：负荷曲线、逐月电量与电费、需量峰值、功率因数、基准、异常、碳排放。"
        "FILE 为 15 分钟 CSV；--meter 或 --from-store 取已入库的电表；均缺省则生成示例年。",
    )
    return command("report", _year, text, params)


def _fleet() -> click.Command:
    params: list[click.Parameter] = [
        click.Option(["--devices"], type=click.IntRange(20, 20_000), default=2_000,
                     show_default=True, help=pick("machines", "设备数")),
        click.Option(["--series"], type=click.IntRange(1, 500), default=50, show_default=True,
                     help=pick("product series", "产品系列数")),
        click.Option(["--seed"], type=int, default=1, show_default=True,
                     help=pick("the same seed gives the same year", "相同种子得到相同结果")),
        click.Option(["--pdf"], type=_FILE, help=pick("write the report as PDF", "导出 PDF 报告")),
        click.Option(["--footprint"], type=_FILE,
                     help=pick("write the footprint of the first series (PACT JSON)",
                               "导出首个系列的产品碳足迹（PACT JSON）")),
    ]  # fmt: skip
    text = pick(
        "A simulated year of a plant of 20 kinds of machines: energy, cost and carbon by kind, "
        "line and product series, shared loads allocated to the watt-hour.",
        "模拟一座含 20 类设备的工厂全年：按设备类、产线、产品系列统计能耗、费用与碳排放，"
        "公共负荷精确分摊。",
    )
    return command("fleet", _plant_year, text, params)


def _plant_year(
    devices: int, series: int, seed: int, pdf: Path | None, footprint: Path | None
) -> None:
    from xinlian.ingest.adapters.energy.rows import factor_table
    from xinlian.ingest.adapters.files.classes import load_class
    from xinlian.ingest.model.energy.exact import EnergyError
    from xinlian.ingest.model.energy.fleet import FLEET_KINDS, simulate_plant
    from xinlian.ingest.usecases.energy_fleet import fleet_report
    from xinlian.ingest.usecases.energy_fleet_tables import fleet_tables

    kinds = [load_class(kind) for kind in FLEET_KINDS]
    try:
        lines = min(_LINES, series)
        plant = simulate_plant(kinds, devices=devices, series=series, lines=lines, seed=seed)
        factor = factor_table().find("electricity", "CN", plant.first, early=True)
        report = fleet_report(plant, _tariff(None), factor)
    except EnergyError as exc:
        raise CliError(pick(str(exc), exc.zh), code=Exit.USAGE) from exc
    tables = fleet_tables(report)
    _tell(tables)
    if pdf is not None:
        from xinlian.ingest.adapters.paper.energy_report import tables_pdf
        from xinlian.trace.model.dossier import Language, Words

        title = Words("A plant's year (simulated)", "工厂年度报告（模拟）")
        with pdf.open("wb") as stream:
            pages = tables_pdf(title, str(plant.first.year), tables, Language(language()), stream)
        click.echo(f"{pdf}  ({pages} {pick('pages', '页')})", err=wants_json())
    if footprint is not None:
        footprint.write_text(_pact(report) + "\n", "utf-8")
        click.echo(str(footprint), err=wants_json())


def _pact(report: FleetReport) -> str:
    """The footprint of the first series in the form of the PACT data model."""
    import json
    from datetime import UTC, datetime
    from uuid import uuid4

    from xinlian.ingest.adapters.energy.pact import Publication, pact_footprint
    from xinlian.ingest.usecases.energy_fleet import series_footprint

    name = report.plant.series[0]
    said = Publication(
        id=uuid4(),
        created=datetime.now(UTC),
        company="Simulated plant",
        company_ids=("urn:uuid:00000000-0000-4000-8000-000000000001",),
        product=name,
        product_ids=(f"urn:xinlian:series:{name}",),
    )
    return json.dumps(pact_footprint(series_footprint(report, name), said), indent=2)


def _year(
    file: Path | None,
    tariff: Path | None,
    alarm_kw: int | None,
    region: str,
    contract_kw: float | None,
    pdf: Path | None,
    **stored: Any,
) -> None:
    from xinlian.ingest.model.energy.exact import EnergyError
    from xinlian.ingest.usecases.energy_tables import report_tables
    from xinlian.services.cli import energy_store

    wanted = bool(stored["meter"] or stored["from_store"])
    if wanted and file is not None:
        raise CliError(
            pick("name a FILE or a stored meter, not both", "FILE 与已入库电表只能取其一"),
            where=str(file), code=Exit.USAGE,
        )  # fmt: skip
    try:
        found = energy_store.fetch(stored) if wanted else None
        load = None if found is None else found.load
        report = year_of(file, tariff, alarm_kw, region=region, load=load)
    except EnergyError as exc:
        where = str(file or tariff or stored["meter"] or "")
        raise CliError(pick(str(exc), exc.zh), where=where, code=Exit.USAGE) from exc
    kept = found or energy_store.Stored(report.load, [], None, None)
    if contract_kw is not None:
        kept = replace(kept, contract_kw=Decimal(str(contract_kw)))
    beside = energy_store.beside(report, kept) if found or contract_kw is not None else []
    _tell([*report_tables(report), *beside])
    if pdf is not None:
        from xinlian.ingest.adapters.paper.energy_report import energy_pdf
        from xinlian.trace.model.dossier import Language

        with pdf.open("wb") as stream:
            pages = energy_pdf(report, Language(language()), stream, beside)
        click.echo(f"{pdf}  ({pages} {pick('pages', '页')})", err=wants_json())


def year_of(
    file: Path | None,
    tariff: Path | None,
    alarm_kw: int | None,
    *,
    region: str = "CN",
    load: LoadSeries | None = None,
) -> YearReport:
    """The report of a load or a meter's file, or of a year made up; ``EnergyError``."""
    from xinlian.ingest.adapters.energy.meter_csv import read_meter_csv
    from xinlian.ingest.adapters.energy.rows import factor_table
    from xinlian.ingest.model.energy.sample import sample_year
    from xinlian.ingest.usecases.energy_year import year_report

    if load is None:
        load = sample_year(1) if file is None else read_meter_csv(file)
    factor = factor_table().find("electricity", region, load.first, early=True)
    return year_report(load, _tariff(tariff), factor, alarm_kw=alarm_kw)


def _tariff(path: Path | None) -> Tariff:
    from xinlian.ingest.adapters.energy.rows import parse_tariff, tariff

    if path is None:
        return tariff("sample-industry")
    return parse_tariff(path.read_text("utf-8"), str(path))


def _tell(tables: Sequence[Table]) -> None:
    if wants_json():
        from xinlian.services.cli.render import print_json

        print_json([_plain(table) for table in tables])
        return
    for table in tables:
        _show(table)


def _plain(table: Table) -> dict[str, Any]:
    heads = [head.en for head in table.heads]
    rows = [dict(zip(heads, (_said(cell) for cell in row), strict=True)) for row in table.rows]
    return {"title": table.title.en, "rows": rows}


def _said(cell: str | Words) -> str:
    return cell if isinstance(cell, str) else pick(cell.en, cell.zh)


def _show(table: Table) -> None:
    from rich.console import Console
    from rich.table import Table as Shown

    shown = Shown(title=_said(table.title), title_justify="left", box=None, header_style="bold")
    for place, head in enumerate(table.heads):
        shown.add_column(_said(head), justify="right" if place in table.right else "left")
    for row in table.rows:
        shown.add_row(*(_said(cell) for cell in row))
    wide = None if sys.stdout.isatty() else _WIDTH
    console = Console(file=sys.stdout, highlight=False, width=wide)
    console.print(shown)
    if table.note is not None:
        console.print(_said(table.note), style="dim")
    console.print()
