"""`demo trace`: a battery pack plant with one bad coil, or a Catena-X file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.files import read_file
from xinlian.services.cli.i18n import language, pick

_FILE = click.Path(path_type=Path)


def make() -> click.Command:
    """The command."""
    params: list[click.Parameter] = [
        click.Option(
            ["--catenax"],
            type=_FILE,
            help=pick("a Catena-X test-data container", "Catena-X 测试数据容器"),
        ),
        click.Option(
            ["--out"], type=_FILE, help=pick("folder for what is made", "生成文件的文件夹")
        ),
        click.Option(
            ["--stay"],
            is_flag=True,
            help=pick("keep the page open until Ctrl-C", "保持页面打开，按 Ctrl-C 结束"),
        ),
    ]
    text = pick(
        "Traceability on a real node and database: files of a battery pack plant and its suppliers "
        "are taken in, evidence goes on chain, a bad coil is recalled, proofs are checked, the "
        "dossier is written, the page behind the label answers.",
        "在真实节点与数据库上演示追溯：采集电池包厂及供应商文件、存证上链、召回问题卷料、"
        "核验证明、生成档案、打开标签页面。",
    )
    return command("trace", _run, text, params)


def _run(catenax: Path | None, out: Path | None, stay: bool) -> int:
    from xinlian.services.cli.local import termination_is_interruption
    from xinlian.services.demo.failure import DemoError
    from xinlian.services.demo_trace.run import Options, run_demo_trace

    if catenax is not None:
        _check_container(catenax)
    machine = wants_json()
    stream = sys.stderr if machine else sys.stdout
    with termination_is_interruption():
        try:
            outcome = run_demo_trace(Options(catenax, out, language(), stay), stream)
        except DemoError as exc:
            code = Exit.USAGE if exc.usage else Exit.REFUSED
            raise CliError(exc.what, where=exc.where, todo=exc.todo, code=code) from exc
    if machine:
        sys.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return Exit.OK if outcome.good else Exit.BOOKS


def _check_container(path: Path) -> None:
    """Look through a container before anything is started; ``CliError`` where it is none."""
    from xinlian.trace.adapters.catenax import catenax_rows
    from xinlian.trace.model.sources import SourceError

    _, data = read_file(path)
    try:
        bad = next((row.problem for row in catenax_rows(data, 1) if row.problem), None)
        if bad is not None:
            raise SourceError(bad.field, bad.why, bad.why_zh)
    except SourceError as exc:
        why = ": ".join(filter(None, (exc.path, pick(exc.why, exc.why_zh))))
        raise CliError(
            pick("no Catena-X container: ", "不是 Catena-X 容器：") + why,
            where=str(path),
            code=Exit.USAGE,
        ) from exc
