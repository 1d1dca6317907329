"""Every transport against pymodbus' own servers: readings, refusals, writes."""

import asyncio
import os
import shutil
import ssl
import struct
import subprocess
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop
from pymodbus.framer import FramerType
from pymodbus.server import (
    ModbusSerialServer,
    ModbusTcpServer,
    ModbusTlsServer,
    ModbusUdpServer,
)
from pymodbus.simulator import DataType, SimData, SimDevice
from xinlian.ingest.adapters.drivers.modbus import driver
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, ByteOrder, Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.modbus.support import device, sinks_of

UNIT = 17
HOLDING = [*struct.unpack(">2H", struct.pack(">f", 21.5)), 40_000, 0, 0, 7, 1 << 9, 0]
TAGS = [
    Tag(name="temp", address="40001", type=ValueType.FLOAT32),
    Tag(name="count", address="holding:2", access=Access.READ_WRITE),
    Tag(name="long", address="holding:4", type=ValueType.INT32, order=ByteOrder.ABCD),
    Tag(name="bit", address="holding:6.9", type=ValueType.BOOL),
    Tag(name="level", address="30011", type=ValueType.INT16),
    Tag(name="valve", address="coil:3", type=ValueType.BOOL, access=Access.READ_WRITE),
    Tag(name="door", address="10002", type=ValueType.BOOL),
]
VALUES = [21.5, 40_000, 7, 1, -5, 1, 0]


def served() -> SimDevice:
    bits = {"datatype": DataType.BITS}
    return SimDevice(
        UNIT,
        simdata=(
            [SimData(0, values=[False, False, False, True, False], **bits)],  # type: ignore[arg-type]
            [SimData(0, values=[True, False, True], **bits)],  # type: ignore[arg-type]
            [SimData(0, values=HOLDING, datatype=DataType.REGISTERS)],
            [SimData(10, values=[0xFFFB], datatype=DataType.REGISTERS)],
        ),
    )


@asynccontextmanager
async def ptys() -> AsyncIterator[tuple[str, str]]:
    """Two serial lines joined by a null modem; both ends as paths."""
    loop = asyncio.get_running_loop()
    ends = [os.openpty() for _ in range(2)]
    masters = [master for master, _ in ends]

    def pump(source: int, target: int) -> None:
        with suppress(OSError):
            os.write(target, os.read(source, 4_096))

    for master, slave in ends:
        tty.setraw(master)
        tty.setraw(slave)
    for source, target in (masters, masters[::-1]):
        loop.add_reader(source, pump, source, target)
    try:
        yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    finally:
        for master, slave in ends:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A throw-away certificate for 127.0.0.1, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: no certificate for the TLS server")
    folder = tmp_path_factory.mktemp("tls")
    names = (str(folder / "cert.pem"), str(folder / "key.pem"))
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=device", "-addext", "subjectAltName=IP:127.0.0.1",
         "-out", names[0], "-keyout", names[1]],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return names


@asynccontextmanager
async def server_of(kind: str, tls: tuple[str, str]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """pymodbus' server for a kind, and the kind's name and endpoint."""
    local = ("127.0.0.1", 0)
    where: dict[str, Any] = {"host": "127.0.0.1"}
    async with ptys() as (near, far):
        server: Any
        if kind == "modbus-udp":
            server = ModbusUdpServer(served(), address=local)
        elif kind == "modbus-tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server = ModbusTlsServer(served(), address=local, sslctx=context)
            where["ca_file"] = tls[0]
        elif kind in ("modbus-rtu", "modbus-ascii"):
            framer = FramerType.RTU if kind == "modbus-rtu" else FramerType.ASCII
            server = ModbusSerialServer(served(), framer=framer, port=far, baudrate=115_200)
            where = {"serial": near, "baudrate": 115_200, "bytesize": 8, "parity": "N"}
        else:
            framers = {"modbus-rtu-tcp": FramerType.RTU, "modbus-ascii over TCP": FramerType.ASCII}
            framer = framers.get(kind, FramerType.SOCKET)
            server = ModbusTcpServer(served(), framer=framer, address=local)
        await server.serve_forever(background=True)
        if "host" in where:
            transport = server.transport
            udp = kind == "modbus-udp"
            name = (
                transport.get_extra_info("sockname") if udp else transport.sockets[0].getsockname()
            )
            where["port"] = name[1]
        try:
            yield kind.split(" ")[0], {**where, "unit": UNIT}
        finally:
            await server.shutdown()


KINDS = [
    "modbus-tcp", "modbus-tcp by pymodbus", "modbus-rtu-tcp", "modbus-rtu", "modbus-ascii",
    "modbus-ascii over TCP", "modbus-udp", "modbus-tls",
]  # fmt: skip


def made_for(kind: str, endpoint: dict[str, Any], tags: list[Tag], unit: int = UNIT) -> Device:
    made = device(tags, {**endpoint, "unit": unit}, kind=kind, timeout_ms=1_000)
    driver().check(made)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_reads_writes_and_refusals(kind: str, certificate: tuple[str, str]) -> None:
    async def body() -> None:
        async with (
            asyncio.timeout(30),
            server_of(kind.replace(" by pymodbus", ""), certificate) as (
                name,
                endpoint,
            ),
        ):
            if "by pymodbus" in kind:
                endpoint["engine"] = "pymodbus"
            lost = Tag(name="lost", address="holding:300")
            made = made_for(name, endpoint, [*TAGS, lost])
            sinks = sinks_of(made)
            session = driver().session(made, sinks)
            await session.open()
            session.poll(0)
            values, quality = await sinks[0].next()
            assert quality == [Quality.GOOD] * len(TAGS) + [Quality.UNKNOWN_TAG]
            assert values == [*VALUES, None]
            await session.write(TAGS[1], 123)
            await session.write(TAGS[5], False)
            session.poll(0)
            values, _ = await sinks[0].next()
            assert (values[1], values[5]) == (123, 0)
            with pytest.raises(DriverError) as caught:
                await session.write(lost, 1)
            assert caught.value.quality is Quality.UNKNOWN_TAG
            await session.close()

    uvloop.run(body())


def test_devices_share_a_serial_line(certificate: tuple[str, str]) -> None:
    """Two units on one line, polled at once; the second closes without hurting the first."""

    async def body() -> None:
        async with asyncio.timeout(30), server_of("modbus-rtu", certificate) as (name, endpoint):
            devices = [made_for(name, endpoint, TAGS), made_for(name, endpoint, TAGS, unit=99)]
            devices[1] = device(TAGS, devices[1].endpoint, kind=name, timeout_ms=100)
            sinks = [sinks_of(each)[0] for each in devices]
            sessions = [
                driver().session(each, [sink]) for each, sink in zip(devices, sinks, strict=True)
            ]
            for session in sessions:
                await session.open()
            for _ in range(3):
                for session in sessions:
                    session.poll(0)
                assert (await sinks[0].next())[0] == VALUES
                assert Quality.GOOD not in (await sinks[1].next())[1]
            await sessions[1].close()
            sessions[0].poll(0)
            assert (await sinks[0].next())[0] == VALUES
            await sessions[0].close()

    uvloop.run(body())


def test_a_device_with_another_certificate_is_refused(
    certificate: tuple[str, str], tmp_path: Path
) -> None:
    async def body() -> None:
        async with asyncio.timeout(30), server_of("modbus-tls", certificate) as (name, endpoint):
            del endpoint["ca_file"]
            made = made_for(name, endpoint, TAGS)
            session = driver().session(made, sinks_of(made))
            with pytest.raises(DriverError):
                await session.open()

    uvloop.run(body())
