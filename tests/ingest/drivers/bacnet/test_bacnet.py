# mypy: disable-error-code="import-untyped"
"""The driver against a BACnet device made of bacpypes3's own objects, and our simulator."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bacpypes3.apdu import RejectPDU
from bacpypes3.app import Application
from bacpypes3.local.analog import AnalogInputObject, AnalogValueObjectCmd
from bacpypes3.local.binary import BinaryInputObject
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.multistate import MultiStateInputObject
from bacpypes3.local.networkport import NetworkPortObject
from xinlian.ingest.adapters.drivers.bacnet import discover, driver, simulator
from xinlian.ingest.adapters.drivers.bacnet.points import judge, point
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, TagError, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.sinks import KeptSink, Waves, device, in_loop, until

FLOAT = ValueType.FLOAT32
TAGS = (
    Tag(name="room", address="ai:1", type=FLOAT),
    Tag(name="wire", address="analog-input:2", type=FLOAT),
    Tag(name="hand", address="ai:3", type=FLOAT),
    Tag(name="target", address="av:1", type=FLOAT, access=Access.READ_WRITE),
    Tag(name="door", address="bi:1", type=ValueType.BOOL),
    Tag(name="mode", address="mi:1", type=ValueType.UINT8),
    Tag(name="absent", address="ai:99", type=FLOAT),
    Tag(name="step", address="ai:1.cov-increment", type=FLOAT),
)


def free_udp() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Peer(Application):  # type: ignore[misc]
    """A device, with a switch that makes it an old one."""

    plain = False

    async def do_ReadPropertyMultipleRequest(self, apdu: Any) -> None:  # noqa: N802
        if self.plain:
            await self.response(RejectPDU(apdu.apduInvokeID, 9, context=apdu))
        else:
            await super().do_ReadPropertyMultipleRequest(apdu)


@asynccontextmanager
async def peer(*, plain: bool = False) -> AsyncIterator[int]:
    port = free_udp()
    app = Peer.from_object_list([
        DeviceObject(objectIdentifier=("device", 77), objectName="peer", vendorIdentifier=999),
        NetworkPortObject(f"127.0.0.1/32:{port}", objectIdentifier=("network-port", 1),
                          objectName="np"),
    ])  # fmt: skip
    app.plain = plain
    usual = {"eventState": "normal", "outOfService": False}
    analog = {**usual, "units": "degrees-celsius"}
    for made in (
        AnalogInputObject(objectIdentifier=("analog-input", 1), objectName="a1", covIncrement=0.5,
                          presentValue=21.5, statusFlags=[0, 0, 0, 0], **analog),
        AnalogInputObject(objectIdentifier=("analog-input", 2), objectName="a2",
                          reliability="open-loop", presentValue=0.0, statusFlags=[0, 1, 0, 0],
                          **analog),
        AnalogInputObject(objectIdentifier=("analog-input", 3), objectName="a3", presentValue=5.0,
                          statusFlags=[0, 0, 0, 1], **{**analog, "outOfService": True}),
        AnalogValueObjectCmd(objectIdentifier=("analog-value", 1), objectName="v1",
                             presentValue=1.0, relinquishDefault=1.0, statusFlags=[0, 0, 0, 0],
                             **analog),
        BinaryInputObject(objectIdentifier=("binary-input", 1), objectName="b1",
                          presentValue="active", statusFlags=[1, 0, 0, 0], polarity="normal",
                          **usual),
        MultiStateInputObject(objectIdentifier=("multi-state-input", 1), objectName="m1",
                              presentValue=3, numberOfStates=4, statusFlags=[0, 0, 0, 0], **usual),
    ):  # fmt: skip
        app.add_object(made)
    await asyncio.sleep(0.05)
    try:
        yield port
    finally:
        app.close()


@pytest.mark.parametrize("plain", [False, True])
def test_a_device(plain: bool) -> None:
    @in_loop
    async def run() -> None:
        async with peer(plain=plain) as port:
            sink = KeptSink()
            where = {"host": "127.0.0.1", "port": port, "device_instance": 77,
                     "objects_per_request": 3}  # fmt: skip
            session = driver().session(device("bacnet", where, TAGS), [sink])
            await session.open()
            session.poll(0)
            await sink.next()
            row = sink.rows[0]
            assert row.values == (21.5, None, 5.0, 1.0, True, 3, None, 0.5)
            assert row.quality == (0, Quality.SENSOR, Quality.UNCERTAIN, 0, 0, 0,
                                   Quality.UNKNOWN_TAG, 0)  # fmt: skip
            assert session.one_by_one is plain
            await session.write(TAGS[3], 19.25)
            session.poll(0)
            await until(lambda: len(sink.rows) == 2)
            assert sink.rows[1].values[3] == 19.25
            with pytest.raises(DriverError) as refused:
                await session.write(TAGS[6], 1.0)
            assert refused.value.quality is Quality.UNKNOWN_TAG
            await session.close()
            session.poll(0)
            assert sink.failures == [Quality.NO_CONNECTION]

    run()


@in_loop
async def test_the_wrong_device_no_device_and_discovery() -> None:
    async with peer() as port:
        where = {"host": "127.0.0.1", "port": port, "device_instance": 78}
        session = driver().session(device("bacnet", where, TAGS), [KeptSink()])
        with pytest.raises(DriverError) as told:
            await session.open()
        assert told.value.quality is Quality.UNKNOWN_TAG
        local = f"127.0.0.1/32:{free_udp()}"
        assert await discover(local, seconds=1, at=f"127.0.0.1:{port}") == [
            (77, f"127.0.0.1:{port}")
        ]
    session = driver().session(
        device("bacnet", {**where, "device_instance": 77}, TAGS, timeout_ms=200), [KeptSink()]
    )
    with pytest.raises(DriverError) as told:
        await session.open()
    assert told.value.quality is Quality.TIMEOUT


@in_loop
async def test_a_device_that_falls_silent_and_one_that_talks_nonsense() -> None:
    sink = KeptSink()
    async with peer() as port:
        where = {"host": "127.0.0.1", "port": port}
        session = driver().session(device("bacnet", where, TAGS, timeout_ms=300), [sink])
        await session.open()
    session.poll(0)
    await sink.next()
    assert sink.failures == [Quality.TIMEOUT]

    chance = random.Random(47_808)
    heard: list[bytes] = []

    class Nonsense(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            heard.append(data)
            for _ in range(20):
                made = bytearray(data)
                for _ in range(4):
                    made[chance.randrange(len(made))] = chance.randrange(256)
                self.transport.sendto(bytes(made), addr)

    loop = asyncio.get_running_loop()
    quiet: list[Any] = []
    loop.set_exception_handler(lambda _, context: quiet.append(context))
    transport, _ = await loop.create_datagram_endpoint(Nonsense, local_addr=("127.0.0.1", port))
    session.poll(0)
    await sink.next()
    assert heard
    assert len(sink.failures) + len(sink.rows) == 2
    transport.close()
    await session.close()


@in_loop
async def test_our_simulator() -> None:
    tags = (*TAGS[:2], *TAGS[3:6])
    waves = Waves({"room": 20.5, "wire": 1.5, "target": 7, "door": 1, "mode": 2})
    where = {"host": "127.0.0.1", "port": 0, "device_instance": 5}
    async with simulator([device("bacnet", where, tags)], waves) as running:
        where["port"] = running.port
        sink = KeptSink()
        session = driver().session(device("bacnet", where, tags), [sink])
        await session.open()
        await session.write(TAGS[3], 8.5)
        session.poll(0)
        await sink.next()
        assert sink.rows[0].values == (20.5, 1.5, 8.5, True, 2)
        assert sink.rows[0].quality is None
        await session.close()


def test_flags_and_reliability() -> None:
    fine = (True, False, False, False)
    assert judge(fine, 0) is Quality.GOOD
    assert judge(None, None) is Quality.GOOD
    assert judge((False, True, False, False), None) is Quality.BAD
    assert judge((False, True, False, False), 5) is Quality.SENSOR
    assert judge((False, True, False, False), 2) is Quality.OUT_OF_RANGE
    assert judge((False, True, False, False), 12) is Quality.BAD
    assert judge((False, False, True, False), 0) is Quality.UNCERTAIN


@pytest.mark.parametrize("address", ["", "ai", "ai:", "ai:5000000", "xx:1", "ai:1.", "ai,1"])
def test_addresses_that_cannot_be(address: str) -> None:
    with pytest.raises(TagError):
        point(Tag(name="t", address=address))


def test_what_is_not_written_and_endpoints() -> None:
    for address in ("ai:1", "av:1.high-limit"):
        with pytest.raises(TagError):
            point(Tag(name="t", address=address, access=Access.READ_WRITE))
    for wrong in ({}, {"host": "h", "write_priority": 17}, {"host": "h", "instance": 1}):
        with pytest.raises(TagError):
            driver().check(device("bacnet", wrong, TAGS))
