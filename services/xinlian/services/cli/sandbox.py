"""The sandbox bank: answers payment instructions as a bank would, for trials. It moves no money."""

from __future__ import annotations

from pathlib import Path

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.rehearsal import network_now


def make() -> click.Command:
    """`bank sandbox`."""
    params: list[click.Parameter] = [
        click.Argument(["bank"], type=int),
        click.Option(["--day"], help=pick("its booking day; today by default", "记账日，默认今天")),
    ]
    text = pick(
        "Play the bank with number BANK on this machine: book the instructions in its folder whose "
        "day has come, and write its camt.054 receipts, to be handed in with `bank upload`. "
        "For trials: no money moves.",
        "在本机模拟编号为 BANK 的银行：对其文件夹中已到付款日的指令记账，"
        "生成 camt.054 回单，再用 `bank upload` 上传。仅供试用，不涉及真实资金。",
    )
    return command("sandbox", _answer, text, params)


def _answer(bank: int, day: str | None) -> None:
    from xinlian.finance.adapters.banking.folder import FolderBank
    from xinlian.finance.adapters.banking.sandbox import SandboxBank
    from xinlian.finance.adapters.data_files import china_calendar
    from xinlian.ledger.model.days import DayError, day_at, day_from_iso
    from xinlian.services.cli.render import print_json
    from xinlian.services.settings import Settings

    root = Settings().data / "banks" / f"bank-{bank}"
    if not root.is_dir():
        raise CliError(
            pick(f"no instruction for bank {bank} was given yet", f"尚无发给银行 {bank} 的指令"),
            where=str(root),
            todo=pick("give one with `bank disburse`, `bank redeem` or `bank repay`",
                      "先用 `bank disburse`、`bank redeem` 或 `bank repay` 指示付款"),
        )  # fmt: skip
    try:
        today = day_at(network_now()) if day is None else day_from_iso(day)
    except DayError as exc:
        what = pick(f"a day as YYYY-MM-DD is wanted, not {day!r}", f"需为 YYYY-MM-DD，而非 {day!r}")
        raise CliError(what, where="--day", code=Exit.USAGE) from exc
    earlier = set(_receipts(root))
    SandboxBank(FolderBank(root), china_calendar()).run(today)
    receipts = [path for path in _receipts(root) if path not in earlier]
    waiting = [str(path) for path in sorted((root / "outbox").glob("*.pain.001.xml"))]
    if wants_json():
        print_json({"receipts": receipts, "waiting": waiting})
        return
    for path in receipts:
        click.echo(path)
    if waiting:
        click.echo(
            pick(
                f"{len(waiting)} instructions wait for their day",
                f"{len(waiting)} 个指令未到付款日",
            ),
            err=True,
        )
    if not receipts:
        click.echo(
            pick(
                f"nothing was booked; earlier receipts lie in {root / 'inbox'}",
                f"未记账；此前的回单在 {root / 'inbox'}",
            ),
            err=True,
        )


def _receipts(root: Path) -> list[str]:
    return [str(path) for path in sorted((root / "inbox").glob("*.camt.054.xml"))]
