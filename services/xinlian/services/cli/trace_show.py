"""Trees, charts and receipts of traceability in a terminal."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from xinlian.services.cli.cells import moment_of_ms
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.recall_show import (
    show_drill,
    show_drills,
    show_recall,
    show_recall_vehicles,
    show_recalls,
)
from xinlian.services.cli.render import print_json, print_record, print_rows
from xinlian.services.cli.spc_show import show_chart, show_factors, show_yields
from xinlian.services.labels import word_zh
from xinlian.trace.model.tree import Tree

__all__ = [
    "show_capture",
    "show_chart",
    "show_dossier",
    "show_drill",
    "show_drills",
    "show_factors",
    "show_json",
    "show_recall",
    "show_recall_vehicles",
    "show_recalls",
    "show_tree",
    "show_yields",
    "tree_lines",
]

_COUNTED: Final = {"row": "行", "event": "个事件"}
_PLACE: Final = re.compile(f"({'|'.join(_COUNTED)}) ([0-9]+)", re.ASCII)
LINES_MAX: Final = 400
"""Nodes drawn at most; --json has them all."""
_MARKS: Final = {"affected": "✗", "suspect": "!", "incomplete": "?", "conforming": "✓"}
_RESULTS: Final = {"passed": "✓", "failed": "✗", "not-measured": "–"}


def _word(field: str, word: str) -> str:
    return pick(word.replace("-", " "), word_zh(field, word))


def _say(text: str = "") -> None:
    sys.stdout.write(text + "\n")


def show_json(body: Any) -> None:
    """What people read as JSON too: documents of a standard."""
    print_json(body)


def show_tree(body: Mapping[str, Any]) -> None:
    """A tree with its lines; truncation and gaps are told at the end."""
    for line in _lines(body["nodes"], LINES_MAX):
        _say(line)
    for cut in body["truncations"]:
        reason = _word("cut", cut["cut"])
        _say(pick(f"left out: {reason} × {cut['count']}", f"省略：{reason} × {cut['count']}"))
    _gaps(body["gaps"])


def tree_lines(tree: Tree, most: int, lang: str) -> Iterator[str]:
    """The lines of a tree of the model: the first so many nodes."""
    nodes = [
        {
            "parent": node.parent,
            "depth": node.depth,
            "id": node.item.id.id,
            "type": node.item.id.type.value,
            "name": node.item.attributes.get(f"name_{lang}") or node.item.name,
            "maker": "",
            "quantity": None,
            "certainty": None if node.link is None else node.link.certainty.value,
            "valid_to_ms": None if node.link is None else node.link.valid_to_ms,
            "cut": None if node.cut is None else node.cut.value,
        }
        for node in tree.nodes
    ]
    yield from _lines(nodes, most)


def _lines(nodes: Sequence[Mapping[str, Any]], most: int) -> Iterator[str]:
    last = _lasts(nodes)
    bars: list[bool] = []
    for place, node in enumerate(nodes[:most]):
        depth = node["depth"]
        del bars[max(depth - 1, 0) :]
        lead = "".join("   " if ended else "│  " for ended in bars)
        if depth:
            lead += "└─ " if last[place] else "├─ "
            bars.append(last[place])
        yield lead + _node(node)
    if len(nodes) > most:
        more = len(nodes) - most
        yield pick(f"… {more} more; --json has them all", f"……另有 {more} 项；--json 查看全部")


def _lasts(nodes: Sequence[Mapping[str, Any]]) -> list[bool]:
    """For each node whether it is the last child of its parent."""
    found: dict[int, int] = {}
    for place, node in enumerate(nodes):
        found[node["parent"]] = place
    return [found[node["parent"]] == place for place, node in enumerate(nodes)]


def _node(node: Mapping[str, Any]) -> str:
    parts = [node["name"] or _word("type", node["type"]), node["id"]]
    if node["maker"]:
        parts.append(node["maker"])
    if node["quantity"]:
        parts.append(f"{node['quantity']} {node['unit'] or ''}".strip())
    if node["certainty"] == "candidate":
        parts.append("[" + pick("one of several", "候选之一") + "]")
    if node["valid_to_ms"] is not None:
        parts.append(pick("removed ", "拆下 ") + moment_of_ms(node["valid_to_ms"]))
    if node["cut"]:
        parts.append("… " + _word("cut", node["cut"]))
    return "  ".join(parts)


def _gaps(gaps: Sequence[Mapping[str, Any]]) -> None:
    if gaps:
        _say("\n" + pick(f"Gaps ({len(gaps)})", f"缺口（{len(gaps)}）"))
        print_rows(gaps[:20], ("kind", "what", "item"))
        if len(gaps) > 20:
            _say(pick(f"… {len(gaps) - 20} more", f"……另有 {len(gaps) - 20} 项"))


def show_dossier(body: Mapping[str, Any]) -> None:
    """What is known of an item: verdict, tree, inspections, certificates."""
    item = body["item"]
    head = " · ".join(part for part in (_word("type", item["type"]), item["name"]) if part)
    _say(f"{item['id']}  {head}")
    mark = _MARKS.get(body["verdict"], "·")
    _say(f"{mark} {_word('verdict', body['verdict'])}")
    for reason in body["reasons"]:
        _say("   - " + pick(reason["en"], reason["zh"]))
    facts = {
        name: item[name]
        for name in ("maker", "part_number", "made_at_ms", "scheme", "scanned", "link")
        if item[name] and not (name == "scanned" and item[name] == item["id"])
    }
    _say()
    print_record(facts)
    _say("\n" + pick("Tree", "组成"))
    show_tree(body["tree"])
    _table(body["inspections"], pick("Inspections", "检验"), _inspection)
    _table(body["processes"], pick("Process", "工艺"), _process)
    _table(body["claims"], pick("Failures reported", "失效报告"), dict)
    _table(body["certificates"], pick("Certificates", "证书"), _certificate)
    states = Counter(
        row["proof"]["state"]
        for name in ("inspections", "processes")
        for row in body[name]
        if row["proof"]
    )
    if states:
        told = ", ".join(f"{_word('state', state)} {n}" for state, n in sorted(states.items()))
        _say("\n" + pick("Proof: ", "存证：") + told)


def _table(rows: Sequence[Mapping[str, Any]], title: str, shape: Any, most: int = 30) -> None:
    if rows:
        _say(f"\n{title}")
        print_rows([shape(row) for row in rows[:most]])
        if len(rows) > most:
            _say(pick(f"… {len(rows) - most} more", f"……另有 {len(rows) - most} 项"))


def _inspection(row: Mapping[str, Any]) -> dict[str, Any]:
    limits = ""
    if row["lower"] is not None or row["upper"] is not None:
        limits = f"{row['lower'] or ''} … {row['upper'] or ''}"
    result = _RESULTS.get(row["result"], "") + " " + _word("result", row["result"])
    return {
        "characteristic": row["characteristic"] + (" *" if row["key"] else ""),
        "result": result + (pick(" (withdrawn)", "（已撤销）") if row["withdrawn"] else ""),
        "value": f"{row['value'] or '–'} {row['unit']}".strip(),
        "limits": limits,
        "gauge": row["gauge"],
        "station": row["station"],
        "time_ms": row["time_ms"],
        "state": row["proof"]["state"] if row["proof"] else "",
    }


def _process(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "station": row["station"],
        "machine": row["machine"],
        "shift": row["shift"],
        "start_ms": row["start_ms"],
        "end_ms": row["end_ms"],
        "parameters": " ".join(f"{name}={value}" for name, value in row["parameters"].items()),
        "state": row["proof"]["state"] if row["proof"] else "",
    }


def _certificate(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("title", "number", "issuer", "status", "reason")}


def show_capture(body: Mapping[str, Any]) -> None:
    """A receipt: the counts, and every row that is neither accepted nor known."""
    taken = (
        pick("taken in", "已接收")
        if body["taken"]
        else pick(
            "NOT taken in: mend the rows below and send it again", "未接收：请更正下列行后重传"
        )
    )
    counts = "  ".join(f"{_word('status', name)} {n}" for name, n in body["counts"].items() if n)
    _say(f"{taken}  [{counts}]")
    _say(pick(f"capture {body['capture']}", f"采集 {body['capture']}"))
    if body.get("included_by_ms"):
        _say(pick("promised on chain by ", "承诺上链时间 ") + moment_of_ms(body["included_by_ms"]))
    signed = body.get("signed_receipt")
    if signed:
        count, signer = len(signed["leaves"]), signed["signer"]
        _say(
            pick(
                f"signed receipt for {count:,} records by {signer}: --receipt FILE keeps it",
                f"{signer} 签名的 {count:,} 条记录回执：用 --receipt 文件 保存",
            )
        )
    rows = body.get("rows", ())
    _told([row for row in rows if row["status"] in ("invalid", "conflict")])
    notes = [row for row in rows if row["status"] in ("accepted", "exists") and row["why"]]
    if notes:
        _say("\n" + pick("taken in, but look at these:", "已接收，但请核对："))
        _told(notes)


def _told(rows: Sequence[Mapping[str, Any]], most: int = 20) -> None:
    """Rows with what is to be said of them; places as ``row 17`` in the reader's language."""
    if not rows:
        return
    why = pick("why", "why_zh")
    shown = [{**row, "place": _place(row["place"]), "why": row[why]} for row in rows[:most]]
    print_rows(shown, ("place", "status", "field", "why"))
    if len(rows) > most:
        _say(pick(f"… {len(rows) - most} more", f"……另有 {len(rows) - most} 行"))


def _place(place: str) -> str:
    found = _PLACE.fullmatch(place)
    if found is None:
        return place
    return pick(place, f"第 {found[2]} {_COUNTED[found[1]]}")
