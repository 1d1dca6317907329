"""`ingest discover`: what devices have, where their protocol tells; as a tag list if wanted."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

if TYPE_CHECKING:
    from xinlian.ingest.adapters.drivers.found import Found
    from xinlian.ingest.model.devices import Device

__all__ = ["make"]

_KINDS: Final = (
    "modbus-tcp", "modbus-rtu-tcp", "modbus-udp", "opcua", "bacnet", "sparkplug",
)  # fmt: skip
_PORTS: Final = {"opcua": 4_840, "bacnet": 47_808, "sparkplug": 1_883}
_MODBUS_PORT: Final = 502
_COLUMNS: Final = ("name", "address", "type", "access", "label")


def make() -> click.Command:
    """The command."""
    params: list[click.Parameter] = [
        click.Argument(["host"]),
        click.Option(["--driver", "kind"], type=click.Choice(_KINDS),
                     help=pick("protocol; modbus-tcp, or opcua for opc.tcp://…",
                               "协议；默认 modbus-tcp，opc.tcp://… 则为 opcua")),
        click.Option(["--port"], type=click.IntRange(1, 65_535),
                     help=pick("the protocol's usual one if not given", "默认为协议的常用端口")),
        click.Option(["--units"], type=click.IntRange(1, 247), default=10, show_default=True,
                     help=pick("Modbus: ask unit ids 1 to this", "Modbus：从 1 扫描至该从站地址")),
        click.Option(["--high"], type=click.IntRange(0, 65_535), default=199, show_default=True,
                     help=pick("Modbus: last address to try", "Modbus：尝试的最大地址")),
        click.Option(["--set", "options"], multiple=True, metavar="NAME=VALUE",
                     help=pick("an endpoint option as in the plant: --set group=g --set edge=e",
                               "连接参数，同工厂文件：--set group=g --set edge=e")),
        click.Option(["--out"], type=click.Path(path_type=Path, dir_okay=False),
                     help=pick("write a tag list (CSV) for `tags_file`",
                               "写出点位表（CSV），供 `tags_file` 使用")),
    ]  # fmt: skip
    text = pick(
        "Look what is at HOST: Modbus units and their registers, variables of an OPC UA server, "
        "BACnet devices and their objects, metrics of a Sparkplug edge node (HOST is the broker).",
        "查看 HOST 上有什么：Modbus 从站及寄存器、OPC UA 服务器的变量、BACnet 设备及对象、"
        "Sparkplug 边缘节点的指标（HOST 为代理服务器）。",
    )
    return command("discover", _discover, text, params)


def _discover(
    host: str, kind: str | None, port: int | None, units: int, high: int,
    options: tuple[str, ...], out: Path | None,
) -> None:  # fmt: skip
    from xinlian.ingest.model.tags import TagError
    from xinlian.ingest.usecases.ports import DriverError

    kind = kind or ("opcua" if host.startswith("opc.tcp://") else "modbus-tcp")
    if out is not None and out.exists():
        raise CliError(
            pick("the file is there already", "文件已存在"), where=str(out), code=Exit.USAGE
        )
    given = _given(options)
    try:
        if kind.startswith("modbus"):
            where = {"host": host, "port": port or _MODBUS_PORT, **given}
            _show_units(asyncio.run(_modbus(kind, where, units, high)), out)
            return
        rows, found = asyncio.run(_ask(kind, host, port or _PORTS[kind], given))
    except TagError as exc:
        raise CliError(pick(str(exc), exc.zh), where=host, code=Exit.USAGE) from exc
    except (DriverError, OSError, ValueError) as exc:
        raise CliError(
            pick(f"nothing was found: {exc}", f"未发现任何内容：{exc}"), where=host
        ) from exc
    _show(rows, found, out)


def _given(options: tuple[str, ...]) -> dict[str, Any]:
    """Options as a plant file would have them: numbers, true and false, texts."""
    import yaml

    made: dict[str, Any] = {}
    for each in options:
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise CliError(
                pick(f"{each!r} is not NAME=VALUE", f"{each!r} 须为 NAME=VALUE"), code=Exit.USAGE
            )
        made[name] = yaml.safe_load(value) if value else ""
    return made


async def _modbus(kind: str, endpoint: Mapping[str, Any], units: int, high: int) -> Any:
    from xinlian.ingest.adapters.drivers.modbus.discover import discover

    return await discover(kind, endpoint, units=range(1, units + 1), high=high)


def _show_units(found: Any, out: Path | None) -> None:
    rows = [
        {
            "unit": each.unit,
            **dict(each.identity),
            "ranges": "; ".join(
                f"{space.name.lower()} " + ", ".join(f"{first}-{last}" for first, last in ranges)
                for space, ranges in each.ranges.items()
                if ranges
            ),
        }
        for each in found
    ]
    if out is not None and len(found) != 1:
        raise CliError(
            pick(
                f"a tag list is one unit's, and {len(found)} answer: narrow --units",
                f"点位表仅限一个从站，而有 {len(found)} 个应答：请缩小 --units",
            ),
            code=Exit.USAGE,
        )
    if out is not None:
        from xinlian.ingest.adapters.drivers.modbus.discover import registers

        _write(registers(found[0]), out)
    _print(rows)


async def _ask(
    kind: str, host: str, port: int, given: dict[str, Any]
) -> tuple[list[dict[str, Any]], list[Found]]:
    """Rows to be shown, where these are not the values that were found; and these."""
    if kind == "opcua":
        from xinlian.ingest.adapters.drivers.registry import driver

        url = host if "://" in host else f"opc.tcp://{host}:{port}"
        opcua: Any = driver("opcua")
        return [], await opcua.discover(_device(kind, {"url": url, **given}))
    if kind == "sparkplug":
        from xinlian.ingest.adapters.drivers.mqtt.discover import births

        return [], await births(_device(kind, {"host": host, "port": port, **given}))
    from xinlian.ingest.adapters.drivers.bacnet.discover import discover, objects

    at, local = f"{host}:{port}", str(given.get("local", ""))
    wanted = given.get("device_instance")
    if wanted is None:
        devices = await discover(local, at=at)
        if len(devices) != 1:
            return [{"device_instance": number, "address": where} for number, where in devices], []
        wanted, at = devices[0]
    return [], await objects(local, at, int(wanted))


def _device(kind: str, endpoint: dict[str, Any]) -> Device:
    """A device with nothing to be read yet."""
    from xinlian.ingest.adapters.drivers.registry import driver
    from xinlian.ingest.model.devices import Device
    from xinlian.ingest.model.tags import Tag, TagTable

    table = TagTable("found", (Tag(name="found", address="i=84" if kind == "opcua" else "found"),))
    made = Device(
        id="found", group="found", table=table, driver=kind, endpoint=endpoint, timeout_ms=5_000
    )
    driver(kind).check(made)
    return made


def _show(rows: list[dict[str, Any]], found: list[Found], out: Path | None) -> None:
    if out is not None:
        _write(found, out)
    _print(
        rows
        or [
            {
                "address": each.address,
                "path": each.path,
                "type": None if each.type is None else each.type.value,
                "writable": each.writable,
            }
            for each in found
        ]
    )


def _print(rows: list[dict[str, Any]]) -> None:
    from xinlian.services.cli.render import print_json, print_rows

    if wants_json():
        print_json(rows)
    else:
        print_rows(rows)


def _write(found: list[Found], out: Path) -> None:
    from xinlian.ingest.adapters.drivers.found import tag_rows

    rows = tag_rows(found)
    with out.open("x", encoding="utf-8", newline="") as file:
        lines = csv.DictWriter(file, _COLUMNS)
        lines.writeheader()
        lines.writerows(rows)
    click.echo(
        pick(
            f"{out}: {len(rows)} tags, only read; set units, scales and periods",
            f"{out}：{len(rows)} 个点位，均为只读；请补充单位、比例与周期",
        ),
        err=True,
    )
