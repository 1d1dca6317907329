"""How telemetry is shown to people: devices with their tags, live values."""

from __future__ import annotations

from typing import Any

import click
from xinlian.services.cli.cells import moment_of_ms
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.quantities import number_text, unit_text
from xinlian.services.cli.render import print_rows

__all__ = ["live_lines", "show_devices", "show_service"]


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
        print_rows(item["figures"], ("figure", "measured", "target", "kept"))
    if not body["items"]:
        print_rows([])


def live_lines(event: dict[str, Any]) -> list[str]:
    """The lines of one event of the live stream."""
    lines = []
    for item in event["items"]:
        value = number_text(item["reading"])
        mark = "" if item["quality"] == "good" else f"  {item['quality']}"
        at = moment_of_ms(item["time_ms"])
        lines.append(f"{at}  {item['device']:<20} {item['tag']:<32} {value:>14}{mark}")
    return lines
