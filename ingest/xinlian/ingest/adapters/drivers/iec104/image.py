"""What a station has told of a rate group."""

from __future__ import annotations

import math
from collections.abc import Sequence

from xinlian.ingest.adapters.drivers.iec104.codec import Kind, Object
from xinlian.ingest.adapters.drivers.reported import Put
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.ports import Sink

__all__ = ["GroupImage"]


class GroupImage:
    """The image of one rate group."""

    def __init__(self, tags: Sequence[Tag], sink: Sink) -> None:
        self.sink = sink
        self.floats = [tag.type.is_float for tag in tags]
        self.values: list[int | float | None] = [None] * len(tags)
        self.quality: list[int] = [Quality.NO_CONNECTION] * len(tags)

    def set(self, column: int, kind: Kind, told: Object, quality: Quality) -> None:
        """Take over one object."""
        if quality >= BAD_MIN:
            self.values[column], self.quality[column] = None, quality
            return
        value = told.value
        if kind is Kind.NVA and self.floats[column]:
            value = value / 32_768
        if isinstance(value, float) and not math.isfinite(value):
            self.values[column], self.quality[column] = None, Quality.NOT_A_NUMBER
            return
        self.values[column], self.quality[column] = value, quality

    def put(self, source_us: int | None = None) -> Put:
        """A row of the image."""
        return Put(self.sink, tuple(self.values), tuple(self.quality), source_us)

    def forget(self) -> None:
        """The link is lost, and with it what was known."""
        self.values = [None] * len(self.values)
        self.quality = [Quality.NO_CONNECTION] * len(self.quality)
