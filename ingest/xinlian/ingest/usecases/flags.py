"""A look at an hour or more of a party's readings: what does not add up, from roll-ups alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.metering import Meter, below
from xinlian.ingest.model.flags import Flag, Steps, Values, band_of
from xinlian.ingest.model.flags_energy import check_demand, check_factor
from xinlian.ingest.model.plausibility import (
    check_balance,
    check_counter,
    check_frozen,
    check_output,
    check_power,
    check_run_time,
)
from xinlian.ingest.model.query import Aggregate, Downsample, Known, Roll
from xinlian.ingest.model.tags import Role, Tag
from xinlian.ingest.usecases.energy_meter import MeterLoad, meter_load
from xinlian.ingest.usecases.store_ports import TelemetryStore

__all__ = ["Rating", "look", "look_at_tree"]

HISTORY_US: Final = 7 * 86_400_000_000
"""What is usual is learnt from the week before."""
_HELD_US: Final = 86_400_000_000
"""How far back the reading is looked for that a counter must not fall below."""
_COUNTERS: Final = {
    Role.ENERGY_IMPORT, Role.ENERGY_EXPORT, Role.GAS, Role.WATER, Role.STEAM, Role.AIR, Role.OUTPUT,
    Role.RUN_TIME,
}  # fmt: skip
_KWH: Final = {"kW.h": 1.0, "kWh": 1.0, "W.h": 0.001, "Wh": 0.001, "MW.h": 1_000.0, "MWh": 1_000.0}
_KW: Final = {"kW": 1.0, "W": 0.001, "MW": 1_000.0}
_ANALOGUE: Final = {Role.NONE, Role.POWER, Role.CURRENT, Role.VOLTAGE}
_ENDS: Final = (Aggregate.FIRST, Aggregate.LAST)


@dataclass(frozen=True, slots=True)
class Rating:
    """The nameplate of a kind of device."""

    rated_kw: float
    generates: bool = False


Grid = dict[tuple[str, Aggregate], Values]
"""One value a step, NaN where nothing is known, by tag and aggregate."""


class _Device:
    """The steps of one device, read once for each length of step."""

    def __init__(
        self, store: TelemetryStore, device: str, tags: Sequence[Tag], span: tuple[int, int]
    ) -> None:
        self.device = device
        self.tags = {tag.name: tag for tag in tags}
        self._store = store
        self._span = span

    def at(self, roll: Roll) -> Steps:
        return Steps(self.device, self._span[0], roll.us)

    def grid(
        self, roll: Roll, names: Sequence[str], aggregates: tuple[Aggregate, ...], back_us: int = 0
    ) -> Grid:
        start, end = self._span[0] - back_us, self._span[1]
        count = (end - start) // roll.us
        made: Grid = {(name, each): np.full(count, np.nan) for name in names for each in aggregates}
        if not names:
            return made
        request = Downsample(
            devices=(self.device,),
            tags=tuple(names),
            start_us=start,
            end_us=end,
            step_us=roll.us,
            aggregates=aggregates,
        )
        for steps in self._store.rolled(roll, request):
            places = (steps.times_us - start) // roll.us
            inside = (places >= 0) & (places < count)
            for each in aggregates:
                made[steps.tag, each][places[inside]] = steps.values[each][inside]
        return made

    def named(self, roles: set[Role], units: Mapping[str, float] | None = None) -> list[str]:
        return [
            name
            for name, tag in self.tags.items()
            if tag.role in roles and (units is None or tag.unit in units)
        ]

    def gained(self, role: Role, back_us: int = 0) -> Values | None:
        """What the counter of a role gained in each quarter of an hour; energy in kWh."""
        names = self.named({role}, _KWH if role is Role.ENERGY_IMPORT else None)
        if not names:
            return None
        grid = self.grid(Roll.M15, names[:1], _ENDS, back_us)
        gain = grid[names[0], Aggregate.LAST] - grid[names[0], Aggregate.FIRST]
        gain[gain < 0] = np.nan  # a matter of its own: the counter went back
        factor = _KWH[self.tags[names[0]].unit] if role is Role.ENERGY_IMPORT else 1.0
        return gain * factor


def look(
    store: TelemetryStore,
    known: Sequence[Known],
    span: tuple[int, int],
    ratings: Callable[[str], Rating | None],
) -> list[Flag]:
    """Flags of single devices in a span of whole quarters of an hour (microseconds, UTC).

    ``ratings`` by name of tag table. Roll-ups must be up to date.
    """
    _check(span)
    flags: list[Flag] = []
    for each in known:
        if each.last_us >= span[0]:
            device = _Device(store, each.device, each.tags, span)
            flags += _device(device, ratings(each.table))
    return flags


def look_at_tree(
    store: TelemetryStore,
    known: Sequence[Known],
    span: tuple[int, int],
    meters: Mapping[str, Meter],
) -> list[Flag]:
    """Flags of meters against those right below them, and of their demand and power factor."""
    _check(span)
    alive = {each.device for each in known if each.last_us >= span[0]}
    loads: dict[str, Values] = {}
    flags: list[Flag] = []
    for name, meter in sorted(meters.items()):
        if name not in alive:
            continue
        try:
            active = meter_load(store, known, meter, span)
        except EnergyError:
            continue  # its counter is gone from the tag list: nothing can be said of it
        if active is None:
            continue
        loads[name] = _kilo(active)
        at = Steps(name, span[0], Roll.M15.us)
        if meter.contract_kw is not None:
            flags += check_demand(at, loads[name] * 4, float(meter.contract_kw))
        if meter.factor_least is not None:
            reactive = meter_load(store, known, meter, span, Role.REACTIVE_ENERGY)
            if reactive is not None:
                least = float(meter.factor_least)
                flags += check_factor(at, loads[name], _kilo(reactive), least)
    return flags + _balances(loads, meters, span)


def _check(span: tuple[int, int]) -> None:
    if span[0] % Roll.M15.us or span[1] % Roll.M15.us or span[0] >= span[1]:
        raise ValueError("a look takes whole quarters of an hour")


def _device(device: _Device, rating: Rating | None) -> list[Flag]:
    minutes = device.at(Roll.M1)
    counters = device.named(_COUNTERS)
    ends = device.grid(Roll.M1, counters, _ENDS)
    earlier = device.grid(Roll.M15, counters, (Aggregate.LAST,), _HELD_US)
    flags = []
    for name in counters:
        first, last = ends[name, Aggregate.FIRST], ends[name, Aggregate.LAST]
        old = earlier[name, Aggregate.LAST][: _HELD_US // Roll.M15.us]
        old = old[np.isfinite(old)]
        held = float(old[-1]) if len(old) else -np.inf
        flags += check_counter(minutes, name, first, last, held)
    flags += _analogue(device, minutes, ends, rating)
    quarters = device.at(Roll.M15)
    pieces, history = device.gained(Role.OUTPUT), device.gained(Role.OUTPUT, HISTORY_US)
    if pieces is None or history is None:
        return flags
    past = len(history) - len(pieces)
    for role, check in ((Role.ENERGY_IMPORT, check_output), (Role.RUN_TIME, check_run_time)):
        now, before = device.gained(role), device.gained(role, HISTORY_US)
        if now is None or before is None:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = np.where(history > 0, before / history, np.nan)[:past]
        band = band_of(usual)
        if check is check_output:
            flags += check_output(quarters, pieces, now, band)
        else:
            flags += check_run_time(quarters, now, pieces, band)
    return flags


def _analogue(device: _Device, minutes: Steps, ends: Grid, rating: Rating | None) -> list[Flag]:
    """Power that cannot be, and values that stand still while the machine works."""
    names = [name for name in device.named(_ANALOGUE) if device.tags[name].type.is_float]
    powers = device.named({Role.POWER}, _KW)
    wanted = list(dict.fromkeys([*names, *powers]))
    grid = device.grid(Roll.M1, wanted, (Aggregate.MIN, Aggregate.MAX, Aggregate.COUNT))
    flags = []
    if rating is not None and rating.rated_kw > 0:
        for name in powers:
            factor = _KW[device.tags[name].unit]
            flags += check_power(
                minutes,
                name,
                grid[name, Aggregate.MIN] * factor,
                grid[name, Aggregate.MAX] * factor,
                rating.rated_kw,
                generates=rating.generates,
            )
    energy = device.named({Role.ENERGY_IMPORT, Role.RUN_TIME, Role.OUTPUT})
    if energy:
        gains = [ends[name, Aggregate.LAST] - ends[name, Aggregate.FIRST] for name in energy]
        running = np.any([np.nan_to_num(gain) > 0 for gain in gains], axis=0)
        for name in names:
            least, most = grid[name, Aggregate.MIN], grid[name, Aggregate.MAX]
            counts = np.nan_to_num(grid[name, Aggregate.COUNT])
            flags += check_frozen(minutes, name, least, most, counts, running)
    return flags


def _kilo(load: MeterLoad) -> Values:
    """kWh of each quarter hour, NaN where nothing is known."""
    return np.where(load.known, load.steps_wh / 1_000, np.nan)


def _balances(
    loads: Mapping[str, Values], meters: Mapping[str, Meter], span: tuple[int, int]
) -> list[Flag]:
    """Meters against the sum of those right below them, where all of them told their energy."""
    flags = []
    for parent in sorted({each.parent for each in meters.values()} & set(loads)):
        children = below(meters, parent)
        if all(child in loads for child in children):
            total = np.sum([loads[child] for child in children], axis=0)
            flags += check_balance(Steps(parent, span[0], Roll.M15.us), loads[parent], total)
    return flags
