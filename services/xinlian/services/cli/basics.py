"""Commands that need nothing but themselves."""

from __future__ import annotations

import click
from xinlian.services.cli.common import common_options, wants_json
from xinlian.services.cli.i18n import pick

SHELLS = ("bash", "zsh", "fish")


def make(name: str) -> click.Command:
    """The command of this name."""
    return {"version": _version, "completion": _completion}[name]()


def _version() -> click.Command:
    def show() -> None:
        from importlib.metadata import version

        if wants_json():
            from xinlian.services.cli.render import print_json

            print_json({"xinlian": version("xinlian")})
        else:
            click.echo(f"xinlian {version('xinlian')}")

    return click.Command(
        "version", callback=show, params=[*common_options()], help=pick("Print it.", "显示版本。")
    )


def _completion() -> click.Command:
    def show(shell: str) -> None:
        from click.shell_completion import get_completion_class
        from xinlian.services.cli.root import make_root

        kind = get_completion_class(shell)
        assert kind is not None  # noqa: S101 - the choice allows known shells alone
        click.echo(kind(make_root(), {}, "xinlian", "_XINLIAN_COMPLETE").source())

    return click.Command(
        "completion",
        callback=show,
        params=[click.Argument(["shell"], type=click.Choice(SHELLS)), *common_options()],
        help=pick(
            'Print a script that completes commands. For bash: eval "$(./xl completion bash)".',
            '输出命令补全脚本。bash 用法：eval "$(./xl completion bash)"。',
        ),
    )
