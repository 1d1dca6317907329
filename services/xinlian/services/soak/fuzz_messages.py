"""Messages that devices push, over HTTP, MQTT and Sparkplug, as the fuzzer takes them."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar, cast

import h11
import orjson
from xinlian.ingest.adapters.drivers.http.batch import BatchError, readings
from xinlian.ingest.adapters.drivers.http.connection import Answer
from xinlian.ingest.adapters.drivers.http.connection import HttpConnection as HttpLink
from xinlian.ingest.adapters.drivers.http.listener import Listener, Place
from xinlian.ingest.adapters.drivers.mqtt.driver import MqttSession
from xinlian.ingest.adapters.drivers.mqtt.sparkplug import SparkplugSession
from xinlian.ingest.adapters.drivers.mqtt.sparkplug_codec import (
    DataType,
    Metric,
    Payload,
    PayloadError,
    decode,
    encode,
)
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.services.soak.fuzz_decoders import Taking, Target, device

__all__ = ["messages"]

T = TypeVar("T")


def messages() -> list[Target]:
    """Requests and payloads."""
    return [*_http(), _mqtt(), _sparkplug()]


class _Pusher:
    def admits(self, token: str) -> bool:
        return token == "t"  # noqa: S105

    async def push(self, pushed: Any) -> Answer:
        return Answer(200, {"bytes": len(pushed.body)})


class _Coming:
    """A stream that ends; reading never waits."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    async def read(self, size: int) -> bytes:
        step = min(size, 97)
        made, self.data = self.data[:step], self.data[step:]
        return made


class _Going:
    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that waits for nothing."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    work.close()
    raise AssertionError("it waits")


def _http() -> list[Target]:
    def request(data: bytes) -> str:
        listener = Listener(Place("", 0, "", "", 4_096))
        listener.devices["d1"] = _Pusher()
        http = HttpLink(cast(Any, _Coming(data)), cast(Any, _Going()))

        async def serve() -> str:
            await http.first_byte()
            answer = await listener._request(http)
            if isinstance(answer, tuple):
                answer = await answer[0].push(answer[1])
            await http.answer(answer)
            return f"{answer.status} {http.again()}"

        return _at_once(serve())

    head = b"POST /v1/devices/d1/readings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n"
    head += b"Idempotency-Key: k\r\nContent-Type: application/json\r\n"
    body = b'{"readings": [{"time": "2026-07-01T08:00:00+08:00", "values": {"a": 1, "b": "x"}}]}'
    seeds = (
        head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
        head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        head + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", b"GET / HTTP/1.0\r\n\r\n",
    )  # fmt: skip
    lines = b'time,a,b\n2026-01-01T00:00:00Z,1,"x,y"\n,,2\n'
    wrong = (h11.RemoteProtocolError, h11.LocalProtocolError, EOFError)
    return [
        Target("http request", ("http",), request, seeds, wrong, str),
        Target("http json", ("http",), partial(readings, "json"), (body,), (BatchError,), len),
        Target("http csv", ("http",), partial(readings, "csv"), (lines,), (BatchError,), len),
    ]


def _mqtt() -> Target:
    tags = (
        Tag(name="a", address="m/1#/v/x", type=ValueType.FLOAT32),
        Tag(name="b", address="m/1#/n", type=ValueType.UINT16),
        Tag(name="c", address="m/1", type=ValueType.FLOAT64),
    )
    endpoint = {"host": "h", "time": "/t", "time_unit": "ms"}
    sink = Taking()
    session = MqttSession(device("mqtt", endpoint, *tags), [sink])

    def take(data: bytes) -> object:
        for put in session.message("m/1", data, bool(data[:1] == b"[")):
            put(None)
        return sink.last[1:]

    seeds = (
        orjson.dumps({"t": 1_782_864_005_000, "v": {"x": 1.5}, "n": 7}), b"12.5", b"true", b"NaN",
        orjson.dumps({"v": [1, {"x": "2e3"}], "n": -1}), b'{"n": 1e400}',
    )  # fmt: skip
    return Target("mqtt payload", ("mqtt",), take, seeds, (), str)


def _sparkplug() -> Target:
    tags = (
        Tag(name="a", address="a", type=ValueType.FLOAT32),
        Tag(name="b", address="b", type=ValueType.INT16),
    )
    sink = Taking()
    session = SparkplugSession(
        device("sparkplug", {"host": "h", "group": "g", "edge": "e"}, *tags), [sink]
    )

    def take(data: bytes) -> object:
        payload = decode(data)
        named = [(metric.name or "a", metric) for metric in payload.metrics]
        for put in session.told(named, payload.timestamp_ms):
            put(None)
        return sink.last[1:]

    metrics = [
        Metric("a", 1, 1_782_864_005_000, DataType.FLOAT, value=1.5),
        Metric("b", 2, datatype=DataType.INT16, value=65_535, historical=True),
        Metric("", 2, datatype=DataType.INT64, value=3),
        Metric("a", datatype=DataType.STRING, value="4"),
        Metric("bdSeq", datatype=DataType.UINT64, value=7), Metric("b", datatype=DataType.BOOLEAN),
    ]  # fmt: skip
    seeds = (encode(Payload(1_782_864_005_000, 3, metrics)), encode(Payload(None, None, [])),
             b"\x12\xff\xff\xff\xff\x7f")  # fmt: skip
    return Target("sparkplug payload", ("sparkplug",), take, seeds, (PayloadError,), str)
