"""The rows of a recall list as every export writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from xinlian.trace.model.dossier import Language, Words
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.recall import Cause, CauseKind, Finding, RecallList, Whereabouts

__all__ = [
    "HEADS",
    "RECALL_WORDS",
    "RecallWords",
    "bounds",
    "cause_text",
    "plain_text",
    "recall_rows",
    "safe_text",
]

HEADS: Final = (
    Words("Vehicle", "车辆"),
    Words("Finding", "结论"),
    Words("Reason", "原因"),
    Words("Reason code", "原因代码"),
    Words("Whereabouts", "位置"),
    Words("Path from the cause", "从起因到车辆的路径"),
    Words("Change", "较上次变化"),
    Words("Earlier finding", "上次结论"),
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
}
RECALL_WORDS: Final[Mapping[str, Words]] = {
    "added": Words("added", "新增"),
    "removed": Words("no longer listed", "移出"),
    "changed": Words("changed", "结论变化"),
    "list": Words("Recall list", "召回清单"),
    "made": Words("Made", "生成时间"),
    "cause": Words("Cause", "起因"),
    "window": Words("from {start} to {end}", "{start} 至 {end}"),
    "open": Words("open", "不限"),
    "population": Words("Vehicles in all", "车辆总数"),
    "bounds": Words("Affected, least – most", "受影响（至少 – 至多）"),
    "gaps": Words("Gaps in the data", "数据缺口"),
    "earlier": Words("Compared with", "对比清单"),
}
_FORMULA_STARTS: Final = frozenset("=+-@\t\r＝＋－＠")
_CONTROL: Final = dict.fromkeys((*range(32), 127), " ")


@dataclass(frozen=True, slots=True)
class RecallWords:
    """In which language, with the sentences of the reason codes."""

    language: Language
    reasons: Mapping[str, Words]

    def of(self, value: str) -> str:
        """An enumeration's value in words."""
        return _ENUMS[value].of(self.language)

    def text(self, name: str, **values: object) -> str:
        """A fixed text."""
        return RECALL_WORDS[name].of(self.language).format(**values)

    def reason(self, code: str) -> str:
        """The sentence of a reason code; the code itself where there is none."""
        words = self.reasons.get(code)
        return code if words is None else words.of(self.language)


def plain_text(text: str) -> str:
    """The text with blanks for control characters, which XLSX can't hold."""
    return text if text.isprintable() else text.translate(_CONTROL)


def safe_text(text: str) -> str:
    """The text as a cell of CSV that no spreadsheet runs: a leading sign of a formula (also in full
    width) gets an apostrophe before it."""
    plain = plain_text(text)
    return "'" + plain if text[:1] in _FORMULA_STARTS or plain[:1] in _FORMULA_STARTS else plain


def recall_rows(recall: RecallList, words: RecallWords) -> Iterator[tuple[str, ...]]:
    """One row a vehicle under ``HEADS``, in the order of the list; those that an earlier list had
    and this one has not stand last."""
    added: set[ItemId] = set()
    before: dict[ItemId, Finding] = {}
    removed: tuple[ItemId, ...] = ()
    if recall.diff is not None:
        added, removed = set(recall.diff.added), recall.diff.removed
        before = {vehicle: earlier for vehicle, earlier, _ in recall.diff.changed}
    for line in recall.lines:
        change, earlier = "", ""
        if line.vehicle in added:
            change = words.text("added")
        elif line.vehicle in before:
            change, earlier = words.text("changed"), words.of(before[line.vehicle])
        yield (
            line.vehicle.id,
            words.of(line.finding),
            words.reason(line.reason),
            line.reason,
            words.of(line.whereabouts),
            " > ".join(line.path),
            change,
            earlier,
        )
    for vehicle in removed:
        yield (vehicle.id, "", "", "", "", "", words.text("removed"), "")


def bounds(recall: RecallList) -> tuple[int, int]:
    """At least and at most how many vehicles are affected."""
    certain = sum(line.finding is Finding.CERTAIN for line in recall.lines)
    return certain, certain + sum(line.finding is Finding.POSSIBLE for line in recall.lines)


def cause_text(cause: Cause, words: RecallWords, moment: Mapping[int, str]) -> str:
    """A cause in words; ``moment`` has the texts of its times."""
    text = f"{words.of(cause.kind)}: {', '.join(cause.names)}"
    if cause.from_ms is None and cause.to_ms is None:
        return text
    bounds = [
        words.text("open") if at is None else moment[at] for at in (cause.from_ms, cause.to_ms)
    ]
    return f"{text} ({words.text('window', start=bounds[0], end=bounds[1])})"
