"""Recalls in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from xinlian.services.cli.cells import cell, moment_of_ms, padded
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.render import print_rows
from xinlian.trace.model.recall import HIDDEN

__all__ = ["show_drill", "show_drills", "show_recall", "show_recall_vehicles", "show_recalls"]

_BAR_WIDTH: Final = 40
_LABEL_WIDTH: Final = 10
_FINDINGS: Final = (("certain", "█"), ("possible", "▒"), ("excluded", "░"))


def show_recall(body: Mapping[str, Any]) -> None:
    """A recall: how far it has come, from what it starts, its bounds in one picture."""
    number, title = body["number"], body["title"]
    name = " ".join(filter(None, (str(number), title)))
    state = body["state"]
    _say(pick(f"recall {name}: {state}", f"召回 {name}：{cell('state', state)}"))
    for cause in body["causes"]:
        _say("  " + _cause(cause))
    at_least, among = body["certain"], body["population"]
    most = "?" if body["at_most"] is None else f"{body['at_most']:,}"
    _say(
        pick(
            f"  at least {at_least:,}, at most {most} of {among:,} vehicles",
            f"  至少 {at_least:,} 辆，至多 {most} 辆，共 {among:,} 辆",
        )
    )
    if body["hidden"]:
        _say("! " + pick(*HIDDEN).format(f"{body['hidden']:,}"))
    total = at_least + body["possible"] + body["excluded"]
    for finding, sign in _FINDINGS:
        label = padded(cell("finding", finding), _LABEL_WIDTH)
        _say(f"  {label} {body[finding]:>8,}  {_bar(body[finding], total, sign)}".rstrip())
    field, stop = body["in_field"], body["stoppable"]
    _say(
        pick(
            f"  in the field {field:,}, can be stopped {stop:,}",
            f"  已交付 {field:,}，可拦截 {stop:,}",
        )
    )
    if body["stock"]:
        count = len(body["stock"])
        _say(pick(f"  affected parts in stock: {count:,}", f"  库存受影响零件：{count:,}"))
    if body["gap_count"]:
        _say(pick(f"  gaps on the way: {body['gap_count']}", f"  途中缺口：{body['gap_count']}"))
    if body["diff"]:
        _changes(body["diff"])
    for step in body["steps"][1:]:
        why = f"  {step['reason']}" if step["reason"] else ""
        _say(f"  {cell('state', step['state'])} {moment_of_ms(step['at_ms'])}{why}")
    _next(number, state)


def show_recalls(body: Mapping[str, Any]) -> None:
    """Recalls, one a line."""
    rows = [{**row, "causes": _causes(row)} for row in body["items"]]
    columns = ("number", "state", "title", "made_ms", "certain", "possible", "causes")
    print_rows(rows, columns)


def show_recall_vehicles(body: Mapping[str, Any]) -> None:
    """Vehicles, each with its reason in the reader's language."""
    why = pick("why", "why_zh")
    rows = [{**row, "why": row[why]} for row in body["items"]]
    print_rows(rows, ("id", "finding", "whereabouts", "why", "notified"))


def show_drill(body: Mapping[str, Any]) -> None:
    """What a drill found, and how long that took."""
    show_drills({"items": [body]})


def show_drills(body: Mapping[str, Any]) -> None:
    """Drills, one a line."""
    rows = []
    for row in body["items"]:
        found = {name: row["findings"].get(name, 0) for name, _ in _FINDINGS}
        took = f"{row['took_us'] / 1000:,.1f} ms"
        rows.append(
            {"made_ms": row["made_ms"], pick("took", "用时"): took, **found, "causes": _causes(row)}
        )
    print_rows(rows, ("made_ms", pick("took", "用时"), "certain", "possible", "excluded", "causes"))


def _causes(row: Mapping[str, Any]) -> str:
    return "; ".join(map(_cause, row["causes"]))


def _cause(cause: Mapping[str, Any]) -> str:
    names = ", ".join(name.split(":", 2)[-1] if _exact(name) else name for name in cause["names"])
    text = f"{cell('kind', cause['kind'])}: {names}"
    window = [cause["from_ms"], cause["to_ms"]]
    if window == [None, None]:
        return text
    begins, ends = ("…" if at is None else moment_of_ms(at) for at in window)
    return f"{text}  ({begins} – {ends})"


def _exact(name: str) -> bool:
    kind, _, rest = name.partition(":")
    owner, _, code = rest.partition(":")
    return kind in ("serial", "batch", "vehicle", "package") and owner.isdigit() and bool(code)


def _changes(diff: Mapping[str, Any]) -> None:
    added, removed, changed = (len(diff[name]) for name in ("added", "removed", "changes"))
    _say(
        pick(
            f"  since the earlier one: {added:,} added, {removed:,} gone, {changed:,} changed",
            f"  与此前召回相比：新增 {added:,}，移除 {removed:,}，变更 {changed:,}",
        )
    )


def _next(number: int, state: str) -> None:
    if state == "draft":
        _say(
            pick(
                f"nobody else sees it: ./xl recall publish {number} warns in earnest",
                f"仅己方可见：用 ./xl recall publish {number} 正式发布",
            )
        )


def _bar(count: int, total: int, sign: str) -> str:
    return sign * max(1 if count else 0, round(_BAR_WIDTH * count / total)) if total else ""


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
