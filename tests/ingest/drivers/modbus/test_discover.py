"""Discovery finds units, what they say they are, and the addresses they have."""

import asyncio

import pytest
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from xinlian.ingest.adapters.drivers.modbus import simulator
from xinlian.ingest.adapters.drivers.modbus.discover import Found, discover
from xinlian.ingest.model.plan import Space
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.modbus.support import Constant, device


def test_units_identity_and_ranges_of_a_foreign_server() -> None:
    async def body() -> None:
        registers = [
            SimData(5, values=[1] * 20, datatype=DataType.REGISTERS),
            SimData(140, values=[2] * 7, datatype=DataType.REGISTERS),
        ]
        named = ModbusDeviceIdentification(  # type: ignore[no-untyped-call]
            info_name={"VendorName": "Acme", "ProductCode": "PM-1", "MajorMinorRevision": "2.0"}
        )
        server = ModbusTcpServer(
            [SimDevice(3, simdata=registers), SimDevice(9, simdata=registers)],
            address=("127.0.0.1", 0),
            identity=named,
        )
        await server.serve_forever(background=True)
        port = server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        try:
            found = await discover(
                "modbus-tcp",
                {"host": "127.0.0.1", "port": port},
                units=range(1, 12),
                spaces=(Space.HOLDING,),
                high=300,
            )
        finally:
            await server.shutdown()  # type: ignore[no-untyped-call]
        identity = {"vendor": "Acme", "product": "PM-1", "revision": "2.0"}
        ranges = {Space.HOLDING: ((5, 24), (140, 146))}
        # This server answers for units that it has not: those have no readable address.
        with_data = [each for each in found if each.ranges]
        assert with_data == [Found(3, identity, ranges), Found(9, identity, ranges)]

    asyncio.run(body())


def test_our_simulator_is_found_too() -> None:
    async def body() -> None:
        tags = [Tag(name="a", address="holding:7"), Tag(name="b", address="input:2")]
        async with simulator([device(tags, {"unit": 4})], Constant()) as sim:
            endpoint = sim.endpoint("d1")
            found = await discover("modbus-tcp", endpoint, units=(3, 4), high=20, timeout_ms=400)
        assert [each.unit for each in found] == [4]
        assert found[0].identity["vendor"] == "Xinlian"
        assert found[0].ranges == {Space.HOLDING: ((7, 7),), Space.INPUT: ((2, 2),)}
        with pytest.raises(DriverError, match="cannot be reached"):
            await discover("modbus-tcp", endpoint)

    asyncio.run(body())
