"""Every decoder of every protocol, as the fuzzer of `./xl soak fuzz` calls it.

A target is bytes from a stranger and the code that takes them: our own codec, or a library together
with what our driver makes of its results. ``errors`` are those that the driver around it turns into
a quality or a lost link; anything else is a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from xinlian.ingest.adapters.drivers.dlt645.codec import Frame, FrameReader
from xinlian.ingest.adapters.drivers.dlt645.items import item
from xinlian.ingest.adapters.drivers.gbt32960.codec import Packet, PacketReader
from xinlian.ingest.adapters.drivers.gbt32960.hub import Hub
from xinlian.ingest.adapters.drivers.gbt32960.hub import Link as VehicleLink
from xinlian.ingest.adapters.drivers.gbt32960.units import units
from xinlian.ingest.adapters.drivers.iec104.codec import (
    MONITOR,
    ProtocolError,
    objects,
    parse_asdu,
    split,
)
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagTable

__all__ = ["Taking", "Target", "device", "frames"]

VIN: Final = "LSFAB12C3D4567890"
REPORT: Final = bytes.fromhex(
    "010103010 3ed0001e2400ed9269337010e03e8feff"  # vehicle
    "020101016459d852d56e0ece27d8"  # a motor
    "050406f02f2002610df8"  # position
    "800003010203"  # of the maker's own
    "0702000004010 10000abcd000000"  # alarms
    "080101 0ed926930003000103 0fa0fffe0fa2"  # cells
    "09010100 0241ff".replace(" ", "")  # probes
)
BEIJING: Final = bytes((26, 7, 1, 8, 0, 5))


@dataclass(frozen=True, slots=True)
class Target:
    """One decoder. ``kinds``: the kinds of drivers that use it."""

    name: str
    kinds: tuple[str, ...]
    decode: Callable[[bytes], Any]
    seeds: tuple[bytes, ...]
    errors: tuple[type[BaseException], ...] = ()
    outcome: Callable[[Any], object] | None = None


class Taking:
    """A sink that takes everything and keeps the last of it."""

    def __init__(self) -> None:
        self.last: tuple[object, ...] = ()
        self.told = 0

    def raw(self, payload: bytes | memoryview, received_us: int | None = None) -> None:  # noqa: ARG002
        """As ``Sink``."""
        self.told += 1
        self.last = (bytes(payload),)

    def row(self, values: Sequence[Any], quality: Sequence[int] | None = None, **_: Any) -> bool:
        """As ``Sink``."""
        self.told += 1
        self.last = (tuple(values), tuple(quality or ()))
        return True

    def failed(self, quality: Quality, *, received_us: int | None = None) -> None:  # noqa: ARG002
        """As ``Sink``."""
        self.told += 1
        self.last = (quality,)

    def shed(self, rows: int) -> None:
        """As ``Sink``."""


def device(kind: str, endpoint: dict[str, Any], *tags: Tag) -> Device:
    """A device of one table."""
    return Device(id="d", group="g", table=TagTable("t", tags), driver=kind, endpoint=endpoint)


def frames() -> list[Target]:
    """Frames of our own codecs."""
    return [_iec104(), _dlt645(), *_gbt32960()]


def _iec104() -> Target:
    def take(data: bytes) -> int:
        buffer, told = bytearray(data), 0
        while (frame := split(buffer)) is not None:
            if frame[0] & 1 == 0:
                found = parse_asdu(frame[4:])
                if found.type in MONITOR:
                    told += len(objects(found))
        return told

    seeds = (
        "6804 07000000", "6804 83000000", "680401000200",
        "680e 00000000 01 01 0300 0100 010000 01",
        "6812 00000000 0d 01 0300 0100 010000 0000803f00",
        "6815 02000000 1e 01 0300 0100 010000 01 e803 1e08010c1a",
        "681a 04000000 24 01 0300 0100 020000 0000c03f00 e803 1e08010c1a",
        "6812 00000000 09 82 1400 0100 010000 ff7f00 018000",
        "680e 00000000 64 01 0a00 0100 000000 14",
    )  # fmt: skip
    found = tuple(bytes.fromhex(each.replace(" ", "")) for each in seeds)
    return Target("iec104", ("iec104",), take, found, (ProtocolError,), int)


def _dlt645() -> Target:
    reader = FrameReader()  # one for all, as on a line: what is half there meets what comes next
    addresses = ("00010000", "02030000", "0201FF00#3", "04000B01:8.4s")
    points = [item(Tag(name="t", address=address)) for address in addresses]

    def take(data: bytes) -> int:
        # A right sum lets what it guards be tried.
        found = reader.feed(data) + reader.feed(Frame("1" * 12, 0x91, data[:200]).to_bytes())
        if len(reader.buffer) > 4_096:
            raise AssertionError(f"{len(reader.buffer)} bytes kept")
        for frame in found:
            for number, at in enumerate(points):
                try:
                    at.raw(frame.data[4:], floating=bool(number & 1))
                except (ValueError, IndexError):
                    continue
        return len(found)

    seeds = (
        "FEFEFEFE68610100000000681104333334331416",
        "6861010000000068910833333433593333338A16", "6861010000000068910633343435344310 16",
        "68610100000000689108333334b3bc7856341d16",
    )  # fmt: skip
    found = tuple(bytes.fromhex(each.replace(" ", "")) for each in seeds)
    return Target("dlt645", ("dlt645",), take, found, (), int)


class _Wire:
    """A transport that takes everything."""

    def __init__(self) -> None:
        self.closed = False
        self.sent = 0

    def write(self, data: bytes) -> None:
        self.sent += len(data)

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class _Car:
    def report(self, time_us: int | None, data: bytes, done: Callable[[], None]) -> bool:  # noqa: ARG002
        units(data)
        done()
        return True

    def gone(self) -> None: ...


def _gbt32960() -> list[Target]:
    def link(data: bytes) -> int:
        hub = Hub("", 0, 60.0)
        hub.vehicles[VIN] = _Car()
        wire, made = _Wire(), VehicleLink(hub)
        made.connection_made(cast(Any, wire))
        # A right check byte lets what it guards be tried.
        made.data_received(login + packet(data[0] % 9 if data else 0, data[1:60_000]))
        for at in range(0, len(data), 61):
            if wire.closed:
                break
            made.data_received(data[at : at + 61])
        if len(made.reader.buffer) > 140_000 or wire.sent > 64 * len(data) + 4_096:
            raise AssertionError(f"{len(made.reader.buffer)} bytes kept, {wire.sent} answered")
        made.connection_lost(None)
        return wire.sent

    def packet(command: int, data: bytes) -> bytes:
        return Packet(command, 0xFE, VIN, data).to_bytes()

    login = packet(1, BEIJING + b"\x00\x01" + b"8" * 20 + b"\x01\x00")
    seeds = (
        login, login + packet(2, BEIJING + REPORT), login + packet(3, BEIJING + REPORT[:22]),
        packet(5, BEIJING + bytes(35)), packet(7, b""), packet(8, b""), login + packet(4, BEIJING),
    )  # fmt: skip

    def stream(data: bytes) -> int:
        return len(PacketReader().feed(data))

    return [
        Target("gbt32960 connection", ("gbt32960",), link, seeds, (), int),
        Target("gbt32960 stream", ("gbt32960",), stream, seeds, (), int),
        Target("gbt32960 report", ("gbt32960",), units, (REPORT,), (ValueError,), len),
    ]
