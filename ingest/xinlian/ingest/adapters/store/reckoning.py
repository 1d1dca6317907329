"""What roll-ups are reckoned from, the same on every database."""

from __future__ import annotations

from abc import abstractmethod

from xinlian.ingest.adapters.store.arrow import NARROW, QUALITY, Source
from xinlian.ingest.adapters.store.sql import span, union
from xinlian.ingest.adapters.store.steps import Stepping
from xinlian.ingest.model.query import Retention, Roll

__all__ = ["SPAN_US", "Reckoning"]

SPAN_US = Roll.M15.us
"""Roll-ups are reckoned by spans of this length."""


class Reckoning(Stepping):
    """Spans that wait are reckoned anew as a whole, so that late rows need nothing of their own."""

    _cuts: dict[Source, int]

    @abstractmethod
    def _held_sources(self) -> list[Source]:
        """Sources that have rows."""

    @abstractmethod
    def _roll_parts(self, roll: Roll, start_us: int, end_us: int) -> list[str]:
        """Tables with rows of a roll-up, what is being reckoned included."""

    def _seen_from_us(self, source: Source) -> int:
        return self._cuts.get(source, 0)

    def _closed(self, start: int) -> bool:
        """Whether readings of a span were dropped, so that it cannot be reckoned again."""
        return any(cut > start for source, cut in self._cuts.items() if source.kind in "wn")

    def _chain(self, start: int) -> list[tuple[Roll, Roll | None, int, int]]:
        """Roll-ups of a span: each with the shorter one that it is made of, and its own span."""
        made: list[tuple[Roll, Roll | None, int, int]] = []
        shorter: Roll | None = None
        for roll in sorted(self._rolls):
            first = start - start % roll.us
            # An hour is made of four spans: not when some of their rows were dropped.
            partial = shorter is not None and roll.us > SPAN_US
            if not partial or self._seen_from_us(Source("r", group=int(shorter or 0))) <= first:
                made.append((roll, shorter, first, max(start + SPAN_US, first + roll.us)))
                shorter = roll
        return made

    def _selects(self, roll: Roll, shorter: Roll | None, first: int, last: int) -> list[str]:
        """Queries whose rows together are the roll-up of a span."""
        made = []
        if shorter is not None:
            parts = self._roll_parts(shorter, first, last)
            if parts:
                rows = self._roll_rows(shorter, parts, span(first, last))
                made.append(self._dialect.roll_again(rows, roll.us))
            if shorter is not Roll.S1:
                return made
        for name, places in self._places(first, last).items():
            for fast, devices in self._catalog.by_speed(name).items():
                # Of slow tags seconds would repeat the readings: they begin with the next roll-up.
                if fast is (shorter is not None) and Roll.S1 in (roll, shorter):
                    continue
                relation = self._amended_relation(places, name, devices, (first, last), True)
                if relation is not None:
                    number = self._catalog.tags[name]
                    made.append(self._dialect.roll_raw(relation, number, roll.us))
        return made

    def _places(self, first: int, last: int) -> dict[str, list[Source]]:
        """Sources of each tag that has readings or corrections in a span."""
        sources: dict[str, list[Source]] = {}
        for source in self._held_sources():
            if source.kind == "w" and self._parts(source, first, last):
                for tag in self._catalog.tables[source.digest].groups[source.group]:
                    sources.setdefault(tag.name, []).append(source)
        for name in self._narrow_tags(first, last):
            sources.setdefault(name, []).append(NARROW)
        corrected = {tag for _, tag in self._catalog.amended}
        for name, number in self._catalog.tags.items():
            if number in corrected:
                sources.setdefault(name, [])
        return sources

    def _narrow_tags(self, first: int, last: int) -> list[str]:
        parts = self._parts(NARROW, first, last)
        if not parts:
            return []
        rows = self._read(
            f"SELECT DISTINCT _tag FROM ({union(parts, '_tag', span(first, last))}) AS n"
        )
        there = set(rows["_tag"].to_pylist())
        return [name for name, number in self._catalog.tags.items() if number in there]

    def _days_kept(self, source: Source, policy: Retention) -> int | None:
        if source.kind == "r":
            return policy.rolls.get(Roll(source.group))
        if source == QUALITY:
            kept = [policy.raw_days, *policy.tables.values()]
            return None if None in kept else max(days for days in kept if days is not None)
        name = "" if source == NARROW else self._catalog.tables[source.digest].name
        return policy.tables.get(name, policy.raw_days)
