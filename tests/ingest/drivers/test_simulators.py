"""A plant of many devices of one protocol is simulated as it is written: port by port."""

from typing import Any

import pytest
from xinlian.ingest.adapters.drivers import registry
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import Tag, TagError, ValueType

from tests.ingest.drivers.sinks import KeptSink, device, free_port, in_loop

ADDRESSES = {"iec104": "flt:1", "dlt645": "02010100", "enip": "Volts", "bacnet": "ai:1"}


def made(kind: str, number: int, port: int, more: dict[str, Any]) -> Device:
    tag = Tag(name="volts", address=ADDRESSES[kind], type=ValueType.FLOAT32)
    where = {"host": "127.0.0.1", "port": port, **more}
    return device(kind, where, [tag], id=f"d{number}")


@pytest.mark.parametrize("kind", ADDRESSES)
def test_devices_on_ports_of_their_own(kind: str) -> None:
    @in_loop
    async def run() -> None:
        devices = [made(kind, number, free_port(), {}) for number in range(3)]
        if kind == "dlt645":
            devices = [
                made(kind, number, free_port(), {"meter": "000000000001"}) for number in range(3)
            ]
        elif kind == "bacnet":
            devices = [
                made(kind, number, free_port(), {"device_instance": number}) for number in range(3)
            ]
        async with registry.simulator(kind, devices, Signals()):
            for each in devices:
                sink = KeptSink()
                session = registry.driver(kind).session(each, [sink])
                await session.open()
                session.poll(0)
                await sink.next()
                assert sink.rows
                assert sink.rows[0].quality in (None, (0,))
                await session.close()

    run()


def test_a_device_elsewhere_is_not_played_here() -> None:
    elsewhere = device("enip", {"host": "192.0.2.7"}, [Tag(name="v", address="V")])
    with pytest.raises(TagError, match=r"'d1' is at 192\.0\.2\.7"):
        registry.simulator("enip", [elsewhere], Signals())
