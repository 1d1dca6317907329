# mypy: disable-error-code="union-attr"
"""Messages for which there is no room when a session ends."""

import asyncio

from xinlian.ingest.adapters.drivers.mqtt import driver

from tests.ingest.drivers.mqtt.publisher import Publisher
from tests.ingest.drivers.mqtt.test_mqtt import TAGS, endpoint
from tests.ingest.drivers.sinks import KeptSink, device, in_loop, until
from tests.support.mosquitto import Mosquitto, mosquitto

__all__ = ["mosquitto"]


def test_what_waits_at_the_end_is_counted_unless_the_broker_sends_it_again(
    mosquitto: Mosquitto,
) -> None:
    @in_loop
    async def run() -> None:
        kept, gone = KeptSink(full=True), KeptSink(full=True)
        sessions = [
            driver().session(device("mqtt", endpoint(mosquitto, **more), TAGS), [sink])
            for sink, more in ((kept, {"client_id": "kept"}), (gone, {"qos": 0}))
        ]
        for session in sessions:
            await session.open()
        publisher = await asyncio.to_thread(Publisher, mosquitto.port)
        await asyncio.to_thread(publisher.send, "plant/m1/count", "5")
        await until(lambda: all(session.link.waiting for session in sessions))
        assert (kept.lost, gone.lost) == (0, 0)
        await asyncio.to_thread(publisher.close)
        for session in sessions:
            await session.close()
        assert (kept.lost, gone.lost) == (0, 1)

    run()
