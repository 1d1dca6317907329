"""Quality codes of readings: one byte each, the worst class in the upper half.

The classes are those of OPC UA (good, uncertain, bad). Codes are part of hashed bytes: a code once
given keeps its number.
"""

from __future__ import annotations

from enum import IntEnum, unique
from typing import Final

__all__ = ["BAD_MIN", "Quality"]

BAD_MIN: Final = 16
"""Codes from here on say that the value means nothing."""


@unique
class Quality(IntEnum):
    """What is to be thought of a value, and why."""

    GOOD = 0
    UNCERTAIN = 1
    """The device says that the value may be off (substituted, last usable, in calibration)."""
    OUT_OF_RANGE = 2
    """The value lies outside the tag's range; it is kept as read."""
    BAD = 16
    """The device marks the value as bad without a reason."""
    NO_CONNECTION = 17
    TIMEOUT = 18
    DEVICE_ERROR = 19
    """The device answered with an error of its protocol (a Modbus exception, an S7 return code)."""
    MALFORMED = 20
    """The answer breaks the protocol or belongs to another request."""
    NOT_A_NUMBER = 21
    """NaN or an infinity."""
    UNKNOWN_TAG = 22
    """The device has no such address."""
    SENSOR = 23
    """Sensor or wire fault, told by the device."""
    CLOCK = 24
    """The source time cannot be used."""
    SHED = 25
    """Not read, because the path behind the collector was full or the device was stopped."""
