"""Endpoints and tags are checked before anything is polled; the engine is chosen by the kind."""

from typing import Any

import pytest
from xinlian.ingest.adapters.drivers import registry
from xinlian.ingest.adapters.drivers.modbus import driver
from xinlian.ingest.adapters.drivers.modbus.fast import FastSession
from xinlian.ingest.model.tags import Access, Tag, TagError, ValueType

from tests.ingest.drivers.modbus.support import device, sinks_of

TAG = Tag(name="a", address="holding:0")
HOST: dict[str, Any] = {"host": "127.0.0.1"}
SERIAL: dict[str, Any] = {"serial": "/dev/ttyS0", "baudrate": 9_600, "parity": "E"}


@pytest.mark.parametrize(
    ("kind", "endpoint", "fast"),
    [
        ("modbus-tcp", HOST, True),
        ("modbus-tcp", {**HOST, "engine": "pymodbus"}, False),
        ("modbus-tcp", {**HOST, "port": 1502, "unit": 255, "max_gap": 0, "in_flight": 4}, True),
        ("modbus-rtu-tcp", HOST, False),
        ("modbus-rtu", SERIAL, False),
        ("modbus-ascii", SERIAL, False),
        ("modbus-ascii", HOST, False),
        ("modbus-udp", HOST, False),
        ("modbus-tls", {**HOST, "ca_file": "ca.pem"}, False),
    ],
)
def test_the_engine_is_chosen_by_itself(kind: str, endpoint: dict[str, Any], fast: bool) -> None:
    made = device([TAG], endpoint, kind=kind)
    assert registry.driver(kind) is driver()
    driver().check(made)
    engine = "fast" if fast else "pymodbus"
    assert driver().version_of(made) == f"{kind}/1 ({engine})"
    if "ca_file" not in endpoint:
        session = driver().session(made, sinks_of(made))
        assert isinstance(session, FastSession) == fast


@pytest.mark.parametrize(
    ("kind", "endpoint", "words"),
    [
        ("modbus-tcp", {}, "host is missing"),
        ("modbus-tcp", {"host": ""}, "host is missing"),
        ("modbus-rtu", HOST, "host is not known"),
        ("modbus-rtu", {}, "serial is missing"),
        ("modbus-tcp", {**HOST, "unit": 256}, "unit is 0 to 255"),
        ("modbus-tcp", {**HOST, "port": "502"}, "port is 1 to 65535"),
        ("modbus-tcp", {**HOST, "port": True}, "port is 1 to 65535"),
        ("modbus-tcp", {**HOST, "password": "x"}, "password is not known"),
        ("modbus-tcp", {**HOST, "max_registers": 200}, "max_registers is 4 to 125"),
        ("modbus-tcp", {**HOST, "engine": "quick"}, "engine is one of fast, pymodbus"),
        ("modbus-rtu", {**SERIAL, "parity": "X"}, "parity is one of N, E, O"),
        ("modbus-plus", HOST, "no kind of Modbus"),
    ],
)
def test_endpoints_that_cannot_be(kind: str, endpoint: dict[str, Any], words: str) -> None:
    with pytest.raises(TagError, match=words) as caught:
        driver().check(device([TAG], endpoint, kind=kind))
    assert any("\u4e00" <= each <= "\u9fff" for each in caught.value.zh)


def test_a_tag_that_can_never_be_written_is_refused() -> None:
    tag = Tag(name="a", address="input:0", access=Access.READ_WRITE)
    with pytest.raises(TagError, match="cannot be written"):
        driver().check(device([tag], HOST))


def test_devices_of_one_class_share_their_decoder() -> None:
    tags = [Tag(name=f"r{n}", address=f"holding:{n}", type=ValueType.INT16) for n in range(4)]
    first, second = device(tags, HOST, name="a"), device(tags, HOST, name="b")
    other = device(tags, {**HOST, "max_registers": 4}, name="c")
    assert driver().decoder(first, 0) is driver().decoder(second, 0)
    assert driver().decoder(first, 0) is not driver().decoder(other, 0)
