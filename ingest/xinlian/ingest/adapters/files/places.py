"""Places in a file, and checks that name them when they refuse."""

from __future__ import annotations

from typing import Any, Final

from xinlian.ingest.adapters.files.marked_yaml import Marked
from xinlian.ingest.model.tags import TagError

__all__ = ["Place"]


_CHINESE: Final = {
    "plant": "工厂", "group": "设备组", "table": "点表", "device": "设备", "series": "系列",
    "meter": "仪表",
}  # fmt: skip


def _zh(what: str) -> str:
    """``a device``, ``device 'press-1'`` in Chinese."""
    kind, _, name = what.removeprefix("a ").partition(" ")
    return f"{_CHINESE[kind]} {name} " if name else _CHINESE[kind] + " "


class Place:
    """Where in a file we are, for refusals."""

    def __init__(self, source: str) -> None:
        self.source = source

    def refuse(self, line: int, message: str, zh: str) -> TagError:
        """The refusal, to be raised."""
        return TagError(
            f"{self.source}, line {line}: {message}", f"{self.source} 第 {line} 行：{zh}"
        )

    def members(self, given: Any, known: dict[str, type], line: int, what: str) -> Marked:
        """A mapping with known keys of the right kinds."""
        if not isinstance(given, Marked):
            raise self.refuse(line, f"{what} is a mapping", f"{_zh(what)}须为键值映射")
        for key, value in given.items():
            at = given.lines[key]
            if key not in known:
                listed = ", ".join(known)
                raise self.refuse(
                    at, f"{what} has no {key!r}; there are: {listed}",
                    f"{_zh(what)}没有 {key!r}；可用：{listed}",
                )  # fmt: skip
            if known[key] is str and type(value) is int:
                given[key] = value = str(value)
            if not isinstance(value, known[key]) or (known[key] is int and isinstance(value, bool)):
                kind = known[key].__name__
                raise self.refuse(
                    at, f"{key} is of kind {kind}, not {value!r:.80}",
                    f"{key} 须为 {kind} 类型，而非 {value!r:.80}",
                )  # fmt: skip
        return given

    def within(self, given: Marked, key: str, usual: int, low: int, high: int) -> int:
        """A whole number within bounds, or what is usual."""
        value: int = given.get(key, usual)
        if not low <= value <= high:
            raise self.refuse(
                given.lines[key], f"{key} is {low} to {high}, not {value}",
                f"{key} 须在 {low} 至 {high} 之间，而非 {value}",
            )  # fmt: skip
        return value

    def needed(self, given: Marked, key: str, what: str) -> Any:
        """A member that has to be there."""
        if key not in given:
            raise self.refuse(given.line, f"{what} has no {key!r}", f"{_zh(what)}缺少 {key!r}")
        return given[key]

    def list(self, given: Marked, key: str) -> list[Any]:
        """A list."""
        if key not in given:
            raise self.refuse(given.line, f"{key} is missing", f"缺少 {key}")
        found = given[key]
        if not isinstance(found, list):
            line = given.lines.get(key, given.line)
            raise self.refuse(line, f"{key} is a list", f"{key} 须为列表")
        return found
