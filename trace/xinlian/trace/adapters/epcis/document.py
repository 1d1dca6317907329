"""What JSON and XML documents of EPCIS have in common: their events as rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from xinlian.trace.model.capture import Problem, Row
from xinlian.trace.model.epcis.facts import facts_of_event
from xinlian.trace.model.epcis.names import EpcisError, Names
from xinlian.trace.model.epcis.normal import normal_event

__all__ = ["DOCUMENT_BYTES_MAX", "EVENTS_MAX", "RawEvent", "rows_of"]

DOCUMENT_BYTES_MAX: Final = 64 * 1024 * 1024
EVENTS_MAX: Final = 1_000_000

RawEvent = tuple[str, object, Names | EpcisError]
"""Its place, the event in the structure of JSON, and its names or why they cannot be told."""


def rows_of(events: Iterable[RawEvent]) -> Iterator[Row]:
    """A row per event: its facts, or its problem with the path in the document."""
    for number, (place, raw, names) in enumerate(events, start=1):
        source = ""
        try:
            source = json.dumps(raw, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            if isinstance(names, EpcisError):
                raise names
            document = normal_event(raw, names)
            yield Row(number, place, source, facts_of_event(document))
        except EpcisError as exc:
            path = f"{place}.{exc.path}" if exc.path else place
            yield Row(number, place, source, problem=Problem(path, exc.why, exc.why_zh))
        except RecursionError:
            yield Row(
                number, place, source, problem=Problem(place, "is nested too deep", "嵌套过深")
            )
