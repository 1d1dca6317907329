"""Signals of simulated devices: deterministic, plausible by role, unit and range.

Only sums, products and remainders are used, so that the value of one time and the value in a
column of times are the same to the last bit, on every machine. Power and energy of a device belong
together: the counter is the integral of the load.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from xinlian.ingest.model.frames import Column, Times
from xinlian.ingest.model.tags import Role, Tag, ValueType

__all__ = ["Signals"]

_EPOCH_US: Final = 1_767_225_600_000_000
"""2026-01-01, UTC: counters begin here."""
_CYCLE_S: Final = 1_200.0
"""A device runs, idles and stops within this time."""
_RUNNING: Final = 0.8
_IDLE: Final = 0.95
_PER_HOUR: Final = {
    Role.REACTIVE_ENERGY: 6.0, Role.GAS: 12.0, Role.WATER: 1.5, Role.STEAM: 0.8, Role.AIR: 240.0,
}  # fmt: skip
_ENERGY_UNITS: Final = {"kW.h": 1.0, "kWh": 1.0, "W.h": 1e3, "Wh": 1e3, "MW.h": 1e-3, "MWh": 1e-3}
_POWER_UNITS: Final = {"kW": 1.0, "W": 1e3, "MW": 1e-3}
_LEVELS: Final = {
    Role.VOLTAGE: (225.0, 0.02), Role.CURRENT: (60.0, 0.4), Role.POWER_FACTOR: (0.92, 0.05),
    Role.REACTIVE_POWER: (8.0, 0.3),
}  # fmt: skip
_MAINS_HZ: Final = (50.0, 0.001)


@dataclass(frozen=True, slots=True)
class _Shape:
    """One tag's signal: what it is made of, and how an engineering value becomes a raw one."""

    kind: str
    level: float
    swing: float
    period_s: float
    phase: float
    start: float
    scale: float
    offset: float
    low: float
    span: float
    """Raw values lie in ``low`` to ``low + span``; counters begin again there."""
    exact: bool
    """An integer type."""


def _seed(*parts: str) -> list[float]:
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()
    return [int.from_bytes(digest[at : at + 4], "big") / 2**32 for at in range(0, 16, 4)]


def _bounds(tag: Tag) -> tuple[float, float]:
    """Lowest and highest raw value: the tag's range within its type's."""
    scale, offset = float(tag.scale), float(tag.offset)
    if tag.type is ValueType.BOOL:
        return 0.0, 1.0
    if tag.type.is_float:
        low, high = -1e9, 1e9
    else:
        limits = np.iinfo(tag.type.dtype)
        low, high = float(limits.min), min(float(limits.max), 2.0**53)
    ends = [None if end is None else (float(end) - offset) / scale for end in (tag.low, tag.high)]
    if scale < 0:
        ends.reverse()
    if ends[0] is not None:
        low = max(low, float(np.ceil(ends[0])) if not tag.type.is_float else ends[0])
    if ends[1] is not None:
        high = min(high, float(np.floor(ends[1])) if not tag.type.is_float else ends[1])
    return low, max(low, high)


def _ranged(tag: Tag) -> tuple[float, float]:
    """Middle and half swing in engineering units for tags without a role."""
    if tag.low is not None and tag.high is not None:
        low, high = float(tag.low), float(tag.high)
    else:
        low, high = sorted(raw * float(tag.scale) + float(tag.offset) for raw in _bounds(tag))
        low, high = max(low, 0.0), min(high, 100.0)
    return (low + high) / 2, (high - low) * 0.3


def _usual(tag: Tag) -> tuple[float, float] | None:
    """Level and swing of what is much the same everywhere, where the tag's range allows it: mains
    voltage, its frequency, power factor, current."""
    if tag.unit == "Hz" and tag.role is Role.NONE:
        level, part = _MAINS_HZ
    elif tag.role in _LEVELS:
        level, part = _LEVELS[tag.role]
    else:
        return None
    low = -np.inf if tag.low is None else float(tag.low)
    high = np.inf if tag.high is None else float(tag.high)
    swing = level * part
    if low <= level - swing and level + swing <= high and (tag.unit != "Hz" or high <= 2 * level):
        return level, swing
    return None


@lru_cache(maxsize=100_000)
def _shape(device: str, tag: Tag) -> _Shape:
    load, phase, pace, _ = _seed(device)
    own, own_phase, own_pace, _ = _seed(device, tag.name)
    power_kw = 5.0 + 45.0 * load
    low, high = _bounds(tag)
    kind, level, swing = "swing", 0.0, 0.0
    period, begin = 60.0 + 240.0 * own_pace, 0.0
    if tag.role is Role.ENERGY_IMPORT:
        factor = _ENERGY_UNITS.get(tag.unit, 1.0)
        kind, level, swing = "integral", power_kw / 3_600 * factor, 0.6
        begin = (1_000 + 9_000 * load) * factor
        period, own_phase = 300.0 + 600.0 * pace, phase
    elif tag.role is Role.POWER:
        level = power_kw * _POWER_UNITS.get(tag.unit, 1.0)
        swing, period, own_phase = level * 0.6, 300.0 + 600.0 * pace, phase
    elif tag.role is Role.ENERGY_EXPORT:
        kind = "integral"
    elif tag.role in _PER_HOUR:
        kind, level, swing = "integral", _PER_HOUR[tag.role] * (0.5 + own) / 3_600, 0.4
        begin = 1_000.0 * own
    elif tag.role in (Role.RUN_TIME, Role.OUTPUT):
        kind, own_phase = "running", phase
        level = 1.0 if tag.role is Role.RUN_TIME else (60.0 + 240.0 * load) / 3_600
    elif tag.role is Role.STATE:
        kind, own_phase = "state", phase
    elif tag.type is ValueType.BOOL:
        kind, period = "flag", 120.0
    else:
        level, swing = _usual(tag) or _ranged(tag)
    return _Shape(
        kind, level, swing, period, own_phase, begin, float(tag.scale), float(tag.offset),
        low, high - low, not tag.type.is_float,
    )  # fmt: skip


def _wave(turn: Any) -> Any:
    """A round wave of -1 to 1 over turns 0 to 1, by parabolas."""
    half = turn - 0.5
    return 16.0 * half * (abs(half) - 0.5)


def _wave_integral(turn: Any) -> Any:
    half = turn - 0.5
    size = abs(half)
    return 16.0 * (size * size * size / 3.0 - size * size / 4.0)


def _engineering(shape: _Shape, seconds: Any) -> Any:
    """Engineering values at float64 seconds since the epoch of counters; scalars or arrays."""
    if shape.kind in ("running", "state"):
        turns = seconds / _CYCLE_S + shape.phase
        part = turns % 1.0
        if shape.kind == "state":
            return 2.0 * (part < _RUNNING) + 1.0 * ((part >= _RUNNING) & (part < _IDLE))
        ran = (turns - part) * _RUNNING + part * (part < _RUNNING) + _RUNNING * (part >= _RUNNING)
        return shape.level * _CYCLE_S * ran
    turns = seconds / shape.period_s + shape.phase
    part = turns % 1.0
    if shape.kind == "integral":
        moved = shape.swing * shape.period_s * _wave_integral(part)
        return shape.start + shape.level * (seconds + moved)
    if shape.kind == "flag":
        return 1.0 * (part < 0.5)
    return shape.level + shape.swing * _wave(part)


class Signals:
    """Raw values of any tag of any device at any time; the same for the same arguments."""

    def raw(self, device_id: str, tag: Tag, t_us: int) -> int | float:
        """The raw value at a time (UTC microseconds): an ``int`` for integer types and bits."""
        shape = _shape(device_id, tag)
        raw = (_engineering(shape, (t_us - _EPOCH_US) / 1e6) - shape.offset) / shape.scale
        if shape.kind in ("integral", "running"):
            raw = (raw - shape.low) % (shape.span + 1.0) + shape.low
        value = float(min(max(raw, shape.low), shape.low + shape.span))
        return int(value // 1.0) if shape.exact else value

    def raws(self, device_id: str, tag: Tag, times_us: Times) -> Column:
        """Raw values at int64[n] times, in the dtype of the tag's type."""
        shape = _shape(device_id, tag)
        raw = (_engineering(shape, (times_us - _EPOCH_US) / 1e6) - shape.offset) / shape.scale
        if shape.kind in ("integral", "running"):
            raw = (raw - shape.low) % (shape.span + 1.0) + shape.low
        raw = np.minimum(np.maximum(raw, shape.low), shape.low + shape.span)
        if shape.exact:
            raw = raw // 1.0
        return np.asarray(raw).astype(tag.type.dtype)
