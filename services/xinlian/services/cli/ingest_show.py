"""How a collector is shown to people: how it stands, its devices and their tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click
from xinlian.services.cli.cells import duration, moment_of_ms, padded, size
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.quantities import unit_text

__all__ = ["show_collector", "show_devices_of", "show_tags_of", "state_text"]

_STATES: Final = {
    "up": "在线", "opening": "连接中", "waiting": "待重连", "silent": "无应答", "stopped": "已停止",
}  # fmt: skip
_ACCESS: Final = {"r": ("read", "只读"), "rw": ("read and write", "读写")}


def state_text(state: str) -> str:
    """How a device stands, in the reader's language."""
    return pick(state, _STATES.get(state, state))


def show_collector(body: dict[str, Any]) -> None:
    """How it stands, line by line, then its groups."""
    log, clock, states = body["log"], body["clock"], body["states"]
    told = [f"{state_text(name)} {count:,}" for name, count in states.items() if count]
    offset = f"{clock['offset_us'] / 1_000:+.3f} ms"
    jumps = pick(f"{clock['jumps']} jumps", f"跳变 {clock['jumps']} 次")
    lines = [
        (pick("party", "参与方"), str(body["party"])),
        (pick("running", "已运行"), duration(round(body["running_s"]))),
        (pick("its time", "采集器时间"), moment_of_ms(body["time_us"] // 1_000) + " UTC+8"),
        (pick("clock", "时钟"), f"{offset}, {jumps}"),
        (pick("devices", "设备"), f"{body['devices']:,} ({', '.join(told)})"),
        (pick("cycles", "采集周期"), _counts(body, ("expected", "received", "missed"))),
        (pick("readings", "读数"), _counts(body, ("rows", "values", "bad", "suppressed", "lost"))),
        (
            pick("on disk", "已落盘"),
            pick(
                f"{log['segments']:,} segments, {log['rows']:,} rows, {size(log['bytes'])}",
                f"{log['segments']:,} 段，{log['rows']:,} 行，{size(log['bytes'])}",
            ),
        ),
        (pick("waiting", "待落盘"), size(log["waiting_bytes"])),
    ]
    if log["fault"]:
        lines.append((pick("FAULT", "故障"), log["fault"]))
    bus = body.get("bus")
    if bus is not None:
        far = pick(
            f"{bus['sent']:,} entries sent, {bus['taken']:,} on disk there",
            f"已发送 {bus['sent']:,} 条，对端已落盘 {bus['taken']:,} 条",
        )
        lines.append((pick("bus", "总线"), f"{far}; {bus['fault']}" if bus["fault"] else far))
    for label, value in lines:
        click.echo(f"{padded(label, 12)}{value}")
    rows = [
        (
            name,
            f"{each['devices']:,}",
            f"1/{each['slow']}" if each["slow"] > 1 else pick("all", "全部"),
            f"{each['refused']:,}",
        )
        for name, each in body["groups"].items()
    ]
    click.echo()
    _table((("group", "设备组"), ("devices", "设备数"), ("cycles read", "采集比例"),
            ("refused by the log", "落盘被拒次数")), rows)  # fmt: skip


_COUNTED: Final = {
    "expected": ("expected", "应采"), "received": ("received", "实采"),
    "missed": ("missed", "漏采"),
    "rows": ("rows", "行"), "values": ("values", "数值"), "bad": ("bad", "坏值"),
    "suppressed": ("within the deadband", "死区抑制"), "lost": ("lost", "丢失"),
}  # fmt: skip


def _counts(body: dict[str, Any], names: Sequence[str]) -> str:
    words = (f"{body[name]:,} {pick(*_COUNTED[name])}" for name in names if name in body)
    return pick(", ", "，").join(words)


def show_devices_of(devices: Sequence[dict[str, Any]]) -> None:
    """Devices with state and figures, a line each."""
    columns = (
        ("device", "设备"), ("group", "设备组"), ("driver", "驱动"), ("state", "状态"),
        ("rows", "行数"), ("missed", "漏采"), ("bad", "坏值"), ("latency p50 ms", "时延 p50 ms"),
        ("jitter p99 ms", "抖动 p99 ms"), ("fault", "故障"),
    )  # fmt: skip
    rows = [
        (
            each["id"], each["group"], each["driver"], state_text(each["state"]),
            f"{each['rows']:,}", f"{each['missed']:,}", f"{each['bad']:,}",
            _ms(each["latency_p50_ms"]), _ms(each["jitter_p99_ms"]), each["fault"] or "-",
        )
        for each in devices
    ]  # fmt: skip
    _table(columns, rows)


def show_tags_of(tags: Sequence[dict[str, Any]]) -> None:
    """Tags of a device or a class, a line each."""
    columns = (
        ("tag", "点位"), ("label", "名称"), ("address", "地址"), ("type", "数据类型"),
        ("unit", "单位"), ("every", "周期"), ("access", "读写"), ("role", "用途"),
    )  # fmt: skip
    rows = [
        (
            each["name"], pick(each.get("label", ""), each.get("label_zh", "")) or "-",
            str(each["address"]), each["type"], unit_text(each.get("unit", "")) or "-",
            _period(each.get("period_ms", 1_000)), pick(*_ACCESS[each.get("access", "r")]),
            each.get("role", "") or "-",
        )
        for each in tags
    ]  # fmt: skip
    _table(columns, rows)


def _table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> None:
    from xinlian.services.cli.render import print_table

    print_table([pick(*each) for each in columns], rows)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _period(ms: int) -> str:
    return f"{ms} ms" if ms % 1_000 else f"{ms // 1_000} s"
