"""Readings for the bench of the store: frames as a consumer of the log gives them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from xinlian.ingest.model.frames import Column, Counts, Frame
from xinlian.ingest.model.tags import Tag, TagTable, ValueType

__all__ = ["BEGIN_US", "TAGS", "Plant"]

TAGS: Final = 16
BEGIN_US: Final = 1_760_000_000_000_000
_POOL: Final = 997
"""Different pieces of columns; prime, so that a device meets another one each second."""


def table(fixed: bool) -> TagTable:
    """Sixteen float32 tags read every 10 ms."""
    tags = tuple(
        Tag(
            name=f"v{place:02}",
            address=f"holding:{2 * place}",
            type=ValueType.FLOAT32,
            period_ms=10,
        )
        for place in range(TAGS)
    )
    return TagTable("bench" if fixed else "bench-narrow", tags, fixed=fixed)


@dataclass(slots=True)
class Plant:
    """``devices`` devices that are read every 10 ms; ``second`` gives all frames of one second.

    Values are noise around a level with two decimals, which compresses worse than signals of real
    machines, where neighbours are alike.
    """

    devices: int = 10_000
    rows: int = 100
    fixed: bool = True
    _pool: list[tuple[Column, ...]] = field(init=False)
    _table: TagTable = field(init=False)

    def __post_init__(self) -> None:
        random = np.random.default_rng(20_260_101)
        self._table = table(self.fixed)
        self._pool = [
            tuple(
                np.round(random.normal(20 + 10 * place, 2, self.rows), 2).astype("<f4")
                for place in range(TAGS)
            )
            for _ in range(_POOL)
        ]

    @property
    def points(self) -> int:
        """Values of a second."""
        return self.devices * self.rows * TAGS

    def names(self) -> list[str]:
        """Of the devices."""
        return [f"bench-{number:05}" for number in range(self.devices)]

    def second(self, number: int) -> list[Frame]:
        """Frames of one second, one a device."""
        times = BEGIN_US + number * 1_000_000 + np.arange(self.rows) * (1_000_000 // self.rows)
        counts = Counts(expected=self.rows, received=self.rows)
        pool, shape = self._pool, self._table
        return [
            Frame(name, shape, 0, times, pool[(place + number * 7) % _POOL], None, None, counts)
            for place, name in enumerate(self.names())
        ]

    def seconds(self, first: int) -> Iterator[tuple[int, list[Frame]]]:
        """Seconds from ``first`` on, without end."""
        while True:
            yield first, self.second(first)
            first += 1
