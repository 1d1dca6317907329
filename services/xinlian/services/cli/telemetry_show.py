"""How telemetry is shown to people: devices with their tags, live values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import click
from xinlian.services.cli.cells import moment_of_ms, percent
from xinlian.services.cli.i18n import pick, text
from xinlian.services.cli.quantities import number_text, unit_text
from xinlian.services.cli.render import print_rows, print_table

__all__ = ["live_lines", "show_devices", "show_readings", "show_service"]

_FIGURES: Final = {
    "available_ppm": ("availability", "可用率"),
    "connected_ppm": ("connection rate", "连接成功率"),
    "loss_ppm": ("loss", "丢失率"),
    "latency_p95_us": ("latency p95", "时延 p95"),
}


def show_devices(body: Any) -> None:
    """Devices, each with its tags and their units."""
    if not body["items"]:
        print_rows([])
        return
    for device in body["items"]:
        last = moment_of_ms(device["last_ms"])
        click.echo(f"{device['device']}  {device['table']}  {pick('last', '最近')} {last}")
        for tag in device["tags"]:
            label = pick(tag["label"], tag["label_zh"]) or tag["label"]
            period = tag["period_ms"]
            every = f"{period / 1000:g} s" if period >= 1000 else f"{period} ms"
            unit = unit_text(tag["unit"])
            click.echo(f"    {tag['tag']:<32} {unit:<12} {every:>8}  {label}")


def show_service(body: Any) -> None:
    """Service figures of each group against their targets."""
    for item in body["items"]:
        click.echo(
            pick(
                f"{item['group']}: {item['windows']} windows, {item['received']:,} of "
                f"{item['expected']:,} cycles, {item['missed']:,} missed, {item['bad']:,} bad",
                f"{item['group']}：{item['windows']} 个窗口，实采 {item['received']:,}／应采 "
                f"{item['expected']:,}，漏采 {item['missed']:,}，坏值 {item['bad']:,}",
            )
        )
        print_table(
            [
                pick("figure", "指标"),
                pick("measured", "实测"),
                pick("target", "目标"),
                pick("kept", "达标"),
            ],
            [
                (
                    pick(*_FIGURES.get(each["figure"], (each["figure"],) * 2)),
                    _figure(each["figure"], each["measured"]),
                    _figure(each["figure"], each["target"]),
                    "-" if each["kept"] is None else text("yes" if each["kept"] else "no"),
                )
                for each in item["figures"]
            ],
        )
    if not body["items"]:
        print_rows([])


def _figure(name: str, value: int | None) -> str:
    """Millionths in per cent, microseconds in milliseconds."""
    if value is None:
        return "-"
    if name.endswith("_us"):
        return f"{value / 1_000:g} ms"
    return percent(Decimal(value) / 1_000_000)


def show_readings(body: Any) -> None:
    """Readings of a device; whether there are more than were asked for."""
    print_rows(body["items"], ("time_us", "tag", "reading", "unit", "quality", "amended"))
    if body["cut"]:
        click.echo(
            pick(
                "there are more: ask for a later --since, a higher --limit, or export a file "
                "(`telemetry latest` has the newest)",
                "未全部显示：请推后 --since、提高 --limit 或导出文件；最新值见 `telemetry latest`",
            ),
            err=True,
        )


def live_lines(event: dict[str, Any]) -> list[str]:
    """The lines of one event of the live stream."""
    lines = []
    for item in event["items"]:
        value = number_text(item["reading"])
        mark = "" if item["quality"] == "good" else f"  {item['quality']}"
        at = moment_of_ms(item["time_ms"])
        unit = unit_text(item["unit"])
        lines.append(f"{at}  {item['device']:<20} {item['tag']:<32} {value:>14} {unit:<8}{mark}")
    return lines
