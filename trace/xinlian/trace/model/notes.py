"""What a person should look at in a row that is taken in all the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from xinlian.trace.model.capture import Problem
from xinlian.trace.model.codes.vin import VIN_LENGTH, judge_vin
from xinlian.trace.model.facts import Event, Fact, Inspection, Result
from xinlian.trace.model.items import WORLD, ItemId, ItemType
from xinlian.trace.model.links import Link

__all__ = ["note_of"]

_SAID: Final = {Result.PASSED: "合格", Result.FAILED: "不合格"}


def note_of(facts: Iterable[Fact]) -> Problem | None:
    """The first thing of a row to look at, or ``None``: an id of 17 characters that is no VIN (it
    is kept as the owner's own id of a vehicle), a result that the limits contradict."""
    for fact in facts:
        for field, item in _things(fact):
            if item.type is ItemType.VEHICLE and item.owner != WORLD and len(item.id) == VIN_LENGTH:
                return _no_vin(field, item.id)
        if isinstance(fact, Inspection) and _contradicts(fact):
            return _contradiction(fact)
    return None


def _things(fact: Fact) -> Iterator[tuple[str, ItemId]]:
    if isinstance(fact, Link):
        yield "child", fact.child
        yield "parent", fact.parent
    elif isinstance(fact, Event):
        yield from (("", item) for item in fact.items)
    else:
        item = getattr(fact, "id", None) or getattr(fact, "item", None)
        if isinstance(item, ItemId):
            yield "item", item


def _no_vin(field: str, text: str) -> Problem:
    vin = judge_vin(text)
    return Problem(
        field,
        f"{text} is no VIN and was taken as your own id of a vehicle: {vin.why}",
        f"{text} 不是 VIN，已按贵方自编车辆编号接收：{vin.why_zh}",
    )


def _contradicts(fact: Inspection) -> bool:
    limits = (fact.lower, fact.upper)
    if fact.value is None or limits == (None, None) or fact.result not in _SAID:
        return False
    value = Decimal(fact.value)
    low = fact.lower is not None and value < Decimal(fact.lower)
    high = fact.upper is not None and value > Decimal(fact.upper)
    return (low or high) is (fact.result is Result.PASSED)


def _contradiction(fact: Inspection) -> Problem:
    lies, lies_zh = ("outside", "超出") if fact.result is Result.PASSED else ("inside", "在")
    return Problem(
        "result",
        f"the result is {fact.result.value}, but {fact.value} lies {lies} the limits",
        f"结果为{_SAID[fact.result]}，但数值 {fact.value} {lies_zh}公差"
        + ("" if fact.result is Result.PASSED else "之内"),
    )
