"""Money as integer fen (CNY 0.01). A float never becomes money."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, NoReturn

FEN_MAX: Final = 2**63 - 1
"""Largest amount in fen: what a signed 64-bit column holds."""

# ASCII digits only; leading zeros beyond one are refused so that one amount has one spelling.
_YUAN = re.compile(r"(-?)(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,2}))?", re.ASCII)


class MoneyError(ValueError):
    """The text or number given is no amount of money in fen."""


class Fen(int):
    """An integer amount of fen in [-(2**63 - 1), 2**63 - 1]; immutable.

    Sums and differences of ``Fen`` with ``Fen`` or ``int`` stay ``Fen`` and stay bounded.
    Mixing with a float raises ``MoneyError``; multiply by a ``Fraction`` through ``times``.
    """

    __slots__ = ()

    def __new__(cls, value: int = 0) -> Fen:
        """Check that the value is a whole number in range."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise MoneyError(f"an amount in fen is an integer, not {type(value).__name__}")
        if not -FEN_MAX <= value <= FEN_MAX:
            raise MoneyError("amount out of range: at most 2**63 - 1 fen")
        return super().__new__(cls, value)

    @classmethod
    def from_yuan(cls, text: str) -> Fen:
        """Read a plain decimal string of yuan with at most two decimals, such as ``12.34``.

        Raises ``MoneyError`` for anything else: floats, signs other than a leading minus,
        exponents, NaN, separators, spaces, more decimals, amounts out of range.
        """
        if not isinstance(text, str):
            raise MoneyError(f"yuan are given as a decimal string, not {type(text).__name__}")
        match = _YUAN.fullmatch(text)
        if match is None:
            raise MoneyError(
                f"not a decimal amount of yuan with at most two decimals: {text[:40]!r}"
            )
        sign, whole, cents = match.groups()
        fen = int(whole) * 100 + int(((cents or "") + "00")[:2])
        return cls(-fen if sign else fen)

    def yuan(self) -> str:
        """The amount in yuan with exactly two decimals, such as ``12.34``."""
        whole, cents = divmod(abs(int(self)), 100)
        return f"{'-' if self < 0 else ''}{whole}.{cents:02d}"

    def times(self, factor: Fraction | int) -> Fen:
        """The amount times an exact factor, rounded half to even to a whole fen."""
        if isinstance(factor, bool) or not isinstance(factor, (Fraction, int)):
            raise MoneyError(f"money is multiplied by exact numbers, not {type(factor).__name__}")
        return Fen(round(Fraction(int(self)) * factor))

    def __add__(self, other: int) -> Fen:
        return Fen(int(self) + _whole(other))

    def __radd__(self, other: int) -> Fen:
        return Fen(_whole(other) + int(self))

    def __sub__(self, other: int) -> Fen:
        return Fen(int(self) - _whole(other))

    def __rsub__(self, other: int) -> Fen:
        return Fen(_whole(other) - int(self))

    def __mul__(self, other: int) -> Fen:
        return Fen(int(self) * _whole(other))

    def __rmul__(self, other: int) -> Fen:
        return Fen(int(self) * _whole(other))

    def __truediv__(self, other: int) -> NoReturn:
        raise MoneyError("money has no true division: use times(Fraction(1, n)) or divmod")

    def __neg__(self) -> Fen:
        return Fen(-int(self))

    def __abs__(self) -> Fen:
        return Fen(abs(int(self)))

    def __repr__(self) -> str:
        return f"Fen({int(self)})"


def _whole(value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise MoneyError(f"money is reckoned with whole numbers, not {type(value).__name__}")
    return int(value)
