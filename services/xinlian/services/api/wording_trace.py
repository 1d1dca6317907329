"""What the patterns of traceability ask for, in words."""

from __future__ import annotations

from typing import Final

__all__ = ["FORMS_OF_TRACE"]

FORMS_OF_TRACE: Final[dict[str, tuple[str, str]]] = {
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$": (
        "1 to 64 letters, digits, '-', '_' and '.'",
        "1 至 64 个字母、数字或 - _ .",
    ),
    r"^[^\s\x00-\x1f\x7f]{1,64}$": ("1 to 64 characters without spaces", "1 至 64 个非空白字符"),
    r"^[0-9]{1,12}(\.[0-9]{1,9})?$": (
        "a number of up to 12 digits and 9 places",
        "至多 12 位整数、9 位小数的数字",
    ),
    r"^([0-9a-f]{32}|[1-9][0-9]{0,8})$": (
        "the recall's number, or its id of 32 digits",
        "召回序号，或 32 位召回编号",
    ),
    r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$": ("a decimal number in digits", "十进制数字"),
    r"^[A-Za-z0-9][A-Za-z0-9._\-/]{0,63}$": (
        "1 to 64 letters, digits and . _ - / that begin with a letter or digit",
        "1 至 64 位字母、数字及 . _ - /，以字母或数字开头",
    ),
    r"^[0-9a-f]{32}$": ("32 digits of 0-9 and a-f", "32 位 0-9、a-f"),
    r"^[0-9]{1,9}(\.[0-9]{1,4})?$": (
        "a decimal number with at most four decimals",
        "最多四位小数的十进制数",
    ),
    r"^[0-9]*$": ("a whole number in digits", "十进制整数"),
}
