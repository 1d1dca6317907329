"""What listeners of live values want, and one read of the store for all of a party's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.model.query import Latest
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_query import DEVICES_MAX, READINGS_MAX, TelemetryReads

__all__ = ["Wanted", "check_wanted", "newest_of"]

_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Devices and tags that a listener asked for; all of them where none is named."""

    devices: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    def fits(self, device: str, tag: str) -> bool:
        """Whether a tag of a device is among them."""
        return (not self.devices or device in self.devices) and (not self.tags or tag in self.tags)


def check_wanted(reads: TelemetryReads, party: int, wanted: Wanted) -> None:
    """Refuse names that the party has not, and more values than one answer holds."""
    units = reads.units(party, sorted(wanted.devices), sorted(wanted.tags))
    chosen = list(units.items())[:DEVICES_MAX]
    values = sum(wanted.fits(device, tag) for device, tags in chosen for tag in tags)
    if values > READINGS_MAX:
        raise RefusedError(Code.INVALID, "that is more than 20,000 tags: name devices and tags")


def newest_of(
    reads: TelemetryReads, party: int, wanted: Iterable[Wanted]
) -> list[tuple[Latest, str]]:
    """The newest values of what is wanted by anyone, each once, with its unit in UCUM."""
    units, store = reads.units(party), reads.sites.known(party).store
    by_tags: dict[frozenset[str], set[str]] = {}
    for each in wanted:
        names = each.devices or list(units)[:DEVICES_MAX]
        by_tags.setdefault(each.tags, set()).update(names)
    found: dict[tuple[str, str], Latest] = {}
    for tags, devices in by_tags.items():
        names = sorted(devices)
        for at in range(0, len(names), _AT_ONCE):
            for latest in store.latest(names[at : at + _AT_ONCE], sorted(tags) or None):
                found[latest.device, latest.tag] = latest
    return [(each, units.get(each.device, {}).get(each.tag, "")) for each in found.values()]
