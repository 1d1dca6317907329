"""Driver and sessions of pushes.

A batch is known by its key: sent again it is not taken again, whether the first try was answered,
is under way or was taken in part. Keys are remembered while the collector runs, the last
``KEYS_MAX`` of each device. After a restart readings with a time are known by time and content,
from the end of the log: of a batch whose answer was lost no reading stands twice, and what was not
recorded yet is taken. Readings without a time are known by their key alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from xinlian.ingest.adapters.drivers.endpoint import Endpoint, secret, wrong_address
from xinlian.ingest.adapters.drivers.http.batch import BatchError, Reading, readings
from xinlian.ingest.adapters.drivers.http.listener import (
    Answer,
    Listener,
    Place,
    Pushed,
    give_back,
    refused,
    take,
)
from xinlian.ingest.adapters.drivers.http.taken import Batch
from xinlian.ingest.adapters.drivers.reported import (
    TIME_UNITS,
    Image,
    Put,
    Told,
    judge_time,
    taken,
)
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.model.tags import Access, Tag
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["Driver", "HttpSession", "Options", "options", "token_line"]

KEYS_MAX: Final = 1_024
UNDER_WAY_MAX: Final = 8
"""Batches of a device that may wait for the disk."""
RESULTS_MAX: Final = 1_000
"""Values whose refusal is told one by one."""
ROOM_S: Final = 2.0
DURABLE_S: Final = 30.0
_HASH: Final = re.compile(r"sha256:([0-9a-f]{64})")


def token_line(token: str) -> str:
    """What stands in a token file: no more than a hash, as tokens are random."""
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Options:
    """What an endpoint says."""

    place: Place
    token_file: str
    device_token_file: str
    """The token itself: for the simulator, that plays the device's side."""
    time_unit: str


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    ask = Endpoint(device)
    place = Place(
        ask.text("listen", "127.0.0.1"),
        ask.integer("port", 0, 65_535, 8_087),
        ask.text("cert_file", "", most=4_096),
        ask.text("key_file", "", most=4_096),
        ask.integer("body_kb_max", 1, 65_536, 1_024) << 10,
    )
    if bool(place.cert_file) != bool(place.key_file):
        ask.refuse("cert_file", "goes with key_file", "须与 key_file 同时给出")
    made = Options(
        place,
        ask.text("token_file", most=4_096),
        ask.text("device_token_file", "", most=4_096),
        ask.one_of("time_unit", tuple(TIME_UNITS), "iso"),
    )
    ask.done()
    return made


class HttpSession:
    """The pushes of one device."""

    unasked = True

    def __init__(self, device: Device, sinks: Sequence[Sink]) -> None:
        self.device = device
        self.options = options(device)
        self.sinks = sinks
        groups = device.table.groups
        self.images = [Image(tags, sink) for tags, sink in zip(groups, sinks, strict=True)]
        self.places = {
            tag.address: (group, column, tag)
            for group, tags in enumerate(groups)
            for column, tag in enumerate(tags)
        }
        self.batches: OrderedDict[str, Batch] = OrderedDict()
        self.under_way = 0
        self.hash = b""
        self.listener: Listener | None = None

    async def open(self) -> None:
        """Listen; the device need not be there yet."""
        await self.close()
        listener = take(self.options.place)
        try:
            found = _HASH.fullmatch(secret(self.options.token_file).strip())
            if found is None:
                raise DriverError(
                    f"{self.options.token_file} holds no line sha256: and 64 hex digits"
                )
            self.hash = bytes.fromhex(found[1])
            await listener.listen()
            if self.device.id in listener.devices:
                raise DriverError(f"two devices are called {self.device.id}")
        except (OSError, ValueError) as exc:
            give_back(listener)
            place = self.options.place
            raise DriverError(f"cannot listen on {place.host}:{place.port}: {exc}") from exc
        except BaseException:
            give_back(listener)
            raise
        listener.devices[self.device.id] = self
        self.listener = listener

    def poll(self, group: int) -> None:
        """Devices push by themselves."""
        if self.listener is None:
            self.sinks[group].failed(Quality.NO_CONNECTION)

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Devices that push are not written."""
        raise DriverError(f"{tag.name} is not set to {raw}: a device that pushes is only read")

    async def close(self) -> None:
        """Take no more pushes of this device."""
        if self.listener is not None:
            listener, self.listener = self.listener, None
            listener.devices.pop(self.device.id, None)
            give_back(listener)

    def admits(self, token: str) -> bool:
        """Whether the token is this device's; compared in constant time."""
        return hmac.compare_digest(hashlib.sha256(token.encode()).digest(), self.hash)

    async def push(self, pushed: Pushed) -> Answer:
        """Take, and answer when durable."""
        digest = hashlib.sha256(pushed.kind.encode() + b"\0" + pushed.body).digest()
        batch = self.batches.get(pushed.key)
        if batch is not None and batch.digest != digest:
            return refused(409, "another batch has this key", "该键已用于另一批读数")
        if self.under_way >= UNDER_WAY_MAX:
            return refused(429, "too many batches are under way", "处理中的批次过多", retry_s=1)
        repeated = batch is not None
        if batch is None:
            try:
                batch = self._batch(digest, readings(pushed.kind, pushed.body))
            except BatchError as exc:
                return refused(400, str(exc), exc.zh)
            self._remember(pushed.key, batch)
        else:
            self.batches.move_to_end(pushed.key)
        self.under_way += 1
        try:
            return await self._store(batch, repeated)
        finally:
            self.under_way -= 1

    def _remember(self, key: str, batch: Batch) -> None:
        self.batches[key] = batch
        while len(self.batches) > KEYS_MAX:
            self.batches.popitem(last=False)

    async def _store(self, batch: Batch, repeated: bool) -> Answer:
        loop = asyncio.get_running_loop()
        end = loop.time() + ROOM_S
        async with batch.turn:
            while batch.next < len(batch.puts):
                if batch.puts[batch.next](batch.durable):
                    batch.next += 1
                    continue
                if loop.time() >= end:
                    return refused(503, "there is no room now", "目前没有空间", retry_s=2)
                await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(DURABLE_S):
                await batch.all_durable.wait()
        except TimeoutError:
            return refused(503, "the disk is too slow", "磁盘写入过慢", retry_s=5)
        return Answer(200, {**batch.body, "repeated": repeated})

    def _batch(self, digest: bytes, given: Sequence[Reading]) -> Batch:
        results: list[dict[str, Any]] = []
        puts: list[Put] = []
        good = bad = 0
        for number, reading in enumerate(given):
            source_us = judge_time(self._time(reading), self.options.time_unit)
            clock = reading.timed and source_us is None
            rows: dict[int, dict[int, Told]] = {}
            for name, value in reading.values.items():
                told = self._told(name, value, rows, clock)
                if told < BAD_MIN:
                    good += 1
                    continue
                bad += 1
                if len(results) < RESULTS_MAX:
                    results.append({"reading": number, "value": name[:200], "quality": told.name})
            puts += [self.images[group].past(told_of, source_us) for group, told_of in rows.items()]
        body = {"readings": len(given), "accepted": good, "refused": bad, "results": results}
        return Batch(digest, body, puts, left=len(puts))

    def _time(self, reading: Reading) -> Any:
        if self.options.time_unit != "iso" and isinstance(reading.time, str):
            try:
                return float(reading.time)
            except ValueError:
                return None  # in CSV a number is a text
        return reading.time

    def _told(
        self, name: str, value: Any, rows: dict[int, dict[int, Told]], clock: bool
    ) -> Quality:
        place = self.places.get(name)
        if place is None:
            return Quality.UNKNOWN_TAG
        group, column, tag = place
        told: Told = (None, Quality.CLOCK) if clock else taken(tag, value)
        rows.setdefault(group, {})[column] = told
        return told[1]


class Driver:
    """HTTP push: stateless."""

    resends = True

    @property
    def version(self) -> str:
        """Name and version."""
        return "http/1"

    def check(self, device: Device) -> None:
        """Refuse what cannot be: ``TagError``."""
        options(device)
        seen: set[str] = set()
        for tag in device.table.tags:
            if tag.access is Access.READ_WRITE:
                raise wrong_address(
                    tag.name, tag.address, "a device that pushes cannot be written",
                    "推送读数的设备不可写入",
                )  # fmt: skip
            if not tag.address or len(tag.address) > 200 or tag.address == "time":
                raise wrong_address(
                    tag.name, tag.address, "is the name of a value in the body, not time",
                    "须为请求体中数值的名称，且不为 time",
                )  # fmt: skip
            if tag.address in seen:
                raise wrong_address(tag.name, tag.address, "stands twice", "重复")
            seen.add(tag.address)

    def decoder(self, device: Device, group: int) -> None:
        """Sessions give rows."""

    def session(self, device: Device, sinks: Sequence[Sink]) -> HttpSession:
        """A session, not open yet."""
        return HttpSession(device, sinks)
