"""Exact numbers: rounding that is said, and shares that add up to the whole."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

__all__ = ["EnergyError", "decimal_text", "half_up", "share_out"]

K = TypeVar("K", bound=Hashable)


class EnergyError(ValueError):
    """What cannot be reckoned, and why; ``zh`` in Chinese."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


def half_up(value: Fraction | Decimal) -> int:
    """The nearest integer; halves away from zero, as invoices round."""
    exact = Fraction(value)
    size = (abs(exact.numerator) * 2 + exact.denominator) // (exact.denominator * 2)
    return -size if exact < 0 else size


def share_out(total: int, weights: Mapping[K, int | Decimal | Fraction]) -> dict[K, int]:
    """Share ``total`` out by weights (largest remainder): integers that sum to ``total`` exactly.

    Ties go to the earlier key of the mapping. Weights are not negative; if all are 0, all get the
    same weight. ``EnergyError`` without a key or with a negative weight.
    """
    exact = {key: Fraction(weight) for key, weight in weights.items()}
    if not exact or min(exact.values()) < 0:
        raise EnergyError(
            "shares need at least one weight, and none below 0", "分摊至少需要一个权重，且不得为负"
        )
    whole = sum(exact.values(), Fraction(0))
    if not whole:
        exact, whole = dict.fromkeys(exact, Fraction(1)), Fraction(len(exact))
    sign = -1 if total < 0 else 1
    quotas = {key: abs(total) * weight / whole for key, weight in exact.items()}
    shares = {key: int(quota) for key, quota in quotas.items()}
    left = abs(total) - sum(shares.values())
    order = sorted(quotas, key=lambda key: quotas[key] - shares[key], reverse=True)
    for key in order[:left]:
        shares[key] += 1
    return {key: sign * share for key, share in shares.items()}


def decimal_text(units: int, places: int) -> str:
    """An integer of ``10**-places`` as decimal text: ``decimal_text(12345, 2) == "123.45"``."""
    sign = "-" if units < 0 else ""
    digits = str(abs(units)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits
