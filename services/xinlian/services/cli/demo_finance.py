"""`demo finance`: a small economy, told as a story."""

from __future__ import annotations

import json
import sys

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick


def make() -> click.Command:
    """The command."""
    params: list[click.Parameter] = [
        click.Option(
            ["--seed"],
            type=click.IntRange(0),
            default=1,
            show_default=True,
            help=pick("which small economy", "经济体编号"),
        )
    ]
    text = pick(
        "A small economy on a real chain, told as a story: who promises what, the quotes that a "
        "supplier sees, a ring found before it is paid for, a default and who bears it, who owes "
        "what and why.",
        "在真实链上运行的小型经济体：谁签发、供应商看到的报价、付款前发现的循环贸易、"
        "违约及损失承担、谁欠谁及原因。",
    )
    return command("finance", _run, text, params)


def _run(seed: int) -> int:
    from xinlian.services.cli.local import termination_is_interruption
    from xinlian.services.demo.failure import DemoError
    from xinlian.services.demo_finance.run import Options, run_demo_finance

    machine = wants_json()
    stream = sys.stderr if machine else sys.stdout
    with termination_is_interruption():
        try:
            outcome = run_demo_finance(Options(seed, language()), stream)
        except DemoError as exc:
            code = Exit.USAGE if exc.usage else Exit.REFUSED
            raise CliError(exc.what, where=exc.where, todo=exc.todo, code=code) from exc
    if machine:
        sys.stdout.write(json.dumps(outcome.as_json(), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return Exit.OK if outcome.good else Exit.BOOKS
