"""Answers of the API that are failures of the command all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

if TYPE_CHECKING:
    from xinlian.services.cli.client import Api

ROWS_READ: Final = 500
ROWS_SHOWN: Final = 5
ODD_EFFECTS: Final = ("amount_differs", "unmatched", "unfit", "returned_late")


def check_receipts(body: Any) -> None:
    """Money that the books could not take as agreed is told on stderr and by the exit code."""
    effects = body.get("effects") if isinstance(body, dict) else None
    if not isinstance(effects, list) or body.get("direction") != "in":
        return
    odd = [each for each in effects if each.get("effect") in ODD_EFFECTS]
    if odd:
        from xinlian.services.cli.cells import cell

        told = "; ".join(f"{each['payment']} {cell('effect', each['effect'])}" for each in odd)
        raise CliError(
            pick(f"{len(odd)} entries do not fit what was agreed: ", f"{len(odd)} 笔与约定不符：")
            + told,
            todo=pick(
                "the receipt is kept, and nothing was ordered for these entries: look at them "
                "together with the bank",
                "回单已保存，未就这些条目下达指令：请与银行核对",
            ),
            code=Exit.BOOKS,
        )


def is_refused(body: Any) -> bool:
    """Whether a capture was not taken in: its answer, or its job's, told so already."""
    return isinstance(body, dict) and (body.get("taken") is False or body.get("success") is False)


def check_order(body: Any) -> None:
    """An order that came to nothing is a failure of the command."""
    if not isinstance(body, dict):
        return
    body = body.get("order") if isinstance(body.get("order"), dict) else body
    if body.get("state") != "failed":
        return
    failure = body.get("failure") or {}
    what = failure.get(pick("message", "message_zh")) or pick("the order failed", "指令失败")
    raise CliError(
        f"{what} [{failure.get('code', '?')}]",
        where=_where_of(body),
        todo=pick(
            "nothing was changed; correct it and give a new order", "未发生变更；更正后重新下达"
        ),
    )


def _where_of(body: dict[str, Any]) -> str:
    if "digest" in body:
        return pick("order", "指令") + f" {body['digest']}"
    return pick("call", "调用") + f" {body['reference']}" if "reference" in body else ""


def check_import(api: Api, body: dict[str, Any], *, quiet: bool) -> None:
    """Show the first rows that were not accepted; a file without a good row is a failure."""
    bad = body["invalid"] + body["conflict"]
    if not bad:
        return
    command = f"./xl import rows {body['id']} --limit 500"
    if not quiet:
        from xinlian.services.cli.render import print_rows

        answer = api.call("GET", f"/imports/{body['id']}/rows", query={"limit": ROWS_READ})
        rows = [row for row in answer.body["items"] if row["outcome"] in ("invalid", "conflict")]
        print()
        print_rows(rows[:ROWS_SHOWN], ("line", "outcome", "field", "message"))
    if body["accepted"] + body["exists"] == 0:
        raise CliError(
            pick("no row of the file was accepted", "文件中没有被接受的行"),
            where=str(body["file_name"]),
            todo=pick(f"see all rows with {command}", f"用 {command} 查看所有行"),
        )
    if not quiet and bad > ROWS_SHOWN:
        click.echo(pick(f"all of them: {command}", f"全部：{command}"), err=True)
