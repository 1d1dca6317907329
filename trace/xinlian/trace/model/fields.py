"""The fields of a fact as a source gives them, whatever the source; and the facts made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from xinlian.ledger.model.company_codes import CodeError as CompanyCodeError
from xinlian.ledger.model.company_codes import parse_uscc
from xinlian.trace.model.codes import CodeError, Identified
from xinlian.trace.model.codes.text import plain, refuse_look_alikes
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Fact,
    Gap,
    GapKind,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.sources import SourceError, short

__all__ = ["MAKERS", "WORDS", "Fields", "decimal", "make_fact"]

_E = TypeVar("_E", bound=StrEnum)
# Registering authority, kind of body, six digits of the region, then organisation code and check.
_CREDIT_CODE = re.compile(r"[159ANY][1239][0-9]{6}[0-9A-Z]{10}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})", re.ASCII)

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "type": {"整车": "vehicle", "车辆": "vehicle", "序列件": "serial", "零件": "serial",
             "批次": "batch", "包装": "package"},
    "link": {"装配": "assembled", "投料": "consumed", "包装": "packed"},
    "certainty": {"确定": "known", "候选": "candidate"},
    "result": {"合格": "passed", "OK": "passed", "pass": "passed", "不合格": "failed",
               "NG": "failed", "fail": "failed", "未测": "not-measured"},
    "claim": {"售后": "field", "0公里": "zero-km", "0 公里": "zero-km", "零公里": "zero-km",
              "返件": "returned-part"},
    "flag": {"是": "true", "yes": "true", "1": "true", "否": "false", "no": "false", "0": "false"},
}  # fmt: skip
"""Words that sources use beside the model's own."""


class Fields(Protocol):
    """Named fields of one row. What is empty or missing is ``None``; what does not fit raises
    ``SourceError`` naming the field.
    """

    def text(self, name: str) -> str | None:
        """A text."""

    def number(self, name: str) -> str | None:
        """A decimal text."""

    def time(self, name: str) -> int | None:
        """Unix milliseconds."""

    def choice(self, name: str, words: str, kind: type[_E]) -> _E | None:
        """A member of an enum by its value or by one of the words known for it."""

    def flag(self, name: str) -> bool:
        """True or false; false where nothing is said."""

    def item(self, name: str) -> Identified | None:
        """A thing by its code and type."""

    def table(self, name: str) -> dict[str, str]:
        """Further texts by name."""

    def missing(self, name: str) -> SourceError:
        """The error for a field that is needed."""

    def wrong(self, name: str, why: str, why_zh: str) -> SourceError:
        """The error for a field of a wrong content."""


_V = TypeVar("_V")


def _need(value: _V | None, fields: Fields, name: str) -> _V:
    if value is None:
        raise fields.missing(name)
    return value


def _item(f: Fields) -> Fact:
    found = _need(f.item("item"), f, "item")
    return found.item(
        name=f.text("name") or "",
        maker=_maker(f),
        part_number=f.text("part_number") or "",
        made_at_ms=f.time("made_at"),
        attributes=f.table("attributes"),
    )


def _maker(f: Fields) -> str:
    """The maker's code; one of the form of a social credit code must keep its check character."""
    text = f.text("maker")
    if text is None:
        return ""
    try:
        made = plain(text)
        refuse_look_alikes(made)
    except CodeError as exc:
        raise f.wrong("maker", exc.why, exc.why_zh) from exc
    if _CREDIT_CODE.fullmatch(made.upper()) is None:
        return made
    try:
        return parse_uscc(made.upper())
    except CompanyCodeError as exc:
        raise f.wrong(
            "maker", f"no social credit code: {exc}", "统一社会信用代码有误（校验位或字符不符）"
        ) from exc


def _link(f: Fields) -> Fact:
    child = _need(f.item("child"), f, "child")
    parent = _need(f.item("parent"), f, "parent")
    for name, found in (("child", child), ("parent", parent)):
        if found.whole_class:
            raise f.wrong(
                name,
                f"{found.id.id} names a kind of part: lot or serial number is missing",
                f"{found.id.id} 只是品种代码，缺少批次号或序列号",
            )
    if child.id == parent.id:
        raise f.wrong("child", "a part cannot be in itself", "零件不能包含自身")
    starts, ends = f.time("valid_from"), f.time("valid_to")
    if starts is not None and ends is not None and ends < starts:
        raise f.wrong("valid_to", "it ends before it begins", "结束时间早于开始时间")
    certainty = f.choice("certainty", "certainty", Certainty) or Certainty.KNOWN
    group = f.text("candidate_group")
    if (certainty is Certainty.CANDIDATE) != bool(group):
        raise f.wrong(
            "candidate_group",
            "a candidate, and only a candidate, names the group it belongs to",
            "候选件须注明候选组，且只有候选件才注明",
        )
    quantity = f.number("quantity")
    if quantity is not None and Decimal(quantity) < 0:
        raise f.wrong("quantity", "must not be negative", "不得为负")
    return Link(
        child.id,
        parent.id,
        _need(f.choice("kind", "link", LinkKind), f, "kind"),
        starts,
        ends,
        quantity,
        f.text("unit"),
        certainty,
        group,
    )


def _inspection(f: Fields) -> Fact:
    value, lower, upper = f.number("value"), f.number("lower"), f.number("upper")
    if lower is not None and upper is not None and Decimal(lower) > Decimal(upper):
        raise f.wrong("upper", "the upper limit lies below the lower one", "上限低于下限")
    sample, defects = _count(f, "sample_size"), _count(f, "defects")
    if sample is not None and defects is not None and defects > sample:
        raise f.wrong("defects", "more defects than samples", "不合格数大于样本数")
    result = f.choice("result", "result", Result)
    return Inspection(
        inspection_id=_need(f.text("inspection_id"), f, "inspection_id"),
        item=_need(f.item("item"), f, "item").id,
        characteristic=_need(f.text("characteristic"), f, "characteristic"),
        result=result or _judged(f, value, lower, upper, defects),
        time_ms=_need(f.time("time"), f, "time"),
        value=value,
        unit=f.text("unit") or "",
        nominal=f.number("nominal"),
        lower=lower,
        upper=upper,
        key=f.flag("key"),
        gauge=f.text("gauge") or "",
        operator=f.text("operator") or "",
        station=f.text("station") or "",
        machine=f.text("machine") or "",
        shift=f.text("shift") or "",
        sample_size=sample,
        defects=defects,
        method=f.text("method") or "",
        attributes=f.table("attributes"),
    )


def _judged(
    f: Fields, value: str | None, lower: str | None, upper: str | None, defects: int | None
) -> Result:
    """The result where the source leaves it to value and limits."""
    if defects is not None:
        return Result.FAILED if defects else Result.PASSED
    if value is None:
        return Result.NOT_MEASURED
    if lower is None and upper is None:
        raise f.missing("result")
    number = Decimal(value)
    low = lower is not None and number < Decimal(lower)
    high = upper is not None and number > Decimal(upper)
    return Result.FAILED if low or high else Result.PASSED


def _count(f: Fields, name: str) -> int | None:
    text = f.number(name)
    if text is None:
        return None
    number = Decimal(text)
    if number != number.to_integral_value() or not 0 <= number <= 10**9:
        raise f.wrong(name, f"{short(text)} is no count", f"{short(text)} 不是计数")
    return int(number)


def _process(f: Fields) -> Fact:
    start, end = _need(f.time("start"), f, "start"), _need(f.time("end"), f, "end")
    if end < start:
        raise f.wrong("end", "it ends before it begins", "结束时间早于开始时间")
    return ProcessRecord(
        record_id=_need(f.text("record_id"), f, "record_id"),
        item=_need(f.item("item"), f, "item").id,
        station=_need(f.text("station"), f, "station"),
        start_ms=start,
        end_ms=end,
        machine=f.text("machine") or "",
        recipe=f.text("recipe") or "",
        shift=f.text("shift") or "",
        operator=f.text("operator") or "",
        parameters=f.table("parameters"),
        telemetry=f.text("telemetry") or "",
    )


def _claim(f: Fields) -> Fact:
    return Claim(
        claim_id=_need(f.text("claim_id"), f, "claim_id"),
        item=_need(f.item("item"), f, "item").id,
        kind=_need(f.choice("kind", "claim", ClaimKind), f, "kind"),
        time_ms=_need(f.time("time"), f, "time"),
        code=f.text("code") or "",
        finding=f.text("finding") or "",
    )


def _gap(f: Fields) -> Fact:
    return Gap(
        _need(f.item("item"), f, "item").id,
        _need(f.choice("kind", "gap", GapKind), f, "kind"),
        f.text("what") or "",
        f.time("since"),
    )


def _correction(f: Fields) -> Fact:
    kind = _need(f.text("kind"), f, "kind")
    if kind not in ("event", "inspection", "process", "claim", "link", "item"):
        raise f.wrong("kind", f"{short(kind)!r} can't be corrected", f"“{short(kind)}”不可更正")
    return Correction(
        _need(f.text("target"), f, "target"),
        kind,
        _need(f.text("reason"), f, "reason"),
        _need(f.time("time"), f, "time"),
    )


MAKERS: Final[Mapping[str, Callable[[Fields], Fact]]] = {
    "item": _item,
    "link": _link,
    "inspection": _inspection,
    "process": _process,
    "claim": _claim,
    "gap": _gap,
    "correction": _correction,
}
"""How a fact of each kind is made of its fields."""


def make_fact(kind: str, fields: Fields) -> Fact:
    """The fact of a kind; raises ``SourceError`` naming the field that is missing or wrong."""
    return MAKERS[kind](fields)


def decimal(text: str, *, point: str = ".", thousands: str = "") -> str | None:
    """A plain decimal text, or None if it is none."""
    made = text.replace(thousands, "") if thousands else text
    made = made.replace(point, ".") if point != "." else made
    return made if _DECIMAL.fullmatch(made) else None
