"""Telemetry of the caller's party: devices, newest values, windows, steps, files, live values."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import Query, Response
from fastapi.concurrency import run_in_threadpool
from xinlian.ingest.model.query import Aggregate, Latest
from xinlian.services.api.live import LiveResponse
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.telemetry import (
    DeviceName,
    LatestsView,
    ReadingsView,
    StepsView,
    TagName,
    TelemetryDevicesView,
    TelemetryDeviceView,
    latest_view,
)
from xinlian.services.api.sent_file import SentFile
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.app.actors import Actor
from xinlian.services.app.telemetry_live import Wanted, check_wanted, newest_of
from xinlian.services.app.telemetry_query import READINGS_MAX

router = guarded_router("telemetry", "/telemetry")

LIFE_SECONDS: Final = 1_800
_ROWS: Final = 500
_DAY_MS: Final = 86_400_000
_MS_MAX: Final = 253_402_300_799_999
_SSE: Final = "text/event-stream"
_KINDS: Final = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": dict.fromkeys(_KINDS.values(), _BINARY)}
}

Devices = Annotated[list[DeviceName], Query(alias="device", max_length=200, default_factory=list)]
Tags = Annotated[list[TagName], Query(alias="tag", max_length=64, default_factory=list)]
Aggregates = Annotated[
    list[Aggregate],
    Query(alias="aggregate", min_length=1, max_length=6, default_factory=lambda: [Aggregate.AVG]),
]
Device = Annotated[DeviceName, Query(description="Name of a device.")]
Since = Annotated[int, Query(ge=0, le=_MS_MAX, description="From this time on (ms since 1970).")]
Until = Annotated[int, Query(ge=1, le=_MS_MAX, description="Before this time.")]


def party_of(actor: Actor) -> int:
    """The party whose telemetry is read: the caller's."""
    return int(actor.party or 0)


@router.get("/devices")
def list_telemetry_devices(state: StateDep, actor: ActorDep) -> TelemetryDevicesView:
    """Every device of your party that told something, with its tags and units."""
    known = state.app.telemetry.reads.devices(party_of(actor))
    return TelemetryDevicesView(items=[TelemetryDeviceView.of(each) for each in known])


@router.get("/latest")
def get_latest_readings(
    state: StateDep,
    actor: ActorDep,
    devices: Devices,
    tags: Tags,
) -> LatestsView:
    """The newest reading of each tag; of all devices if none is named."""
    reads, party = state.app.telemetry.reads, party_of(actor)
    units = reads.units(party, devices, tags)
    return LatestsView(
        items=[latest_view(each, units) for each in reads.latest(party, devices, tags)]
    )


@router.get("/readings")
def get_readings(
    state: StateDep,
    actor: ActorDep,
    device: Device,
    since_ms: Since,
    until_ms: Until,
    tags: Tags,
    limit: Annotated[
        int | None, Query(ge=1, le=READINGS_MAX, description="Rows of a tag at most.")
    ] = None,
) -> ReadingsView:
    """Readings of a device as they were taken, at most 20,000 values; all its tags if none is
    named. Without a limit 500 rows a tag, or as many as fit."""
    reads, party = state.app.telemetry.reads, party_of(actor)
    units = reads.units(party, [device], tags)
    rows = limit or min(_ROWS, max(1, READINGS_MAX // len(tags or units[device])))
    found = reads.readings(party, device, tags, 1000 * since_ms, 1000 * until_ms, rows)
    return ReadingsView.of(device, found, rows, units)


@router.get("/steps")
def get_reading_steps(
    state: StateDep,
    actor: ActorDep,
    devices: Annotated[list[DeviceName], Query(alias="device", min_length=1, max_length=200)],
    tags: Annotated[list[TagName], Query(alias="tag", min_length=1, max_length=64)],
    since_ms: Since,
    until_ms: Until,
    step_ms: Annotated[int, Query(ge=1, le=366 * _DAY_MS, description="Length of a step.")],
    aggregates: Aggregates,
) -> StepsView:
    """Aggregates per step of tags of one or many devices: at most 20,000 values."""
    found = state.app.telemetry.reads.steps(
        party_of(actor),
        devices,
        tags,
        1000 * since_ms,
        1000 * until_ms,
        1000 * step_ms,
        list(dict.fromkeys(aggregates)),
    )
    return StepsView.of(found)


@router.get("/export", response_class=Response, responses=_FILE)
def export_readings(
    state: StateDep,
    actor: ActorDep,
    device: Device,
    since_ms: Since,
    until_ms: Until,
    tags: Tags,
    form: Annotated[Literal["parquet", "csv"], Query(description="Form of the file.")] = "csv",
) -> Response:
    """Readings of a device as a file of fewer than 5,000,000 values."""
    times = (1000 * since_ms, 1000 * until_ms)
    reads = state.app.telemetry.reads
    with ExitStack() as stack:
        path = stack.enter_context(reads.export(party_of(actor), device, tags, *times, form))
        return SentFile(path, stack.pop_all(), media_type=_KINDS[form], name=f"{device}.{form}")


@router.get(
    "/live",
    response_class=Response,
    responses={200: {"content": {_SSE: {"schema": {"type": "string"}}}}},
)
async def stream_readings(
    state: StateDep,
    actor: ActorDep,
    devices: Devices,
    tags: Tags,
    seconds: Annotated[
        int, Query(ge=1, le=LIFE_SECONDS, description="The stream ends after so long.")
    ] = LIFE_SECONDS,
) -> Response:
    """New values as they are stored, once a second, as server-sent events. Every event holds the
    tags that changed since the one before."""
    reads, party = state.app.telemetry.reads, party_of(actor)
    wanted = Wanted(frozenset(devices), frozenset(tags))
    await run_in_threadpool(check_wanted, reads, party, wanted)

    async def allowed() -> bool:
        return await run_in_threadpool(state.actor_again, actor.token) == actor

    listener = state.live.listen(
        party, actor.token, wanted, partial(newest_of, reads, party), live_item
    )
    return LiveResponse(listener, listener.events(seconds, allowed))


def live_item(latest: Latest, unit: str) -> dict[str, Any]:
    """The member of an event."""
    return latest_view(latest, {latest.device: {latest.tag: unit}}).model_dump()
