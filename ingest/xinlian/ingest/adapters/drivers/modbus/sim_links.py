"""Links of simulated devices: TCP, UDP and RTU over TCP, all answered from frames of TCP."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from xinlian.ingest.adapters.drivers.modbus.frames import FrameError, adu, cut
from xinlian.ingest.adapters.drivers.modbus.sim_station import Station

__all__ = ["RtuLink", "TcpLink", "UdpLink"]

RTU_MAX: Final = 256


class TcpLink(asyncio.Protocol):
    """One client."""

    transport: asyncio.Transport

    def __init__(self, station: Station) -> None:
        self._station = station
        self._kept = station.kept
        self._buffer = bytearray()
        self._free_s = 0.0
        self._waiting = 0

    def connection_made(self, transport: Any) -> None:
        """Take requests."""
        self.transport = transport
        self._station.links.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Answer no more."""
        del exc
        self._station.links.discard(self)

    def data_received(self, data: bytes) -> None:
        """Requests, or pieces of them."""
        if (kept := self._kept.get(data[2:])) is not None and not self._buffer:
            self.transport.write(data[:2] + kept)
            return
        self._buffer += data
        try:
            while size := cut(self._buffer):
                frame = bytes(self._buffer[:size])
                del self._buffer[:size]
                self._send(self._station.answer(frame))
        except FrameError:
            self.transport.abort()

    def _send(self, parts: list[tuple[float, bytes | None]]) -> None:
        loop = asyncio.get_running_loop()
        for pause_s, part in parts:
            self._free_s = max(self._free_s, loop.time()) + pause_s
            if pause_s or self._waiting:
                self._waiting += 1
                loop.call_at(self._free_s, self._send_later, part)
            else:
                self._send_now(part)

    def _send_later(self, part: bytes | None) -> None:
        self._waiting -= 1
        self._send_now(part)

    def _send_now(self, part: bytes | None) -> None:
        if self.transport.is_closing():
            return
        if part is None:
            self.transport.abort()
        else:
            self.transport.write(part)


class RtuLink(TcpLink):
    """One client that speaks RTU over TCP (MODBUS over Serial Line V1.02, 2.5.1)."""

    def data_received(self, data: bytes) -> None:
        """Requests, or pieces of them."""
        self._buffer += data
        while size := _request_size(self._buffer):
            frame = bytes(self._buffer[:size])
            del self._buffer[:size]
            if crc16(frame) == 0:
                self._send(self._station.answer(b"\0\0" + adu(frame[0], frame[1:-2])))
        if len(self._buffer) > RTU_MAX:
            self._buffer.clear()

    def _send_now(self, part: bytes | None) -> None:
        if part is not None:
            part = part[6:]
            part += crc16(part).to_bytes(2, "little")
        super()._send_now(part)


class UdpLink(asyncio.DatagramProtocol):
    """All clients of a port over UDP: a frame is a datagram."""

    transport: asyncio.DatagramTransport

    def __init__(self, station: Station) -> None:
        self._station = station

    def connection_made(self, transport: Any) -> None:
        """Take requests."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A request; anything else is dropped."""
        try:
            if cut(data) != len(data) or not data:
                return
        except FrameError:
            return
        for pause_s, part in self._station.answer(data):
            if part is not None:
                loop = asyncio.get_running_loop()
                loop.call_later(pause_s, self.transport.sendto, part, addr)


def _request_size(buffer: bytearray) -> int:
    """Length of the RTU request that begins the buffer; 0 if more must come."""
    if len(buffer) < 8:
        return 0
    function = buffer[1]
    size = {15: 9 + buffer[6], 16: 9 + buffer[6], 22: 10, 43: 7}.get(function, 8)
    return size if len(buffer) >= size else 0


def crc16(data: bytes) -> int:
    """The checksum of RTU; 0 over a frame with its own at the end."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc
