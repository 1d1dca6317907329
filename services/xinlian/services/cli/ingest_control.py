"""Commands that ask a running collector: how it stands, its devices and tags, reload, write."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import click
from xinlian.services.cli import ingest_audit
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.ingest_show import show_collector, show_devices_of, show_tags_of

__all__ = ["make", "refuse_shared"]

_PAGE: Final = 500


def make() -> list[click.Command]:
    """`status`, `devices`, `tags`, `reload`, `write`, `audit`."""
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
        ingest_audit.make(where),
    ]  # fmt: skip


def _socket(name: str, party: int | None) -> Path:
    from xinlian.services.settings import Settings

    root = Settings().telemetry_dir
    found = sorted(root.glob(f"{party or '*'}/run/{name}.sock"))
    if len(found) == 1:
        return found[0]
    if found:
        several = pick("several parties have such a collector", "多个参与方有同名采集器")
        numbers = ", ".join(each.parents[1].name for each in found)
        raise CliError(several, todo=f"--party {numbers}", code=Exit.USAGE)
    others = sorted({each.stem for each in root.glob(f"{party or '*'}/run/*.sock")})
    raise CliError(
        pick(f"no collector named {name!r} runs here", f"本机没有名为 {name!r} 的运行中采集器"),
        where=str(root),
        todo=(
            pick("there are: --name ", "现有：--name ") + ", ".join(others)
            if others
            else pick("start one with ./xl ingest run PLANT", "用 ./xl ingest run PLANT 启动")
        ),
        code=Exit.USAGE,
    )


def _ask(name: str, party: int | None, request: dict[str, Any]) -> Any:
    from xinlian.ingest.adapters.control import ControlError, ask

    try:
        return ask(_socket(name, party), request)
    except ControlError as exc:
        raise CliError(pick(str(exc), exc.zh), where=name) from exc


def refuse_shared(folder: Path, name: str, devices: Iterable[str]) -> None:
    """``CliError`` if another running collector of the party has one of these devices: its readings
    would be recorded twice, and sums over them would count them twice."""
    from xinlian.ingest.adapters.control import ControlError, ask

    wanted = frozenset(devices)
    for socket in sorted((folder / "run").glob("*.sock")):
        first = 0
        while socket.stem != name:
            try:
                page = ask(socket, {"do": "devices", "first": first, "count": _PAGE})
            except ControlError:
                break
            shared = sorted(wanted.intersection(each["id"] for each in page))
            if shared:
                raise CliError(
                    pick(
                        f"the collector {socket.stem!r} that runs here reads {shared[0]} already",
                        f"本机运行中的采集器 {socket.stem!r} 已在采集 {shared[0]}",
                    ),
                    where=str(socket),
                    todo=pick(
                        "end it, or give every device to one collector alone",
                        "请先结束它，或让每台设备只归一个采集器",
                    ),
                    code=Exit.USAGE,
                )
            if len(page) < _PAGE:
                break
            first += _PAGE


def _told(body: Any, show: Callable[[Any], None] | None = None) -> None:
    from xinlian.services.cli.render import print_json, print_record

    if wants_json():
        print_json(body)
    else:
        (show or print_record)(body)


def _status(name: str, party: int | None) -> None:
    _told(_ask(name, party, {"do": "status"}), show_collector)


def _devices(name: str, party: int | None) -> None:
    _told(_ask(name, party, {"do": "devices", "first": 0, "count": _PAGE}), show_devices_of)


def _tags(device: str, name: str, party: int | None) -> None:
    request = {"do": "tags", "id": device, "first": 0, "count": _PAGE}
    _told(_ask(name, party, request), show_tags_of)


def _reload(name: str, party: int | None) -> None:
    _told(_ask(name, party, {"do": "reload"}))


def _write(device: str, tag: str, value: str, name: str, party: int | None) -> None:
    request = {"do": "write", "id": device, "tag": tag, "value": value, "who": getpass.getuser()}
    _told(_ask(name, party, request))
