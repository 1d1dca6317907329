"""The parameters of EPCIS's simple event query under the names of the standard."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from xinlian.services.app.trace_epcis import EVENTS_MAX, EventFilter

__all__ = ["event_filter"]


def _named(name: str) -> Any:
    return Query(alias=name, min_length=1, max_length=4_096, pattern=r"^[^\x00-\x1f\x7f]+$")


def event_filter(
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
    has_error: Annotated[
        Literal["true", "false"] | None, Query(alias="EXISTS_errorDeclaration")
    ] = None,
    page: Annotated[
        str | None, Query(alias="nextPageToken", pattern=r"^[0-9]{1,15}-[0-9]{1,15}$")
    ] = None,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=EVENTS_MAX)] = 30,
) -> EventFilter:
    """The filter for the parameters that were given."""
    return EventFilter(
        event_type=event_type,
        event_id=event_id,
        from_time=from_time,
        to_time=to_time,
        action=action,
        biz_step=biz_step,
        disposition=disposition,
        read_point=read_point,
        biz_location=biz_location,
        any_epc=any_epc,
        any_class=any_class,
        has_error=has_error,
        page=page,
        per_page=per_page,
    )
