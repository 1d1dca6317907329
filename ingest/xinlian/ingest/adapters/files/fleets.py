"""Fleets of equal devices: one description, numbers put into it."""

from __future__ import annotations

import re
from typing import Any, Final

from xinlian.ingest.adapters.files.marked_yaml import Marked

__all__ = ["HOLE", "filled", "plain"]

HOLE: Final = re.compile(r"\{n(?:\+([0-9]{1,9}))?(?::0([1-9]))?\}")
"""``{n}``, ``{n:03}``, ``{n+1500}``."""


def plain(value: Any) -> Any:
    """Without marks."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def filled(given: Marked, number: int) -> Marked:
    """A device of a fleet: its number put wherever it is asked for."""
    made = Marked()
    made.line, made.lines = given.line, given.lines
    for key, value in given.items():
        if key == "endpoint":
            made[key] = _fill(value, number)
        elif key == "meter" and isinstance(value, Marked):
            made[key] = filled(value, number)
        elif isinstance(value, str):
            made[key] = str(_fill(value, number))
        elif key != "series":
            made[key] = value
    return made


def _fill(value: Any, number: int) -> Any:
    if isinstance(value, dict):
        return {key: _fill(each, number) for key, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, number) for each in value]
    if not isinstance(value, str):
        return value
    whole = HOLE.fullmatch(value)
    if whole is not None and whole[2] is None:
        return number + int(whole[1] or 0)
    return HOLE.sub(lambda hole: str(number + int(hole[1] or 0)).zfill(int(hole[2] or 0)), value)
