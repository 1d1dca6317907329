"""Rates of a line: PPM, first-pass yield, rolled throughput yield, rework rate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scipy.special import betaincinv
from xinlian.trace.model.quality.errors import NothingMeasuredError, QualityError

__all__ = ["Rate", "StationYield", "Yields", "line_yields", "rate"]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its exact (Clopper-Pearson) confidence interval; shares are in 0 to 1."""

    count: int
    total: int
    share: float
    low: float
    high: float

    @property
    def ppm(self) -> float:
        """The share in parts per million."""
        return self.share * 1e6


@dataclass(frozen=True, slots=True)
class StationYield:
    """One station: units that came, passed at the first try, were worked on again, failed."""

    station: str
    first_pass: Rate
    rework: Rate
    scrap: Rate


@dataclass(frozen=True, slots=True)
class Yields:
    """A line. ``rolled`` is the product of the stations' first-pass yields."""

    stations: tuple[StationYield, ...]
    rolled: float
    final: Rate
    defective: Rate


def rate(count: int, total: int, confidence: float = 0.95) -> Rate:
    """``count`` of ``total`` with its exact interval; raises ``QualityError``."""
    if total < 1 or not 0 <= count <= total:
        raise QualityError(f"{count} of {total} is not a share")
    tail = (1 - confidence) / 2
    low = 0.0 if count == 0 else float(betaincinv(count, total - count + 1, tail))
    high = 1.0 if count == total else float(betaincinv(count + 1, total - count, 1 - tail))
    return Rate(count, total, count / total, low, high)


def line_yields(passes: Iterable[tuple[str, str, bool]]) -> Yields:
    """Yields from (unit, station, passed) in time order; a repeated pair is another attempt.

    A unit that never passed a station it came to counts as defective in the end. What was not
    measured must be left out: it is not a failure.
    """
    tries: dict[str, dict[str, list[bool]]] = {}
    for unit, station, passed in passes:
        tries.setdefault(station, {}).setdefault(unit, []).append(passed)
    if not tries:
        raise NothingMeasuredError("there is no unit")
    stations = tuple(_station(name, units) for name, units in tries.items())
    bad = {unit for units in tries.values() for unit, seen in units.items() if not seen[-1]}
    everyone = {unit for units in tries.values() for unit in units}
    return Yields(
        stations=stations,
        rolled=math.prod(station.first_pass.share for station in stations),
        final=rate(len(everyone) - len(bad), len(everyone)),
        defective=rate(len(bad), len(everyone)),
    )


def _station(name: str, units: Mapping[str, list[bool]]) -> StationYield:
    total = len(units)
    return StationYield(
        station=name,
        first_pass=rate(sum(seen[0] for seen in units.values()), total),
        rework=rate(sum(len(seen) > 1 for seen in units.values()), total),
        scrap=rate(sum(not seen[-1] for seen in units.values()), total),
    )
