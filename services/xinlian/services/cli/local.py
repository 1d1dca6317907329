"""Commands that work on this machine's data folder, without the API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from xinlian.services.cli.common import (
    command,
    common_options,
    log_to_file,
    log_to_stderr,
    wants_json,
)
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick
from xinlian.services.cli.nodes import make_node

_FILE = click.Path(path_type=Path)


def make(name: str) -> click.Command:
    """The command of this name."""
    return {
        "demo": _demo,
        "up": _up,
        "node": make_node,
        "api": _api,
        "ledger": _ledger,
        "token": _token,
    }[name]()


def _demo() -> click.Command:
    params: list[click.Parameter] = [
        click.Option(
            ["--receivables"], type=_FILE, help=pick("CSV or Excel file", "CSV 或 Excel 文件")
        ),
        click.Option(
            ["--mapping"], type=_FILE, help=pick("YAML that names its columns", "列映射 YAML")
        ),
        click.Option(
            ["--keep"], type=_FILE, help=pick("keep the data in this folder", "数据保留到此文件夹")
        ),
        click.Option(
            ["--bad-rows"],
            is_flag=True,
            help=pick("show every row that is not accepted", "显示所有未接受的行"),
        ),
    ]
    text = pick(
        "The whole life of vouchers on a real chain, from receivables to the books. Without a "
        "file it runs on the bundled sample. With --json the last line is one object.",
        "在真实链上演示凭证全流程，从应收账款到账簿。不给文件时使用内置样例。"
        "加 --json 时最后一行为一个 JSON 对象。",
    )
    group = click.Group(
        "demo",
        callback=_demo_or_part,
        invoke_without_command=True,
        params=[*params, *common_options()],
        help=text,
    )
    from xinlian.services.cli import demo_finance, demo_ingest, demo_trace

    group.add_command(demo_trace.make())
    group.add_command(demo_ingest.make())
    group.add_command(demo_finance.make())
    return group


def _demo_or_part(**values: Any) -> int | None:
    """The demo of vouchers, unless another one is named."""
    if click.get_current_context().invoked_subcommand is not None:
        return None
    return run_demo_command(**values)


def run_demo_command(
    receivables: Path | None, mapping: Path | None, keep: Path | None, bad_rows: bool
) -> int:
    """Run the demo; the exit code tells whether the books add up."""
    import json

    from xinlian.services.demo.failure import DemoError
    from xinlian.services.demo.run import Options, run_demo

    machine = wants_json()
    stream = sys.stderr if machine else sys.stdout
    with termination_is_interruption():
        try:
            options = Options(receivables, mapping, keep, language(), bad_rows)
            outcome = run_demo(options, stream)
        except DemoError as exc:
            code = Exit.USAGE if exc.usage else Exit.REFUSED
            raise CliError(exc.what, where=exc.where, todo=exc.todo, code=code) from exc
    if machine:
        sys.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return Exit.OK if outcome.good else Exit.BOOKS


def _up() -> click.Command:
    def run(*, rehearsal: bool) -> None:
        from xinlian.services.cli.rehearsal import found
        from xinlian.services.settings import Settings, keep_private
        from xinlian.services.workers.founding import CLI_TOKEN_FILE
        from xinlian.services.workers.lock import DataLockedError
        from xinlian.services.workers.up import UpError
        from xinlian.services.workers.up import run as run_up

        settings = Settings()
        keep_private(settings.data)
        logs = settings.data / "logs"
        log_to_file(logs / "up.log")
        click.echo(
            pick(f"starting; data folder {settings.data}", f"启动中；数据文件夹 {settings.data}")
        )

        def ready(url: str) -> None:
            token = settings.secrets_dir / CLI_TOKEN_FILE
            click.echo(pick(f"the network is up: {url}", f"网络已启动：{url}"))
            click.echo(pick(f"  API document: {url}/docs", f"  接口文档：{url}/docs"))
            click.echo(pick(f"  operator's token: {token}", f"  运营方令牌：{token}"))
            click.echo(pick(f"  logs: {logs}", f"  日志：{logs}"))
            click.echo(pick("  end it with Ctrl-C", "  用 Ctrl-C 结束"))

        if rehearsal:
            found(settings)
        try:
            run_up(settings, ready)
        except (UpError, DataLockedError) as exc:
            raise CliError(str(exc), where=str(settings.data)) from exc

    text = pick(
        "Start node, API and workers on this machine and keep them running.",
        "在本机启动节点、API 与后台任务并保持运行。",
    )
    flag = click.Option(
        ["--rehearsal"],
        is_flag=True,
        help=pick(
            "a network for trials, whose clock stands until `node clock` sets it",
            "演练网络：时钟静止，由 `node clock` 拨动",
        ),
    )
    return command("up", run, text, [flag])


def _api() -> click.Command:
    def run() -> None:
        from xinlian.ledger.chain.errors import ChainError
        from xinlian.ledger.model.errors import LedgerError
        from xinlian.services.api.main import run as run_api
        from xinlian.services.settings import Settings

        log_to_stderr()
        settings = Settings()
        try:
            run_api(settings)
        except (LedgerError, ChainError) as exc:
            raise CliError(
                exc.text(language()) if isinstance(exc, LedgerError) else str(exc),
                where=str(settings.data),
                todo=pick("start all of it with ./xl up", "用 ./xl up 启动全部"),
                code=Exit.UNREACHABLE,
            ) from exc

    group = click.Group(
        "api", help=pick("The REST API.", "REST 接口。"), params=[*common_options()]
    )
    text = pick("Run the API with its workers; the node has to run.", "运行 API；需节点已运行。")
    group.add_command(command("run", run, text))
    return group


def _ledger() -> click.Command:
    text = pick(
        "Rebuild the books from block 0, compare them with those in SQL and with the chain.",
        "自创世块重建账簿，与数据库及链上状态比对。",
    )
    help_text = pick("The ledger.", "账本。")
    group = click.Group("ledger", help=help_text, params=[*common_options()])
    group.add_command(command("verify", verify_command, text))
    return group


def verify_command() -> int:
    """Verify the books of the data folder; exit code 5 if anything differs."""
    from xinlian.ledger.adapters.sql.engine import make_engine
    from xinlian.ledger.chain.deployment import Deployment
    from xinlian.ledger.chain.errors import ChainError
    from xinlian.ledger.chain.rpc import Rpc
    from xinlian.ledger.chain.verify import verify
    from xinlian.ledger.model.errors import LedgerError
    from xinlian.services.cli.render import print_json, print_record
    from xinlian.services.settings import Settings, SettingsError, read_secret
    from xinlian.services.wiring import DEPLOYMENT_FILE, NODE_TOKEN_FILE, node_url

    settings = Settings()
    try:
        deployment = Deployment.load(settings.data / DEPLOYMENT_FILE)
        contracts = {"0x" + a.hex(): name.value for name, a in deployment.addresses.items()}
        token = read_secret(settings.secrets_dir / NODE_TOKEN_FILE)
        engine = make_engine(settings.sqlalchemy_url())
        with Rpc(node_url(settings), token) as rpc:
            report = verify(engine, rpc, contracts, deployment.chain_id)
    except (LedgerError, ChainError, SettingsError) as exc:
        raise CliError(
            exc.text(language()) if isinstance(exc, LedgerError) else str(exc),
            where=str(settings.data),
            todo=pick("start the network with ./xl up", "用 ./xl up 启动网络"),
            code=Exit.UNREACHABLE,
        ) from exc
    facts = {
        "ok": report.ok,
        "rebuild_identical": report.rebuild_identical,
        "conservation": report.conservation,
        "height": report.height,
        "block_hash": "0x" + report.block_hash.hex(),
        "events": report.events,
        "roots": report.roots,
        "seconds": round(report.seconds, 1),
        "differences": [str(each) for each in report.differences],
        "breaks": [*report.breaks, *report.chain_breaks],
    }
    (print_json if wants_json() else print_record)(facts)
    return Exit.OK if report.ok else Exit.BOOKS


def _token() -> click.Command:
    from xinlian.services.cli.tokens import make_group

    return make_group()


class termination_is_interruption:  # noqa: N801 - reads as a phrase in `with`
    """SIGTERM and SIGHUP end the command as Ctrl-C does: in good order, its children first."""

    def __enter__(self) -> None:
        import signal

        def interrupt(_number: int, _frame: object) -> None:
            raise KeyboardInterrupt

        kinds = (signal.SIGTERM, signal.SIGHUP)
        self._kept = {number: signal.signal(number, interrupt) for number in kinds}

    def __exit__(self, *_: object) -> None:
        import signal

        for number, handler in self._kept.items():
            signal.signal(number, handler)
