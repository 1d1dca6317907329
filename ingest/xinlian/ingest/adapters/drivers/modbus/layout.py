"""What is asked of a device for a rate group, and where each tag lies in the joined answers.

A row is the data of the answers of all requests in the plan's order, registers before bits, so that
registers stay on even bytes and can be viewed as an array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xinlian.ingest.model.plan import (
    BITS_MAX,
    REGISTERS_MAX,
    Place,
    Space,
    coalesce,
    place_of,
)
from xinlian.ingest.model.tags import Tag, TagError

__all__ = ["Ask", "Limits", "Plan", "Spot", "plan_of"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How a device wants to be asked."""

    max_gap: int = 16
    """Registers in a row that may be read for nothing (a register has 16 bits)."""
    max_registers: int = REGISTERS_MAX
    max_bits: int = BITS_MAX

    @classmethod
    def of(cls, endpoint: Mapping[str, Any]) -> Limits:
        """From an endpoint's options; ``TagError`` for what no request can be."""
        bounds = {
            "max_gap": (0, 1_000, 16),
            "max_registers": (4, REGISTERS_MAX, REGISTERS_MAX),
            "max_bits": (1, BITS_MAX, BITS_MAX),
        }
        given: dict[str, int] = {}
        for name, (low, high, usual) in bounds.items():
            value = endpoint.get(name, usual)
            if type(value) is not int or not low <= value <= high:
                raise TagError(
                    f"endpoint: {name} is {low} to {high}, not {value!r}",
                    f"端点：{name} 须为 {low} 至 {high}，而非 {value!r}",
                )
            given[name] = value
        return cls(**given)


@dataclass(frozen=True, slots=True)
class Ask:
    """One read request of a plan."""

    space: Space
    start: int
    count: int
    at: int
    """First byte of its data in the row."""
    size: int
    """Bytes of its data."""
    tags: tuple[int, ...]
    """Indices of the group's tags that it brings."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a tag lies in the row: byte ``at`` of its first register, or of the byte of its bit."""

    tag: Tag
    place: Place
    at: int
    bit: int
    """Bit of that byte for coils and discrete inputs; -1 for registers."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests of a rate group and the spots of its tags."""

    asks: tuple[Ask, ...]
    spots: tuple[Spot, ...]
    row_bytes: int


ORDER = (Space.HOLDING, Space.INPUT, Space.COIL, Space.DISCRETE)


def plan_of(tags: Sequence[Tag], limits: Limits) -> Plan:
    """The plan of a rate group's tags; ``TagError`` where an address is none."""
    places = [place_of(tag) for tag in tags]
    asks: list[Ask] = []
    spots: dict[int, Spot] = {}
    at = 0
    for space in ORDER:
        members = [index for index, place in enumerate(places) if place.space is space]
        requests = coalesce(
            [(places[index].start, places[index].count) for index in members],
            max_gap=limits.max_gap * 16 if space.bits else limits.max_gap,
            size_max=limits.max_bits if space.bits else limits.max_registers,
        )
        for request in requests:
            size = (request.size + 7) // 8 if space.bits else request.size * 2
            held = tuple(members[index] for index in request.members)
            asks.append(Ask(space, request.start, request.size, at, size, held))
            for index in held:
                away = places[index].start - request.start
                spots[index] = (
                    Spot(tags[index], places[index], at + away // 8, away % 8)
                    if space.bits
                    else Spot(tags[index], places[index], at + away * 2, -1)
                )
            at += size
    return Plan(tuple(asks), tuple(spots[index] for index in range(len(tags))), at)
