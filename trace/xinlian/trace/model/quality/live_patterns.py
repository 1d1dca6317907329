"""Patterns among the latest points of a stream: is one complete with the last point?"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Generic, TypeVar

from xinlian.trace.model.quality.rules import Pattern, Shape

__all__ = ["FINDERS", "Point", "Thing"]

Thing = TypeVar("Thing", bound=Hashable)
"""What is measured: an id of any kind."""


@dataclass(frozen=True, slots=True)
class Point(Generic[Thing]):
    """A point of the chart: its number, value, distance from the centre in standard errors,
    whether it lies outside the limits, and what was measured."""

    number: int
    value: float
    z: float
    outside: bool
    items: tuple[Thing, ...]


_Found = list[list[Point[Thing]]]


def _limit(points: list[Point[Thing]], _: Pattern) -> _Found[Thing]:
    return [[points[-1]]] if points[-1].outside else []


def _beyond(points: list[Point[Thing]], pattern: Pattern) -> _Found[Thing]:
    recent = points[-pattern.window :]
    found = []
    for side in (1, -1):
        members = [point for point in recent if side * point.z > pattern.zone]
        if len(members) >= pattern.least and members[-1] is points[-1]:
            found.append(members)
    return found


def _whole(points: list[Point[Thing]], pattern: Pattern) -> list[Point[Thing]]:
    return points[-pattern.window :] if len(points) >= pattern.window else []


def _trend(points: list[Point[Thing]], pattern: Pattern) -> _Found[Thing]:
    run = _whole(points, pattern)
    steps = [after.value - before.value for before, after in pairwise(run)]
    same = run and (all(step > 0 for step in steps) or all(step < 0 for step in steps))
    return [run] if same else []


def _alternating(points: list[Point[Thing]], pattern: Pattern) -> _Found[Thing]:
    run = _whole(points, pattern)
    steps = [after.value - before.value for before, after in pairwise(run)]
    turns = run and all(one * two < 0 for one, two in pairwise(steps))
    return [run] if turns else []


def _within(points: list[Point[Thing]], pattern: Pattern) -> _Found[Thing]:
    run = _whole(points, pattern)
    return [run] if run and all(abs(point.z) < pattern.zone for point in run) else []


def _outside(points: list[Point[Thing]], pattern: Pattern) -> _Found[Thing]:
    run = _whole(points, pattern)
    return [run] if run and all(abs(point.z) > pattern.zone for point in run) else []


FINDERS: Final[dict[Shape, Callable[[list[Point[Any]], Pattern], _Found[Any]]]] = {
    Shape.LIMIT: _limit,
    Shape.BEYOND: _beyond,
    Shape.TREND: _trend,
    Shape.ALTERNATING: _alternating,
    Shape.WITHIN: _within,
    Shape.OUTSIDE: _outside,
}
