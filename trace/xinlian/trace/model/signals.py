"""Signals: something that people should see at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["DOUBLE_FITTED", "IMPLAUSIBLE", "Signal"]

DOUBLE_FITTED: Final = "double-fitted"
"""The same serial part is in two things at once."""
IMPLAUSIBLE: Final = "implausible-readings"
"""What a machine's meters tell does not add up."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal to a party. ``subject`` tells what it is about: the same kind and subject are raised
    once. ``detail`` is JSON: ids, times, numbers."""

    number: int
    party: int
    kind: str
    raised_ms: int
    subject: str
    detail: Mapping[str, Any] = field(default_factory=dict)
