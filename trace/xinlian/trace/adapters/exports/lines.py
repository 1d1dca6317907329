"""The rows of a recall list as every export writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from xinlian.trace.model.dossier import Language, Words
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import (
    HIDDEN,
    REASONS,
    Cause,
    CauseKind,
    Finding,
    RecallList,
    Whereabouts,
)
from xinlian.trace.model.standing import RecallState

__all__ = [
    "HEADS",
    "RECALL_WORDS",
    "RecallWords",
    "bounds",
    "cause_text",
    "hidden_text",
    "note_rows",
    "placed",
    "plain_text",
    "recall_rows",
    "safe_text",
]

HEADS: Final = (
    Words("Kind", "类别"),
    Words("Vehicle or part", "车辆或零件"),
    Words("Finding", "结论"),
    Words("Reason", "原因"),
    Words("Reason code", "原因代码"),
    Words("Whereabouts", "位置"),
    Words("Path from the cause", "从起因到车辆的路径"),
    Words("Change", "较上次变化"),
    Words("Earlier finding", "上次结论"),
    Words("Notified", "已通知"),
)
_ENUMS: Final[Mapping[str, Words]] = {
    Finding.CERTAIN: Words("certain", "确定受影响"),
    Finding.POSSIBLE: Words("possible", "可能受影响"),
    Finding.EXCLUDED: Words("excluded", "已排除"),
    Whereabouts.STOPPABLE: Words("can be stopped", "可拦截"),
    Whereabouts.FIELD: Words("in the field", "已交付"),
    Whereabouts.UNKNOWN: Words("unknown", "未知"),
    CauseKind.ITEMS: Words("batches or parts", "批次或零件"),
    CauseKind.MACHINE: Words("machine", "设备"),
    CauseKind.SHIFT: Words("shift", "班次"),
    CauseKind.GAUGE: Words("gauge", "量具"),
    CauseKind.SUPPLIER: Words("supplier", "供应商"),
    CauseKind.STATION: Words("station", "工位"),
    RecallState.DRAFT: Words("draft, not published", "草稿，未发布"),
    RecallState.PUBLISHED: Words("published", "已发布"),
    RecallState.CLOSED: Words("closed", "已关闭"),
    RecallState.WITHDRAWN: Words("withdrawn", "已撤回"),
}
RECALL_WORDS: Final[Mapping[str, Words]] = {
    "vehicle": Words("vehicle", "车辆"),
    "stock": Words("part in stock", "库存零件"),
    "yes": Words("yes", "是"),
    "added": Words("added", "新增"),
    "removed": Words("no longer listed", "移出"),
    "cleared": Words("no longer affected", "不再受影响"),
    "changed": Words("changed", "结论变化"),
    "list": Words("Recall list", "召回清单"),
    "recall": Words("Recall {number}", "召回 {number}"),
    "name": Words("Recall", "召回"),
    "state": Words("State", "状态"),
    "id": Words("Id", "编号"),
    "made": Words("Made", "生成时间"),
    "cause": Words("Cause", "起因"),
    "window": Words("from {start} to {end}", "{start} 至 {end}"),
    "open": Words("open", "不限"),
    "population": Words("Vehicles in all", "车辆总数"),
    "bounds": Words("Affected, least – most", "受影响（至少 – 至多）"),
    "note": Words("note", "说明"),
    "hidden": Words("Hidden", "不可见"),
    "no_bound": Words("unknown", "未知"),
    "least": Words("Affected at least", "至少受影响"),
    "most": Words("Affected at most", "至多受影响"),
    "excluded": Words("Excluded", "已排除"),
    "stoppable": Words("Affected, can be stopped", "受影响，可拦截"),
    "in_field": Words("Affected, in the field", "受影响，已交付"),
    "in_stock": Words("Affected parts in stock", "库存受影响零件"),
    "notified": Words("Notified", "已通知"),
    "gaps": Words("Gaps in the data", "数据缺口"),
    "earlier": Words("Compared with", "对比清单"),
}
_EXACT: Final = re.compile(r"^(?:serial|batch|vehicle|package):[0-9]+:", re.ASCII)
_NAMES_MAX: Final = 50
_FORMULA_STARTS: Final = frozenset("=+-@\t\r＝＋－＠")
_CONTROL: Final = dict.fromkeys((*range(32), 127), " ")


@dataclass(frozen=True, slots=True)
class RecallWords:
    """The words of recall lists in one language."""

    language: Language

    def of(self, value: str) -> str:
        """An enumeration's value in words."""
        return _ENUMS[value].of(self.language)

    def text(self, name: str, **values: object) -> str:
        """A fixed text."""
        return RECALL_WORDS[name].of(self.language).format(**values)

    def reason(self, code: str) -> str:
        """The sentence of a reason code; the code itself where there is none."""
        known = REASONS.get(code)
        return code if known is None else known[self.language is Language.ZH]


def plain_text(text: str) -> str:
    """The text with blanks for control characters, which XLSX can't hold."""
    return text if text.isprintable() else text.translate(_CONTROL)


def safe_text(text: str) -> str:
    """The text as a cell of CSV that no spreadsheet runs: a leading sign of a formula (also in full
    width) gets an apostrophe before it."""
    plain = plain_text(text)
    return "'" + plain if text[:1] in _FORMULA_STARTS or plain[:1] in _FORMULA_STARTS else plain


def recall_rows(recall: RecallList, words: RecallWords) -> Iterator[tuple[str, ...]]:
    """One row a vehicle under ``HEADS``, in the order of the list; then affected parts in stock;
    then vehicles that an earlier list had and this one has not."""
    added: set[ItemId] = set()
    before: dict[ItemId, Finding] = {}
    removed: dict[ItemId, None] = {}
    if recall.diff is not None:
        added, removed = set(recall.diff.added), dict.fromkeys(recall.diff.removed)
        before = {vehicle: earlier for vehicle, earlier, _ in recall.diff.changed}
    notified = set(recall.notified)
    for kind, lines in (("vehicle", recall.lines), ("stock", recall.stock)):
        for line in lines:
            change, earlier = "", ""
            if line.vehicle in added:
                change = words.text("added")
            elif line.vehicle in before:
                change, earlier = words.text("changed"), words.of(before[line.vehicle])
            elif line.vehicle in removed:
                change = words.text("cleared")
                del removed[line.vehicle]
            yield (
                words.text(kind),
                line.vehicle.id,
                words.of(line.finding),
                words.reason(line.reason),
                line.reason,
                words.of(line.whereabouts),
                " > ".join(line.path),
                change,
                earlier,
                words.text("yes") if line.vehicle in notified else "",
            )
    for vehicle in removed:
        told = words.text("yes") if vehicle in notified else ""
        head = (words.text("vehicle"), vehicle.id)
        yield (*head, "", "", "", "", "", words.text("removed"), "", told)


def hidden_text(recall: RecallList, words: RecallWords) -> str:
    """What the list cannot tell, since parts are hidden from its party; empty if nothing is."""
    if not recall.hidden:
        return ""
    return HIDDEN[words.language is Language.ZH].format(f"{recall.hidden:,}")


def note_rows(recall: RecallList, words: RecallWords) -> Iterator[tuple[str, ...]]:
    """A row under ``HEADS`` that says what the list cannot tell, if it cannot tell all."""
    told = hidden_text(recall, words)
    if told:
        yield (words.text("note"), "", "", told, "hidden", *("",) * (len(HEADS) - 5))


def placed(recall: RecallList, where: Whereabouts) -> int:
    """How many of the vehicles that are affected, or may be, are there."""
    return sum(
        line.whereabouts is where and line.finding is not Finding.EXCLUDED for line in recall.lines
    )


def bounds(recall: RecallList) -> tuple[int, int]:
    """At least and at most how many vehicles are affected."""
    certain = sum(line.finding is Finding.CERTAIN for line in recall.lines)
    return certain, certain + sum(line.finding is Finding.POSSIBLE for line in recall.lines)


def cause_text(cause: Cause, words: RecallWords, moment: Mapping[int, str]) -> str:
    """A cause in words; ``moment`` has the texts of its times."""
    # Items may be named with type and owner in front, so that they are named exactly.
    named = [_EXACT.sub("", name) for name in cause.names[:_NAMES_MAX]]
    more = f" (+{len(cause.names) - _NAMES_MAX})" if len(cause.names) > _NAMES_MAX else ""
    text = f"{words.of(cause.kind)}: {', '.join(named)}{more}"
    if cause.from_ms is None and cause.to_ms is None:
        return text
    bounds = [
        words.text("open") if at is None else moment[at] for at in (cause.from_ms, cause.to_ms)
    ]
    return f"{text} ({words.text('window', start=bounds[0], end=bounds[1])})"
