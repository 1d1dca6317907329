"""Control charts, causes and yields in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from xinlian.services.cli.cells import moment_of_ms, percent
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.render import print_record, print_rows

__all__ = ["show_chart", "show_factors", "show_yields"]

CHART_ROWS: Final = 15
CHART_COLUMNS: Final = 72
ROWS_MAX: Final = 40
POINTS_SHOWN: Final = 10
_SHARES: Final = frozenset({"first_pass", "low", "high", "rework", "rolled", "final_yield"})


def _say(text: str = "") -> None:
    sys.stdout.write(text + "\n")


def show_factors(body: Mapping[str, Any]) -> None:
    """Over-represented factors, and those that cannot be told apart."""
    shown = [_short(row) for row in body["items"]]
    print_rows([{**row, "share": f"{row['failed']}/{row['exposed']}"} for row in shown])
    for sentence in body.get("sentences", ())[:20]:
        _say(pick(sentence["en"], sentence["zh"]))


def show_yields(body: Mapping[str, Any]) -> None:
    """Stations, and the line as a whole; every share in per cent."""
    print_rows([_in_percent(row) for row in body["items"]])
    print_record(_in_percent({name: value for name, value in body.items() if name != "items"}))


def show_chart(body: Mapping[str, Any]) -> None:
    """A control chart drawn with characters: limits as lines, broken rules marked."""
    for chart in body["charts"]:
        title = pick(chart["title"]["en"], chart["title"]["zh"])
        _say(f"\n{title} [{chart['unit']}]" if chart["unit"] else f"\n{title}")
        for line in chart_lines(chart):
            _say(line)
        broken = [point for point in chart["points"] if point["rules"]]
        for point in broken[:POINTS_SHOWN]:
            _say(
                f"  ✗ {moment_of_ms(point['time_ms'])}  {point['value']:g}  "
                + ", ".join(point["rules"])
            )
        more = len(broken) - POINTS_SHOWN
        if more > 0:
            _say("  … " + pick(f"and {more} more", f"另有 {more} 点"))
    rest = {name: value for name, value in body.items() if name not in ("charts", "signals")}
    if rest:
        _say()
        print_record(_short(rest))
    if body.get("signals"):
        _say("\n" + pick("Signals", "信号"))
        for one in body["signals"][-ROWS_MAX:]:
            _say(_signal(one))


def _in_percent(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: percent(Decimal(f"{value:.6f}")) if name in _SHARES else value
        for name, value in row.items()
    }


def _short(value: Any) -> Any:
    """Figures with the digits that people read."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, Mapping):
        return {name: _short(each) for name, each in value.items()}
    return [_short(each) for each in value] if isinstance(value, list) else value


def _signal(one: Mapping[str, Any]) -> str:
    """A broken rule with what was measured meanwhile."""
    span = [moment_of_ms(one[name]) for name in ("time_ms", "until_ms")]
    told = pick(one["text"]["en"], one["text"]["zh"])
    items = ", ".join(one["measured"][:5]) + (" …" if len(one["measured"]) > 5 else "")
    return f"  ✗ {' – '.join(dict.fromkeys(span))}  {one['rule']}: {told}  [{items}]"


def chart_lines(chart: Mapping[str, Any]) -> Iterator[str]:
    """The rows of a chart: the newest points that fit, between all its limits."""
    points = chart["points"][-CHART_COLUMNS:]
    if not points:
        return
    marks = {
        name: chart[name]
        for name in ("upper_tolerance", "upper_limit", "center", "lower_limit", "lower_tolerance")
        if chart[name] is not None
    }
    values = [point["value"] for point in points] + list(marks.values())
    low, high = min(values), max(values)
    step = (high - low) / (CHART_ROWS - 1) or 1.0

    def row_of(value: float) -> int:
        return round((high - value) / step) if high > low else CHART_ROWS // 2

    lines = {row_of(level): name for name, level in marks.items()}
    signs = {
        "center": "─", "upper_limit": "╌", "lower_limit": "╌", "upper_tolerance": "═",
        "lower_tolerance": "═",
    }  # fmt: skip
    for row in range(CHART_ROWS):
        name = lines.get(row)
        level = f"{marks[name]:>10.5g} " if name else " " * 11
        background = signs[name] if name else " "
        cells = [
            ("✗" if point["rules"] else "◆" if point.get("own") else "•")
            if row_of(point["value"]) == row
            else background
            for point in points
        ]
        yield level + "│" + "".join(cells)
