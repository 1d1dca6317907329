"""Whether a vehicle can still be stopped, by the last of its events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from xinlian.trace.model.facts import Event
from xinlian.trace.model.recall import Whereabouts

__all__ = ["DISPOSITIONS", "told_by", "whereabouts_of"]

_FIELD: Final = "retail_sold dispensed sold handed_over in_use"
_STOPPABLE: Final = (
    "active in_progress in_transit sellable_accessible sellable_not_accessible conformant "
    "container_closed non_conformant non_sellable_other needs_replacement reserved returned "
    "recalled encoded inactive no_pedigree_match partially_dispensed stopped available unavailable"
)
DISPOSITIONS: Final = {
    **dict.fromkeys(_FIELD.split(), Whereabouts.FIELD),
    **dict.fromkeys(_STOPPABLE.split(), Whereabouts.STOPPABLE),
}
"""What the last word of a CBV 2.0 disposition tells."""


def whereabouts_of(events: Iterable[Event]) -> Whereabouts:
    """By the disposition of the last event that has one of those above; later captured wins among
    events of the same time."""
    found: tuple[int, Whereabouts] | None = None
    for event in events:
        told = told_by(event.disposition)
        if told is not None and (found is None or event.event_time_ms >= found[0]):
            found = event.event_time_ms, told
    return Whereabouts.UNKNOWN if found is None else found[1]


def told_by(disposition: str) -> Whereabouts | None:
    """What a disposition tells, if anything; given as a word, URN or URL."""
    word = disposition.replace("-", ":").replace("/", ":").rsplit(":", 1)[-1]
    return DISPOSITIONS.get(word)
