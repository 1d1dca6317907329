"""Demand: the mean power over a window, in fixed blocks or sliding; where it peaked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.tree import Wh

__all__ = ["Peak", "block_demand", "load_factor", "peaks", "sliding_demand"]


@dataclass(frozen=True, slots=True)
class Peak:
    """A maximum: the step at which its window begins, and the mean power over it."""

    step: int
    power_w: int


def block_demand(energy_wh: Wh, step_s: int, window_s: int) -> npt.NDArray[np.int64]:
    """Mean power (W, rounded down) of each whole block of ``window_s``, counted from the start."""
    per = _steps(step_s, window_s)
    blocks = len(energy_wh) // per
    sums = np.asarray(energy_wh[: blocks * per], dtype=np.int64).reshape(blocks, per).sum(axis=1)
    return np.asarray(sums * 3_600 // window_s, dtype=np.int64)


def sliding_demand(energy_wh: Wh, step_s: int, window_s: int) -> npt.NDArray[np.int64]:
    """Mean power (W, rounded down) of the window that begins at each step; one that moves by a step
    at a time catches peaks that straddle two blocks."""
    per = _steps(step_s, window_s)
    total = np.concatenate(([0], np.cumsum(np.asarray(energy_wh, dtype=np.int64))))
    if len(total) <= per:
        return np.zeros(0, dtype=np.int64)
    return np.asarray((total[per:] - total[:-per]) * 3_600 // window_s, dtype=np.int64)


def peaks(demand_w: npt.NDArray[np.int64], most: int, apart: int = 1) -> list[Peak]:
    """The ``most`` highest demands, highest first, at least ``apart`` steps from each other."""
    found: list[Peak] = []
    for step in np.argsort(-demand_w, kind="stable"):
        if all(abs(int(step) - peak.step) >= apart for peak in found):
            found.append(Peak(int(step), int(demand_w[step])))
            if len(found) == most:
                break
    return found


def load_factor(energy_wh: Wh) -> float:
    """Mean power by highest power; 0 for no energy."""
    highest = int(np.max(energy_wh, initial=0))
    return float(np.mean(energy_wh)) / highest if highest > 0 else 0.0


def _steps(step_s: int, window_s: int) -> int:
    if window_s <= 0 or step_s <= 0 or window_s % step_s:
        raise EnergyError(
            f"a window of {window_s} s is not whole steps of {step_s} s",
            f"{window_s} 秒的窗口不是 {step_s} 秒步长的整数倍",
        )
    return window_s // step_s
