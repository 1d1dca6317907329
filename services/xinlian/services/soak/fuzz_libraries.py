# mypy: disable-error-code="attr-defined, arg-type, no-untyped-call, import-untyped"
# (the libraries export names without saying so, or have no types.)
"""Decoders that are a library's, with what our drivers make of their results.

Where a library decodes in its own tasks (OPC UA, BACnet), whatever it raises on broken bytes ends a
connection or a request of its own, and counts as a refusal here; what our driver makes of a result
may raise nothing. Elsewhere ``errors`` are those that our driver turns into a quality.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from bacpypes3.apdu import APDU, APCISequence
from bacpypes3.ipv4.bvll import LPCI, pdu_types
from bacpypes3.npdu import NPDU
from bacpypes3.pdu import PDU
from bacpypes3.primitivedata import Real
from snap7.datatypes import S7WordLen
from snap7.error import S7Error
from snap7.s7protocol import S7Protocol
from xinlian.ingest.adapters.drivers.enip.driver import BROKEN
from xinlian.ingest.adapters.drivers.enip.driver import Driver as EnipDriver
from xinlian.ingest.adapters.drivers.enip.plc import Plc
from xinlian.ingest.adapters.drivers.modbus import driver as modbus_driver
from xinlian.ingest.adapters.drivers.modbus.clients import client_of
from xinlian.ingest.adapters.drivers.modbus.fast import FastSession
from xinlian.ingest.adapters.drivers.modbus.frames import FrameError, adu, cut
from xinlian.ingest.adapters.drivers.opcua.nodes import reading
from xinlian.ingest.adapters.drivers.s7.address import from_wire, place_of
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.services.soak.fuzz_decoders import Taking, Target, device

__all__ = ["libraries"]

T = TypeVar("T")


class RefusedError(Exception):
    """A library refused bytes."""


def libraries() -> list[Target]:
    """Call it while a loop runs."""
    return [*_modbus(), _opcua(), _s7(), _enip(), _bacnet()]


def _theirs(work: Callable[[], T]) -> T:
    try:
        return work()
    except Exception as exc:
        raise RefusedError(type(exc).__name__) from exc


_ANSWERS: Final = [
    adu(1, bytes((3, 4, 1, 2, 3, 4))), adu(1, bytes((4, 2, 1, 2))), adu(1, bytes((1, 1, 1))),
    adu(1, bytes((0x83, 2))),
]  # fmt: skip
_MODBUS_TAGS: Final = (
    Tag(name="a", address="holding:0", type=ValueType.FLOAT32),
    Tag(name="b", address="coil:0", type=ValueType.BOOL),
    Tag(name="c", address="input:3.2", type=ValueType.BOOL),
)


class _Wire:
    """A transport that takes everything."""

    closed = False

    def write(self, data: bytes) -> None: ...

    def abort(self) -> None:
        self.closed = True

    def get_extra_info(self, name: str) -> None: ...


def _modbus() -> list[Target]:
    seeds = (
        *(bytes((0, number)) + answer for number, answer in enumerate(_ANSWERS, 1)),
        b"".join(bytes((0, number)) + answer for number, answer in enumerate(_ANSWERS[:3], 1)),
        bytes.fromhex("0103040102030440f4"), b":01030401020304F1\r\n",
        b":" + b"0103" * 30 + b"\r\n",
    )  # fmt: skip
    made = device("modbus-tcp", {"host": "127.0.0.1", "in_flight": 3}, *_MODBUS_TAGS)

    def fast(data: bytes) -> object:
        sink, wire = Taking(), _Wire()
        session = cast(FastSession, modbus_driver().session(made, [cast(Any, sink)]))
        session.connection_made(cast(Any, wire))
        session.poll(0)
        step = 1 + len(data) % 7
        for at in range(0, len(data), step):
            if not wire.closed:
                session.data_received(data[at : at + step])
        for _ in range(3):
            session.late()
        session.connection_lost(None)
        if sink.told != 1:
            raise AssertionError(f"a poll had {sink.told} outcomes")
        return sink.last[1:]

    kinds = ("modbus-tcp", "modbus-rtu-tcp", "modbus-ascii", "modbus-udp")
    more = {"modbus-rtu-tcp": ("modbus-rtu",), "modbus-tcp": ("modbus-tls",)}
    return [
        Target("modbus frames", ("modbus-tcp",), cut, seeds, (FrameError,), int),
        Target("modbus fast path", ("modbus-tcp",), fast, seeds, (), str),
        *(
            Target(f"{kind} pymodbus", (kind, *more.get(kind, ())), _pymodbus(kind), seeds)
            for kind in kinds
        ),
    ]


def _pymodbus(kind: str) -> Callable[[bytes], bool]:
    guard = client_of(kind, {"host": "127.0.0.1"}, 1.0).ctx
    guard.request_dev_id = 1

    def take(data: bytes) -> bool:
        guard.response_future = asyncio.get_running_loop().create_future()
        guard.recv_buffer = b""
        for at in range(0, len(data), 11):
            guard.data_received(data[at : at + 11])
            if len(guard.recv_buffer) > 4_096:
                raise AssertionError(f"{len(guard.recv_buffer)} bytes kept")
        done = guard.response_future.done()
        if done:
            guard.response_future.exception()
        return bool(done)

    return take


def _opcua() -> Target:
    tags = [
        Tag(name="a", address="i=1", type=ValueType.FLOAT32),
        Tag(name="b", address="i=2", type=ValueType.INT16),
        Tag(name="c", address="i=3", type=ValueType.BOOL),
    ]

    def take(data: bytes) -> object:
        def library() -> list[ua.DataValue]:
            if data[:1] == b"\x01":
                told = struct_from_binary(ua.ReadResponse, ua.utils.Buffer(data[1:]))
                return list(told.Results or [])
            changed = struct_from_binary(ua.DataChangeNotification, ua.utils.Buffer(data[1:]))
            return [each.Value for each in changed.MonitoredItems or []]

        found = _theirs(library)
        return [reading(tag, value)[0][1] for value in found[:64] for tag in tags]

    values = [
        ua.DataValue(ua.Variant(1.5, ua.VariantType.Double)),
        ua.DataValue(ua.Variant(7, ua.VariantType.Int16), StatusCode=ua.StatusCode(0x40000000)),
        ua.DataValue(ua.Variant([1, 2], ua.VariantType.Int32)),
        ua.DataValue(ua.Variant("12", ua.VariantType.String)),
    ]
    changes = ua.DataChangeNotification(
        MonitoredItems=[ua.MonitoredItemNotification(ClientHandle=1, Value=each) for each in values]
    )
    read = ua.ReadResponse(Results=values)
    seeds = (b"\x00" + struct_to_binary(changes), b"\x01" + struct_to_binary(read))
    return Target("opcua values", ("opcua",), take, seeds, (RefusedError,), str)


def _s7() -> Target:
    tags = [
        Tag(name="a", address="DB1.DBD0", type=ValueType.FLOAT32),
        Tag(name="b", address="DB1.DBX4.3", type=ValueType.BOOL),
    ]
    places = [place_of(tag) for tag in tags]
    protocol = S7Protocol()

    def take(data: bytes) -> list[int | float]:
        response = protocol.parse_response(data)
        got = bytes(protocol.extract_read_data(response, S7WordLen.BYTE, 5))
        return [
            from_wire(tag, at, got[at.start : at.start + at.size])
            for tag, at in zip(tags, places, strict=True)
        ]

    def answer(data: bytes, code: int = 0xFF) -> bytes:
        item = struct.pack(">BBH", code, 4, 8 * len(data)) + data
        return struct.pack(">BBHHHHBB", 0x32, 3, 0, 1, 2, len(item), 0, 0) + b"\x04\x01" + item

    seeds = (answer(bytes.fromhex("3fc0000008")), answer(b"", 0x0A), answer(b"12345", 5),
             struct.pack(">BBHHHHBB", 0x32, 3, 0, 1, 0, 0, 0x81, 4))  # fmt: skip
    return Target("s7 answers", ("s7",), take, seeds, (S7Error, ValueError, LookupError), len)


class _Answering:
    """A socket that answers with given bytes."""

    answer = b""

    def send(self, message: bytes) -> int:
        return len(message)

    def receive(self, timeout: float = 0) -> bytes:  # noqa: ARG002
        if len(self.answer) < 24:
            raise TimeoutError("no whole answer in time")
        return self.answer

    def close(self) -> None: ...


def _enip() -> Target:
    EnipDriver()  # quietens the library
    sock = _Answering()
    plc = Plc("127.0.0.1/0", {"A": "REAL", "B": "DINT"}, 1.0)
    plc.shut()
    plc._sock = cast(Any, sock)
    plc._initialize_driver()
    plc._connection_opened = plc._target_is_connected = True
    plc._session, plc._target_cid = 1, b"\0\0\0\1"

    def take(data: bytes) -> list[str]:
        sock.answer = data[1:]
        told = plc.read("A", "B") if data[:1] == b"\1" else plc.read("A")
        found = told if isinstance(told, list) else [told]
        return [f"{type(each.value).__name__} {str(each.error)[:20]}" for each in found]

    def answer(cip: bytes) -> bytes:
        item = b"\x07\0" + cip
        body = b"\0\0\0\0\0\0\2\0\xa1\0\4\0\0\0\0\1\xb1\0" + struct.pack("<H", len(item)) + item
        return b"\x70\0" + struct.pack("<HII8sI", len(body), 1, 0, bytes(8), 0) + body

    one = bytes.fromhex("cc000000ca000000c03f")
    both = bytes.fromhex(
        "8a0000000200060010 00cc000000ca000000c03fcc000000c40007000000".replace(" ", "")
    )
    seeds = (
        b"\0" + answer(one), b"\1" + answer(both), b"\0" + answer(bytes.fromhex("cc000400")),
        b"\0" + answer(bytes.fromhex("cc00ff010021")),
    )  # fmt: skip
    return Target("enip answers", ("enip",), take, seeds, BROKEN, str)


def _bacnet() -> Target:
    def take(data: bytes) -> str:
        def library() -> Any:
            pdu = PDU(data)
            head = LPCI.decode(pdu)
            below = pdu_types[head.bvlciFunction].decode(pdu)
            told = APCISequence.decode(APDU.decode(NPDU.decode(below)))
            for each in getattr(told, "listOfReadAccessResults", None) or []:
                for result in each.listOfResults or []:
                    if result.readResult.propertyValue is not None:
                        result.readResult.propertyValue.cast_out(Real)
            return told

        return type(_theirs(library)).__name__

    bodies = (
        "30010c0c0000000119553e4442c800003f",
        "30010e0c000000011e29554e4442c800004f296f4e8204004f1f", "50010e9102911f",
        "1000c4020004d22201e091032203e7", "600109", "710104",
    )  # fmt: skip
    seeds = tuple(
        b"\x81\x0a" + struct.pack(">H", 6 + len(body)) + b"\x01\x00" + body
        for body in map(bytes.fromhex, bodies)
    )
    return Target("bacnet packets", ("bacnet",), take, seeds, (RefusedError,), str)
