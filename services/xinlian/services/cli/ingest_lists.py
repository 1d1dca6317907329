"""Commands that look things up for who sets up a collector: classes, protocols, Modbus units."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

import click
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

__all__ = ["make"]


def make() -> list[click.Command]:
    """`discover`, `token`, `classes`, `drivers`."""
    return [_discover(), _token(), _classes(), _drivers()]


def _discover() -> click.Command:
    params: list[click.Parameter] = [
        click.Argument(["host"]),
        click.Option(["--port"], type=click.IntRange(1, 65_535), default=502, show_default=True),
        click.Option(["--units"], type=click.IntRange(1, 247), default=10, show_default=True,
                     help=pick("ask unit ids 1 to this", "从 1 扫描至该从站地址")),
        click.Option(["--high"], type=click.IntRange(0, 65_535), default=199, show_default=True,
                     help=pick("last address to try", "尝试的最大地址")),
    ]  # fmt: skip
    text = pick(
        "Look for Modbus TCP units at an address, and which registers they let be read.",
        "扫描 Modbus TCP 从站及其可读寄存器。",
    )
    return command("discover", _scan, text, params)


def _scan(host: str, port: int, units: int, high: int) -> None:
    from xinlian.ingest.adapters.drivers.modbus.discover import discover
    from xinlian.services.cli.render import print_json, print_rows

    endpoint = {"host": host, "port": port}
    found = asyncio.run(discover("modbus-tcp", endpoint, units=range(1, units + 1), high=high))
    rows = [
        {
            "unit": each.unit,
            **dict(each.identity),
            "ranges": "; ".join(
                f"{space.value} " + ", ".join(f"{first}-{last}" for first, last in ranges)
                for space, ranges in each.ranges.items()
                if ranges
            ),
        }
        for each in found
    ]
    if wants_json():
        print_json(rows)
    else:
        print_rows(rows)


def _token() -> click.Command:
    params: list[click.Parameter] = [
        click.Argument(["file"], type=click.Path(path_type=Path, dir_okay=False)),
    ]
    text = pick(
        "Make a token for a device that pushes readings over HTTP: shown once; FILE gets its hash, "
        "for `token_file` in the plant.",
        "为经 HTTP 推送读数的设备生成令牌：仅显示一次；FILE 保存其哈希，"
        "供工厂文件的 `token_file` 使用。",
    )
    return command("token", _make_token, text, params)


def _make_token(file: Path) -> None:
    from xinlian.ingest.adapters.drivers.http.driver import token_line

    token = secrets.token_urlsafe(32)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as exc:
        raise CliError(
            pick("the file is there already", "文件已存在"), where=str(file), code=Exit.USAGE
        ) from exc
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(token_line(token) + "\n")
    click.echo(token)


def _classes() -> click.Command:
    params: list[click.Parameter] = [click.Argument(["name"], required=False)]
    text = pick(
        "Device classes that come with the product; with NAME the tags of one.",
        "内置设备类；给出 NAME 则列出其点位。",
    )
    return command("classes", _catalogue, text, params)


def _catalogue(name: str | None) -> None:
    from xinlian.ingest.adapters.files.classes import class_names, load_class
    from xinlian.ingest.model.tags import TagError
    from xinlian.services.cli.render import print_json, print_rows

    try:
        if name is not None:
            rows = [tag.to_json() for tag in load_class(name).table.tags]
            columns = ["name", "address", "type", "unit", "period_ms", "role"]
        else:
            classes = [load_class(each) for each in class_names()]
            rows = [
                {
                    "name": each.name,
                    "label": pick(each.label, each.label_zh),
                    "category": each.category,
                    "tags": len(each.table.tags),
                    "driver": each.driver,
                }
                for each in classes
            ]
            columns = list(rows[0])
    except TagError as exc:
        raise CliError(pick(str(exc), exc.zh), where=str(name), code=Exit.USAGE) from exc
    if wants_json():
        print_json(rows)
    else:
        print_rows(rows, columns)


def _drivers() -> click.Command:
    text = pick("Protocols, and whether their libraries are installed.", "协议及其库是否已安装。")
    return command("drivers", _protocols, text)


def _protocols() -> None:
    from xinlian.ingest.adapters.drivers.registry import KINDS, driver
    from xinlian.ingest.model.tags import TagError
    from xinlian.services.cli.render import print_json, print_rows

    rows = []
    for kind in KINDS:
        try:
            rows.append({"kind": kind, "version": driver(kind).version, "fault": None})
        except TagError as exc:
            rows.append({"kind": kind, "version": None, "fault": pick(str(exc), exc.zh)})
    if wants_json():
        print_json(rows)
    else:
        print_rows(rows)
