"""`simulate`: a seeded economy that lives through the real contracts and services."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick

SEEDS_MAX = 1_000


def make() -> click.Command:
    """The command."""
    params: list[click.Parameter] = [
        click.Option(["--seed"], type=click.IntRange(0), default=1, show_default=True,
                     help=pick("which economy", "经济体编号")),
        click.Option(["--scale"], type=click.Choice(["small", "full"]), default="small",
                     show_default=True, help=pick("how large", "规模")),
        click.Option(["--years"], type=click.IntRange(1, 5),
                     help=pick("over so many years instead of the scale's own", "年数")),
        click.Option(["--detect-only"], is_flag=True,
                     help=pick("detectors alone, without a chain", "只运行识别，不上链")),
        click.Option(["--seeds"], callback=_seeds,
                     help=pick("with --detect-only: such as 100-119", "配合 --detect-only")),
        click.Option(["--keep"], type=click.Path(path_type=Path),
                     help=pick("keep the data in this folder", "数据保留到此文件夹")),
    ]  # fmt: skip
    text = pick(
        "An economy of core enterprises, suppliers, banks and funders that lives through the real "
        "contracts and services: orders with seasons, late payers, disputes, a default, planted "
        "fraud. With --json the last line is one object.",
        "让一个由核心企业、供应商、银行与资金方组成的经济体在真实合约与服务上运行：季节性订单、"
        "迟付、争议、违约与预设欺诈。加 --json 时最后一行为一个 JSON 对象。",
    )
    return command("simulate", _run, text, params)


def _seeds(_context: click.Context, _option: click.Parameter, text: str | None) -> range | None:
    """A range of seeds, such as 100-119 or 7."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text, re.ASCII)
    if match is None:
        raise click.BadParameter(pick("a range such as 100-119 is wanted", "需为 100-119 的形式"))
    found = range(int(match[1]), int(match[2] or match[1]) + 1)
    if not 0 < len(found) <= SEEDS_MAX:
        raise click.BadParameter(pick(f"1 to {SEEDS_MAX} seeds", f"1 至 {SEEDS_MAX} 个编号"))
    return found


def _detect(seeds: range, scale: str, years: int | None) -> int:
    from xinlian.services.demo.progress import Progress
    from xinlian.services.economy.detecting import detect_only
    from xinlian.services.economy.model.economy import scale_of
    from xinlian.services.economy.report import render_detection

    machine = wants_json()
    progress = Progress(sys.stderr if machine else sys.stdout)
    done = detect_only(scale_of(scale, years), seeds, progress)
    if machine:
        sys.stdout.write(json.dumps(done.as_json(), ensure_ascii=False) + "\n")
    else:
        render_detection(done.total, language())
    return Exit.OK


def _run(
    seed: int,
    scale: str,
    years: int | None,
    detect_only: bool,
    seeds: range | None,
    keep: Path | None,
) -> int:
    if detect_only:
        return _detect(seeds or range(seed, seed + 1), scale, years)
    if seeds is not None:
        raise CliError(
            pick("--seeds goes with --detect-only", "--seeds 需与 --detect-only 一起使用"),
            where="--seeds",
            code=Exit.USAGE,
        )
    from xinlian.services.cli.local import termination_is_interruption
    from xinlian.services.demo.failure import DemoError
    from xinlian.services.economy.report import render
    from xinlian.services.economy.run import Options, simulate

    machine = wants_json()
    stream = sys.stderr if machine else sys.stdout
    with termination_is_interruption():
        try:
            outcome = simulate(Options(seed, scale, years, keep, language()), stream)
        except DemoError as exc:
            code = Exit.USAGE if exc.usage else Exit.REFUSED
            raise CliError(exc.what, where=exc.where, todo=exc.todo, code=code) from exc
    if machine:
        sys.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False) + "\n")
    else:
        render(outcome, language())
    sys.stdout.flush()
    return Exit.OK if outcome.good else Exit.BOOKS
