# mypy: disable-error-code="union-attr, index, operator, attr-defined, arg-type"
"""The driver against asyncua's server, and asyncua's client against our simulator."""

import asyncio
import datetime as dt
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, Node, Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import User, UserRole
from cryptography.x509.oid import ExtendedKeyUsageOID
from xinlian.ingest.adapters.drivers.opcua import driver, simulator
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.sinks import (
    KeptSink,
    Waves,
    device,
    free_port,
    in_loop,
    peer,
    silent,
    until,
)

URI = "http://plant.example/line"
TAGS = (
    Tag(
        name="temp", address=f"nsu={URI};s=Temp", type=ValueType.FLOAT64, period_ms=50,
        access=Access.READ_WRITE,
    ),
    Tag(name="count", address=f"nsu={URI};i=7", type=ValueType.UINT16, period_ms=50),
    Tag(name="run", address=f"nsu={URI};s=Run", type=ValueType.BOOL, period_ms=50),
    Tag(name="absent", address=f"nsu={URI};s=Nowhere", type=ValueType.INT32, period_ms=50),
)  # fmt: skip


@dataclass
class Plant:
    server: Server
    port: int
    nodes: dict[str, Node] = field(default_factory=dict)

    async def set(self, name: str, value: Any, code: int = 0, when: Any = None) -> None:
        told = ua.DataValue(
            value, StatusCode=ua.StatusCode(code), SourceTimestamp=when or dt.datetime.now(dt.UTC)
        )
        await self.server.write_attribute_value(self.nodes[name].nodeid, told)


@asynccontextmanager
async def plant(
    port: int = 0, server: Server | None = None, **security: Any
) -> AsyncIterator[Plant]:
    server = server or Server()
    made = Plant(server, port or free_port())
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{made.port}/plant")
    if security:
        await server.set_application_uri("urn:test:server")
        await server.load_certificate(security["certificate"])
        await server.load_private_key(security["key"])
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        server.set_identity_tokens([ua.UserNameIdentityToken])
    else:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    await server.register_namespace("urn:another")
    index = await server.register_namespace(URI)
    line = await server.nodes.objects.add_object(index, "Line")
    for key, value, kind in (
        ("Temp", 20.5, ua.VariantType.Double),
        (7, 300, ua.VariantType.UInt16),
        ("Run", True, ua.VariantType.Boolean),
    ):
        node = await line.add_variable(
            ua.NodeId(key, index), f"{index}:{key}", ua.Variant(value, kind)
        )
        made.nodes[str(key)] = node
    await made.nodes["Temp"].set_writable()
    async with server:
        yield made


def endpoint(port: int, **more: object) -> dict[str, object]:
    return {"url": f"opc.tcp://127.0.0.1:{port}/plant", **more}


@in_loop
async def test_changes_of_a_server_become_rows_with_time_and_quality() -> None:
    async with plant() as made:
        sink = KeptSink()
        session = driver().session(device("opcua", endpoint(made.port), TAGS), [sink])
        await session.open()
        await until(lambda: bool(sink.rows) and sink.rows[-1].values[:3] == (20.5, 300, 1))
        unknown = Quality.UNKNOWN_TAG
        assert sink.rows[-1].quality == (0, 0, 0, unknown)
        when = dt.datetime(2026, 7, 1, 8, 0, 0, 250_000, tzinfo=dt.UTC)
        await made.set("Temp", ua.Variant(21.5, ua.VariantType.Double), when=when)
        await until(lambda: sink.rows[-1].values[0] == 21.5)
        assert sink.rows[-1].source_us == int(when.timestamp() * 1e6)
        later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
        told: list[tuple[Any, int, Any, Quality]] = [
            (ua.Variant(1.0, ua.VariantType.Double), ua.StatusCodes.BadSensorFailure, None,
             Quality.SENSOR),
            (ua.Variant(2.0, ua.VariantType.Double), ua.StatusCodes.UncertainLastUsableValue, None,
             Quality.UNCERTAIN),
            (ua.Variant(3.0, ua.VariantType.Double), 0, later, Quality.CLOCK),
            (ua.Variant(float("nan"), ua.VariantType.Double), 0, None, Quality.NOT_A_NUMBER),
            (ua.Variant([1.0] * 5_000, ua.VariantType.Double), 0, None, Quality.MALFORMED),
        ]  # fmt: skip
        for value, code, time, quality in told:
            await made.set("Temp", value, code, time)
            await until(lambda wanted=quality: sink.rows[-1].quality[0] == wanted)  # type: ignore[misc]
        await session.write(TAGS[0], 55.5)
        await until(lambda: sink.rows[-1].values[0] == 55.5)
        with pytest.raises(DriverError) as refused:
            await session.write(TAGS[1], 1)
        assert refused.value.quality is Quality.DEVICE_ERROR
        await session.close()
        await session.close()


@in_loop
async def test_polled_reads_browsing_and_namespaces() -> None:
    async with plant() as made:
        sink = KeptSink()
        given = device("opcua", endpoint(made.port, mode="poll"), TAGS)
        session = driver().session(given, [sink])
        assert not session.unasked
        await session.open()
        session.poll(0)
        await sink.next()
        assert sink.rows[0].values == (20.5, 300, 1, None)
        assert sink.rows[0].quality == (0, 0, 0, Quality.UNKNOWN_TAG)
        await session.close()
        session.poll(0)
        assert sink.failures == [Quality.NO_CONNECTION]

        found = await driver().discover(given)
        by_address = {each.address: each for each in found}
        temp = by_address[f"nsu={URI};s=Temp"]
        assert (temp.path, temp.type, temp.writable) == ("/Line/Temp", ValueType.FLOAT64, True)
        count = by_address[f"nsu={URI};i=7"]
        assert (count.type, count.writable) == (ValueType.UINT16, False)

        tag = Tag(name="t", address="nsu=urn:nobody;s=T")
        session = driver().session(device("opcua", endpoint(made.port), [tag]), [KeptSink()])
        with pytest.raises(DriverError, match="no namespace"):
            await session.open()


@in_loop
async def test_a_deadband_is_kept_by_the_server() -> None:
    tag = Tag(
        name="temp", address=f"nsu={URI};s=Temp", type=ValueType.FLOAT64, period_ms=50,
        deadband=Decimal("0.5"), scale=Decimal("0.1"),
    )  # fmt: skip
    async with plant() as made:
        sink = KeptSink()
        session = driver().session(device("opcua", endpoint(made.port), [tag]), [sink])
        await session.open()
        await until(lambda: bool(sink.rows))
        for raw in (23.0, 25.0, 40.0):  # five raw units are half a degree
            await made.set("Temp", ua.Variant(raw, ua.VariantType.Double))
            await asyncio.sleep(0.1)
        await until(lambda: sink.rows[-1].values == (40.0,))
        assert [row.values[0] for row in sink.rows] == [20.5, 40.0]
        await session.close()


@in_loop
async def test_a_server_that_is_gone_is_told_and_found_again() -> None:
    port = free_port()
    sink = KeptSink()
    session = driver().session(device("opcua", endpoint(port), TAGS), [sink])
    async with plant(port):
        await session.open()
        await until(lambda: bool(sink.rows))
    await until(lambda: bool(sink.failures))
    assert set(sink.failures) == {Quality.NO_CONNECTION}
    with pytest.raises(DriverError) as told:
        await session.open()
    assert told.value.quality is Quality.NO_CONNECTION
    async with plant(port):
        await session.open()
        sink.rows.clear()
        await until(lambda: bool(sink.rows) and sink.rows[-1].values[0] == 20.5)
        await session.close()


class Users:
    def get_user(
        self, iserver: Any, username: Any = None, password: Any = None, certificate: Any = None
    ) -> Any:
        return User(role=UserRole.User) if (username, password) == ("op", "geheim") else None


@in_loop
async def test_signed_and_encrypted_with_a_password(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("server.der", "server.pem", "me.der", "me.pem")}
    for name, uri, use in (
        ("server", "urn:test:server", ExtendedKeyUsageOID.SERVER_AUTH),
        ("me", "urn:xinlian:collector", ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        await setup_self_signed_certificate(
            files[f"{name}.pem"], files[f"{name}.der"], uri, socket.gethostname(), [use],
            {"commonName": name},
        )  # fmt: skip
    password, wrong = tmp_path / "password", tmp_path / "wrong"
    password.write_text("geheim\n", encoding="utf-8")
    wrong.write_text("x", encoding="utf-8")
    server = Server(user_manager=Users())
    async with plant(
        server=server, certificate=files["server.der"], key=files["server.pem"]
    ) as made:
        secure = {
            "security": "encrypt", "cert_file": str(files["me.der"]),
            "key_file": str(files["me.pem"]), "server_cert_file": str(files["server.der"]),
            "user": "op", "password_file": str(password),
        }  # fmt: skip
        sink = KeptSink()
        session = driver().session(
            device("opcua", endpoint(made.port, **secure), TAGS, timeout_ms=10_000), [sink]
        )
        await session.open()
        await until(lambda: bool(sink.rows) and sink.rows[-1].values[0] == 20.5)
        await session.close()
        for change in ({"password_file": str(wrong)}, {"server_cert_file": str(files["me.der"])}):
            session = driver().session(
                device("opcua", endpoint(made.port, **{**secure, **change}), TAGS), [KeptSink()]
            )
            with pytest.raises(DriverError):
                await session.open()
        session = driver().session(device("opcua", endpoint(made.port), TAGS), [KeptSink()])
        with pytest.raises(DriverError):
            await session.open()


@in_loop
async def test_the_simulator_answers_a_foreign_client() -> None:
    port = free_port()
    tags = [*TAGS[:3], Tag(name="other", address="ns=5;s=X", type=ValueType.INT8)]
    given = device("opcua", endpoint(port), tags)
    signals = Waves({"temp": 1.5, "count": 9, "run": 1, "other": -3})
    async with simulator([given], signals):
        signals.values["count"] = 10
        async with Client(f"opc.tcp://127.0.0.1:{port}/plant") as client:
            node = client.get_node("ns=5;s=X")
            assert await node.read_value() == -3
            index = await client.get_namespace_index(URI)
            counter = client.get_node(ua.NodeId(7, index))
            async with asyncio.timeout(10):
                while await counter.read_value() != 10:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            sink = KeptSink()
            session = driver().session(given, [sink, KeptSink()])
            await session.open()
            await session.write(TAGS[0], 7.5)
            assert await client.get_node(ua.NodeId("Temp", index)).read_value() == 7.5
            await session.close()


@in_loop
async def test_a_silent_server() -> None:
    async with peer(silent) as port:
        session = driver().session(
            device("opcua", endpoint(port), TAGS, timeout_ms=200), [KeptSink()]
        )
        with pytest.raises(DriverError):
            await session.open()
