"""A look at an hour or more of a party's readings: what does not add up, from roll-ups alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from xinlian.ingest.model.flags import Flag, Steps, Values, band_of
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
from xinlian.ingest.usecases.store_ports import TelemetryStore

__all__ = ["Rating", "look", "look_at_tree"]

HISTORY_US: Final = 7 * 86_400_000_000
"""What is usual is learnt from the week before."""
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
    parents: Mapping[str, str],
) -> list[Flag]:
    """Flags of meters against those below them. ``parents``: the meter above each meter."""
    _check(span)
    wanted = {*parents, *parents.values()}
    devices = {
        each.device: _Device(store, each.device, each.tags, span)
        for each in sorted(known, key=lambda one: one.last_us)
        if each.device in wanted and each.last_us >= span[0]
    }
    return _balances(devices, parents, span)


def _check(span: tuple[int, int]) -> None:
    if span[0] % Roll.M15.us or span[1] % Roll.M15.us or span[0] >= span[1]:
        raise ValueError("a look takes whole quarters of an hour")


def _device(device: _Device, rating: Rating | None) -> list[Flag]:
    minutes = device.at(Roll.M1)
    counters = device.named(_COUNTERS)
    ends = device.grid(Roll.M1, counters, _ENDS)
    flags = []
    for name in counters:
        first, last = ends[name, Aggregate.FIRST], ends[name, Aggregate.LAST]
        flags += check_counter(minutes, name, first, last)
    flags += _analogue(device, minutes, ends, rating)
    quarters = device.at(Roll.M15)
    pieces, history = device.gained(Role.OUTPUT), device.gained(Role.OUTPUT, HISTORY_US)
    if pieces is None or history is None:
        return flags
    old = len(history) - len(pieces)
    for role, check in ((Role.ENERGY_IMPORT, check_output), (Role.RUN_TIME, check_run_time)):
        now, before = device.gained(role), device.gained(role, HISTORY_US)
        if now is None or before is None:
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            usual = np.where(history > 0, before / history, np.nan)[:old]
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


def _balances(
    devices: Mapping[str, _Device], parents: Mapping[str, str], span: tuple[int, int]
) -> list[Flag]:
    """Meters against the sum of those below them, where all of them told their energy."""
    flags = []
    for parent in sorted(set(parents.values())):
        below = [child for child, over in parents.items() if over == parent]
        if parent not in devices or any(child not in devices for child in below):
            continue
        own = devices[parent].gained(Role.ENERGY_IMPORT)
        parts = [devices[child].gained(Role.ENERGY_IMPORT) for child in below]
        if own is None or any(part is None for part in parts):
            continue
        total = np.sum([part for part in parts if part is not None], axis=0)
        flags += check_balance(Steps(parent, span[0], Roll.M15.us), own, total)
    return flags
