"""Takes in EPCIS 2.0: JSON-LD and XML documents and single events, a row per event."""

from __future__ import annotations

from collections.abc import Iterator

from xinlian.trace.adapters.epcis.document import DOCUMENT_BYTES_MAX, EVENTS_MAX, rows_of
from xinlian.trace.adapters.epcis.json_reader import json_events
from xinlian.trace.adapters.epcis.xml_reader import xml_events
from xinlian.trace.model.capture import Row

__all__ = ["DOCUMENT_BYTES_MAX", "EVENTS_MAX", "epcis_rows"]


def epcis_rows(data: bytes, owner: int, kind: str = "auto") -> Iterator[Row]:
    """A row per event of a document, in order: its facts, or its problem with the path.

    ``owner`` is the party that brings the document; ``kind`` is ``json``, ``xml`` or ``auto``
    (told by the first character). Raises ``SourceError`` where the document as a whole cannot be
    read; an XML document may turn out so in the middle.
    """
    if kind == "auto":
        kind = "xml" if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" else "json"
    yield from rows_of(xml_events(data) if kind == "xml" else json_events(data), owner)
