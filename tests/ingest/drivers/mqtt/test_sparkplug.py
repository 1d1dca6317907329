# mypy: disable-error-code="union-attr, attr-defined, operator, index"
"""Sparkplug B: google.protobuf as judge of the codec, Mosquitto between host and edge nodes."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from xinlian.ingest.adapters.drivers.mqtt import driver, simulator
from xinlian.ingest.adapters.drivers.mqtt.sparkplug_codec import (
    DataType,
    Metric,
    Payload,
    PayloadError,
    decode,
    encode,
    signed,
)
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, TagError, ValueType

from tests.ingest.drivers.mqtt.test_mqtt import Publisher, told
from tests.ingest.drivers.sinks import KeptSink, Waves, device, in_loop, until
from tests.support.fuzz import fuzz
from tests.support.mosquitto import Mosquitto, mosquitto

__all__ = ["mosquitto"]

GOOD, BAD, GONE, UNSURE = Quality.GOOD, Quality.BAD, Quality.NO_CONNECTION, Quality.UNCERTAIN


def _judge() -> Any:
    """The schema of the specification (6.4), as far as it is used here."""
    file = descriptor_pb2.FileDescriptorProto(name="sparkplug_judge.proto", package="judge")
    kinds = {
        "u32": 13, "u64": 4, "bool": 8, "float": 2, "double": 1, "string": 9, "bytes": 12,
    }  # fmt: skip
    messages: dict[str, list[tuple[str, int, str, bool]]] = {
        "PropertyValue": [
            ("type", 1, "u32", False), ("is_null", 2, "bool", False),
            ("int_value", 3, "u32", False), ("string_value", 8, "string", False),
        ],
        "PropertySet": [("keys", 1, "string", True), ("values", 2, "PropertyValue", True)],
        "DataSet": [("num_of_columns", 1, "u64", False), ("columns", 2, "string", True)],
        "Metric": [
            ("name", 1, "string", False), ("alias", 2, "u64", False),
            ("timestamp", 3, "u64", False), ("datatype", 4, "u32", False),
            ("is_historical", 5, "bool", False), ("is_transient", 6, "bool", False),
            ("is_null", 7, "bool", False), ("properties", 9, "PropertySet", False),
            ("int_value", 10, "u32", False), ("long_value", 11, "u64", False),
            ("float_value", 12, "float", False), ("double_value", 13, "double", False),
            ("boolean_value", 14, "bool", False), ("string_value", 15, "string", False),
            ("bytes_value", 16, "bytes", False), ("dataset_value", 17, "DataSet", False),
        ],
        "Payload": [
            ("timestamp", 1, "u64", False), ("metrics", 2, "Metric", True),
            ("seq", 3, "u64", False), ("uuid", 4, "string", False), ("body", 5, "bytes", False),
        ],
    }  # fmt: skip
    for name, fields in messages.items():
        made = file.message_type.add(name=name)
        for field_name, number, kind, many in fields:
            field = made.field.add(name=field_name, number=number, label=3 if many else 1)
            if kind in kinds:
                field.type = kinds[kind]
            else:
                field.type, field.type_name = 11, f".judge.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("judge.Payload"))


JUDGE = _judge()


def judged() -> Any:
    made = JUDGE(timestamp=1_700_000_000_000, seq=7, uuid="u", body=b"\x01")
    made.metrics.add(name="neg", alias=5, datatype=1, int_value=0xFFFFFFFF)
    made.metrics.add(name="long", datatype=4, long_value=2**64 - 3)
    made.metrics.add(name="f", datatype=9, float_value=1.5)
    made.metrics.add(name="d", datatype=10, double_value=-2.25, timestamp=9, is_historical=True)
    made.metrics.add(name="b", datatype=11, boolean_value=True)
    made.metrics.add(name="s", datatype=12, string_value="温度")
    made.metrics.add(name="n", datatype=10, is_null=True)
    table = made.metrics.add(name="t", datatype=16)
    table.dataset_value.columns.extend(["a"] * 50)
    doubtful = made.metrics.add(name="q", datatype=3, int_value=2)
    doubtful.properties.keys.extend(["engUnit", "Quality"])
    doubtful.properties.values.add(type=12, string_value="kW")
    doubtful.properties.values.add(type=3, int_value=500)
    return made


def test_payloads_of_the_reference_library_are_read() -> None:
    payload = decode(judged().SerializeToString())
    assert (payload.timestamp_ms, payload.seq) == (1_700_000_000_000, 7)
    by_name = {metric.name: metric for metric in payload.metrics}
    read = {name: signed(each.value, each.datatype) for name, each in by_name.items()}
    assert read == {
        "neg": -1, "long": -3, "f": 1.5, "d": -2.25, "b": True, "s": "温度", "n": None, "t": None,
        "q": 2,
    }  # fmt: skip
    assert by_name["neg"].alias == 5
    assert by_name["d"].historical
    assert by_name["d"].timestamp_ms == 9
    assert by_name["n"].null
    assert by_name["t"].skipped
    assert by_name["q"].quality == 500


def test_payloads_of_ours_are_read_by_the_reference_library() -> None:
    metrics = [
        Metric("a", 1, 5, DataType.INT16, value=-2),
        Metric("b", datatype=DataType.INT64, value=-2, historical=True),
        Metric("", 300, datatype=DataType.FLOAT, value=0.5),
        Metric("d", datatype=DataType.DOUBLE, value=0.1),
        Metric("e", datatype=DataType.BOOLEAN, value=True),
        Metric("f", datatype=DataType.UINT32),
        Metric("g", datatype=DataType.STRING, value="温"),
    ]
    made = JUDGE.FromString(encode(Payload(1_700_000_000_000, 255, metrics)))
    assert (made.timestamp, made.seq) == (1_700_000_000_000, 255)
    assert made.metrics[0].int_value == 0xFFFFFFFE
    assert made.metrics[1].long_value == 2**64 - 2
    assert made.metrics[1].is_historical
    assert (made.metrics[2].alias, made.metrics[2].float_value) == (300, 0.5)
    assert made.metrics[3].double_value == 0.1
    assert made.metrics[4].boolean_value
    assert made.metrics[5].is_null
    assert made.metrics[6].string_value == "温"


def test_broken_payloads_are_refused_without_harm_and_as_the_reference_does() -> None:
    seeds = [judged().SerializeToString(), b"", b"\x12\xff\xff\xff\xff\x7f"]
    seen = 0

    def both(data: bytes) -> Payload:
        nonlocal seen
        made = decode(data)
        try:
            other = JUDGE.FromString(data)
        except DecodeError:
            return made  # stricter: it looks into data sets, and into texts that we step over
        seen += 1
        if other.HasField("seq"):
            assert made.seq == other.seq
        assert len(made.metrics) == len(other.metrics)
        for ours, theirs in zip(made.metrics, other.metrics, strict=True):
            assert ours.name == theirs.name
            if theirs.HasField("alias"):
                assert ours.alias == theirs.alias
        return made

    run = fuzz(both, seeds=seeds, errors=(PayloadError,), tries=2_000, memory_mb=32)
    assert run.accepted > 50
    assert run.refused > 50
    assert seen > 30


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
