"""The live view of a collector: devices with their figures, and the newest values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text
from xinlian.services.cli.cells import moment_of_ms
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.ingest_show import state_text
from xinlian.services.cli.quantities import number_text, unit_text

if TYPE_CHECKING:
    from xinlian.services.workers.collecting import Collecting, Newest

__all__ = ["devices_table", "plain_line", "values_table", "view"]

DEVICES_SHOWN: Final = 24
_VALUES: Final = 24
_COLOURS: Final = {"up": "green", "opening": "yellow", "waiting": "yellow", "silent": "red"}


def plain_line(status: dict[str, Any]) -> str:
    """One line where there is no terminal."""
    log, up = status["log"], status["states"]["up"]
    received, missed, bad = status["received"], status["missed"], status["bad"]
    return pick(
        f"{status['running_s']:7.1f} s  {up}/{status['devices']} devices  {received:,} cycles  "
        f"{missed:,} missed  {bad:,} bad  {log['segments']:,} segments on disk",
        f"{status['running_s']:7.1f} 秒  {up}/{status['devices']} 台设备  {received:,} 次采集  "
        f"漏采 {missed:,}  坏值 {bad:,}  已落盘 {log['segments']:,} 段",
    )


def view(collecting: Collecting) -> Group:
    """The whole view."""
    status = collecting.status()
    parts: list[Any] = [
        Text(plain_line(status), style="bold"),
        devices_table(collecting.devices(DEVICES_SHOWN), status["devices"]),
        values_table(collecting.newest()),
    ]
    if status["log"]["fault"]:
        parts.append(Text(status["log"]["fault"], style="bold red"))
    return Group(*parts)


def devices_table(devices: Sequence[dict[str, Any]], total: int) -> Table:
    """Devices with state, latency, errors."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    columns = (
        ("device", "设备"), ("driver", "驱动"), ("state", "状态"), ("rows", "行数"),
        ("p50 ms", "时延 ms"), ("jitter p99", "抖动 p99"), ("missed", "漏采"), ("bad", "坏值"),
        ("fault", "故障"),
    )  # fmt: skip
    for place, (en, zh) in enumerate(columns):
        table.add_column(pick(en, zh), justify="right" if 3 <= place <= 7 else "left")
    for each in devices:
        state = each["state"]
        table.add_row(
            each["id"],
            each["driver"],
            Text(state_text(state), style=_COLOURS.get(state, "")),
            f"{each['rows']:,}",
            _ms(each["latency_p50_ms"]),
            _ms(each["jitter_p99_ms"]),
            f"{each['missed']:,}",
            f"{each['bad']:,}",
            str(each["fault"])[:60],
        )
    if total > len(devices):
        table.add_row(pick(f"… {total - len(devices)} more", f"… 另有 {total - len(devices)} 台"))
    return table


def values_table(newest: Sequence[Newest]) -> Table:
    """Newest values, as many as fit."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, (en, zh) in enumerate(
        (("device", "设备"), ("tag", "点位"), ("value", "数值"), ("unit", "单位"),
         ("time", "时间"), ("quality", "质量"))
    ):  # fmt: skip
        table.add_column(pick(en, zh), justify="right" if place == 2 else "left")
    each_device: dict[str, int] = {}
    room = max(2, _VALUES // max(1, len({each.device for each in newest})))
    for each in newest:
        each_device[each.device] = each_device.get(each.device, 0) + 1
        if each_device[each.device] > room:
            continue
        good = each.quality.value == 0
        table.add_row(
            each.device,
            pick(each.label, each.label_zh) or each.tag,
            number_text(each.value),
            unit_text(each.unit),
            moment_of_ms(each.time_us // 1000)[11:],
            Text(each.quality.name.lower(), style="green" if good else "red"),
        )
    return table


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
