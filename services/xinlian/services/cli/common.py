"""Options that every command takes, wherever they stand on the line."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from xinlian.services.cli.i18n import pick, set_language


def common_options() -> list[click.Option]:
    """``--json``, ``--lang``, ``--api`` and ``--token-file``, kept in the context's object."""
    return [
        _kept("--json", "json", pick("answer as JSON", "以 JSON 输出"), is_flag=True),
        click.Option(
            ["--lang"],
            type=click.Choice(["zh", "en"]),
            expose_value=False,
            callback=_choose,
            help=pick("language of what is shown", "显示语言"),
        ),
        _kept("--api", "api", pick("address of the API", "API 地址")),
        _kept(
            "--token-file",
            "token_file",
            pick("file with the token (or set XINLIAN_TOKEN)", "令牌文件（或设置 XINLIAN_TOKEN）"),
            type=click.Path(path_type=Path),
        ),
    ]


def wants_json() -> bool:
    """Whether ``--json`` was given."""
    return bool((click.get_current_context().find_object(dict) or {}).get("json"))


def _kept(flag: str, name: str, text: str, **more: Any) -> click.Option:
    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            ctx.ensure_object(dict)[name] = value

    return click.Option([flag], expose_value=False, callback=keep, help=text, **more)


def _choose(_: click.Context, __: click.Parameter, value: str | None) -> None:
    if value is not None:
        set_language("zh" if value == "zh" else "en")


def command(
    name: str, callback: Callable[..., Any], text: str, params: list[click.Parameter] | None = None
) -> click.Command:
    """A command with the options that all have."""
    return click.Command(
        name, callback=callback, help=text, params=[*(params or []), *common_options()]
    )


def log_to_stderr() -> None:
    """What the parts have to say goes to stderr."""
    _log_to(logging.StreamHandler(sys.stderr))


def log_to_file(path: Path) -> None:
    """What the parts have to say goes to a file; warnings go to stderr too."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aloud = logging.StreamHandler(sys.stderr)
    aloud.setLevel(logging.WARNING)
    _log_to(logging.FileHandler(path, encoding="utf-8"), aloud)


def _log_to(*handlers: logging.Handler) -> None:
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, handlers=handlers)
    # A line for every look whether the API serves is no news.
    logging.getLogger("httpx").setLevel(logging.WARNING)
