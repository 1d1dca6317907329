"""What the patterns of traceability ask for, in words."""

from __future__ import annotations

from typing import Final

__all__ = ["FORMS_OF_TRACE"]

FORMS_OF_TRACE: Final[dict[str, tuple[str, str]]] = {
    r"^[^\x00-\x1f\x7f]*$": ("text without control characters", "不含控制字符的文本"),
    r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$": ("a decimal number in digits", "十进制数字"),
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?"
    r"(Z|[+\-][0-9]{2}:[0-9]{2})$": (
        "a time such as 2026-10-09T10:00:00.000+08:00",
        "时间，例如 2026-10-09T10:00:00.000+08:00",
    ),
    r"^[0-9a-f]{32}$": ("32 digits of 0-9 and a-f", "32 位 0-9、a-f"),
    r"^[0-9]{1,15}-[0-9]{1,15}$": ("the token exactly as given", "原样提供的令牌"),
    r"^[0-9]+$": ("a whole number in digits", "十进制整数"),
}
