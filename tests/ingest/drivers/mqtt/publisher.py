"""Another program's client, and what our side makes of its messages."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.ingest.drivers.sinks import KeptSink, until


class Publisher:
    """Another program's client."""

    def __init__(self, port: int, **user: str) -> None:
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv311
        )
        if user:
            self.client.username_pw_set(**user)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def send(self, topic: str, payload: object, *, retain: bool = False) -> None:
        data = payload if isinstance(payload, (bytes, str)) else json.dumps(payload)
        self.client.publish(topic, data, 1, retain).wait_for_publish(5)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def now(shift_s: float = 0) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=shift_s)).isoformat()


async def told(sink: KeptSink, act: Callable[[], object]) -> Any:
    """The first row that something leads to."""
    before = len(sink.rows)
    await asyncio.to_thread(act)
    await until(lambda: len(sink.rows) > before)
    return sink.rows[before]
