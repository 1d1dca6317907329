# mypy: disable-error-code="union-attr"
"""Pushes and MQTT messages through the whole collector: answered when they lie in the log."""

import asyncio
from pathlib import Path

import httpx
from xinlian.ingest.adapters.drivers import registry
from xinlian.ingest.adapters.drivers.http.driver import token_line
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.devices import DeviceGroup, Plant
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.recording import DeviceFacts

from tests.ingest.drivers.http.support import TAGS, TOKEN, post
from tests.ingest.drivers.mqtt.publisher import Publisher
from tests.ingest.drivers.mqtt.test_mqtt import TAGS as TOPICS
from tests.ingest.drivers.mqtt.test_mqtt import endpoint
from tests.ingest.drivers.sinks import device, free_port, in_loop, until
from tests.support.mosquitto import Mosquitto, mosquitto

__all__ = ["mosquitto"]


def logged(folder: Path, name: str) -> list[float]:
    """The values of a device's first tag but one, as the log has them."""
    return [
        float(value)
        for _, segment in LogReader(folder).segments(0).segments
        for frame in segment.frames
        if frame.device == name and frame.group == 0
        for value in frame.columns[1 if name == "pusher" else 2]
    ]


def test_what_was_acknowledged_lies_in_the_log(tmp_path: Path, mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        token, port = tmp_path / "token", free_port()
        token.write_text(token_line(TOKEN), encoding="utf-8")
        group = DeviceGroup(id="g1", segment_ms=200)
        where = {"port": port, "token_file": str(token)}
        devices = (
            device("http", where, TAGS, id="pusher"),
            device("mqtt", endpoint(mosquitto, client_id="c"), TOPICS, id="topics"),
        )
        plant = Plant(party=1, groups=(group,), devices=devices)
        facts = {each.id: DeviceFacts(f"{each.driver}/1", "") for each in devices}
        folder = tmp_path / "segments"
        recorder = open_recorder(folder, 1, [group], facts)
        collector = Collector(plant, registry.driver, recorder)
        running = asyncio.create_task(collector.run())
        url = f"http://127.0.0.1:{port}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        try:
            async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
                for number in range(3):
                    answer = None
                    while answer is None:
                        try:
                            answer = await post(
                                client, f"k{number}", {"values": {"N": number}}, device="pusher"
                            )
                        except httpx.ConnectError:
                            await asyncio.sleep(0.05)
                    assert answer.status_code == 200
                    assert logged(folder, "pusher")[-1:] == [number]
            publisher = await asyncio.to_thread(Publisher, mosquitto.port)
            for number in range(5):
                await asyncio.to_thread(publisher.send, "plant/m1/count", str(number))
            await until(lambda: logged(folder, "topics")[-5:] == [0, 1, 2, 3, 4])
            await asyncio.to_thread(publisher.close)
        finally:
            collector.stop()
            await running
            await asyncio.to_thread(recorder.close)

    run()
