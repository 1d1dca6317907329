"""Bodies of JSON, read strictly: UTF-8, no duplicate names, no NaN, no fractions, with bounds.

Depth and number of values are counted in the bytes before anything is parsed: a parser that is
written in C follows deep brackets on the stack of its thread, and what becomes of a million little
values keeps all other requests waiting.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from xinlian.services.app.errors import Code, RefusedError

__all__ = ["DEPTH_MAX", "VALUES_MAX", "read_json"]

DEPTH_MAX: Final = 8
VALUES_MAX: Final = 5_000
"""Most values of a body; the largest that is of use has some 2,000."""
_WHOLE: Final = re.compile(r"(-?[0-9]{1,40})\.0{1,40}", re.ASCII)
# Possessive, and satisfied with an open end: it never tries a byte twice.
_TEXT: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_OPENING: Final = b"[{"
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def read_json(body: bytes, values_max: int = VALUES_MAX) -> Any:
    """The value of a body; a number such as ``12.0`` is the whole number that it is.

    Raises ``RefusedError`` with ``MALFORMED`` if it is no JSON in this sense or nested too deep,
    with ``BODY_TOO_LARGE`` if it holds too many values.
    """
    bare = _TEXT.sub(b"", body)
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > values_max:
        raise RefusedError(
            Code.BODY_TOO_LARGE, f"the body has more than {values_max} values: divide it"
        )
    if _deeper(bare.translate(None, _NOT_BRACKETS)):
        raise RefusedError(Code.MALFORMED, f"the body is nested more than {DEPTH_MAX} deep")
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_whole,
            parse_constant=_whole,
        )
    except (ValueError, RecursionError) as exc:
        raise RefusedError(Code.MALFORMED, f"the body cannot be read as JSON: {exc}") from exc


def _deeper(brackets: bytes) -> bool:
    """Whether brackets are nested too deep; closing ones too many are the parser's business."""
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in _OPENING else -1
        if depth > DEPTH_MAX:
            return True
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return value


def _whole(text: str) -> int:
    match = _WHOLE.fullmatch(text)
    if match is not None:
        return int(match[1])
    raise ValueError(f"{text[:30]} is no whole number; amounts are integer fen")
