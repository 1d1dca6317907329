"""Quarter hours of a meter from the store, as they were measured: nothing is interpolated.

The counter at the end of a quarter hour is its last good reading before that, not older than the
meter's own period allows. A quarter hour whose beginning or end is not known is one without data;
what the counter gained meanwhile is told as a sum of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.counters import FindingKind, consumption
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.metering import KILO, KILO_REACTIVE, Meter, below, depth_first
from xinlian.ingest.model.query import Aggregate, Downsample, Known, Roll
from xinlian.ingest.model.tags import Role, Tag
from xinlian.ingest.usecases.store_ports import TelemetryStore

__all__ = ["QUARTER_US", "MeterLoad", "NodeBalance", "balances", "counter_of", "meter_load"]

QUARTER_US: Final = 900_000_000
QUARTERS_MAX: Final = 400 * 96
_MINUTE_US: Final = 60_000_000
_MINUTES: Final = 15


@dataclass(frozen=True)
class MeterLoad:
    """Quarter hours from ``start_us`` on."""

    device: str
    tag: str
    start_us: int
    steps_wh: npt.NDArray[np.int64]
    """0 where nothing is known."""
    known: npt.NDArray[np.bool_]
    gaps_wh: int
    """What the counter gained over quarter hours without data: in none of the steps."""
    rollovers: int
    resets: int
    """Times that the counter went back otherwise: what it gained there is not known."""

    @property
    def coverage(self) -> Fraction:
        """Share of the quarter hours with data."""
        return Fraction(int(self.known.sum()), max(1, len(self.known)))


@dataclass(frozen=True, slots=True)
class NodeBalance:
    """A meter and the sum of those right below it, over the quarter hours that all of them know."""

    device: str
    depth: int
    measured_wh: int
    children_wh: int
    quarters: int
    common: int
    """Of ``quarters``, those with data of all."""

    @property
    def unaccounted_wh(self) -> int:
        """What no meter below accounts for; negative if they exceed it."""
        return self.measured_wh - self.children_wh


def counter_of(known: Sequence[Known], meter: Meter, role: Role = Role.ENERGY_IMPORT) -> Tag | None:
    """The tag that counts a meter's energy; ``None`` if it has none. ``EnergyError`` if the one it
    names cannot."""
    units = KILO if role is Role.ENERGY_IMPORT else KILO_REACTIVE
    for each in sorted((one for one in known if one.device == meter.device), key=_newest):
        for tag in each.tags:
            wanted = tag.name == meter.tag if meter.tag and units is KILO else tag.role is role
            if wanted and tag.unit in units:
                return tag
    if meter.tag and units is KILO:
        raise EnergyError(
            f"meter {meter.device!r} has no tag {meter.tag!r} that counts energy",
            f"电表 {meter.device!r} 没有计量电能的点位 {meter.tag!r}",
        )
    return None


def _newest(known: Known) -> int:
    return -known.last_us


def meter_load(
    store: TelemetryStore,
    known: Sequence[Known],
    meter: Meter,
    span_us: tuple[int, int],
    role: Role = Role.ENERGY_IMPORT,
) -> MeterLoad | None:
    """The quarter hours of a span of whole ones; ``None`` without a counter of the role.

    Roll-ups must be up to date. ``EnergyError`` for a span that is too long or none.
    """
    start, end = span_us
    count = (end - start) // QUARTER_US
    if start % QUARTER_US or end % QUARTER_US or not 0 < count <= QUARTERS_MAX:
        raise EnergyError(
            f"a load is 1 to {QUARTERS_MAX} whole quarter hours",
            f"负荷须为 1 至 {QUARTERS_MAX} 个完整的 15 分钟",
        )
    tag = counter_of(known, meter, role)
    if tag is None:
        return None
    ends = _ends(store, meter.device, tag, start, count)
    places = np.flatnonzero(np.isfinite(ends))
    units = KILO if role is Role.ENERGY_IMPORT else KILO_REACTIVE
    scale = Fraction(units[tag.unit]) * 1_000 * Fraction(meter.multiplier)
    readings = [_units(each, scale) for each in ends[places].tolist()]
    roll = meter.rollover_kwh if role is Role.ENERGY_IMPORT else None
    modulus = None if roll is None else int(Fraction(roll) * 1_000 * Fraction(meter.multiplier))
    made = consumption(
        start + QUARTER_US * places.astype(np.int64), readings, start_us=start,
        step_us=QUARTER_US, steps=count, modulus=modulus, gap_us=QUARTER_US,
    )  # fmt: skip
    sure = np.isfinite(ends[1:]) & np.isfinite(ends[:-1])
    kinds = Counter(finding.kind for finding in made.findings)
    # What a counter had gained when it went back is not known: such a quarter hour has no data.
    invented = 0
    for finding in made.findings:
        if finding.kind is FindingKind.RESET:
            sure[(finding.time_us - start) // QUARTER_US - 1] = False
            invented += finding.delta
    return MeterLoad(
        meter.device, tag.name, start, np.where(sure, made.steps, 0), sure,
        int(made.steps[~sure].sum()) - invented,
        kinds[FindingKind.ROLLOVER], kinds[FindingKind.RESET],
    )  # fmt: skip


def _ends(
    store: TelemetryStore, device: str, tag: Tag, start_us: int, count: int
) -> npt.NDArray[np.float64]:
    """The counter at each bound of the quarter hours, NaN where it is not known."""
    first = start_us - QUARTER_US
    minutes = np.full((count + 1) * _MINUTES, np.nan)
    request = Downsample(
        devices=(device,), tags=(tag.name,), start_us=first,
        end_us=start_us + count * QUARTER_US, step_us=_MINUTE_US, aggregates=(Aggregate.LAST,),
    )  # fmt: skip
    for steps in store.rolled(Roll.M1, request):
        places = (steps.times_us - first) // _MINUTE_US
        inside = (places >= 0) & (places < len(minutes))
        minutes[places[inside]] = steps.values[Aggregate.LAST][inside]
    # A counter that stands still is silent behind its deadband: a quarter hour is then its limit.
    slack = -(-2 * tag.period_ms // 60_000) + 1 if not tag.deadband else _MINUTES
    late = minutes.reshape(-1, _MINUTES)[:, _MINUTES - min(slack, _MINUTES) :]
    back = np.argmax(np.isfinite(late[:, ::-1]), axis=1)
    return np.asarray(late[:, ::-1][np.arange(len(late)), back])


def _units(reading: float, scale: Fraction) -> int:
    """A reading in Wh, halves up: the decimal that its float stands for, times the scale."""
    value = Fraction(repr(reading)) * scale
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def balances(
    store: TelemetryStore,
    known: Sequence[Known],
    meters: Mapping[str, Meter],
    top: str,
    span_us: tuple[int, int],
) -> list[NodeBalance]:
    """Of a meter and every one below it that has meters below itself, the top first."""
    made: list[NodeBalance] = []
    for depth, name in depth_first(meters, top):
        children = below(meters, name)
        if not children:
            continue
        loads = [meter_load(store, known, meters[each], span_us) for each in (name, *children)]
        whole = [each for each in loads if each is not None]
        quarters = (span_us[1] - span_us[0]) // QUARTER_US
        common = np.full(quarters, len(whole) == len(loads))
        for each in whole:
            common &= each.known
        sums = [int(each.steps_wh[common].sum()) for each in whole] or [0]
        own, rest = (sums[0], sum(sums[1:])) if len(whole) == len(loads) else (0, 0)
        made.append(NodeBalance(name, depth, own, rest, quarters, int(common.sum())))
    return made
