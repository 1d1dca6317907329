"""What a load looks like: by hour and weekday, idle and running, odd days, and limits passed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, unique
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.tree import Wh

__all__ = [
    "Alarm", "Anomaly", "Limit", "OddKind", "alarms", "anomalies", "idle_energy", "week_profile",
]  # fmt: skip

IDLE_STATE: Final = 1
MAD_TO_SIGMA: Final = 1.4826
"""For a normal distribution, the standard deviation is this times the median absolute deviation."""


def week_profile(
    energy_wh: Wh, first: date, measured: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.float64]:
    """Mean power in kW by weekday (Monday first) and hour, of quarter hours (those ``measured``):
    float64[7, 24]; NaN where no such hour was."""
    quarter = np.arange(len(energy_wh))
    if measured is not None:
        quarter, energy_wh = quarter[measured], energy_wh[measured]
    weekday = (first.weekday() + quarter // 96) % 7
    place = weekday * 24 + quarter % 96 // 4
    sums = np.bincount(place, weights=energy_wh, minlength=168)
    counts = np.bincount(place, minlength=168)
    with np.errstate(invalid="ignore"):
        return np.asarray((sums / counts * 4 / 1_000).reshape(7, 24))


def idle_energy(energy_wh: Wh, state: npt.NDArray[np.integer]) -> int:
    """Wh that was used in steps with the run state idle (on, and nothing made)."""
    return int(energy_wh[np.asarray(state) == IDLE_STATE].sum())


@unique
class OddKind(StrEnum):
    """What is odd about a day."""

    HIGH = "high"
    LOW = "low"
    DATA = "data"
    """Readings that a plant which is on cannot give, such as exactly 0."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A day that differs from its like. ``score`` counts robust standard deviations."""

    day: date
    kind: OddKind
    energy_wh: int
    usual_wh: int
    score: float
    hours: tuple[int, ...]
    """The hours that differ most, at most three: where to look."""


def anomalies(
    energy_wh: Wh,
    first: date,
    whole: npt.NDArray[np.bool_] | None = None,
    *,
    limit: float = 3.5,
    most: int = 20,
) -> list[Anomaly]:
    """Days whose energy is off the median of the same weekday by more than ``limit`` robust
    standard deviations (median absolute deviation; Iglewicz and Hoaglin's 3.5), the worst first.

    Quarter hours of whole days; days that are not ``whole`` are left out. Days with a quarter hour
    of exactly 0 are told as such.
    """
    days = len(energy_wh) // 96
    grid = np.asarray(energy_wh[: days * 96]).reshape(days, 24, 4)
    daily, hourly = grid.sum(axis=(1, 2)), grid.sum(axis=2)
    weekday = (first.weekday() + np.arange(days)) % 7
    found: list[Anomaly] = []
    for number in range(7):
        same = np.flatnonzero((weekday == number) & (True if whole is None else whole))
        if len(same) < 5:
            continue
        usual = float(np.median(daily[same]))
        spread = MAD_TO_SIGMA * float(np.median(np.abs(daily[same] - usual)))
        spread = max(spread, 0.01 * usual, 1.0)
        hours = np.median(hourly[same], axis=0)
        for day in same:
            score = (float(daily[day]) - usual) / spread
            zero = bool((grid[day] == 0).any())
            if abs(score) > limit or zero:
                gaps = (hourly[day] - hours) * (1 if score > 0 else -1)
                worst = np.argsort(-gaps, kind="stable")
                places = np.flatnonzero((grid[day] == 0).any(axis=1)) if zero else worst
                look = tuple(sorted(int(hour) for hour in places[:3]))
                kind = OddKind.DATA if zero else OddKind.HIGH if score > 0 else OddKind.LOW
                found.append(
                    Anomaly(
                        first + timedelta(int(day)), kind, int(daily[day]), round(usual), score,
                        look,
                    )
                )  # fmt: skip
    # Data faults first: what they say of the load cannot be trusted.
    found.sort(key=lambda odd: (odd.kind is not OddKind.DATA, -abs(odd.score)))
    return found[:most]


@dataclass(frozen=True, slots=True)
class Limit:
    """A bound on mean power; an alarm ends only ``release_w`` below it, so that it does not
    flutter."""

    name: str
    power_w: int
    release_w: int = 0
    for_steps: int = 1
    """Steps in a row before it is an alarm."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """From ``start`` to before ``end`` (steps) the limit was passed; highest power within."""

    limit: str
    start: int
    end: int
    power_w: int


def alarms(power_w: npt.NDArray[np.int64], limit: Limit, most: int = 1_000) -> list[Alarm]:
    """Alarms of a limit over a series, in order of time."""
    out: list[Alarm] = []
    above = np.asarray(power_w) > limit.power_w
    release = np.asarray(power_w) <= limit.power_w - limit.release_w
    at = 0
    while at < len(above) and len(out) < most:
        rises = np.flatnonzero(above[at:])
        if not len(rises):
            break
        start = at + int(rises[0])
        ends = np.flatnonzero(release[start:])
        end = start + int(ends[0]) if len(ends) else len(above)
        if end - start >= limit.for_steps:
            out.append(Alarm(limit.name, start, end, int(power_w[start:end].max())))
        at = end
    return out
