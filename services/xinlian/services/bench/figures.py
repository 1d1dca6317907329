"""Figures of a bench: what was measured, its targets, what limited it; as JSON and as a table."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Figures", "Targets", "say"]


@dataclass(frozen=True, slots=True)
class Targets:
    """What each figure means, in the order in which they are shown, and the bounds of some."""

    meaning: Mapping[str, str]
    at_least: Mapping[str, float]
    at_most: Mapping[str, float]

    def bound(self, name: str) -> str:
        """The target of a figure, for people; empty if it has none."""
        if name in self.at_least:
            return f">= {self.at_least[name]:,}"
        return f"<= {self.at_most[name]:,}" if name in self.at_most else ""


@dataclass(slots=True)
class Figures:
    """Figures as they were measured."""

    targets: Targets
    figures: dict[str, float] = field(default_factory=dict)
    limited_by: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: float, limited_by: str | None = None) -> None:
        """Note a figure, and what limited it."""
        self.figures[name] = value
        if limited_by is not None:
            self.limited_by[name] = limited_by

    def missed(self) -> list[str]:
        """Targets that were measured and not reached."""
        low, high = self.targets.at_least, self.targets.at_most
        return [name for name, least in low.items() if self.figures.get(name, least) < least] + [
            name for name, most in high.items() if self.figures.get(name, most) > most
        ]

    def as_json(self, seconds: int) -> dict[str, Any]:
        """Everything, by name; ``seconds`` is what the bench took."""
        return {
            **{name: _shown(value) for name, value in self.figures.items()},
            "limited_by": self.limited_by,
            "targets": {
                "at_least": dict(self.targets.at_least),
                "at_most": dict(self.targets.at_most),
            },
            "missed": self.missed(),
            "meaning": dict(self.targets.meaning),
            "seconds": seconds,
        }

    def as_table(self, seconds: int) -> str:
        """Figures with their targets; what was missed is marked, what was not measured is named."""
        missed = self.missed()
        lines = [f"{'figure':30}{'measured':>12}  {'target':>10}"]
        for name, meaning in self.targets.meaning.items():
            value = self.figures.get(name)
            shown = "-" if value is None else f"{_shown(value):,}"
            mark = "  MISSED" if name in missed else ""
            lines.append(f"{name:30}{shown:>12}  {self.targets.bound(name):>10}{mark}  {meaning}")
            if name in self.limited_by:
                lines.append(f"{'':30}limited by: {self.limited_by[name]}")
        lines.append(f"{seconds} s in all; '-' was not measured")
        return "\n".join(lines)


def say(words: str) -> None:
    """A line of progress, aside from the results."""
    print(f"bench: {words}", file=sys.stderr, flush=True)


def _shown(value: float) -> float:
    return round(value, 3) if value < 100 else round(value, 1) if value < 1_000 else round(value)
