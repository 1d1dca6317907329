"""Shapes of telemetry: devices, readings, steps, live values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, StringConstraints
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.query import Aggregate, Known, Latest, Series, Steps
from xinlian.services.api.schemas.common import View
from xinlian.services.api.schemas.trace import Millis

__all__ = [
    "DeviceName",
    "LatestView",
    "ReadingsView",
    "StepsView",
    "TagName",
    "TelemetryDeviceView",
    "latest_view",
]

DeviceName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$"), Field(examples=["press-01"])
]
TagName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$"), Field(examples=["active_power"])
]
Micros = Annotated[int, Field(ge=0, le=2**53 - 1, examples=[1_764_547_200_000_000])]
Units = Mapping[str, Mapping[str, str]]
"""Units in UCUM, by device and tag."""
_NAMES: Final = {int(code): code.name.lower() for code in Quality}


def quality_name(code: int) -> str:
    """The word for a quality code."""
    return _NAMES.get(code, str(code))


class TelemetryTagView(View):
    """A tag of a device: its unit, its range and what it stands for."""

    tag: TagName
    unit: str
    period_ms: int
    role: str
    label: str
    label_zh: str


class TelemetryDeviceView(View):
    """A device that told something; ``table`` is its class or its own list of tags."""

    device: DeviceName
    table: str
    first_ms: Millis
    last_ms: Millis
    tags: list[TelemetryTagView]

    @classmethod
    def of(cls, known: Known) -> TelemetryDeviceView:
        """The shape of one."""
        return cls(
            device=known.device,
            table=known.table,
            first_ms=known.first_us // 1000,
            last_ms=known.last_us // 1000,
            tags=[
                TelemetryTagView(
                    tag=tag.name,
                    unit=tag.unit,
                    period_ms=tag.period_ms,
                    role=tag.role.value,
                    label=tag.label,
                    label_zh=tag.label_zh,
                )
                for tag in known.tags
            ],
        )


class TelemetryDevicesView(View):
    """All devices of a party."""

    items: list[TelemetryDeviceView]


class LatestView(View):
    """The newest reading of a tag; without a value where its quality is bad."""

    device: DeviceName
    tag: TagName
    time_ms: Millis
    reading: float | None
    unit: str
    quality: str
    amended: bool


class LatestsView(View):
    """Newest readings."""

    items: list[LatestView]


def latest_view(latest: Latest, units: Units) -> LatestView:
    """The shape of one."""
    return LatestView(
        device=latest.device,
        tag=latest.tag,
        time_ms=latest.time_us // 1000,
        reading=_number(latest.value),
        unit=units.get(latest.device, {}).get(latest.tag, ""),
        quality=quality_name(latest.quality),
        amended=latest.amended,
    )


class ReadingView(View):
    """One reading; the time in microseconds, since devices are read down to 10 ms."""

    time_us: Micros
    tag: TagName
    reading: float | None
    unit: str
    quality: str
    amended: bool


class ReadingsView(View):
    """Readings of a device, tag by tag, oldest first; ``cut`` if there were more than asked for."""

    device: DeviceName
    cut: bool
    items: list[ReadingView]

    @classmethod
    def of(cls, device: str, series: list[Series], limit: int, units: Units) -> ReadingsView:
        """The shape of some."""
        known = units.get(device, {})
        return cls(
            device=device,
            cut=any(len(each) >= limit for each in series),
            items=[
                ReadingView(
                    time_us=time,
                    tag=each.tag,
                    reading=_number(value),
                    unit=known.get(each.tag, ""),
                    quality=quality_name(code),
                    amended=amended,
                )
                for each in series
                for time, value, code, amended in zip(
                    each.times_us.tolist(),
                    each.values.tolist(),
                    each.quality.tolist(),
                    each.amended.tolist(),
                    strict=True,
                )
            ],
        )


class StepView(View):
    """Aggregates of the good readings of one step, in the order that was asked for."""

    time_ms: Millis
    device: DeviceName
    tag: TagName
    aggregates: dict[Aggregate, float | None]


class StepsView(View):
    """Steps, device by device and tag by tag, oldest first; those without readings are left out."""

    items: list[StepView]

    @classmethod
    def of(cls, steps: list[Steps]) -> StepsView:
        """The shape of some."""
        return cls(
            items=[
                StepView(
                    time_ms=time // 1000,
                    device=each.device,
                    tag=each.tag,
                    aggregates={
                        name: _number(float(column[place])) for name, column in each.values.items()
                    },
                )
                for each in steps
                for place, time in enumerate(each.times_us.tolist())
            ]
        )


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value
