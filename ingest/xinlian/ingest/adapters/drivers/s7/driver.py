"""Driver and sessions of S7 controllers.

Tags of a rate group are coalesced per area into few reads that each fit the negotiated PDU. A read
that the controller refuses as a whole (a block shorter than the plan thought) is split into its
tags, so that one wrong address does not take its neighbours along.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from snap7.async_client import AsyncClient
from snap7.datatypes import S7WordLen
from snap7.error import S7ConnectionError, S7Error, S7TimeoutError
from snap7.type import Area
from xinlian.ingest.adapters.drivers.endpoint import Endpoint
from xinlian.ingest.adapters.drivers.s7.address import Place, from_wire, place_of, to_wire
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.plan import coalesce
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Driver", "Options", "S7Session", "options"]

AREAS: Final = {"DB": Area.DB, "M": Area.MK, "I": Area.PE, "Q": Area.PA}
CONNECTIONS: Final = {"pg": 1, "op": 2, "basic": 3}
ANSWER_BYTES: Final = 18
"""Bytes of an answer's PDU that are not data."""
SILENT_MAX: Final = 3  # timeouts in a row after which the link is taken for lost
_CODE: Final = re.compile(r"\(0x([0-9a-f]{2})\)")
_QUALITY: Final = {0x05: Quality.UNKNOWN_TAG, 0x0A: Quality.UNKNOWN_TAG}
"""Return codes of an item: address out of range, object does not exist."""

# The library logs every refused read as an error; it is told by the quality already.
logging.getLogger("snap7").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Options:
    """What an endpoint says."""

    host: str
    port: int
    rack: int
    slot: int
    connection: int
    max_gap: int
    """Bytes nobody asked for that are read along to save a request."""
    pdu: int
    """Length of a PDU that is proposed to the controller; it may shorten it."""


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    ask = Endpoint(device)
    made = Options(
        ask.text("host"),
        ask.integer("port", 0, 65_535, 102),
        ask.integer("rack", 0, 7, 0),
        ask.integer("slot", 0, 31, 1),
        CONNECTIONS[ask.one_of("connection", tuple(CONNECTIONS), "pg")],
        ask.integer("max_gap", 0, 1_024, 32),
        ask.integer("pdu", 64, 960, 480),
    )
    ask.done()
    return made


@dataclass(frozen=True, slots=True)
class _Read:
    """One request: bytes of an area, and the columns that lie in them."""

    area: str
    db: int
    start: int
    size: int
    columns: tuple[int, ...]


def planned(places: Sequence[Place], max_gap: int, size_max: int) -> list[_Read]:
    """Cover all places with reads of at most ``size_max`` bytes."""
    by_area: dict[tuple[str, int], list[int]] = {}
    for column, place in enumerate(places):
        by_area.setdefault((place.area, place.db), []).append(column)
    made: list[_Read] = []
    for (area, db), columns in by_area.items():
        spans = [(places[column].start, places[column].size) for column in columns]
        for request in coalesce(spans, max_gap=max_gap, size_max=size_max):
            members = tuple(columns[member] for member in request.members)
            made.append(_Read(area, db, request.start, request.size, members))
    return made


class S7Session:
    """One link to one controller; requests on it go one after the other."""

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.device = device
        self.options = options(device)
        self.sinks = sinks
        self.timeout_s = device.timeout_ms / 1_000
        self.groups = device.table.groups
        self.places = [[place_of(tag) for tag in tags] for tags in self.groups]
        self.plans: list[list[_Read]] = []
        self.client: AsyncClient | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.turn = asyncio.Lock()
        self.silent = 0

    async def open(self) -> None:
        """Connect and agree on the length of a PDU."""
        await self.close()
        wanted = self.options
        client = AsyncClient()
        client.connection_type = wanted.connection
        client.pdu_length = wanted.pdu
        try:
            async with asyncio.timeout(self.timeout_s):
                await client.connect(wanted.host, wanted.rack, wanted.slot, wanted.port)
            if client.pdu_length <= ANSWER_BYTES + 8:
                raise DriverError(f"a PDU of {client.pdu_length} bytes", Quality.MALFORMED)
        except (TimeoutError, S7TimeoutError) as exc:
            await _let_go(client)
            raise DriverError(f"{self._where} does not answer", Quality.TIMEOUT) from exc
        except (S7Error, OSError, DriverError) as exc:
            await _let_go(client)
            quality = exc.quality if isinstance(exc, DriverError) else Quality.NO_CONNECTION
            raise DriverError(f"no link to {self._where}: {exc}", quality) from exc
        except BaseException:
            await _let_go(client)
            raise
        if client.connection is not None:
            client.connection.timeout = self.timeout_s
        size_max = min(client.pdu_length, wanted.pdu) - ANSWER_BYTES
        self.plans = [planned(places, wanted.max_gap, size_max) for places in self.places]
        self.client, self.silent = client, 0

    @property
    def _where(self) -> str:
        return f"{self.options.host}:{self.options.port}"

    def poll(self, group: int) -> None:
        """Read the group; its row comes within the timeout."""
        if self.client is None or not self.client.get_connected():
            self.sinks[group].failed(Quality.NO_CONNECTION)
            return
        task = asyncio.get_running_loop().create_task(self._poll(self.client, group))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _poll(self, client: AsyncClient, group: int) -> None:
        try:
            async with self.turn, asyncio.timeout(self.timeout_s):
                values, quality = await self._read(client, group)
        except asyncio.CancelledError:
            self.sinks[group].failed(Quality.NO_CONNECTION)
            raise
        except (TimeoutError, S7TimeoutError):
            self.silent += 1
            if self.silent >= SILENT_MAX:
                await self._lost(client)
            self.sinks[group].failed(Quality.TIMEOUT)
        except (S7ConnectionError, OSError):
            await self._lost(client)
            self.sinks[group].failed(Quality.NO_CONNECTION)
        except (S7Error, ValueError, LookupError):
            await self._lost(client)  # the stream of frames cannot be trusted any more
            self.sinks[group].failed(Quality.MALFORMED)
        else:
            self.silent = 0
            self.sinks[group].row(values, quality if any(quality) else None)

    async def _read(
        self, client: AsyncClient, group: int
    ) -> tuple[list[int | float | None], list[int]]:
        tags, places = self.groups[group], self.places[group]
        values: list[int | float | None] = [None] * len(tags)
        quality = [int(Quality.MALFORMED)] * len(tags)
        left, kept = deque(self.plans[group]), list[_Read]()
        while left:  # each refused read is split at most once: bounded by the tags
            read = left.popleft()
            try:
                data = bytes(
                    await client.read_area(AREAS[read.area], read.db, read.start, read.size)
                )
            except S7Error as exc:
                refused = _refusal(exc)
                if refused is None:
                    raise
                if len(read.columns) > 1:
                    left.extendleft(reversed(list(_split(read, places))))
                    continue
                quality[read.columns[0]] = refused
            else:
                for column in read.columns:
                    at = places[column].start - read.start
                    part = data[at : at + places[column].size]
                    values[column] = from_wire(tags[column], places[column], part)
                    quality[column] = Quality.GOOD
            kept.append(read)
        self.plans[group] = kept
        return values, quality

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Write one value; a bit is written as a bit, so that its neighbours stay."""
        client, place = self.client, place_of(tag)
        if client is None or not client.get_connected():
            raise DriverError(f"no link to {self._where}")
        try:
            data = to_wire(tag, raw)
        except (OverflowError, ValueError) as exc:
            raise DriverError(f"{tag.name}: {exc}", Quality.OUT_OF_RANGE) from exc
        try:
            async with self.turn, asyncio.timeout(self.timeout_s):
                area = AREAS[place.area]
                if place.bit < 0:
                    await client.write_area(area, place.db, place.start, bytearray(data))
                    return
                mapped, bit = client._map_area(area), place.start * 8 + place.bit
                request = client.protocol.build_write_request(
                    mapped, place.db, bit, S7WordLen.BIT, data
                )
                client.protocol.check_write_response(await client._send_receive(request))
        except (TimeoutError, S7TimeoutError) as exc:
            raise DriverError(f"{tag.name}: no answer to a write", Quality.TIMEOUT) from exc
        except (S7ConnectionError, OSError) as exc:
            await self._lost(client)
            raise DriverError(f"{tag.name}: link lost: {exc}") from exc
        except S7Error as exc:
            quality = _refusal(exc) or Quality.DEVICE_ERROR
            raise DriverError(f"{tag.name}: {exc}", quality) from exc

    async def _lost(self, client: AsyncClient) -> None:
        if self.client is client:
            self.client = None
        await _let_go(client)

    async def close(self) -> None:
        """Let go of the link; polls under way fail."""
        client, self.client = self.client, None
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if client is not None:
            await _let_go(client)


async def _let_go(client: AsyncClient) -> None:
    with suppress(Exception):
        async with asyncio.timeout(1):
            await client.disconnect()


def _refusal(exc: S7Error) -> Quality | None:
    """What a controller's refusal of a request means; ``None`` if it was none."""
    if isinstance(exc, (S7ConnectionError, S7TimeoutError)):
        return None
    if exc.error_code:
        return Quality.DEVICE_ERROR
    found = _CODE.search(str(exc))
    if found is None:
        return None
    return _QUALITY.get(int(found[1], 16), Quality.DEVICE_ERROR)


def _split(read: _Read, places: Sequence[Place]) -> list[_Read]:
    return [
        _Read(read.area, read.db, places[column].start, places[column].size, (column,))
        for column in read.columns
    ]


class Driver:
    """S7 communication: stateless."""

    @property
    def version(self) -> str:
        """Name and version."""
        return "s7/1"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        options(device)
        for tag in device.table.tags:
            place_of(tag)

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> S7Session:
        """A session, not open yet."""
        return S7Session(device, sinks)
