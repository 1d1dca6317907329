"""Documents and events that the tests of EPCIS share."""

import json
from pathlib import Path
from typing import Any

SHARED = Path(__file__).parents[4] / "shared" / "data"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
OWN = {"example": "https://ns.example.com/epcis/"}


def event(**fields: Any) -> dict[str, Any]:
    """A good ObjectEvent with some fields changed; None takes a field out."""
    made: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T08:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": ["urn:epc:id:sgtin:4012345.011111.9876"],
        "action": "OBSERVE",
        "bizStep": "inspecting",
    } | fields
    return {name: value for name, value in made.items() if value is not None}


def document(*events: Any, **fields: Any) -> bytes:
    """A document of some events as JSON bytes."""
    made: dict[str, Any] = {
        "@context": [CONTEXT, OWN],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T08:00:00.000+08:00",
        "epcisBody": {"eventList": list(events)},
    } | fields
    return json.dumps({key: value for key, value in made.items() if value is not None}).encode()


XML = """<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:example="https://ns.example.com/epcis/"
  xmlns:cbvmda="urn:epcglobal:cbv:mda" schemaVersion="2.0" creationDate="2026-03-01T00:00:00Z">
<EPCISBody><EventList>{events}</EventList></EPCISBody></epcis:EPCISDocument>"""


def xml(events: str) -> bytes:
    """A document of some events as XML bytes."""
    return XML.replace("{events}", events).encode()


GOOD_XML = (
    "<ObjectEvent><eventTime>2026-03-01T00:00:00Z</eventTime><eventTimeZoneOffset>+08:00"
    "</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:4012345.011111.9876</epc></epcList>"
    "<action>OBSERVE</action></ObjectEvent>"
)
