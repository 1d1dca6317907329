"""Amounts and rates as people type them: yuan, per cent."""

from __future__ import annotations

from typing import Any, Final

import click
from xinlian.services.cli.i18n import pick

FEN_MOST: Final = 2**48 - 1
"""The largest amount that a voucher, and so any request, can hold."""


class Yuan(click.ParamType[int]):
    """An amount of yuan on the command line, whole fen in the request."""

    name = "YUAN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read yuan with at most two decimals."""
        from xinlian.ledger.model.money import Fen, MoneyError

        if isinstance(value, int):
            return value
        try:
            fen = int(Fen.from_yuan(str(value).replace(",", "")))
        except MoneyError:
            self.fail(_yuan_wanted(value), param, ctx)
        if not 0 <= fen <= FEN_MOST:
            self.fail(_yuan_wanted(value), param, ctx)
        return fen


class Rate(click.ParamType[int]):
    """A yearly rate in per cent on the command line, parts per million in the request."""

    name = "PERCENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read per cent with at most four decimals."""
        from xinlian.finance.model.rates import RateError, rate_from_percent

        if isinstance(value, int):
            return value
        try:
            return int(rate_from_percent(str(value)))
        except RateError:
            self.fail(
                pick(
                    f"per cent from 0 to 100 with at most four decimals is wanted, such as 4.5, "
                    f"not {value!r}",
                    f"需为 0 至 100 的百分数，至多四位小数，例如 4.5，而非 {value!r}",
                ),
                param,
                ctx,
            )


def _yuan_wanted(value: object) -> str:
    shown = str(value)[:40]
    most = f"{FEN_MOST // 100:,}"
    return pick(
        f"yuan from 0 to {most} with at most two decimals are wanted, such as 5000.00, "
        f"not {shown!r}",
        f"需为 0 至 {most} 元，至多两位小数，例如 5000.00，而非 {shown!r}",
    )


YUAN: Final = Yuan()
RATE: Final = Rate()
