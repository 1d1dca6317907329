"""Alarms of meters: demand near what was contracted or above it, power factor below the least."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.flags import Flag, FlagKind, Severity, Steps, Values, number_text

__all__ = ["NEAR", "check_demand", "check_factor"]

NEAR: Final = 0.9
"""Share of the contracted demand from which on a quarter hour is an alarm."""
_LEAST_KWH: Final = 1.0
"""Below this an hour's power factor says nothing of the plant."""


def check_demand(at: Steps, demand_kw: Values, contract_kw: float) -> list[Flag]:
    """Quarter hours whose mean power is near the contracted demand (notice), or above (warning)."""
    flags = []
    over = np.nan_to_num(demand_kw) > contract_kw
    near = np.nan_to_num(demand_kw) >= NEAR * contract_kw
    for odd, severity in ((over, Severity.WARNING), (near & ~over, Severity.NOTICE)):
        for start, end, where in at.spans(odd):
            most = float(np.nanmax(demand_kw[where]))
            flags.append(
                Flag(
                    FlagKind.DEMAND, at.machine, start, end, severity,
                    f"demand reached {most:.6g} kW; {contract_kw:.6g} kW are contracted",
                    f"需量达到 {most:.6g} kW，合同需量为 {contract_kw:.6g} kW",
                    {"kw": number_text(most), "contract_kw": number_text(contract_kw)},
                )
            )  # fmt: skip
    return flags


def check_factor(
    at: Steps,
    active_kwh: npt.NDArray[np.float64],
    reactive_kvarh: npt.NDArray[np.float64],
    least: float,
) -> list[Flag]:
    """The power factor of the whole span (an hour), where both energies are known throughout."""
    active, reactive = float(np.sum(active_kwh)), float(np.sum(reactive_kvarh))
    apparent = float(np.hypot(active, reactive))
    if not np.isfinite(apparent) or active < _LEAST_KWH:
        return []
    factor = active / apparent
    if factor >= least:
        return []
    end = at.start_us + len(active_kwh) * at.step_us
    return [
        Flag(
            FlagKind.FACTOR, at.machine, at.start_us, end, Severity.NOTICE,
            f"the power factor was {factor:.3f}; at least {least:.3g} is wanted",
            f"功率因数为 {factor:.3f}，要求不低于 {least:.3g}",
            {"factor": number_text(factor), "least": number_text(least)},
        )
    ]  # fmt: skip
