"""Energy: a year's report of a meter, and a fleet of machines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from xinlian.services.cli.common import command, common_options, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick

if TYPE_CHECKING:
    from xinlian.ingest.model.energy.tariff import Tariff
    from xinlian.ingest.usecases.energy_tables import Table
    from xinlian.ingest.usecases.energy_year import YearReport
    from xinlian.trace.model.dossier import Words

__all__ = ["make", "year_of"]

_WIDTH: Final = 132
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


def make(name: str) -> click.Command:
    """The group ``energy``."""
    group = click.Group(
        name,
        params=[*common_options()],
        help=pick("Energy, cost and carbon.", "能耗、费用与碳排放。"),
    )
    group.add_command(_report())
    return group


def _report() -> click.Command:
    params: list[click.Parameter] = [
        click.Argument(["file"], type=_FILE, required=False),
        click.Option(["--tariff"], type=_FILE,
                     help=pick("dated tariff (YAML), or a sample", "分时电价 YAML，默认示例")),
        click.Option(["--alarm-kw"], type=click.IntRange(1),
                     help=pick("tell demand above this", "需量告警值 kW")),
        click.Option(["--pdf"], type=_FILE, help=pick("write the report as PDF", "导出 PDF 报告")),
    ]  # fmt: skip
    text = pick(
        "A year of a meter: load profile, energy and cost by month, peaks, power factor, baseline, "
        "anomalies, CO2. FILE is a CSV of quarter hours; without one a sample year is made up.",
        "仪表年度报告：负荷曲线、逐月电量与电费、需量峰值、功率因数、基准、异常、碳排放。"
        "FILE 为 15 分钟 CSV；缺省则生成示例年。",
    )
    return command("report", _year, text, params)


def _year(file: Path | None, tariff: Path | None, alarm_kw: int | None, pdf: Path | None) -> None:
    from xinlian.ingest.model.energy.exact import EnergyError
    from xinlian.ingest.usecases.energy_tables import report_tables

    try:
        report = year_of(file, tariff, alarm_kw)
    except EnergyError as exc:
        where = str(file or tariff or "")
        raise CliError(pick(str(exc), exc.zh), where=where, code=Exit.USAGE) from exc
    tables = report_tables(report)
    if wants_json():
        from xinlian.services.cli.render import print_json

        print_json([_plain(table) for table in tables])
    else:
        for table in tables:
            _show(table)
    if pdf is not None:
        from xinlian.ingest.adapters.paper.energy_report import energy_pdf
        from xinlian.trace.model.dossier import Language

        with pdf.open("wb") as stream:
            pages = energy_pdf(report, Language(language()), stream)
        click.echo(f"{pdf}  ({pages} {pick('pages', '页')})", err=wants_json())


def year_of(file: Path | None, tariff: Path | None, alarm_kw: int | None) -> YearReport:
    """The report of a meter's file, or of a year made up; ``EnergyError``."""
    from xinlian.ingest.adapters.energy.meter_csv import read_meter_csv
    from xinlian.ingest.adapters.energy.rows import factor_table
    from xinlian.ingest.model.energy.sample import sample_year
    from xinlian.ingest.usecases.energy_year import year_report

    load = sample_year(1) if file is None else read_meter_csv(file)
    factor = factor_table().find("electricity", "CN", load.first, early=True)
    return year_report(load, _tariff(tariff), factor, alarm_kw=alarm_kw)


def _tariff(path: Path | None) -> Tariff:
    from xinlian.ingest.adapters.energy.rows import parse_tariff, tariff

    if path is None:
        return tariff("sample-industry")
    return parse_tariff(path.read_text("utf-8"), str(path))


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
