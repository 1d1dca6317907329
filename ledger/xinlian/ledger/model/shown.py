"""How values stand in a text for people: days and times as dates, fen as yuan, states as words.

A text names the kind of a value after a colon: ``{due_day:day}``, ``{expiry:time}``,
``{amount:yuan}``, ``{state:piece}``. Without one, and where a value is out of all range, it stands
as it is.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Final

from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.money import Fen
from xinlian.ledger.model.parties import Role
from xinlian.ledger.model.vouchers import FinancingState, PieceState, RootState

__all__ = ["KINDS", "shown"]

_CHINA: Final = timedelta(hours=8)
_CHINESE: Final = {
    "issued": "待接受", "held": "持有", "offered": "待接受", "locked": "已锁定",
    "financed": "已融资", "redeemed": "已兑付", "cancelled": "已注销", "merged": "已合并",
    "active": "有效", "matured": "已到期", "dishonoured": "已拒付", "settled": "已结清",
    "written_off": "已核销", "registered": "已登记", "disbursed": "已放款", "released": "已解除",
    "repaid": "已还款", "issuer": "签发方", "supplier": "供应商", "funder": "资金方",
    "paying_bank": "付款行", "inspector": "质检方", "auditor": "审计方", "operator": "运营方",
    "regulator": "监管方",
}  # fmt: skip


def shown(template: str, values: Mapping[str, Any], language: str) -> str:
    """The template with its values in English (``en``) or Chinese; a value not given is ``?``."""
    return _Formatter(language).vformat(template, (), values)


class _Formatter(string.Formatter):
    def __init__(self, language: str) -> None:
        self._chinese = language != "en"

    def get_value(self, key: int | str, args: Any, kwargs: Mapping[str, Any]) -> Any:  # noqa: ARG002 - the base's
        return kwargs.get(str(key), "?")

    def format_field(self, value: Any, format_spec: str) -> str:
        kind = KINDS.get(format_spec)
        if kind is None or isinstance(value, bool) or not isinstance(value, int):
            return str(value)
        try:
            word = kind(value)
        except (ValueError, OverflowError, OSError):
            return str(value)
        return _CHINESE.get(word, word) if self._chinese else word.replace("_", " ")


def _time(value: int) -> str:
    return f"{datetime.fromtimestamp(value, UTC) + _CHINA:%Y-%m-%d %H:%M:%S}"


def _role(value: int) -> str:
    name = Role(value).name
    if name is None:
        raise ValueError(value)
    return name.lower()


def _state(kind: type[IntEnum]) -> Callable[[int], str]:
    return lambda value: kind(value).name.lower()


KINDS: Final[dict[str, Callable[[int], str]]] = {
    "day": lambda value: iso_of(Day(value)),
    "time": _time,
    "yuan": lambda value: Fen(value).yuan(),
    "role": _role,
    "piece": _state(PieceState),
    "root": _state(RootState),
    "financing": _state(FinancingState),
}
"""Kinds of values that a text can name."""
