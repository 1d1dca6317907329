"""What the statistics of quality refuse."""

from __future__ import annotations

__all__ = ["QualityError"]


class QualityError(ValueError):
    """Data or settings from which the asked figure cannot be computed, with the reason."""
