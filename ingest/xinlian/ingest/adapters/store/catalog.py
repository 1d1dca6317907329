"""What a store knows by heart: devices, tags, tag tables, who has what, what was amended."""

from __future__ import annotations

from dataclasses import dataclass, field

from xinlian.ingest.adapters.store.arrow import NARROW, Source, is_wide
from xinlian.ingest.model.tags import Tag, TagTable

__all__ = ["Catalog"]

_PLACES_MAX = 100_000


@dataclass(slots=True)
class Catalog:
    """Written by the store's writer after a commit; read by other threads without a lock: members
    are only added, and one lookup is one step of the interpreter."""

    devices: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    tables: dict[str, TagTable] = field(default_factory=dict)
    """By digest."""
    held: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """Digests of the tables in which a device has rows, oldest first."""
    amended: frozenset[tuple[int, int]] = frozenset()
    """Device and tag of which something was amended."""
    streams: dict[str, int] = field(default_factory=dict)
    _places: dict[tuple[tuple[str, ...], str], list[Source]] = field(default_factory=dict)
    """Answers of ``sources``: devices of a class have the same."""

    def hold(self, device: int, digest: str) -> None:
        """Note that a device has rows in a table."""
        held = self.held.get(device, ())
        if digest not in held:
            self.held[device] = (*held, digest)

    def tag(self, device: int, name: str) -> Tag | None:
        """The tag of a device as its newest table has it."""
        for digest in reversed(self.held.get(device, ())):
            for tag in self.tables[digest].tags:
                if tag.name == name:
                    return tag
        return None

    def is_fast(self, device: int, name: str) -> bool:
        """Whether any table of a device reads a tag more than once a second. A device whose table
        becomes faster has seconds in its roll-ups from then on."""
        return self._held_fast(self.held.get(device, ()), name) is True

    def _held_fast(self, held: tuple[str, ...], name: str) -> bool | None:
        """``None`` if the tables have no such tag."""
        periods = [
            tag.period_ms for digest in held for tag in self.tables[digest].tags if tag.name == name
        ]
        return min(periods) < 1_000 if periods else None

    def by_speed(self, name: str) -> dict[bool, list[int] | None]:
        """Devices that read a tag fast (``True``) and slowly; ``None`` says all that have it."""
        alike: dict[tuple[str, ...], list[int]] = {}
        for device, held in list(self.held.items()):
            alike.setdefault(held, []).append(device)
        found: dict[bool, list[int] | None] = {}
        for held, devices in alike.items():
            fast = self._held_fast(held, name)
            if fast is not None:
                found[fast] = sorted([*(found.get(fast) or []), *devices])
        return found if len(found) > 1 else dict.fromkeys(found)

    def names(self, device: int) -> list[str]:
        """All tags of a device, each once."""
        digests = self.held.get(device, ())
        return list(dict.fromkeys(tag.name for d in digests for tag in self.tables[d].tags))

    def sources(self, device: int, name: str) -> list[Source]:
        """Where rows of a tag of a device lie."""
        held = self.held.get(device, ())
        places = self._places.get((held, name))
        if places is None:
            if len(self._places) > _PLACES_MAX:
                self._places.clear()
            places = self._places[held, name] = self._sources(held, name)
        return places

    def _sources(self, held: tuple[str, ...], name: str) -> list[Source]:
        found: list[Source] = []
        for digest in held:
            table = self.tables[digest]
            for group, tags in enumerate(table.groups):
                if any(tag.name == name for tag in tags):
                    source = Source("w", digest, group) if is_wide(table) else NARROW
                    if source not in found:
                        found.append(source)
        return found
