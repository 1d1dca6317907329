"""The generated plant of `./xl bench trace`: vehicles, their parts, the batches that they share.

Per vehicle 30 tracked parts and 30 links: 10 serial parts; the batch that each of these is made of;
10 batches that go straight into the vehicle (screws, fluids, paint). Batches are made of raw lots,
and these of heats. The largest batches touch a tenth of all vehicles. One vehicle in a hundred has
two batches as candidates in one place, one in two hundred had a part replaced, and a few have 5,000
nodes more: most of them bushy, some in one chain. Everything follows from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DEEP",
    "DEEP_NODES",
    "SERIALS",
    "START_MS",
    "Block",
    "Plan",
    "spare_batch",
    "time_of",
    "work_of",
]

Ints = NDArray[np.int64]
SERIALS: Final = 10
DEEP: Final = 20
"""Vehicles with a deep tree; the last five of them have a chain."""
CHAINS: Final = 5
DEEP_NODES: Final = 5_000
START_MS: Final = 1_760_000_000_000
YEAR_MS: Final = 31_536_000_000
MACHINES: Final = 200
STATIONS: Final = 20
SUPPLIERS: Final = 50
_FAN_OUT: Final = 8
# How many vehicles of 10^6 share a batch, place by place; the first ten are made into serial parts.
_SHARED: Final = (1_000,) * 8 + (5_000,) * 7 + (20_000,) * 3 + (100_000,) * 2
_RAW_OF: Final = 5
"""Batches from one raw lot; raw lots from one heat."""
_SERIAL_PLACES: Final = (0, 2, 4, 6, 8, 10, 12, 14, 16, 18)


@dataclass(frozen=True, slots=True)
class Block:
    """Some vehicles in a row: ``places[v, k]`` is the batch at place k, ``other`` a second
    candidate at the candidate place or 0, ``replaced`` whether serial part 0 was replaced."""

    first: int
    places: Ints
    other: Ints
    replaced: NDArray[np.bool_]


class Plan:
    """Numbers of everything: batches, then vehicles, then serial parts, spares, deep parts."""

    def __init__(self, vehicles: int, seed: int = 7) -> None:
        self.vehicles = vehicles
        self.seed = seed
        self.lots = [max(1, size * vehicles // 1_000_000) for size in _SHARED]
        counts = [-(-vehicles // lot) for lot in self.lots]
        self.place_first = [1 + sum(counts[:at]) for at in range(len(counts))]
        self.component_batches = sum(counts)
        self.raw_batches = -(-self.component_batches // _RAW_OF)
        self.heats = -(-self.raw_batches // _RAW_OF)
        self.batches = self.component_batches + self.raw_batches + self.heats
        self.vehicle_first = self.batches + 1
        self.serial_first = self.vehicle_first + vehicles
        self.spare_first = self.serial_first + SERIALS * vehicles
        self.deep = np.linspace(0, vehicles - 1, DEEP).astype(np.int64)
        self.serial_places = _SERIAL_PLACES
        self.direct_places = tuple(k for k in range(len(_SHARED)) if k not in _SERIAL_PLACES)
        self.candidate_place = self.direct_places[-1]

    @property
    def largest(self) -> int:
        """The number of a batch that touches a tenth of all vehicles; some have it as candidate."""
        return self.place_first[self.candidate_place] + 1

    def source_of(self, batch: Any) -> Any:
        """The raw lot of a batch, the heat of a raw lot."""
        raw = self.component_batches
        return np.where(
            batch <= raw,
            raw + 1 + (batch - 1) // _RAW_OF,
            raw + self.raw_batches + 1 + (batch - 1 - raw) // _RAW_OF,
        )

    def blocks(self, size: int = 50_000) -> Iterator[Block]:
        """All vehicles, in order."""
        rng = np.random.default_rng(self.seed)
        for first in range(0, self.vehicles, size):
            at = np.arange(first, min(first + size, self.vehicles))
            places = np.empty((len(at), len(self.lots)), np.int64)
            for k, lot in enumerate(self.lots):
                # Two boxes stand open when a batch changes.
                mixed = at + rng.integers(0, max(1, lot // 20), len(at))
                last = self.place_first[k] + -(-self.vehicles // lot) - 1
                places[:, k] = np.minimum(self.place_first[k] + mixed // lot, last)
            here = places[:, self.candidate_place]
            doubt = rng.random(len(at)) < 0.01
            before = np.maximum(here - 1, self.place_first[self.candidate_place])
            other = np.where(doubt & (before < here), before, 0)
            yield Block(first, places, other, rng.random(len(at)) < 0.005)

    def deep_links(self, first: int, vehicle: int, *, chain: bool) -> Iterator[tuple[int, int]]:
        """Parent and child of a deep tree's links; its parts are numbered from ``first``."""
        for at in range(DEEP_NODES):
            if at == 0:
                yield vehicle, first
            else:
                yield first + (at - 1 if chain else (at - 1) // _FAN_OUT), first + at


def time_of(plan: Plan, vehicle: int) -> int:
    """When a vehicle was built."""
    return START_MS + vehicle * YEAR_MS // plan.vehicles


def work_of(plan: Plan, vehicle: int) -> tuple[str, str, str]:
    """Machine, station and shift of the last step."""
    hours = (time_of(plan, vehicle) - START_MS) // 28_800_000
    return f"M-{vehicle * 7919 % MACHINES:03}", f"OP-{vehicle % STATIONS:02}", f"S{hours}"


def spare_batch(plan: Plan, vehicle: int) -> int:
    """Replacements come from the first batch of the place."""
    return plan.place_first[plan.serial_places[0]] + vehicle % 2
