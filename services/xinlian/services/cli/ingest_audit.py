"""`ingest audit`: what was written to devices, by whom, and what became of it."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

__all__ = ["make"]

_SHOWN: Final = 10


def make(where: list[click.Parameter]) -> click.Command:
    """The command; ``where`` names the stream and the party."""
    limit = click.Option(
        ["--limit"],
        type=click.IntRange(1, 10_000),
        default=50,
        show_default=True,
        help=pick("records at most", "最多条数"),
    )
    return command(
        "audit",
        _audit,
        pick("Writes to devices as they stand in the log, the newest first.",
             "日志中的设备写入记录，最新在前。"),
        [*where, limit],
    )  # fmt: skip


def _audit(name: str, party: int | None, limit: int) -> None:
    from xinlian.ingest.adapters.log.audits import audits
    from xinlian.services.cli.cells import moment_of_ms
    from xinlian.services.cli.render import print_json, print_rows
    from xinlian.services.settings import Settings

    root = Settings().telemetry_dir
    found = [each for each in root.glob(f"{party or '*'}/log/*") if each.name == name]
    if len(found) != 1:
        known = [f"{each.parent.parent.name}/{each.name}" for each in sorted(root.glob("*/log/*"))]
        shown = ", ".join(known[:_SHOWN]) or pick("none yet", "暂无")
        raise CliError(
            pick(
                f"{len(found)} logs are named {name!r}", f"名为 {name!r} 的日志有 {len(found)} 个"
            ),
            where=str(root),
            todo=pick(
                f"name one with --party and --name; there are (party/name): {shown}",
                f"请用 --party 与 --name 指定其一；现有（参与方/名称）：{shown}",
            ),
            code=Exit.USAGE,
        )
    records = list(islice(audits(found[0]), limit))
    if wants_json():
        print_json(records)
        return
    print_rows([_row(each, moment_of_ms) for each in records])


def _row(record: dict[str, Any], moment: Any) -> dict[str, Any]:
    names = ("device", "tag", "value", "raw", "state", "who", "fault")
    time_us = int(record.get("time_us", 0))
    told = {"time": moment(time_us // 1000)}
    return told | {name: str(record.get(name, "")) for name in names}
