# mypy: disable-error-code="union-attr"
"""Messages that would end the link of all devices, and come again from a session that is kept."""

import asyncio
import logging
from typing import Any

import pytest
from xinlian.ingest.adapters.drivers.mqtt import driver
from xinlian.ingest.adapters.drivers.reported import TIME_UNITS, judge_time
from xinlian.ingest.model.quality import Quality

from tests.ingest.drivers.mqtt.publisher import Publisher, told
from tests.ingest.drivers.mqtt.test_mqtt import TAGS, endpoint
from tests.ingest.drivers.sinks import KeptSink, device, in_loop
from tests.support.mosquitto import Mosquitto, mosquitto

__all__ = ["mosquitto"]


@pytest.mark.parametrize("unit", TIME_UNITS)
@pytest.mark.parametrize("when", [1e308, -1e308, float("inf"), float("nan"), 10**30, "1e308"])
def test_a_time_beyond_all_numbers_is_no_time(unit: str, when: object) -> None:
    assert judge_time(when, unit) is None


def test_one_message_does_not_end_the_link(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    @in_loop
    async def run() -> None:
        given = endpoint(mosquitto, client_id="poisoned", time_unit="s")
        sink = KeptSink()
        session: Any = driver().session(device("mqtt", given, TAGS), [sink])
        await session.open()
        publisher = await asyncio.to_thread(Publisher, mosquitto.port)
        huge = b'{"t":1e308,"data":{"P":1}}'
        row = await told(sink, lambda: publisher.send("plant/m1/state", huge))
        assert row.quality[0] == Quality.CLOCK

        whole = session.message

        def broken(topic: str, payload: bytes, retained: bool) -> Any:
            if payload == b"6":
                raise ArithmeticError("a defect of ours")
            return whole(topic, payload, retained)

        monkeypatch.setattr(session, "message", broken)
        with caplog.at_level(logging.ERROR):
            await asyncio.to_thread(publisher.send, "plant/m1/count", "6")
            row = await told(sink, lambda: publisher.send("plant/m1/count", "7"))
        assert row.values[2] == 7
        assert "plant/m1/count" in caplog.text
        assert not sink.failures, "the link stood all the time"
        await asyncio.to_thread(publisher.close)
        await session.close()

    run()
