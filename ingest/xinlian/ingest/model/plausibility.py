"""Whether what meters and machines tell can be: energy balance, output against energy and time.

Checks look at steps of equal length (arrays of one value a step). Bands come from the machine's own
history by median and median absolute deviation, which a few odd steps do not move. A flag says what
does not add up, when and by how much; it does not say why, and it is no proof of a lie.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.flags import (
    Band,
    Flag,
    FlagKind,
    Severity,
    Steps,
    Values,
    number_text,
)

__all__ = [
    "check_balance",
    "check_counter",
    "check_frozen",
    "check_output",
    "check_power",
    "check_run_time",
]


def check_balance(
    at: Steps, measured_kwh: Values, children_kwh: Values, *, tolerance: float = 0.03
) -> list[Flag]:
    """Children of a node of the metering tree used more than the node itself measured.

    ``tolerance`` covers two meters of class 1 and readings that are not taken at one moment. What
    the children lack is no flag: losses and loads without a meter are usual.
    """
    excess = children_kwh - measured_kwh
    limit = tolerance * np.maximum(measured_kwh, children_kwh) + 0.05
    flags = []
    for start, end, where in at.spans(np.nan_to_num(excess - limit, nan=-1.0) > 0):
        own, below = float(np.sum(measured_kwh[where])), float(np.sum(children_kwh[where]))
        flags.append(
            Flag(
                FlagKind.BALANCE, at.machine, start, end,
                Severity.CRITICAL if below > 1.2 * own + 0.5 else Severity.WARNING,
                f"its parts used {below:.2f} kWh, it measured {own:.2f} kWh",
                f"下级合计用电 {below:.2f} kWh，本级仅计量 {own:.2f} kWh",
                {"measured_kwh": number_text(own), "children_kwh": number_text(below)},
            )
        )  # fmt: skip
    return flags


def check_output(at: Steps, pieces: Values, kwh: Values, band: Band | None) -> list[Flag]:
    """Pieces made against energy used: pieces without energy, or far from the usual kWh a piece."""
    flags = []
    none = (pieces > 0) & (kwh <= 0)
    for start, end, where in at.spans(none):
        made = float(np.sum(pieces[where]))
        flags.append(
            Flag(
                FlagKind.OUTPUT, at.machine, start, end, Severity.CRITICAL,
                f"{made:.0f} pieces were counted and no energy was used",
                f"计得产量 {made:.0f} 件，但没有用电",
                {"pieces": number_text(made), "kwh": "0"},
            )
        )  # fmt: skip
    if band is None:
        return flags
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((pieces > 0) & (kwh > 0), kwh / pieces, np.nan)
    odd = np.isfinite(ratio) & ((ratio < band.low) | (ratio > band.high))
    for start, end, where in at.spans(odd):
        each = float(np.sum(kwh[where]) / np.sum(pieces[where]))
        # Too little energy for what is said to be made is the lie that pays.
        severity = Severity.WARNING if each < band.low else Severity.NOTICE
        flags.append(
            Flag(
                FlagKind.OUTPUT, at.machine, start, end, severity,
                f"{each:.4g} kWh a piece; usual are {band.low:.4g} to {band.high:.4g}",
                f"单件用电 {each:.4g} kWh，通常为 {band.low:.4g} 至 {band.high:.4g}",
                {
                    "kwh_per_piece": number_text(each),
                    "low": number_text(band.low),
                    "high": number_text(band.high),
                },
            )
        )  # fmt: skip
    return flags


def check_run_time(at: Steps, run_s: Values, pieces: Values, band: Band | None) -> list[Flag]:
    """Time in operation against pieces made: pieces while it stood, more time than there was, or a
    cycle far shorter than usual."""
    flags = []
    step_s = at.step_us / 1e6
    for start, end, where in at.spans(run_s > 1.05 * step_s + 2):
        ran = float(np.sum(run_s[where]))
        flags.append(
            Flag(
                FlagKind.RUN_TIME, at.machine, start, end, Severity.CRITICAL,
                f"it ran {ran:.0f} s in {(end - start) / 1e6:.0f} s",
                f"{(end - start) / 1e6:.0f} 秒内计得运行 {ran:.0f} 秒",
                {"run_s": number_text(ran), "span_s": number_text((end - start) / 1e6)},
            )
        )  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        cycle = np.where(pieces > 0, run_s / pieces, np.nan)
    short = np.isfinite(cycle) & ((cycle <= 0) | (cycle < (band.low if band else 0.0)))
    for start, end, where in at.spans(short):
        made, ran = float(np.sum(pieces[where])), float(np.sum(run_s[where]))
        flags.append(
            Flag(
                FlagKind.RUN_TIME, at.machine, start, end,
                Severity.WARNING if ran > 0 else Severity.CRITICAL,
                f"{made:.0f} pieces in {ran:.0f} s of operation",
                f"运行 {ran:.0f} 秒即产出 {made:.0f} 件",
                {"pieces": number_text(made), "run_s": number_text(ran)},
            )
        )  # fmt: skip
    return flags


def check_counter(
    at: Steps, tag: str, first: Values, last: Values, held: float = -np.inf
) -> list[Flag]:
    """A counter went back, within a step or from one to the next (``first`` and ``last`` reading of
    each step) or from what it ``held`` before them. A meter that was exchanged or ran over does so
    too: hence a warning."""
    known = np.isfinite(first) & np.isfinite(last)
    before = np.full(len(last), -np.inf)
    best = held
    for place in np.flatnonzero(known):
        before[place], best = best, float(last[place])
    odd = known & ((last < first) | (first < before))
    flags = []
    for start, end, where in at.spans(odd):
        low = float(np.nanmin(np.minimum(first[where], last[where])))
        high = float(np.nanmax(np.maximum(first[where], before[where])))
        flags.append(
            Flag(
                FlagKind.BACKWARDS, at.machine, start, end, Severity.WARNING,
                f"the counter {tag} went from {high:.6g} back to {low:.6g}",
                f"计数器 {tag} 由 {high:.6g} 倒退至 {low:.6g}",
                {"tag": tag, "from": number_text(high), "to": number_text(low)},
            )
        )  # fmt: skip
    return flags


def check_power(
    at: Steps, tag: str, least_kw: Values, most_kw: Values, rated_kw: float, *, generates: bool
) -> list[Flag]:
    """Power that its nameplate cannot have: above 1.5 times the rating, or flowing back from what
    generates nothing."""
    limit = 1.5 * rated_kw
    back = -limit if generates else -0.05 * rated_kw
    odd = (np.nan_to_num(most_kw) > limit) | (np.nan_to_num(least_kw) < back)
    flags = []
    for start, end, where in at.spans(odd):
        most, least = float(np.nanmax(most_kw[where])), float(np.nanmin(least_kw[where]))
        worst = most if most > limit else least
        flags.append(
            Flag(
                FlagKind.POWER, at.machine, start, end, Severity.CRITICAL,
                f"{tag} {worst:.4g} kW; it is rated at {rated_kw:.4g} kW",
                f"{tag} 为 {worst:.4g} kW，而额定功率为 {rated_kw:.4g} kW",
                {"tag": tag, "kw": number_text(worst), "rated_kw": number_text(rated_kw)},
            )
        )  # fmt: skip
    return flags


def check_frozen(
    at: Steps,
    tag: str,
    least: Values,
    most: Values,
    counts: Values,
    running: npt.NDArray[np.bool_],
    *,
    steps_min: int = 10,
) -> list[Flag]:
    """An analogue value did not move by a digit for ``steps_min`` steps, of some readings each,
    while the machine ran: a sensor that hangs, or a value that somebody put in."""
    still = running & (counts >= 2) & (least == most) & (least != 0)
    odd = np.zeros(len(still), np.bool_)
    for _, _, where in at.spans(still):
        values, begin = least[where], where.start
        cuts = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
        for low, high in pairwise(cuts):
            if high - low >= steps_min:
                odd[begin + low : begin + high] = True
    return [
        Flag(
            FlagKind.FROZEN, at.machine, start, end, Severity.NOTICE,
            f"{tag} stood at {float(least[where.start]):.6g} while the machine ran",
            f"设备运行期间 {tag} 一直为 {float(least[where.start]):.6g}",
            {"tag": tag, "value": number_text(float(least[where.start]))},
        )
        for start, end, where in at.spans(odd)
    ]  # fmt: skip
