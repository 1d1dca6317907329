# mypy: disable-error-code="union-attr, attr-defined, operator, index"
"""Sparkplug B: Mosquitto between host and edge nodes."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from xinlian.ingest.adapters.drivers.mqtt import driver, simulator
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, TagError, ValueType

from tests.ingest.drivers.mqtt.judge import JUDGE
from tests.ingest.drivers.mqtt.publisher import Publisher, told
from tests.ingest.drivers.sinks import KeptSink, Waves, device, in_loop, until
from tests.support.mosquitto import Mosquitto, mosquitto

__all__ = ["mosquitto"]

GOOD, BAD, GONE, UNSURE = Quality.GOOD, Quality.BAD, Quality.NO_CONNECTION, Quality.UNCERTAIN


TAGS = (
    Tag(name="temp", address="Inputs/T", type=ValueType.FLOAT32),
    Tag(name="count", address="Outputs/N", type=ValueType.INT32, access=Access.READ_WRITE),
    Tag(name="run", address="Run", type=ValueType.BOOL),
)


class Edge:
    """An edge node made with the reference library."""

    def __init__(self, port: int) -> None:
        self.publisher = Publisher(port)
        self.asked: list[Any] = []
        self.publisher.client.on_message = lambda _c, _u, message: self.asked.append(
            (message.topic, JUDGE.FromString(bytes(message.payload)))
        )
        self.publisher.client.subscribe([("spBv1.0/g/NCMD/e", 1), ("spBv1.0/g/DCMD/e/+", 1)])
        self.seq = -1

    def send(self, kind: str, *metrics: dict[str, Any], name: str = "", **more: Any) -> None:
        now = int(time.time() * 1_000)
        self.seq = 0 if kind == "NBIRTH" else (self.seq + 1) % 256
        made = JUDGE(**{"timestamp": now, "seq": self.seq, **more})
        for metric in metrics:
            made.metrics.add(**metric)
        topic = f"spBv1.0/g/{kind}/e" + (f"/{name}" if name else "")
        self.publisher.send(topic, made.SerializeToString())

    def birth(self, bd_seq: int = 1) -> None:
        self.send("NBIRTH", {"name": "bdSeq", "datatype": 8, "long_value": bd_seq})
        self.send(
            "DBIRTH",
            {"name": "Inputs/T", "alias": 1, "datatype": 9, "float_value": 20.5},
            {"name": "Outputs/N", "alias": 2, "datatype": 3, "int_value": 2**32 - 5},
            name="m",
        )

    def rebirths(self) -> int:
        return sum(
            topic.endswith("NCMD/e") and payload.metrics[0].name == "Node Control/Rebirth"
            for topic, payload in self.asked
        )


def endpoint(broker: Mosquitto, **more: object) -> dict[str, object]:
    where = {"host": "127.0.0.1", "port": broker.port}
    return {**where, "group": "g", "edge": "e", "device": "m", **more}


def test_the_life_of_an_edge_node(mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        edge = await asyncio.to_thread(Edge, mosquitto.port)
        sink = KeptSink()
        given = device("sparkplug", endpoint(mosquitto), TAGS)
        session = driver().session(given, [sink])
        await session.open()
        await until(lambda: edge.rebirths() == 1)

        row = await told(sink, edge.birth)
        assert row.values == (20.5, -5, None)
        assert row.quality == (GOOD, GOOD, Quality.UNKNOWN_TAG)
        stamp = int(time.time() * 1_000) - 5_000

        def data() -> None:
            edge.send("DDATA", {"alias": 1, "float_value": 21.0, "timestamp": stamp}, name="m")

        row = await told(sink, data)
        assert row.values[:2] == (21.0, -5)
        assert row.source_us == stamp * 1_000

        past = {"alias": 1, "float_value": 3.0, "timestamp": stamp - 9_000, "is_historical": True}
        row = await told(sink, lambda: edge.send("DDATA", past, name="m"))
        assert row.values == (3.0, None, None)
        assert row.source_us == (stamp - 9_000) * 1_000
        assert session.images[0].values[0] == 21.0

        wrong = (
            {"alias": 1, "float_value": float("nan")},
            {"alias": 2, "is_null": True},
        )
        row = await told(sink, lambda: edge.send("DDATA", *wrong, name="m"))
        assert row.quality[:2] == (Quality.NOT_A_NUMBER, BAD)
        ahead = {"alias": 1, "float_value": 1.0, "timestamp": stamp + 9_000_000}
        row = await told(sink, lambda: edge.send("DDATA", ahead, name="m"))
        assert row.quality[0] == Quality.CLOCK

        # A device's death, and its birth again; a will of an older connection says nothing.
        row = await told(sink, lambda: edge.send("DDEATH", name="m"))
        assert row.quality == (GONE,) * 3
        row = await told(sink, edge.birth)
        assert row.values[0] == 20.5
        row = await told(sink, edge.birth)  # a node that is born anew takes its devices along
        assert row.quality == (GONE,) * 3
        await until(lambda: sink.rows[-1].values[0] == 20.5)
        old = {"name": "bdSeq", "datatype": 8, "long_value": 99}
        await asyncio.to_thread(edge.send, "NDEATH", old)
        edge.seq -= 1
        row = await told(sink, data)
        assert row.values[0] == 21.0
        death = {"name": "bdSeq", "datatype": 8, "long_value": 1}
        row = await told(sink, lambda: edge.send("NDEATH", death))
        assert row.quality == (GONE,) * 3
        assert sink.failures == []
        await session.close()
        await asyncio.to_thread(edge.publisher.close)

    run()


def test_gaps_and_unknown_aliases_ask_for_a_rebirth(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinlian.ingest.adapters.drivers.mqtt.edge.REBIRTH_S", 0.05)

    @in_loop
    async def run() -> None:
        edge = await asyncio.to_thread(Edge, mosquitto.port)
        sink = KeptSink()
        session = driver().session(device("sparkplug", endpoint(mosquitto), TAGS), [sink])
        await session.open()
        await until(lambda: edge.rebirths() == 1)

        async def asks(act: Callable[[], object]) -> None:
            before = edge.rebirths()
            await asyncio.sleep(0.06)
            await asyncio.to_thread(act)
            await until(lambda: edge.rebirths() > before)

        await asks(lambda: edge.send("DDATA", {"alias": 1, "float_value": 1.0}, name="m"))
        assert sink.rows == []
        await told(sink, edge.birth)
        edge.seq += 3  # messages that never came
        await asks(lambda: edge.send("DDATA", {"alias": 1, "float_value": 2.0}, name="m"))
        assert sink.rows[-1].values[:2] == (2.0, -5)
        assert sink.rows[-1].quality[:2] == (GOOD, UNSURE)
        await told(sink, edge.birth)
        await until(lambda: sink.rows[-1].quality[:2] == (GOOD, GOOD))
        await asks(lambda: edge.send("DDATA", {"alias": 77, "float_value": 2.0}, name="m"))
        topic = "spBv1.0/g/DDATA/e/m"
        await asks(lambda: edge.publisher.send(topic, b"\x12\xff\xff\xff\xff\x7f"))
        await session.close()
        await asyncio.to_thread(edge.publisher.close)

    run()


def test_the_state_of_the_host_and_commands(mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        watcher = await asyncio.to_thread(Publisher, mosquitto.port)
        states: list[Any] = []
        watcher.client.on_message = lambda _c, _u, message: states.append(
            orjson.loads(message.payload)
        )
        watcher.client.subscribe("spBv1.0/STATE/scada", 1)
        edge = await asyncio.to_thread(Edge, mosquitto.port)
        await asyncio.sleep(0.1)
        given = device("sparkplug", endpoint(mosquitto, host_id="scada"), TAGS)
        session = driver().session(given, [KeptSink()])
        await session.open()
        await until(lambda: [each["online"] for each in states] == [True])
        await asyncio.to_thread(edge.birth)
        await session.write(TAGS[1], -7)
        await until(lambda: any(topic.endswith("DCMD/e/m") for topic, _ in edge.asked))
        metric = edge.asked[-1][1].metrics[0]
        assert (metric.name, metric.datatype, metric.int_value) == ("Outputs/N", 3, 2**32 - 7)
        await session.close()
        await until(lambda: [each["online"] for each in states] == [True, False])
        assert states[0]["timestamp"] == states[1]["timestamp"]
        for each in (watcher, edge.publisher):
            await asyncio.to_thread(each.close)

    run()


def test_simulated_edge_nodes_are_read_and_obey(mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        tags = [
            Tag(**{**{name: getattr(tag, name) for name in Tag.__slots__}, "period_ms": 50})
            for tag in TAGS
        ]
        devices = [
            device("sparkplug", endpoint(mosquitto, device=name), tags, id=name) for name in "ab"
        ]
        sinks = [KeptSink(), KeptSink()]
        sessions = [
            driver().session(each, [sink]) for each, sink in zip(devices, sinks, strict=True)
        ]
        signals = Waves({"temp": 3.5, "count": -2, "run": 1})
        async with simulator(devices, signals):
            for session in sessions:
                await session.open()
            await until(lambda: all(sink.rows and sink.rows[-1].quality is None for sink in sinks))
            assert sinks[1].rows[-1].values == (3.5, -2, 1)
            await sessions[1].write(tags[1], 8)
            await until(lambda: sinks[1].rows[-1].values[1] == 8)
            assert sinks[0].rows[-1].values[1] == -2
        await until(lambda: all(sink.rows[-1].quality == (GONE,) * 3 for sink in sinks))
        for session in sessions:
            await session.close()

    run()


def test_endpoints_that_cannot_be_are_refused() -> None:
    where = {"host": "h", "group": "g", "edge": "e"}
    for wrong in ({"edge": "a/b"}, {"group": "+"}, {"client_id": "x"}, {"edges": "e"}):
        with pytest.raises(TagError):
            driver().check(device("sparkplug", {**where, **wrong}, TAGS))
    driver().check(device("sparkplug", where, TAGS))
