"""CP56Time2a: the binary time of seven bytes (IEC 60870-5-4, 6.8; 60870-5-101, 7.2.6.18)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["Stamp", "cp56", "read_cp56", "to_utc_us", "zone"]

FIXED: Final = re.compile(r"([+-])(\d\d):(\d\d)")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
US: Final = timedelta(microseconds=1)
HOUR_US: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """Time as sent: ``local`` without zone, ``None`` if the station says that it is invalid or if
    there is no such date; ``summer`` says that the clock was put forward by an hour."""

    local: datetime | None
    summer: bool = False


def read_cp56(raw: bytes) -> Stamp:
    """Seven bytes; never raises for what they hold. Years are 2000 to 2099."""
    millis = raw[0] | raw[1] << 8
    summer = bool(raw[3] & 0x80)
    if raw[2] & 0x80:
        return Stamp(None, summer)
    try:
        local = datetime(  # noqa: DTZ001 - the zone is an option of the endpoint
            2000 + (raw[6] & 0x7F), raw[5] & 0x0F, raw[4] & 0x1F, raw[3] & 0x1F, raw[2] & 0x3F,
            millis // 1_000, millis % 1_000 * 1_000,
        )  # fmt: skip
    except ValueError:
        return Stamp(None, summer)
    return Stamp(local, summer)


def cp56(time_us: int, place: tzinfo) -> bytes:
    """A UTC time as seven bytes in a zone's time, with the summer bit and the day of the week."""
    local = (EPOCH + timedelta(microseconds=time_us)).astimezone(place)
    millis = local.second * 1_000 + local.microsecond // 1_000
    return bytes((
        millis & 0xFF, millis >> 8, local.minute, local.hour | (0x80 if local.dst() else 0),
        local.day | local.isoweekday() << 5, local.month, local.year % 100,
    ))  # fmt: skip


def to_utc_us(stamp: Stamp, place: tzinfo) -> int | None:
    """UTC microseconds; the station's summer bit decides, not the zone's rules, so that the hour
    that comes twice in autumn is told apart."""
    if stamp.local is None:
        return None
    offset = place.utcoffset(stamp.local) or timedelta(0)
    standard = offset - (place.dst(stamp.local) or timedelta(0))
    plain = (stamp.local.replace(tzinfo=UTC) - EPOCH - standard) // US
    return plain - HOUR_US if stamp.summer else plain


def zone(name: str) -> tzinfo:
    """``+08:00`` or a name such as ``Asia/Shanghai``; ``ValueError``."""
    found = FIXED.fullmatch(name)
    if found:
        minutes = int(found[2]) * 60 + int(found[3])
        if minutes >= 1_440 or int(found[3]) >= 60:
            raise ValueError(f"{name} is no offset from UTC")
        return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as exc:
        raise ValueError(f"{name!r} is no time zone") from exc
