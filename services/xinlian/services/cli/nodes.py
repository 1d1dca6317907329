"""Commands about the chain node; they work on its data folder."""

from __future__ import annotations

from pathlib import Path

import click
from xinlian.services.cli.common import command, common_options, log_to_stderr, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.rehearsal import make_clock

_FILE = click.Path(path_type=Path)


def make_node() -> click.Command:
    """`node init|run|status`."""
    group = click.Group(
        "node", help=pick("The chain node.", "链节点。"), params=[*common_options()]
    )
    data = click.Option(
        ["--data"], type=_FILE, help=pick("the node's folder", "节点数据文件夹"), default=None
    )
    port = click.Option(["--port"], type=int, default=0, show_default=True)
    seal = click.Option(["--seal-ms"], type=int, default=200, show_default=True)
    group.add_command(command("init", _node_init, pick("Create it.", "创建节点。"), [data]))
    group.add_command(
        command(
            "run", _node_run, pick("Run it until it is ended.", "运行节点。"), [data, port, seal]
        )
    )
    group.add_command(make_clock())
    group.add_command(command("status", _node_status, pick("How it is.", "节点状态。"), [data]))
    return group


def _node_dir(data: Path | None) -> Path:
    from xinlian.services.settings import Settings

    return Settings().node_dir if data is None else data.absolute()


def _node_init(data: Path | None) -> None:
    from xinlian.ledger.chain.errors import ChainError
    from xinlian.ledger.chain.node import init_node
    from xinlian.services.settings import keep_private, write_secret

    folder = _node_dir(data)
    keep_private(folder)
    try:
        tokens = init_node(folder)
    except ChainError as exc:
        raise CliError(str(exc), where=str(folder)) from exc
    for name, token in tokens.items():
        write_secret(folder / "secrets" / f"{name}.token", token)
    click.echo(pick(f"created: {folder}", f"已创建：{folder}"))
    click.echo(pick(f"tokens: {folder / 'secrets'}", f"令牌：{folder / 'secrets'}"))


def _node_run(data: Path | None, port: int, seal_ms: int) -> None:
    from xinlian.ledger.chain.errors import ChainError
    from xinlian.ledger.chain.node import NodeSettings, run_node
    from xinlian.services.settings import keep_private

    log_to_stderr()
    folder = _node_dir(data)
    keep_private(folder)
    try:
        run_node(NodeSettings(data_dir=folder, port=port, seal_interval_ms=seal_ms))
    except ChainError as exc:
        raise CliError(str(exc), where=str(folder)) from exc


def _node_status(data: Path | None) -> None:
    import json

    from xinlian.ledger.chain.errors import ChainError
    from xinlian.ledger.chain.node import node_status
    from xinlian.services.cli.render import print_json, print_record
    from xinlian.services.settings import Settings, SettingsError, read_secret
    from xinlian.services.wiring import NODE_TOKEN_FILE

    settings = Settings()
    folder = _node_dir(data)
    token_file = folder / "secrets" / "reader.token"
    if not token_file.exists():
        token_file = settings.secrets_dir / NODE_TOKEN_FILE
    try:
        url = json.loads((folder / "endpoint.json").read_text("utf-8"))["url"]
        status = node_status(url, read_secret(token_file))
    except (OSError, ValueError, KeyError, ChainError, SettingsError) as exc:
        raise CliError(
            pick("no node answers", "没有节点应答") + f": {exc}",
            where=str(folder),
            todo=pick("start it with ./xl up or ./xl node run", "用 ./xl up 或 ./xl node run 启动"),
            code=Exit.UNREACHABLE,
        ) from exc
    (print_json if wants_json() else print_record)(status)
