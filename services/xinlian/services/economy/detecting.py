"""Generator and detectors without a chain, for many seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xinlian.services.demo.progress import Progress
from xinlian.services.economy.judge import Score, judge, merged
from xinlian.services.economy.model.companies import Scale
from xinlian.services.economy.model.economy import make_economy
from xinlian.services.economy.model.fraud import Kind
from xinlian.services.economy.plain import detect

__all__ = ["Detection", "detect_only"]


@dataclass(frozen=True)
class Detection:
    """What came of many economies: each seed's scores, and all together."""

    scale: str
    seeds: dict[int, dict[Kind, Score]]
    seconds: float

    @property
    def total(self) -> dict[Kind, Score]:
        """The scores of all seeds together."""
        return merged(self.seeds.values())

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``; ``worst`` is the lowest figure of any seed."""
        worst: dict[str, dict[str, float | None]] = {}
        for kind in Kind:
            runs = [scores[kind] for scores in self.seeds.values()]
            recalls = [run.recall for run in runs if run.recall is not None]
            precisions = [run.precision for run in runs if run.precision is not None]
            worst[kind.value] = {
                "recall": round(min(recalls), 4) if recalls else None,
                "precision": round(min(precisions), 4) if precisions else None,
            }
        return {
            "scale": self.scale,
            "seeds": sorted(self.seeds),
            "detection": {kind.value: one.as_json() for kind, one in self.total.items()},
            "worst": worst,
            "seconds": round(self.seconds, 1),
        }


def detect_only(scale: Scale, seeds: Sequence[int], progress: Progress) -> Detection:
    """Make each economy, run the detectors over all of it, compare with what was planted."""
    scores: dict[int, dict[Kind, Score]] = {}
    for seed in seeds:
        with progress.phase(f"{scale.name} {seed}") as phase:
            economy = make_economy(seed, scale)
            scores[seed] = judge(economy.cases, detect(economy, economy.last_day))
            phase.note = "  ".join(
                f"{kind.value} {one.met}/{one.planted}" for kind, one in scores[seed].items()
            )
    return Detection(scale.name, scores, progress.seconds)
