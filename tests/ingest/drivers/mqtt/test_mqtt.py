# mypy: disable-error-code="union-attr, operator"
"""Plain MQTT against Mosquitto, with paho-mqtt as the device."""

import asyncio
import datetime as dt
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from xinlian.ingest.adapters.drivers.mqtt import driver, simulator
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, TagError, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.mqtt.publisher import Publisher, now, told
from tests.ingest.drivers.sinks import KeptSink, Waves, device, in_loop, until
from tests.support.mosquitto import Mosquitto, mosquitto, running

__all__ = ["mosquitto"]

TAGS = (
    Tag(name="power", address="plant/m1/state#/data/P", type=ValueType.FLOAT64),
    Tag(name="state", address="plant/m1/state#/data/st", type=ValueType.UINT8),
    Tag(name="count", address="plant/m1/count", type=ValueType.UINT32),
    Tag(
        name="set", address="plant/m1/set#/v>plant/m1/do#/v", type=ValueType.INT16,
        access=Access.READ_WRITE,
    ),
)  # fmt: skip


def endpoint(broker: Mosquitto, **more: object) -> dict[str, object]:
    return {"host": "127.0.0.1", "port": broker.port, "time": "/t", **more}


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_messages_become_rows_with_time_and_quality(version: str, mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        publisher = await asyncio.to_thread(Publisher, mosquitto.port)
        await asyncio.to_thread(publisher.send, "plant/m1/count", "77", retain=True)
        sink = KeptSink()
        session = driver().session(
            device("mqtt", endpoint(mosquitto, version=version), TAGS), [sink]
        )
        await session.open()
        await until(lambda: bool(sink.rows))
        row = sink.rows[0]
        unheard = Quality.NO_CONNECTION
        assert row.values == (None, None, 77, None)
        assert row.quality == (unheard, unheard, Quality.UNCERTAIN, unheard)

        when = dt.datetime.now(dt.UTC)
        sent = {"t": when.isoformat(), "data": {"P": 12.5, "st": 2}}
        row = await told(sink, lambda: publisher.send("plant/m1/state", sent))
        assert row.values[:3] == (12.5, 2, 77)
        assert row.quality[:2] == (0, 0)
        assert row.source_us == int(when.timestamp()) * 1_000_000 + when.microsecond

        wrong: list[tuple[object, tuple[int, int]]] = [
            ({"t": now(), "data": {"P": "abc", "st": 2.5}}, (Quality.MALFORMED,) * 2),
            ({"t": now(), "data": {"P": None, "st": 256}}, (Quality.BAD, Quality.MALFORMED)),
            ({"t": now(), "data": {"P": [1] * 5_000, "st": {}}}, (Quality.MALFORMED,) * 2),
            ("{" * 3_000, (Quality.MALFORMED,) * 2),
            (b"\xff\xfe", (Quality.MALFORMED,) * 2),
            ({"t": "2026-01-01T08:00:00", "data": {"P": 1, "st": 1}}, (Quality.CLOCK,) * 2),
            ({"t": now(7_200), "data": {"P": 1, "st": 1}}, (Quality.CLOCK,) * 2),
            ({"data": {"P": 1, "st": 1}}, (Quality.CLOCK,) * 2),
        ]
        for payload, codes in wrong:
            row = await told(sink, functools.partial(publisher.send, "plant/m1/state", payload))
            assert row.quality[:2] == codes, payload
            assert row.values[:2] == (None, None)
        row = await told(sink, lambda: publisher.send("plant/m1/count", "NaN"))
        assert row.quality[2] == Quality.NOT_A_NUMBER

        got: list[bytes] = []
        publisher.client.on_message = lambda _c, _u, message: got.append(bytes(message.payload))
        publisher.client.subscribe("plant/m1/do", 1)
        await asyncio.sleep(0.1)
        await session.write(TAGS[3], -4)
        await until(lambda: got == [b'{"v":-4}'])
        await asyncio.to_thread(publisher.close)
        await session.close()
        await session.close()

    run()


def test_a_message_is_acknowledged_when_it_is_durable(mosquitto: Mosquitto) -> None:
    """What was not durable comes again, over another connection of the same session."""

    @in_loop
    async def run() -> None:
        given = device("mqtt", endpoint(mosquitto, client_id="collector-1"), TAGS)
        publisher = await asyncio.to_thread(Publisher, mosquitto.port)
        sink = KeptSink()
        session = driver().session(given, [sink])
        await session.open()
        await told(sink, lambda: publisher.send("plant/m1/count", "1"))
        sink.durable.pop()()
        await told(sink, lambda: publisher.send("plant/m1/count", "2"))
        await asyncio.sleep(0.1)
        await session.close()  # the second was never durable
        await asyncio.to_thread(publisher.send, "plant/m1/count", "3")

        again = KeptSink()
        session = driver().session(given, [again])
        await session.open()
        await until(lambda: len(again.rows) >= 2)
        assert [row.values[2] for row in again.rows] == [2, 3]
        for done in again.durable:
            done()
        await asyncio.sleep(0.2)
        await session.close()
        last = KeptSink()
        session = driver().session(given, [last])
        await session.open()
        await asyncio.sleep(0.3)
        assert last.rows == []
        await session.close()
        await asyncio.to_thread(publisher.close)

    run()


def test_a_full_path_behind_loses_nothing(mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        given = device("mqtt", endpoint(mosquitto, client_id="collector-2"), TAGS)
        publisher = await asyncio.to_thread(Publisher, mosquitto.port)
        sink = KeptSink()
        session = driver().session(given, [sink])
        await session.open()
        sink.full = True
        for number in range(50):
            await asyncio.to_thread(publisher.send, "plant/m1/count", str(number))
        await asyncio.sleep(0.2)
        assert sink.rows == []
        sink.full = False

        def all_came() -> bool:
            for done in _taken(sink):
                done()
            return len(sink.rows) >= 50

        await until(all_came)
        assert [row.values[2] for row in sink.rows] == list(range(50))
        await session.close()
        await asyncio.to_thread(publisher.close)

    run()


def _taken(sink: KeptSink) -> list[Callable[[], None]]:
    made, sink.durable = sink.durable, []
    return made


def test_a_broker_that_is_killed_is_told_and_found_again(mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        sink = KeptSink()
        session = driver().session(device("mqtt", endpoint(mosquitto), TAGS), [sink])
        await session.open()
        await asyncio.to_thread(mosquitto.kill)
        await until(lambda: bool(sink.failures))
        assert sink.failures[0] is Quality.NO_CONNECTION
        with pytest.raises(DriverError) as refused:
            await session.open()
        assert refused.value.quality is Quality.NO_CONNECTION
        await asyncio.to_thread(mosquitto.start)
        await session.open()
        publisher = await asyncio.to_thread(Publisher, mosquitto.port)
        row = await told(sink, lambda: publisher.send("plant/m1/count", "5"))
        assert row.values[2] == 5
        await asyncio.to_thread(publisher.close)
        await session.close()

    run()


def test_devices_of_one_broker_share_a_connection_and_leave_it(mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        sinks = [KeptSink(), KeptSink()]
        sessions = [
            driver().session(device("mqtt", endpoint(mosquitto), TAGS, id=f"d{n}"), [sink])
            for n, sink in enumerate(sinks)
        ]
        await asyncio.gather(*(session.open() for session in sessions))
        assert sessions[0].link is sessions[1].link
        publisher = await asyncio.to_thread(Publisher, mosquitto.port)
        await told(sinks[1], lambda: publisher.send("plant/m1/count", "5"))
        assert len(sinks[0].rows) == 1
        await sessions[0].close()
        await told(sinks[1], lambda: publisher.send("plant/m1/count", "6"))
        assert len(sinks[0].rows) == 1
        await sessions[1].close()
        await asyncio.to_thread(publisher.close)

    run()


def test_passwords_and_certificates(tmp_path: Path) -> None:
    from tests.ingest.drivers.certificates import authority, certificate

    ca = authority(tmp_path)
    server = certificate(tmp_path, ca, "127.0.0.1")
    password = tmp_path / "password"
    password.write_text("geheim-密码\n", encoding="utf-8")
    wrong = tmp_path / "wrong"
    wrong.write_text("x", encoding="utf-8")
    tls = (f"cafile {ca.file}", f"certfile {server.file}", f"keyfile {server.key_file}")

    @in_loop
    async def run(broker: Mosquitto) -> None:
        secure = {
            "tls": True, "ca_file": str(ca.file), "user": "collector",
            "password_file": str(password),
        }  # fmt: skip
        sink = KeptSink()
        session = driver().session(device("mqtt", endpoint(broker, **secure), TAGS), [sink])
        await session.open()
        # The link publishes to itself: messages larger than a TLS record come whole.
        await session.link.wire.publish("plant/m1/count", b"9")
        big = json.dumps({"t": now(), "data": {"P": 1.5, "st": 1}, "pad": "x" * 100_000})
        await session.link.wire.publish("plant/m1/state", big.encode())
        await until(lambda: len(sink.rows) == 2)
        assert sink.rows[1].values[:3] == (1.5, 1, 9)
        await session.close()

        for change in ({"password_file": str(wrong)}, {"user": "nobody"}, {"ca_file": ""}):
            session = driver().session(
                device("mqtt", endpoint(broker, **{**secure, **change}), TAGS), [KeptSink()]
            )
            with pytest.raises(DriverError):
                await session.open()

    with running(tmp_path, lines=tls, users={"collector": "geheim-密码"}) as broker:
        run(broker=broker)


def test_the_simulator_publishes_and_obeys(mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        tags = [
            Tag(**{**{name: getattr(tag, name) for name in Tag.__slots__}, "period_ms": 50})
            for tag in TAGS
        ]
        given = device("mqtt", endpoint(mosquitto), tags)
        sink = KeptSink()
        session = driver().session(given, [sink])
        signals = Waves({"power": 3.5, "state": 2, "count": 10, "set": 1})
        async with simulator([given], signals):
            await session.open()
            await until(lambda: bool(sink.rows) and sink.rows[-1].quality is None)
            row = sink.rows[-1]
            assert row.values == (3.5, 2, 10, 1)
            assert abs(row.source_us - time.time_ns() // 1_000) < 10_000_000
            await session.write(tags[3], 9)
            await until(lambda: sink.rows[-1].values[3] == 9)
        await session.close()

    run()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "a topic is"),
        ("a/+/b", "a topic is"),
        ("a#b", "begins with /"),
        ("a#" + "/x" * 17, "at most"),
        ("a>", "a topic is"),
        ("a" * 1_025, "a topic is"),
    ],
)
def test_addresses_that_cannot_be_are_refused(address: str, why: str) -> None:
    tag = Tag(name="t", address=address)
    with pytest.raises(TagError, match=why):
        driver().check(device("mqtt", {"host": "h"}, [tag]))


def test_a_written_tag_needs_a_command_topic() -> None:
    tag = Tag(name="t", address="a", access=Access.READ_WRITE)
    with pytest.raises(TagError, match="names a topic behind >"):
        driver().check(device("mqtt", {"host": "h"}, [tag]))
