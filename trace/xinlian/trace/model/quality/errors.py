"""What the statistics of quality refuse."""

from __future__ import annotations

__all__ = ["NothingMeasuredError", "QualityError"]


class QualityError(ValueError):
    """Data or settings from which the asked figure cannot be computed, with the reason."""


class NothingMeasuredError(QualityError):
    """There is nothing on record of what was asked for."""
