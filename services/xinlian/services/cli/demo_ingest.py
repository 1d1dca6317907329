"""`demo ingest`: a press shop of simulated machines, from the register to the proof."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick

_FILE = click.Path(path_type=Path)


def make() -> click.Command:
    """The command."""
    params: list[click.Parameter] = [
        click.Option(["--seconds"], type=click.FloatRange(25, 3_600), default=60.0,
                     show_default=True, help=pick("how long to collect", "采集秒数")),
        click.Option(["--energy"], type=click.Path(path_type=Path, dir_okay=False),
                     help=pick("a meter's year as CSV", "仪表年度 CSV")),
        click.Option(
            ["--out"], type=_FILE, help=pick("folder for what is made", "生成文件的文件夹")
        ),
    ]  # fmt: skip
    text = pick(
        "Telemetry on a real node and database: simulators of several protocols are collected, "
        "readings stored, their windows fixed on chain, a meter's energy proved and checked, a "
        "year's energy report written.",
        "在真实节点与数据库上演示遥测：采集多种协议的模拟设备、入库、窗口存证上链、证明并核验某电表电量、"
        "生成年度能耗报告。",
    )
    return command("ingest", _run, text, params)


def _run(seconds: float, energy: Path | None, out: Path | None) -> int:
    from xinlian.ingest.model.energy.exact import EnergyError
    from xinlian.services.cli.local import termination_is_interruption
    from xinlian.services.demo.failure import DemoError
    from xinlian.services.demo_ingest.run import Options, run_demo_ingest

    machine = wants_json()
    stream = sys.stderr if machine else sys.stdout
    with termination_is_interruption():
        try:
            outcome = run_demo_ingest(Options(seconds, energy, out, language()), stream)
        except DemoError as exc:
            code = Exit.USAGE if exc.usage else Exit.REFUSED
            raise CliError(exc.what, where=exc.where, todo=exc.todo, code=code) from exc
        except EnergyError as exc:
            raise CliError(pick(str(exc), exc.zh), where=str(energy), code=Exit.USAGE) from exc
    if machine:
        sys.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return Exit.OK if outcome.good else Exit.BOOKS
