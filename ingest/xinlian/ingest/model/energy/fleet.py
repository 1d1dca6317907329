"""A plant of many devices over a year, drawn at random: quarter hours of energy by kind, line and
product series, in integer Wh.

Production machines stand in lines, lines make series of products in shifts, utilities serve all.
The factory's own meter also sees losses that no other meter does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.device_class import DeviceClass, EnergyRole
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.tree import Wh

__all__ = ["FLEET_KINDS", "FleetDevice", "PlantYear", "simulate_plant"]

DEVICES_MAX: Final = 20_000
SHIFT: Final = 32
"""Quarter hours of a shift; shifts begin at 0, 8 and 16 h."""
LOSS: Final = 83
"""One part in so many is lost between the factory's meter and the others."""
UTILITIES: Final = frozenset(
    {"compressed-air", "pumping", "ventilation", "cooling", "heat", "water", "building"}
)
"""Categories whose devices serve the whole plant."""
FLEET_KINDS: Final = (
    "cnc-lathe", "machining-centre-3x", "machining-centre-5x", "grinding-machine", "gear-hobber",
    "edm-sinker", "heat-treatment-furnace", "injection-machine", "die-casting-machine",
    "stamping-press", "laser-welder", "six-axis-robot", "curing-oven", "end-of-line-test-bench",
    "screw-compressor", "chiller-screw", "exhaust-fan", "circulation-pump",
    "wastewater-treatment", "lighting-panel",
)  # fmt: skip
"""Classes of the catalogue of which the usual plant is made."""
CHUNK: Final = 40
"""Devices drawn at once: some 45 MB."""


@dataclass(frozen=True, slots=True)
class FleetDevice:
    """One device: its kind (place in ``kinds``) and its line; -1 for utilities."""

    id: str
    kind: int
    line: int


@dataclass(frozen=True)
class PlantYear:
    """What the meters of a plant counted in a year, by several orders that each sum to the same."""

    first: date
    days: int
    kinds: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    """Of the kinds, in English and Chinese."""
    lines: tuple[str, ...]
    series: tuple[str, ...]
    devices: tuple[FleetDevice, ...]
    factory_wh: Wh
    """[quarter hours]: the factory's own meter."""
    kind_wh: Wh
    """[kinds, quarter hours]."""
    line_wh: Wh
    """[lines, quarter hours]."""
    direct_wh: Wh
    """[series, quarter hours]: of machines whose line was making the series."""
    standby_wh: Wh
    """[quarter hours]: of machines whose line made nothing."""
    utility_wh: Wh
    """[quarter hours]."""
    kind_idle_wh: Wh
    """[kinds]: on, and nothing made."""
    line_idle_wh: Wh
    """[lines]."""
    device_month_wh: Wh
    """[devices, 12]."""
    pieces: Wh
    """[series, days]: good pieces."""
    celsius: npt.NDArray[np.float64]
    """[days]: mean temperature outside."""


class _Draw:
    """The arrays that grow while devices are drawn."""

    def __init__(self, kinds: int, lines: int, series: int, devices: int, first: date, days: int):
        quarters = days * 96
        self.kind = np.zeros((kinds, quarters), dtype=np.int64)
        self.line = np.zeros((lines, quarters), dtype=np.int64)
        self.direct = np.zeros((series, quarters), dtype=np.int64)
        self.standby = np.zeros(quarters, dtype=np.int64)
        self.utility = np.zeros(quarters, dtype=np.int64)
        self.kind_idle = np.zeros(kinds, dtype=np.int64)
        self.line_idle = np.zeros(lines, dtype=np.int64)
        self.month = np.zeros((devices, 12), dtype=np.int64)
        start = np.datetime64(first)
        months = (start + np.arange(days)).astype("datetime64[M]")
        self.edges = np.flatnonzero(np.concatenate(([True], months[1:] != months[:-1]))) * 96


def simulate_plant(
    classes: Sequence[DeviceClass],
    *,
    devices: int = 2_000,
    series: int = 50,
    lines: int = 25,
    year: int = 2024,
    seed: int = 1,
) -> PlantYear:
    """Draw a year. Devices are dealt evenly to ``classes``, machines evenly to lines, series to
    lines; the same for the same seed. ``EnergyError`` for classes that use no energy or numbers
    that do not fit."""
    users = [each for each in classes if each.energy in (EnergyRole.CONSUMER, EnergyRole.UTILITY)]
    shared = [each.category in UTILITIES for each in users]
    fits = 1 <= lines <= series and len(users) <= devices <= DEVICES_MAX
    if not fits or not users or all(shared) or len(users) != len(classes):
        raise EnergyError(
            "a plant needs classes that use energy (machines too), a series for each line, and up "
            f"to {DEVICES_MAX} devices",
            f"仿真需要用能设备类（含生产机器）、每条线至少一个系列，设备不超过 {DEVICES_MAX} 台",
        )
    random = np.random.default_rng(seed)
    first = date(year, 1, 1)
    days = (date(year + 1, 1, 1) - first).days
    order = _orders(random, lines, series, first, days)
    celsius = 16 - 13 * np.cos((np.arange(days) - 20) / 365.25 * 2 * np.pi)
    celsius += random.normal(0, 2.5, days)
    draw = _Draw(len(users), lines, series, devices, first, days)
    dealt = _deal(users, shared, devices, lines)
    warm = np.repeat(np.clip((celsius - 10) / 20, 0.15, 1.2), 96).astype(np.float32)
    busy = (order >= 0).mean(axis=0).astype(np.float32)
    groups: dict[tuple[int, int], list[int]] = {}
    for number, device in enumerate(dealt):
        groups.setdefault((device.kind, device.line), []).append(number)
    for (kind, line), members in groups.items():
        for start in range(0, len(members), CHUNK):
            part = members[start : start + CHUNK]
            if line < 0:
                cooling = users[kind].category == "cooling"
                _utilities(draw, random, users[kind], kind, part, warm * busy if cooling else busy)
            else:
                _machines(draw, random, users[kind], kind, line, part, order[line])
    metered = draw.kind.sum(axis=0)
    return PlantYear(
        first=first,
        days=days,
        kinds=tuple(each.name for each in users),
        labels=tuple((each.label, each.label_zh) for each in users),
        lines=tuple(f"line-{number + 1:02d}" for number in range(lines)),
        series=tuple(f"series-{number + 1:03d}" for number in range(series)),
        devices=tuple(dealt),
        factory_wh=metered + metered // LOSS,
        kind_wh=draw.kind,
        line_wh=draw.line,
        direct_wh=draw.direct,
        standby_wh=draw.standby,
        utility_wh=draw.utility,
        kind_idle_wh=draw.kind_idle,
        line_idle_wh=draw.line_idle,
        device_month_wh=draw.month,
        pieces=_pieces(random, order, series, days),
        celsius=celsius,
    )


def _deal(
    users: Sequence[DeviceClass], shared: Sequence[bool], devices: int, lines: int
) -> list[FleetDevice]:
    out: list[FleetDevice] = []
    place = 0
    for number in range(devices):
        kind = number % len(users)
        line = -1
        if not shared[kind]:
            line, place = place % lines, place + 1
        out.append(FleetDevice(f"{users[kind].name}-{number // len(users) + 1:03d}", kind, line))
    return out


def _orders(
    random: np.random.Generator, lines: int, series: int, first: date, days: int
) -> npt.NDArray[np.int16]:
    """The series that each line makes in each quarter hour, -1 for none: int16[lines, quarters]."""
    shifts = days * 3
    weekday = (first.weekday() + np.arange(days)) % 7
    out = np.full((lines, shifts), -1, dtype=np.int16)
    for line in range(lines):
        own = np.arange(line, series, lines, dtype=np.int16)
        runs = np.repeat(random.integers(0, len(own), shifts // 3 + 1), 3)[:shifts]
        on = np.zeros((days, 3), dtype=np.bool_)
        on[:, 1] = weekday < (6 if line % 3 else 5)
        on[:, 2] = weekday < 5
        on[:, 0] = (weekday < 5) & bool(line % 4 == 0)
        on &= random.random((days, 3)) > 0.04
        out[line] = np.where(on.ravel(), own[runs], -1)
    return np.repeat(out, SHIFT, axis=1)


def _machines(
    draw: _Draw,
    random: np.random.Generator,
    kind: DeviceClass,
    place: int,
    line: int,
    members: Sequence[int],
    order: npt.NDArray[np.int16],
) -> None:
    """Draw machines of one kind in one line."""
    quarters = len(order)
    rated, idle = float(kind.rated_kw) * 250, float(kind.idle_kw) * 250
    load = random.uniform(0.35, 0.7, (len(members), 1)).astype(np.float32)
    works = order >= 0
    running = works & (random.random((len(members), quarters), dtype=np.float32) < 0.86)
    power = random.random((len(members), quarters), dtype=np.float32)
    power *= 0.24
    power += 0.88
    power *= np.where(running, load * rated, np.where(works, idle, idle * 0.08))
    energy = np.rint(power).astype(np.int64)
    total = energy.sum(axis=0)
    resting = int(energy[~running].sum())
    draw.kind[place] += total
    draw.line[line] += total
    draw.kind_idle[place] += resting
    draw.line_idle[line] += resting
    made = order[works]
    draw.direct[made, np.flatnonzero(works)] += total[works]
    draw.standby += np.where(works, 0, total)
    draw.month[np.asarray(members)] = np.add.reduceat(energy, draw.edges, axis=1)


def _utilities(
    draw: _Draw,
    random: np.random.Generator,
    kind: DeviceClass,
    place: int,
    members: Sequence[int],
    need: npt.NDArray[np.float32],
) -> None:
    """Draw utilities of one kind: their load follows how much of the plant works."""
    rated, idle = float(kind.rated_kw) * 250, float(kind.idle_kw) * 250
    power = random.random((len(members), len(need)), dtype=np.float32)
    power *= 0.2
    power += 0.9
    power *= idle * 0.3 + need * (rated * 0.62)
    energy = np.rint(power).astype(np.int64)
    total = energy.sum(axis=0)
    draw.kind[place] += total
    draw.utility += total
    draw.kind_idle[place] += int(total[need < 0.05].sum())
    draw.month[np.asarray(members)] = np.add.reduceat(energy, draw.edges, axis=1)


def _pieces(
    random: np.random.Generator, order: npt.NDArray[np.int16], series: int, days: int
) -> Wh:
    rate = random.integers(4, 60, series)
    out = np.zeros((series, days), dtype=np.int64)
    for line in order:
        day = np.repeat(np.arange(days), 96)
        works = line >= 0
        np.add.at(out, (line[works], day[works]), rate[line[works]])
    return out - out // 50
