"""Commands that look things up for who sets up a collector: classes, protocols; tokens."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

import click
from xinlian.services.cli import ingest_discover
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

__all__ = ["make"]

_CATEGORIES: Final = {
    "building": "楼宇", "cleaning": "清洗", "coating": "涂装", "compressed-air": "压缩空气",
    "cooling": "制冷", "distribution": "配电", "forming": "成形", "furnace": "炉窑",
    "generation": "发电", "handling": "搬运", "heat": "供热", "joining": "连接",
    "machine-tool": "机床", "measuring": "测量", "metering": "计量", "pumping": "泵送",
    "storage": "储能", "testing": "检测", "ventilation": "通风", "water": "水处理",
}  # fmt: skip


def make() -> list[click.Command]:
    """`discover`, `token`, `classes`, `drivers`."""
    return [ingest_discover.make(), _token(), _classes(), _drivers()]


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
    from xinlian.services.cli.ingest_show import show_tags_of
    from xinlian.services.cli.render import print_json, print_table

    try:
        if name is not None:
            tags = [tag.to_json() for tag in load_class(name).table.tags]
            print_json(tags) if wants_json() else show_tags_of(tags)
            return
        classes = [load_class(each) for each in class_names()]
    except TagError as exc:
        raise CliError(pick(str(exc), exc.zh), where=str(name), code=Exit.USAGE) from exc
    if wants_json():
        print_json(
            [
                {
                    "name": each.name,
                    "label": each.label,
                    "label_zh": each.label_zh,
                    "category": each.category,
                    "tags": len(each.table.tags),
                    "driver": each.driver,
                }
                for each in classes
            ]
        )
        return
    titles = (("class", "设备类"), ("label", "名称"), ("category", "类别"), ("tags", "点位数"),
              ("driver", "协议"))  # fmt: skip
    print_table(
        [pick(*each) for each in titles],
        [
            (
                each.name,
                pick(each.label, each.label_zh),
                pick(each.category, _CATEGORIES.get(each.category, each.category)),
                str(len(each.table.tags)),
                each.driver,
            )
            for each in classes
        ],
    )


def _drivers() -> click.Command:
    text = pick("Protocols, and whether their libraries are installed.", "协议及其库是否已安装。")
    return command("drivers", _protocols, text)


def _protocols() -> None:
    from xinlian.ingest.adapters.drivers.registry import KINDS, driver
    from xinlian.ingest.model.tags import TagError
    from xinlian.services.cli.render import print_json, print_table

    rows = []
    for kind in KINDS:
        try:
            rows.append({"kind": kind, "version": driver(kind).version, "fault": None})
        except TagError as exc:
            rows.append({"kind": kind, "version": None, "fault": pick(str(exc), exc.zh)})
    if wants_json():
        print_json(rows)
        return
    titles = (("protocol", "协议"), ("driver", "驱动版本"), ("what is missing", "缺少"))
    print_table(
        [pick(*each) for each in titles],
        [(str(each["kind"]), each["version"] or "-", each["fault"] or "-") for each in rows],
    )
