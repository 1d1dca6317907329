"""From counters to consumption: rollover, exchange of the meter, resets and gaps, in integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.exact import EnergyError

__all__ = ["Consumption", "Exchange", "Finding", "FindingKind", "consumption"]

FINDINGS_MAX: Final = 10_000


@unique
class FindingKind(StrEnum):
    """What stood out in a counter."""

    ROLLOVER = "rollover"
    RESET = "reset"
    """Went back without a rollover that could be: consumption counts from 0 again."""
    EXCHANGE = "exchange"
    GAP = "gap"
    """No reading for longer than allowed; what the counter gained is spread evenly over it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place of a counter; ``delta`` is what was counted there, in raw units."""

    kind: FindingKind
    time_us: int
    delta: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """The meter was exchanged: last reading of the old one, first of the new one (raw)."""

    time_us: int
    old_last: int
    new_first: int


@dataclass(frozen=True)
class Consumption:
    """``steps[n]`` raw units were used in the step from ``start_us + n * step_us`` on."""

    start_us: int
    step_us: int
    steps: npt.NDArray[np.int64]
    estimated: npt.NDArray[np.bool_]
    """Steps that hold a part of a gap."""
    total: int
    findings: tuple[Finding, ...]


def consumption(
    times_us: Sequence[int] | npt.NDArray[np.int64],
    readings: Sequence[int] | npt.NDArray[np.int64],
    *,
    start_us: int,
    step_us: int,
    steps: int,
    modulus: int | None = None,
    most_per_step: int | None = None,
    gap_us: int | None = None,
    exchanges: Sequence[Exchange] = (),
) -> Consumption:
    """Consumption per step of a counter's good readings (raw integers, times rising).

    ``modulus`` is one more than the highest value the counter shows. A reading below the one before
    is a rollover if it then gained at most ``most_per_step`` a step, else a reset. What was counted
    between two readings falls to the steps in proportion to time, in whole units, and the sum over
    all steps is the sum over the counter within the time asked for. ``EnergyError`` for times that
    do not rise.
    """
    times = np.asarray(times_us, dtype=np.int64)
    values = np.asarray(readings, dtype=np.int64)
    if times.shape != values.shape or times.ndim != 1:
        raise EnergyError("times and readings differ in length", "时间与读数数量不一致")
    if np.any(np.diff(times) <= 0):
        raise EnergyError("times of a counter must rise", "计数器读数的时间必须递增")
    deltas = np.diff(values)
    findings: list[Finding] = []
    for exchange in exchanges:
        at = int(np.searchsorted(times, exchange.time_us)) - 1
        if 0 <= at < len(deltas):
            used = exchange.old_last - values[at] + values[at + 1] - exchange.new_first
            deltas[at] = used
            findings.append(Finding(FindingKind.EXCHANGE, exchange.time_us, int(used)))
    exchanged = {finding.time_us for finding in findings}
    for at in map(int, np.flatnonzero(deltas < 0)):
        wrapped = int(deltas[at]) + (modulus or 0)
        span_steps = max(1, -(-int(times[at + 1] - times[at]) // step_us))
        bound = (modulus or 0) // 2 if most_per_step is None else most_per_step * span_steps
        if modulus is not None and 0 <= wrapped <= bound:
            kind, deltas[at] = FindingKind.ROLLOVER, wrapped
        else:
            kind, deltas[at] = FindingKind.RESET, max(0, int(values[at + 1]))
        findings.append(Finding(kind, int(times[at + 1]), int(deltas[at])))
    estimated = np.zeros(steps, dtype=np.bool_)
    if gap_us is not None:
        for at in map(int, np.flatnonzero(np.diff(times) > gap_us)):
            if int(times[at + 1]) not in exchanged:
                findings.append(Finding(FindingKind.GAP, int(times[at]), int(deltas[at])))
            first = max(0, (int(times[at]) - start_us) // step_us)
            last = max(0, -(-(int(times[at + 1]) - start_us) // step_us))
            estimated[first:last] = True
    made = _spread(times, deltas, start_us, step_us, steps)
    ordered = sorted(findings, key=lambda finding: finding.time_us)[:FINDINGS_MAX]
    return Consumption(start_us, step_us, made, estimated, int(made.sum()), tuple(ordered))


def _spread(
    times: npt.NDArray[np.int64],
    deltas: npt.NDArray[np.int64],
    start_us: int,
    step_us: int,
    steps: int,
) -> npt.NDArray[np.int64]:
    """The counter at each edge of the steps, in whole units rounded down; differences of edges sum
    up exactly, whatever was rounded."""
    if len(times) < 2:
        return np.zeros(steps, dtype=np.int64)
    total = np.concatenate(([0], np.cumsum(deltas)))
    edges = start_us + step_us * np.arange(steps + 1, dtype=np.int64)
    inside = np.clip(edges, times[0], times[-1])
    at = np.clip(np.searchsorted(times, inside, side="right") - 1, 0, len(times) - 2)
    gone, span, delta = inside - times[at], times[at + 1] - times[at], deltas[at]
    # delta * gone may pass 63 bits: whole part and rest of delta / span apart, the rest in floats
    # would not be exact, so Python's integers do the few that are large.
    large = np.abs(delta) > (1 << 62) // np.maximum(gone, 1)
    part = np.where(large, 0, delta * np.where(large, 0, gone)) // span
    for place in np.flatnonzero(large):
        part[place] = int(delta[place]) * int(gone[place]) // int(span[place])
    return np.asarray(np.diff(total[at] + part), dtype=np.int64)
