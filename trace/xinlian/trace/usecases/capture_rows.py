"""Judging one row of a capture by itself, and the words of its result."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final
from unicodedata import is_normalized, normalize

import orjson
from xinlian.trace.model.capture import Problem, Row, RowStatus
from xinlian.trace.model.checks import FACTS_PER_ROW_MAX, ITEMS_PER_ROW_MAX, check_fact
from xinlian.trace.model.facts import Event, Fact
from xinlian.trace.model.links import Link
from xinlian.trace.model.records import record_of, subjects_of

__all__ = ["OTHERS", "digest_of", "ids_of", "problem_of", "weight_of", "why"]

OTHERS: Final = (
    "",
    "another row is not good, so nothing of the file was taken in",
    "因其他行有问题，整个文件未被接收",
)
_CIRCLE: Final = (
    "with this link a part would be in itself",
    "该关系会使零件包含自身",
)
_DEEP: Final = (
    "too many levels of parts lie below",
    "零件层级过深",
)


def why(
    status: RowStatus, field: str, problem: Problem | None, names: Mapping[str, str]
) -> tuple[str, str]:
    """Why a row ended as it did, in English and Chinese; ``names`` are the source's own."""
    if problem is not None:
        return problem.why, problem.why_zh
    if status is RowStatus.INVALID:
        return _CIRCLE if field == "child" else _DEEP
    if status is RowStatus.CONFLICT:
        field = names.get(field, field)
        return (
            f"known already, but {field} differs; what was captured is corrected by a correction",
            f"已存在，但 {field} 不同；更改已采集内容请提交更正",
        )
    return "", ""


def weight_of(row: Row) -> int:
    """How many facts and items a row has to be written for."""
    return sum(map(_weight, row.facts))


def _weight(fact: Fact) -> int:
    return 1 + len(fact.items) if isinstance(fact, Event) else 2


def problem_of(row: Row, now_ms: int, record: dict[str, Any]) -> Problem | None:
    """Why a row is no good; else its evidence is put into ``record``."""
    if row.problem is not None:
        return row.problem
    if len(row.facts) > FACTS_PER_ROW_MAX:
        return Problem("", f"a row says at most {FACTS_PER_ROW_MAX} things", "单行内容过多")
    for name in (row.source, row.place):
        if "\x00" in name or not _encodable(name):
            return _STRANGE
    items = 0
    for fact in row.facts:
        found = check_fact(fact, now_ms)
        if found is not None:
            return found
        items += _weight(fact)
    if items > ITEMS_PER_ROW_MAX and len(subjects_of(row)) > ITEMS_PER_ROW_MAX:
        return Problem(
            "items",
            f"a row speaks of at most {ITEMS_PER_ROW_MAX} items: tell of more in several",
            f"单行最多涉及 {ITEMS_PER_ROW_MAX} 个对象，请分多行提交",
        )
    try:
        record.update(record_of(row, now_ms))
        texts = orjson.dumps([record, [f.document for f in row.facts if isinstance(f, Event)]])
    except (TypeError, ValueError):
        return _STRANGE
    if not texts.isascii() and not is_normalized("NFC", texts.decode()):
        # Evidence is; the facts stay as they were given.
        record.update(orjson.loads(normalize("NFC", orjson.dumps(record).decode())))
    return _STRANGE if _NUL_TEXT in texts and _NUL.search(texts) else None


_NUL_TEXT: Final = b"\\u0000"
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_STRANGE: Final = Problem("", "the text has characters that do not exist", "文本含有无效字符")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def digest_of(row: Row) -> str:
    """SHA-256 of the source, hex."""
    return hashlib.sha256(row.source.encode()).hexdigest()


def ids_of(row: Row) -> tuple[str, ...]:
    """The first few ids of which a row speaks, for people."""
    found: dict[str, None] = {}
    for fact in row.facts:
        item: Any = getattr(fact, "id", None) or getattr(fact, "item", None)
        if item is not None:
            found[item.id] = None
        elif isinstance(fact, Link):
            found[fact.parent.id] = found[fact.child.id] = None
        else:
            name = getattr(fact, "event_id", None)
            if name:
                found[name] = None
        if len(found) > 8:
            break
    return tuple(found)
