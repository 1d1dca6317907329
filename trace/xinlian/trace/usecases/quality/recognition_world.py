"""What happens to simulated control points: drawn beforehand, the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr
from xinlian.trace.model.quality.arrays import Bools, Floats, Ints

__all__ = ["FAULTS", "PER_WEEK", "WINDOW", "World", "make_world"]

FAULTS: Final = ("drift", "wear", "forgotten-calibration")
"""What is done to some points: the mean drifts off, the gauge wears out, nobody calibrates."""
PER_WEEK: Final = 25
"""Measurements of a point in a week."""
WINDOW: Final = 4
"""Weeks over which Cpk is taken."""
_SHARE_FAULTY: Final = 0.12


@dataclass(frozen=True, slots=True)
class World:
    """Everything that happens, drawn beforehand: arrays (points, weeks) unless said otherwise."""

    cpk: Floats
    nonconforming: Ints
    grr: Floats
    calibrated: Ints
    fault: Ints  # (points,) index into FAULTS or -1
    begins: Ints  # (points,) week in which the fault begins


def make_world(points: int, weeks: int, sample: int, generator: np.random.Generator) -> World:
    """Everything that happens to ``points`` over ``weeks``; ``sample``: items taken of a lot."""
    skill = generator.normal(1.9, 0.22, (points, 1))  # Cpk that the process is good for
    faulty = generator.random(points) < _SHARE_FAULTY
    fault = np.where(faulty, generator.integers(0, len(FAULTS), points), -1)
    begins = generator.integers(weeks // 3, max(weeks // 3 + 1, weeks * 2 // 3), points)
    age = np.maximum(0, np.arange(weeks)[None, :] - begins[:, None] + 1)
    # In units of σ: the tolerance is ± 3 · skill, and a drifting mean moves a fifth of σ a week.
    mean = np.where(fault[:, None] == 0, 0.2 * age, 0.0)
    sample_mean = mean + generator.normal(0, 1, (points, weeks)) / np.sqrt(PER_WEEK)
    freedom = PER_WEEK - 1
    variance = generator.chisquare(freedom, (points, weeks)) / freedom
    cpk = _cpk(skill, sample_mean, variance)
    return World(
        cpk=cpk,
        nonconforming=_lots(skill, mean, sample, generator),
        grr=_gauges(fault == 1, age, generator),
        calibrated=_calibrations(fault == 2, begins, weeks, generator),
        fault=fault,
        begins=begins,
    )


def _cpk(skill: Floats, means: Floats, variances: Floats) -> Floats:
    """Cpk over the last weeks, from each week's mean and variance."""
    points, weeks = means.shape
    result = np.empty((points, weeks))
    for week in range(weeks):
        window = slice(max(0, week - WINDOW + 1), week + 1)
        mean = means[:, window].mean(axis=1)
        sigma = np.sqrt(variances[:, window].mean(axis=1))
        result[:, week] = (3 * skill[:, 0] - np.abs(mean)) / (3 * sigma)
    return result


def _lots(skill: Floats, mean: Floats, sample: int, generator: np.random.Generator) -> Ints:
    """Nonconforming items in each week's sample of a lot."""
    outside = ndtr(-(3 * skill - mean)) + ndtr(-(3 * skill + mean))
    return np.asarray(generator.binomial(sample, outside))


def _gauges(worn: Bools, age: Ints, generator: np.random.Generator) -> Floats:
    """%GRR as the study of each half year finds it; a worn gauge gets worse by 1.5 a week."""
    points, weeks = age.shape
    base = np.clip(generator.normal(14, 4, (points, 1)), 3, 26)
    grown = base + np.where(worn[:, None], 1.5 * age, 0.0)
    offset = np.asarray(generator.integers(0, 13, points))
    week: Ints = np.arange(weeks)[None, :]
    last = week - (week + offset[:, None]) % 13
    return np.asarray(np.take_along_axis(grown, np.maximum(last, 0), axis=1))


def _calibrations(
    forgotten: Bools, begins: Ints, weeks: int, generator: np.random.Generator
) -> Ints:
    """Week of the latest calibration as of each week; they fall due every half year."""
    first = np.negative(generator.integers(0, 24, forgotten.size))
    every = 24
    week = np.arange(weeks)[None, :]
    latest = first[:, None] + (week - first[:, None]) // every * every
    stuck = first[:, None] + (begins[:, None] - first[:, None]) // every * every
    return np.where(forgotten[:, None] & (week >= begins[:, None]), stuck, latest)
