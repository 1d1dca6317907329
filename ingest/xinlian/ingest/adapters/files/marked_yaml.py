"""YAML that remembers its lines, so that a refusal can point at one.

No anchors, aliases or tags; no key twice; bounded size and depth. Numbers with a fraction become
``Decimal`` from their text, so that 0.1 stays 0.1.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

import yaml
from xinlian.ingest.model.tags import TagError

__all__ = ["Marked", "parse"]

_BYTES_MAX: Final = 16 << 20
_DEPTH_MAX: Final = 10
_DECIMAL: Final = re.compile(
    r"[-+]?(?:0|[1-9][0-9]{0,39})\.[0-9]{1,40}"
    r"|[-+]?[1-9][0-9]?(?:\.[0-9]{1,40})?[eE][-+]?[0-9]{1,2}"
)
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
"""Numbers with leading zeros stay text: they are addresses."""
_TRUTH: Final = {"true": True, "false": False}


class Marked(dict[str, Any]):
    """A mapping; ``line`` where it begins, ``lines`` where its keys stand."""

    line: int
    lines: dict[str, int]


def parse(text: str, source: str) -> Marked:
    """The mapping at the top of a YAML text; ``TagError`` names ``source`` and the line."""
    if len(text) > _BYTES_MAX:
        raise TagError(f"{source}: longer than 16 MiB", f"{source}：超过 16 MiB")
    try:
        _check(text, source)
        node = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as exc:
        if isinstance(exc, TagError):
            raise
        raise _broken(text, source, exc) from exc
    made = None if node is None else _value(node, source)
    if not isinstance(made, Marked):
        raise TagError(f"{source}: no mapping at the top", f"{source}：顶层须为键值映射")
    return made


def _check(text: str, source: str) -> None:
    """Before anything is built: what lets a few lines stand for gigabytes or hours."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = 0 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _refusal(source, line, "anchors and aliases are not allowed", "不允许锚点与别名")
        if getattr(event, "tag", None) is not None:
            raise _refusal(source, line, "YAML tags are not allowed", "不允许 YAML 标签")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_MAX:
            raise _refusal(
                source, line, f"nested deeper than {_DEPTH_MAX}", f"嵌套超过 {_DEPTH_MAX} 层"
            )


def _broken(text: str, source: str, exc: Exception) -> TagError:
    mark = getattr(exc, "problem_mark", None)
    if mark is None:
        told = " ".join(str(exc).split())[:300]
        return TagError(f"{source}: no YAML: {told}", f"{source}：不是有效的 YAML：{told}")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: mark.column + 1]:
        return _refusal(
            source, mark.line + 1, "a tab: indent with spaces", "含制表符：请以空格缩进"
        )
    told = str(getattr(exc, "problem", "") or exc)[:300]
    return _refusal(source, mark.line + 1, f"no YAML: {told}", f"不是有效的 YAML：{told}")


def _refusal(source: str, line: int, message: str, zh: str) -> TagError:
    return TagError(f"{source}, line {line}: {message}", f"{source} 第 {line} 行：{zh}")


def _value(node: yaml.Node, source: str) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, source) for each in node.value]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    made = Marked()
    made.line, made.lines = node.start_mark.line + 1, {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _refusal(source, line, "a key is a word", "键须为文字")
        if key.value in made:
            raise _refusal(source, line, f"{key.value!r} stands twice", f"{key.value!r} 重复")
        made[key.value] = _value(value, source)
        made.lines[key.value] = line
    return made


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style:
        return text
    if text in _TRUTH:
        return _TRUTH[text]
    if text in ("", "~", "null"):
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
