"""What a meter counted from one time to another, as the readings say that were recorded.

The same number as the claim ``delta`` of a proof over the same span: the last good reading less the
first, times the meter's multiplier. Corrections that came later are left out, as they are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from xinlian.ingest.model.energy.exact import EnergyError, half_up
from xinlian.ingest.model.energy.metering import KILO, Meter
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import Aggregate, Downsample, Known, Window
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.energy_meter import counter_of
from xinlian.ingest.usecases.store_ports import TelemetryStore

__all__ = ["SPAN_US_MAX", "Counted", "counted"]

SPAN_US_MAX: Final = 31 * 86_400_000_000
_STEP_US: Final = 900_000_000


@dataclass(frozen=True, slots=True)
class Counted:
    """The readings behind a number; values as decimal texts, in the tag's unit."""

    device: str
    tag: str
    unit: str
    multiplier: str
    first_us: int
    last_us: int
    first: str
    last: str
    rolled: int
    """Times the counter rolled over."""
    wh: int


def counted(
    store: TelemetryStore, known: Sequence[Known], meter: Meter, span_us: tuple[int, int]
) -> Counted:
    """``EnergyError`` without readings near both ends, or if the counter went back."""
    start, end = span_us
    tag = counter_of(known, meter)
    if tag is None:
        raise EnergyError(
            f"meter {meter.device!r} has no counter of energy", f"电表 {meter.device!r} 不计量电能"
        )
    if not 0 < end - start <= SPAN_US_MAX:
        raise EnergyError("a span is more than nothing, up to 31 days", "时间段须为正，至多 31 天")
    slack = min(end - start, _STEP_US if tag.deadband else max(60_000_000, 2_000 * tag.period_ms))
    first = _reading(store, meter.device, tag, (start, start + slack), last=False)
    last = _reading(store, meter.device, tag, (end - slack, end), last=True)
    if first is None or last is None or first[0] >= last[0]:
        where, where_zh = ("end", "结束") if first is not None else ("beginning", "开始")
        raise EnergyError(
            f"meter {meter.device!r} has no good reading within {slack // 1_000_000} s of the "
            f"{where}: name a time in which it was read",
            f"电表 {meter.device!r} 在{where_zh}时刻 {slack // 1_000_000} 秒内没有有效读数："
            "请选择有读数的时段",
        )
    rolled = _rolled(store, meter, tag, span_us)
    kwh = Fraction(repr(last[1])) - Fraction(repr(first[1]))
    kwh *= Fraction(KILO[tag.unit])
    if meter.rollover_kwh is not None:
        kwh += rolled * Fraction(meter.rollover_kwh)
    wh = half_up(kwh * Fraction(meter.multiplier) * 1_000)
    return Counted(
        meter.device, tag.name, tag.unit, str(meter.multiplier), first[0], last[0],
        _plain(first[1]), _plain(last[1]), rolled, wh,
    )  # fmt: skip


def _plain(value: float) -> str:
    return repr(value).removesuffix(".0")


def _reading(
    store: TelemetryStore, device: str, tag: Tag, span_us: tuple[int, int], *, last: bool
) -> tuple[int, float] | None:
    """The first or last good reading of a short span."""
    request = Window(
        device=device, tags=(tag.name,), start_us=span_us[0], end_us=span_us[1], amended=False
    )
    (found,) = store.window(request)
    good = np.flatnonzero(found.quality < BAD_MIN)
    if not len(good):
        return None
    at = int(good[-1 if last else 0])
    return int(found.times_us[at]), float(found.values[at])


def _rolled(store: TelemetryStore, meter: Meter, tag: Tag, span_us: tuple[int, int]) -> int:
    """How often a counter rolled over; ``EnergyError`` if it went back otherwise."""
    request = Downsample(
        devices=(meter.device,), tags=(tag.name,), start_us=span_us[0], end_us=span_us[1],
        step_us=_STEP_US, aggregates=(Aggregate.FIRST, Aggregate.LAST), amended=False,
    )  # fmt: skip
    rolled, before = 0, None
    scale = Fraction(KILO[tag.unit])
    for steps in store.downsample(request):
        pairs = zip(
            steps.values[Aggregate.FIRST].tolist(), steps.values[Aggregate.LAST].tolist(),
            strict=True,
        )  # fmt: skip
        for value in (each for pair in pairs for each in pair):
            now = Fraction(repr(value)) * scale
            if before is not None and now < before:
                top = Fraction(meter.rollover_kwh or 0)
                if not 0 <= now - before + top <= top / 2:
                    raise EnergyError(
                        f"the counter of {meter.device!r} went back: share out the time before "
                        "and after it apart, or say where it rolls over",
                        f"{meter.device!r} 的计数器出现倒退：请分段分摊，或注明其翻转值",
                    )
                rolled += 1
            before = now
    return rolled
