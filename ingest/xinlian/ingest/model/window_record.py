"""The evidence record of a device group and window, schema ``xinlian-telemetry/1``.

Its subject is ``telemetry:PARTY:GROUP:DAY``, the UTC day on which the window begins: the subject
index of the evidence log then proves that a day's windows are shown whole, late ones included.

``devices_root`` commits to how often each device was due and answered in the window, whatever rate
groups it has: a tree (RFC 9162) over the devices in order of their ids' UTF-8 bytes, with leaf
SHA-256(0x00 ‖ salt ‖ canonical JSON of [device, counts]) and salt HMAC-SHA256(secret, device).
Whoever leaves out a block of a device in a proof cannot make these counts come out.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from xinlian.ingest.model.frames import Counts
from xinlian.ingest.model.segments.leaves import leaf_hash
from xinlian.ingest.model.segments.windows import ClosedWindow
from xinlian.ingest.model.service import Service, outage_us
from xinlian.ledger.model.evidence.canonical import canonical, time_text
from xinlian.ledger.model.evidence.tree import MemoryNodes, multiproof, root_of

__all__ = [
    "SCHEMA",
    "DeviceTree",
    "day_start_us",
    "day_subject",
    "days_of",
    "service_of",
    "window_record",
]

SCHEMA: Final = "xinlian-telemetry/1"
LISTED_MAX: Final = 12
"""Names of a kind that a record lists; of more it holds their number and digest."""
_DAY_US: Final = 86_400_000_000


def day_subject(party: int, group: str, at_us: int) -> str:
    """The subject of the windows that begin on the day of a time."""
    return f"telemetry:{party}:{group}:{datetime.fromtimestamp(at_us / 1e6, UTC):%Y-%m-%d}"


def day_start_us(at_us: int) -> int:
    """When the day of a time begins, not before 1970."""
    return max(0, at_us // _DAY_US * _DAY_US)


def days_of(party: int, group: str, start_us: int, end_us: int) -> list[str]:
    """The subjects of the days from ``start_us`` to just before ``end_us``."""
    days = range(start_us // _DAY_US, (end_us - 1) // _DAY_US + 1)
    return [day_subject(party, group, day * _DAY_US) for day in days]


class DeviceTree:
    """The counts of a window's devices, committed to one by one."""

    def __init__(self, devices: Mapping[str, Counts], secret: bytes) -> None:
        self._names = sorted(devices, key=str.encode)
        self._devices = devices
        self._secret = secret
        entries = [leaf_hash(self._salt(name), self._body(name)) for name in self._names]
        self._nodes = MemoryNodes(entries)
        self.size = len(entries)
        self.root = root_of(self._nodes, self.size)

    def _salt(self, name: str) -> bytes:
        return hmac.digest(self._secret, name.encode(), "sha256")

    def _body(self, name: str) -> bytes:
        return canonical([name, asdict(self._devices[name])])

    def shown(self, devices: Sequence[str]) -> dict[str, Any]:
        """The entries of devices, or of the neighbours of those that are not there, and the rest of
        the tree: members of a window in a proof."""
        places: set[int] = set()
        for device in devices:
            if device in self._devices:
                places.add(self._names.index(device))
                continue
            behind = sum(name.encode() < device.encode() for name in self._names)
            places |= {at for at in (behind - 1, behind) if 0 <= at < self.size}
        order = sorted(places)
        return {
            "devices": [
                {
                    "index": at,
                    "device": self._names[at],
                    "counts": asdict(self._devices[self._names[at]]),
                    "salt": self._salt(self._names[at]).hex(),
                }
                for at in order
            ],
            "device_inclusion": [node.hex() for node in multiproof(self._nodes, order, self.size)],
        }


def service_of(window: ClosedWindow, key_devices: Sequence[str] | None = None) -> Service:
    """The figures that the counts and times of a window tell; latency and jitter are added by who
    has its readings. What came late adds its counts alone."""
    if window.amendment:
        return Service(counts=window.counts)
    keys = list(window.devices) if key_devices is None else list(key_devices)
    silent = set(window.silent)
    spans = [
        (each.start_us, each.end_us) for each in window.summaries if each.sequence not in silent
    ]
    return Service(
        window.end_us - window.start_us,
        outage_us(spans, window.start_us, window.end_us),
        len(keys),
        sum(window.devices.get(key, Counts()).received > 0 for key in keys),
        window.counts,
    )


def window_record(
    window: ClosedWindow,
    *,
    collector: str,
    part: int,
    devices: DeviceTree,
    service: Service,
    tables: Mapping[str, str],
    amends: str = "",
) -> dict[str, Any]:
    """The record. ``collector``: name of its stream; ``part``: 0, or 1, 2 … for amendments, which
    name the leaf hash of part 0 in ``amends``; ``tables``: ``name/version`` by digest."""
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "subject": day_subject(window.party, window.group, window.start_us),
        "event_time": time_text(window.end_us // 1000),
        "party": window.party,
        "group": window.group,
        "collector": collector,
        "part": part,
        "window_start_us": window.start_us,
        "window_end_us": window.end_us,
        "first_us": min(each.start_us for each in window.summaries),
        "last_us": max(each.end_us for each in window.summaries),
        "root": window.root.hex(),
        "segments": len(window.summaries),
        "first_sequence": window.summaries[0].sequence,
        "last_sequence": window.summaries[-1].sequence,
        "leaves": sum(each.leaves for each in window.summaries),
        "counts": asdict(window.counts),
        "devices": devices.size,
        "devices_root": devices.root.hex(),
        "tables": _tables(window.tables, tables),
        "drivers": _listed(window.drivers),
        "calibrations": _listed(window.calibrations),
        "clock": {"states": list(window.clock_states)},
        "service": service.to_record(),
    }
    if window.offset_us is not None:
        low, high = window.offset_us
        record["clock"] |= {"offset_min_us": low, "offset_max_us": high}
    if amends:
        record["amends"] = amends
    return record


def _tables(digests: Sequence[str], names: Mapping[str, str]) -> dict[str, Any]:
    if len(digests) > LISTED_MAX:
        return {"number": len(digests), "digest": sha256(canonical(list(digests))).hexdigest()}
    return {digest: names.get(digest, "") for digest in digests}


def _listed(names: Sequence[str]) -> Any:
    if len(names) > LISTED_MAX:
        return {"number": len(names), "digest": sha256(canonical(list(names))).hexdigest()}
    return list(names)
