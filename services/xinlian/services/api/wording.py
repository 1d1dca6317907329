"""Values that are not valid, in words: which field, what is wanted, what was given.

Pydantic tells programmers what a validator found; here it becomes a sentence for who typed the
value, in English and Chinese, with a stable code. A test holds that every pattern of the OpenAPI
document has its words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xinlian.services.api.schemas.common import GoesWithError
from xinlian.services.api.wording_trace import FORMS_OF_TRACE
from xinlian.services.labels import field_zh

__all__ = ["FORMS", "Wrong", "describe"]

INPUT_CHARS_MAX: Final = 60

FORMS: Final[dict[str, tuple[str, str]]] = {
    r"^0x[0-9a-f]{64}$": ("0x and 64 digits of 0-9 and a-f", "0x 加 64 位 0-9、a-f"),
    r"^[0-9a-f]{64}$": ("64 digits of 0-9 and a-f, all of them", "完整的 64 位 0-9、a-f"),
    r"^0x[0-9a-f]{130}$": (
        "0x and 130 digits of 0-9 and a-f: r, s and v of the signature",
        "0x 加 130 位 0-9、a-f：签名的 r、s、v",
    ),
    r"^0x[0-9a-fA-F]{40}$": ("0x and 40 digits of 0-9 and a-f", "0x 加 40 位 0-9、a-f"),
    r"^[0-9A-HJ-NPQRTUWXY]{18}$": (
        "18 characters of 0-9 and A-Z without I, O, S, V, Z (GB 32100)",
        "18 位数字与大写字母，不含 I、O、S、V、Z（GB 32100）",
    ),
    r"^[0-9]{12}$": ("12 digits (CNAPS code of the bank)", "12 位数字（联行号）"),
    r"^[0-9A-Za-z\-]{5,34}$": (
        "5 to 34 letters, digits and hyphens, without spaces",
        "5 至 34 位字母、数字、连字符，不含空格",
    ),
    r"^[0-9A-Z\-]{8,40}$": (
        "8 to 40 digits, capital letters and hyphens",
        "8 至 40 位数字、大写字母、连字符",
    ),
    r"^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}$": (
        "a day as YYYY-MM-DD",
        "日期 YYYY-MM-DD",
    ),
    r"^(0|[1-9][0-9]{0,77})$": ("a whole number in digits", "十进制整数"),
    r"^[A-Za-z0-9._:\-]{1,64}$": (
        "1 to 64 characters of A-Z a-z 0-9 . _ : -",
        "1 至 64 位 A-Z a-z 0-9 . _ : -",
    ),
    r"^[A-Za-z0-9][A-Za-z0-9+\-]{0,34}$": (
        "1 to 35 letters, digits, + and -",
        "1 至 35 位字母、数字、+、-",
    ),
    r"^[A-Za-z0-9_\-]+$": (
        "the cursor exactly as the page before gave it",
        "上一页给出的游标原文",
    ),
    r"^[^\x00-\x1f\x7f]+$": ("text without control characters", "不含控制字符的文本"),
    r"^[^\x00-\x1f]+$": ("text without control characters", "不含控制字符的文本"),
    r"^[^\x00-\x1f]*$": ("text without control characters", "不含控制字符的文本"),
    r"^[A-Za-z0-9._-]{1,64}$": (
        "a device's name: 1 to 64 letters, digits, dots, hyphens and low lines",
        "设备名称：1 至 64 位字母、数字、点、连字符、下划线",
    ),
    r"^[a-z][a-z0-9_]{0,62}$": (
        "a tag's name: a small letter, then up to 62 of a-z, 0-9 and _",
        "点位名称：小写字母开头，其后最多 62 个 a-z、0-9、_",
    ),
    **FORMS_OF_TRACE,
}
"""What a pattern of the document asks for, in words."""

_TYPES: Final = {
    "int": ("a whole number", "整数"),
    "string": ("text", "文本"),
    "bool": ("true or false", "true 或 false"),
    "list": ("a list", "列表"),
    "dict": ("an object", "对象"),
    "model": ("an object", "对象"),
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One value that is not valid. ``field``: its place, such as ``body.face_fen``."""

    field: str
    code: str
    message: str
    message_zh: str

    def as_json(self) -> dict[str, str]:
        """As it stands in a problem document."""
        return {
            "field": self.field,
            "code": self.code,
            "message": self.message,
            "message_zh": self.message_zh,
        }


def describe(error: Mapping[str, Any]) -> Wrong:
    """One error of pydantic in words."""
    loc: Sequence[str | int] = error["loc"]
    context: Mapping[str, Any] = error.get("ctx") or {}
    kind = str(error["type"])
    cause = context.get("error")
    if isinstance(cause, GoesWithError):
        kind, loc = "goes_with", (*loc, cause.field)
    place = ".".join(str(part) for part in loc)[:200]
    name = _name(loc)
    code, english, chinese = _words(kind, context, error)
    label = field_zh(name)
    shown = f"{label}（{name}）" if label else name
    return Wrong(place, code, f"{name}: {english}", f"{shown}：{chinese}")


def _words(kind: str, context: Mapping[str, Any], error: Mapping[str, Any]) -> tuple[str, str, str]:
    found = _BY_KIND.get(kind)
    if found is not None:
        return found(context, _given(error))
    for ending in ("_type", "_parsing", "_attributes_type", "_from_float"):
        wanted = _TYPES.get(kind.removesuffix(ending)) if kind.endswith(ending) else None
        if wanted is not None:
            given = _given(error)
            return (
                "type",
                f"{wanted[0]} is wanted, not {given}",
                f"需为{wanted[1]}，而非 {given}",
            )
    text = str(error["msg"]).removeprefix("Value error, ")[:300]
    return "not_valid", text, f"取值无效：{text}"


def _missing(_: Mapping[str, Any], __: str) -> tuple[str, str, str]:
    return "missing", "this is needed and was not given", "必填，但未提供"


def _unknown(_: Mapping[str, Any], __: str) -> tuple[str, str, str]:
    return (
        "unknown",
        "there is no such field here; see the API document",
        "此处没有该字段，参见接口文档",
    )


def _form(context: Mapping[str, Any], given: str) -> tuple[str, str, str]:
    english, chinese = FORMS.get(str(context["pattern"]), (f"the form {context['pattern']}",) * 2)
    return "form", f"{english} are wanted, not {given}", f"需为{chinese}，而非 {given}"


def _bound(
    code: str, key: str, english: str, chinese: str
) -> Callable[[Mapping[str, Any], str], tuple[str, str, str]]:
    def words(context: Mapping[str, Any], given: str) -> tuple[str, str, str]:
        return (
            code,
            f"{english.format(context[key])}, not {given}",
            f"{chinese.format(context[key])}，而非 {given}",
        )

    return words


def _choice(context: Mapping[str, Any], given: str) -> tuple[str, str, str]:
    wanted = str(context.get("expected") or context.get("expected_tags"))
    wanted = wanted.replace("'", "").replace(" or ", ", ")
    return "choice", f"one of {wanted} is wanted, not {given}", f"需为 {wanted} 之一，而非 {given}"


def _goes_with(context: Mapping[str, Any], _: str) -> tuple[str, str, str]:
    other = context["error"].other
    return (
        "goes_with",
        f"goes with {other}: give both or neither",
        f"须与 {field_zh(other) or other}（{other}）同时提供",
    )


_BY_KIND: Final[dict[str, Callable[[Mapping[str, Any], str], tuple[str, str, str]]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "string_pattern_mismatch": _form,
    "greater_than_equal": _bound("too_small", "ge", "at least {} is wanted", "至少为 {}"),
    "less_than_equal": _bound("too_large", "le", "at most {} is wanted", "至多为 {}"),
    "string_too_short": _bound(
        "too_short", "min_length", "at least {} characters are wanted", "至少 {} 个字符"
    ),
    "string_too_long": _bound(
        "too_long", "max_length", "at most {} characters are wanted", "至多 {} 个字符"
    ),
    "too_short": _bound("too_short", "min_length", "at least {} of them are wanted", "至少 {} 项"),
    "too_long": _bound("too_long", "max_length", "at most {} of them are taken", "至多 {} 项"),
    "literal_error": _choice,
    "enum": _choice,
    "union_tag_invalid": _choice,
    "union_tag_not_found": _missing,
    "goes_with": _goes_with,
}


def _name(loc: Sequence[str | int]) -> str:
    """The field's own name: the last word of its place, with its position in a list."""
    words = [part for part in loc if isinstance(part, str)]
    return words[-1] if words else "body"


def _given(error: Mapping[str, Any]) -> str:
    """What was given, short; a list or an object only by its size."""
    value = error.get("input")
    if isinstance(value, (list, dict)):
        return f"{len(value)}" if isinstance(value, list) else "an object"
    if value is None or isinstance(value, (str, int)):
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= INPUT_CHARS_MAX else text[: INPUT_CHARS_MAX - 1] + "…"
    return type(value).__name__
