"""The parameters of EPCIS's simple event query that are asked most, for the API document.

The query understands more of them (``xinlian.trace.model.epcis.query``); what it does not
understand it refuses by name.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

__all__ = ["told"]


def _named(name: str) -> Any:
    return Query(alias=name, max_length=4_096)


def told(
    event_type: Annotated[str | None, _named("eventType")] = None,
    event_id: Annotated[str | None, _named("EQ_eventID")] = None,
    from_time: Annotated[str | None, _named("GE_eventTime")] = None,
    to_time: Annotated[str | None, _named("LT_eventTime")] = None,
    action: Annotated[str | None, _named("EQ_action")] = None,
    biz_step: Annotated[str | None, _named("EQ_bizStep")] = None,
    disposition: Annotated[str | None, _named("EQ_disposition")] = None,
    read_point: Annotated[str | None, _named("EQ_readPoint")] = None,
    biz_location: Annotated[str | None, _named("EQ_bizLocation")] = None,
    any_epc: Annotated[str | None, _named("MATCH_anyEPC")] = None,
    any_class: Annotated[str | None, _named("MATCH_anyEPCClass")] = None,
    has_error: Annotated[str | None, _named("EXISTS_errorDeclaration")] = None,
    page: Annotated[str | None, _named("nextPageToken")] = None,
    per_page: Annotated[str | None, _named("perPage")] = None,
) -> None:
    """Only tells the document of them: the query reads the address itself."""
