"""What a fact must be before it is taken in, whatever its source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from xinlian.trace.model.capture import Problem
from xinlian.trace.model.facts import Claim, Correction, Event, Fact, Gap, Inspection, ProcessRecord
from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.links import Certainty, Link

__all__ = ["AHEAD_MS_MAX", "FACTS_PER_ROW_MAX", "ITEMS_PER_ROW_MAX", "TIME_MS_MAX", "check_fact"]

TIME_MS_MAX: Final = 4_133_980_800_000
"""2101-01-01T00:00:00Z; times lie from 1970 to the end of 2100."""
AHEAD_MS_MAX: Final = 5 * 60_000
"""How far the clock of a source may be ahead of the server's; checks of proofs grant as much."""
FACTS_PER_ROW_MAX: Final = 20_000
ITEMS_PER_ROW_MAX: Final = 10_000
"""A record stands in the chain of each item: more of them are told of in several rows."""
_ID_CHARS_MAX: Final = 256
_COUNT_MAX: Final = 1 << 31
_DECIMAL: Final = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?")
_USUAL: Final = re.compile(r"[+-]?\d{1,15}(\.\d{0,15})?")
_DECIMAL_CHARS_MAX: Final = 50
_LARGEST, _SMALLEST = Decimal("1e30"), Decimal("1e-30")
"""Beyond these no quantity is measured, and squares of what is still fit into a float."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")


def check_fact(fact: Fact, now_ms: int) -> Problem | None:
    """Why a fact cannot be taken in at a time; ``None`` if it can.

    What was observed lies in the past, give or take what clocks differ: its record would claim to
    be from after the block that fixed it, for ever. Only the end of a link may be planned.
    """
    for name, item in _items(fact):
        if not 0 < len(item.id) <= _ID_CHARS_MAX or _CONTROL.search(item.id):
            return Problem(
                name,
                "an id has 1 to 256 characters and no control characters",
                "编号应为 1 至 256 个字符，且不含控制字符",
            )
    for name, time in _times(fact):
        if time is not None and not 0 <= time < TIME_MS_MAX:
            return Problem(
                name,
                "the time lies before 1970 or after 2100",
                "时间早于 1970 年或晚于 2100 年",
            )
        if time is not None and time > now_ms + AHEAD_MS_MAX and not _planned(fact, name):
            return Problem(
                name,
                "the time lies in the future, and what is recorded has happened",
                "时间晚于当前时间；只能采集已发生的事实",
            )
    for name, value in _decimals(fact):
        if value is None or _USUAL.fullmatch(value):
            continue
        if not _DECIMAL.fullmatch(value):
            return Problem(name, "this is no decimal number", "不是十进制数")
        if not _measurable(value):
            return Problem(
                name,
                "a number has at most 50 characters and is 0 or between 1e-30 and 1e30 in size",
                "数值至多 50 个字符，且为 0 或绝对值介于 1e-30 与 1e30 之间",
            )
    return _odd(fact)


def _planned(fact: Fact, name: str) -> bool:
    """Whether that is the end of a link whose beginning is known: of a removal alone it is the time
    at which it happened."""
    return name == "valid_to" and isinstance(fact, Link) and fact.valid_from_ms is not None


def _measurable(text: str) -> bool:
    if len(text) > _DECIMAL_CHARS_MAX:
        return False
    size = abs(Decimal(text))
    if not size:
        return abs(size.adjusted()) <= _DECIMAL_CHARS_MAX
    return _SMALLEST <= size <= _LARGEST


def _odd(fact: Fact) -> Problem | None:
    if isinstance(fact, Link):
        if fact.child == fact.parent:
            return Problem("child", "a part cannot be in itself", "零件不能包含自身")
        begins, ends = fact.valid_from_ms, fact.valid_to_ms
        if begins is not None and ends is not None and ends < begins:
            return Problem("valid_to", "it ends before it begins", "结束时间早于开始时间")
        if fact.certainty is Certainty.CANDIDATE and not fact.candidate_group:
            return Problem(
                "candidate_group",
                "a candidate needs the group of candidates to which it belongs",
                "候选件需要注明所属候选组",
            )
    if isinstance(fact, ProcessRecord) and fact.end_ms < fact.start_ms:
        return Problem("end", "it ends before it begins", "结束时间早于开始时间")
    if isinstance(fact, Inspection):
        for name, count in (("sample_size", fact.sample_size), ("defects", fact.defects)):
            if count is not None and not 0 <= count < _COUNT_MAX:
                return Problem(name, "this is no count", "不是有效的数量")
    if isinstance(fact, Event) and not fact.event_id:
        return Problem("event_id", "an event needs an id", "事件缺少编号")
    return None


def _items(fact: Fact) -> Iterator[tuple[str, ItemId]]:
    if isinstance(fact, Item):
        yield "id", fact.id
    elif isinstance(fact, Link):
        yield "child", fact.child
        yield "parent", fact.parent
    elif isinstance(fact, Event):
        for item in fact.items:
            yield "items", item
    elif not isinstance(fact, Correction):
        yield "item", fact.item


def _times(fact: Fact) -> Iterator[tuple[str, int | None]]:
    if isinstance(fact, Item):
        yield "made_at", fact.made_at_ms
    elif isinstance(fact, Link):
        yield "valid_from", fact.valid_from_ms
        yield "valid_to", fact.valid_to_ms
    elif isinstance(fact, Event):
        yield "event_time", fact.event_time_ms
    elif isinstance(fact, ProcessRecord):
        yield "start", fact.start_ms
        yield "end", fact.end_ms
    elif isinstance(fact, Gap):
        yield "since", fact.since_ms
    elif isinstance(fact, Inspection | Claim | Correction):
        yield "time", fact.time_ms


def _decimals(fact: Fact) -> Iterator[tuple[str, str | None]]:
    if isinstance(fact, Link):
        yield "quantity", fact.quantity
    elif isinstance(fact, Inspection):
        yield "value", fact.value
        yield "nominal", fact.nominal
        yield "lower", fact.lower
        yield "upper", fact.upper
