"""What JSON and XML documents of EPCIS have in common: their events as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from xinlian.trace.model.capture import Problem, Row
from xinlian.trace.model.epcis.facts import facts_of_event
from xinlian.trace.model.epcis.names import Names
from xinlian.trace.model.epcis.normal import normal_event
from xinlian.trace.model.json_text import dump_json
from xinlian.trace.model.sources import SourceError

__all__ = ["DOCUMENT_BYTES_MAX", "EVENTS_MAX", "RawEvent", "rows_of"]

DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024
EVENTS_MAX: Final = 1_000_000

HEADER: Final = "epcisHeader"
RawEvent = tuple[str, object, Names | SourceError]
"""Its place, the event in the structure of JSON, and its names or why they cannot be told."""


def rows_of(events: Iterable[RawEvent], owner: int) -> Iterator[Row]:
    """A row per event: its facts, or its problem with the path in the document.

    A header is kept as a row without facts.
    """
    for number, (place, raw, names) in enumerate(events, start=1):
        source = ""
        try:
            source = dump_json(raw)
            if isinstance(names, SourceError):
                raise names
            if place == HEADER:
                yield Row(number, place, source)
                continue
            document = normal_event(raw, names)
            yield Row(number, place, source, facts_of_event(document, owner))
        except SourceError as exc:
            path = f"{place}.{exc.path}" if exc.path else place
            yield Row(number, place, source, problem=Problem(path, exc.why, exc.why_zh))
        except RecursionError:
            yield Row(
                number, place, source, problem=Problem(place, "is nested too deep", "嵌套过深")
            )
