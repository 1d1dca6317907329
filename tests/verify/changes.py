"""A small bundle, and every change that may be made to a member of a bundle."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.support import rfc9162_plain as plain
from tests.support.xlproof import bundle, part, pinned, pinned_file, sealed, written

Json = Any


@cache
def small() -> tuple[bytes, tuple[bytes, ...]]:
    """A small bundle with one of everything, and the pinned heads that it passes with."""
    log = plain.PlainLog(with_sm3=True)
    for subject in "ABA":
        log.append({"schema": "s/1", "subject": subject, "event_time": "2026-09-01T00:00:00.000Z"})
    data = written(bundle(part(log, [1], ["A", "X"], show=("/subject",), joined=2)))
    return data, (pinned_file(pinned(log)), pinned_file(pinned(log, 2)))


Place = tuple[str | int, ...]


def places(value: Json, at: Place = ()) -> Iterator[Place]:
    """Every place in a bundle."""
    yield at
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*at, name))


def get(value: Json, at: Place) -> Json:
    for name in at:
        value = value[name]
    return value


def edited(made: Json, at: Place, *new: Json) -> Json:
    """A copy with a new value at a place, or without the place where no value is given."""
    copied = copy.deepcopy(made)
    inside = get(copied, at[:-1])
    if new:
        inside[at[-1]] = new[0]
    else:
        del inside[at[-1]]
    return sealed(copied)


def odd_values(value: Json) -> list[Json]:
    """What a liar or a fool may put in the place of a value."""
    strange: list[Json] = [None, True, -1, 0, 2**53 - 1, 2**53, "", [], {}, ["i"], {"a": 1}]
    if isinstance(value, int) and not isinstance(value, bool):
        strange += [value + 1, value - 1, str(value)]
    if isinstance(value, str) and value:
        last = "0" if value[-1] != "0" else "1"
        strange += [value[:-1] + last, value[:-1], value + "0", value.upper() + " "]
        strange += ["0" * len(value), [value]]
    if isinstance(value, list):
        strange += [value[:-1], value[1:], value[::-1], value + value[-1:], value * 2]
    return [new for new in strange if new != value or type(new) is not type(value)]
