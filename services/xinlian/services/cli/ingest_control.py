"""Commands that ask a running collector: how it stands, its devices and tags, reload, write."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any, Final

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

__all__ = ["make"]

_DEVICES: Final = ("id", "group", "driver", "state", "fault", "rows", "missed", "bad",
                   "latency_p50_ms", "jitter_p99_ms")  # fmt: skip
_TAGS: Final = ("name", "address", "type", "unit", "period_ms", "access", "role")
_PAGE: Final = 500


def make() -> list[click.Command]:
    """`status`, `devices`, `tags`, `reload`, `write`."""
    name = click.Option(
        ["--name"],
        default="collector",
        show_default=True,
        help=pick("name of the collector's stream", "采集器（数据流）名称"),
    )
    party = click.Option(
        ["--party"],
        type=click.IntRange(1),
        help=pick("its party, where there are several", "所属参与方（多个时）"),
    )
    device, tag = click.Argument(["device"]), click.Argument(["tag"])
    where: list[click.Parameter] = [name, party]
    return [
        command("status", _status, pick("How a running collector stands.", "采集器状态。"), where),
        command("devices", _devices,
                pick("Its devices and their figures.", "设备及其指标。"), where),
        command("tags", _tags, pick("Tags of one of its devices.", "某设备的点位。"),
                [device, *where]),
        command("reload", _reload,
                pick("Read its plant file anew: only devices that changed are dropped.",
                     "重新读取工厂文件：仅变更的设备会断开。"), where),
        command("write", _write,
                pick("Write a value to a tag that allows it; recorded before and after.",
                     "写入允许写的点位；写入前后均留存记录。"),
                [device, tag, click.Argument(["value"]), *where]),
    ]  # fmt: skip


def _socket(name: str, party: int | None) -> Path:
    from xinlian.services.settings import Settings

    root = Settings().telemetry_dir
    found = sorted(root.glob(f"{party or '*'}/run/{name}.sock"))
    if len(found) == 1:
        return found[0]
    what = (
        pick(f"no collector {name} runs here", f"本机没有运行中的采集器 {name}")
        if not found
        else pick("several parties have such a collector", "多个参与方有同名采集器")
    )
    todo = pick("start one with ./xl ingest run PLANT", "用 ./xl ingest run PLANT 启动")
    raise CliError(what, where=str(root), todo=todo if not found else "--party", code=Exit.USAGE)


def _ask(name: str, party: int | None, request: dict[str, Any]) -> Any:
    from xinlian.ingest.adapters.control import ControlError, ask

    try:
        return ask(_socket(name, party), request)
    except ControlError as exc:
        raise CliError(pick(str(exc), exc.zh), where=name) from exc


def _told(body: Any, rows: Any = None, columns: tuple[str, ...] = ()) -> None:
    from xinlian.services.cli.render import print_json, print_record, print_rows

    if wants_json():
        print_json(body)
    elif rows is not None:
        print_rows(rows, columns)
    else:
        print_record(body)


def _status(name: str, party: int | None) -> None:
    _told(_ask(name, party, {"do": "status"}))


def _devices(name: str, party: int | None) -> None:
    body = _ask(name, party, {"do": "devices", "first": 0, "count": _PAGE})
    _told(body, body, _DEVICES)


def _tags(device: str, name: str, party: int | None) -> None:
    body = _ask(name, party, {"do": "tags", "id": device, "first": 0, "count": _PAGE})
    _told(body, body, _TAGS)


def _reload(name: str, party: int | None) -> None:
    _told(_ask(name, party, {"do": "reload"}))


def _write(device: str, tag: str, value: str, name: str, party: int | None) -> None:
    request = {"do": "write", "id": device, "tag": tag, "value": value, "who": getpass.getuser()}
    _told(_ask(name, party, request))
