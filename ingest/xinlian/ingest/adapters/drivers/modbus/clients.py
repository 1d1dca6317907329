"""pymodbus' clients as this driver wants them: without retries of their own, with strict frames.

Retries, back-off and reconnecting are the scheduler's business, the same for all protocols.
"""

from __future__ import annotations

import logging
import ssl
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pymodbus.client import (
    AsyncModbusSerialClient,
    AsyncModbusTcpClient,
    AsyncModbusTlsClient,
    AsyncModbusUdpClient,
)
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerAscii, FramerBase, FramerRTU, FramerSocket, FramerType
from pymodbus.pdu import DecodePDU
from pymodbus.transaction import TransactionManager
from xinlian.ingest.adapters.drivers.modbus.frames import FrameError, cut

__all__ = ["Guard", "client_of", "tls_context"]

# Failures are told as qualities of readings; a line for each of them would flood the log.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class Noting(FramerBase):
    """Keeps the PDU of the last frame as it came: pymodbus' answers do not tell its length."""

    pdu = b""

    def decode(self, data: bytes) -> tuple[int, int, int, bytes]:
        """Length used, unit, transaction id and PDU; nothing used while a frame is incomplete."""
        used, unit, tid, pdu = super().decode(data)
        self.pdu = pdu or self.pdu
        return used, unit, tid, pdu


class Mbap(FramerSocket):
    """Frames of TCP, UDP and TLS with the checks of the fast path."""

    def decode(self, data: bytes) -> tuple[int, int, int, bytes]:
        """Length used, unit, transaction id and PDU; nothing used while a frame is incomplete."""
        if not (size := cut(data)):
            return 0, 0, 0, self.EMPTY
        return size, data[6], data[0] << 8 | data[1], data[7:size]


class NotingMbap(Noting, Mbap):
    """For TCP, UDP and TLS."""


class NotingRtu(Noting, FramerRTU):
    """For RTU."""


class NotingAscii(Noting, FramerAscii):
    """For ASCII."""


class Guard(TransactionManager):
    """pymodbus' transactions; bytes that cannot be decoded fail the request, not the event loop."""

    heard = False
    """Whether bytes came since this was set to ``False``."""

    @property
    def pdu(self) -> bytes:
        """The PDU of the last answer as it came."""
        return self.framer.pdu if isinstance(self.framer, Noting) else b""

    def callback_data(self, data: bytes, addr: tuple[Any, ...] | None = None) -> int:
        """Decode what came; on nonsense drop it all."""
        self.heard = True
        try:
            return int(super().callback_data(data, addr))
        except (ModbusException, FrameError, ValueError, IndexError, struct.error) as exc:
            if not self.response_future.done():
                self.response_future.set_exception(ModbusException(str(exc)))
            return len(data)


FRAMERS: Final[Mapping[str, type[Noting]]] = {
    "modbus-tcp": NotingMbap,
    "modbus-udp": NotingMbap,
    "modbus-tls": NotingMbap,
    "modbus-rtu-tcp": NotingRtu,
    "modbus-rtu": NotingRtu,
    "modbus-ascii": NotingAscii,
}
BUFFER_MAX: Final = 4_096
NEVER: Final = 1 << 30


def client_of(kind: str, endpoint: Mapping[str, Any], timeout_s: float) -> ModbusBaseClient:
    """A client for an endpoint, not connected. ``timeout_s`` bounds connecting and answers."""
    usual: dict[str, Any] = {
        "timeout": timeout_s,
        "retries": 0,
        "reconnect_delay": 0,
        "name": "xinlian",
    }
    client: ModbusBaseClient
    if "serial" in endpoint:
        client = AsyncModbusSerialClient(
            str(endpoint["serial"]),
            framer=FramerType.ASCII if kind == "modbus-ascii" else FramerType.RTU,
            baudrate=int(endpoint.get("baudrate", 9_600)),
            bytesize=int(endpoint.get("bytesize", 7 if kind == "modbus-ascii" else 8)),
            parity=str(endpoint.get("parity", "E")),
            stopbits=int(endpoint.get("stopbits", 1)),
            **usual,
        )
    else:
        host = str(endpoint["host"])
        port = int(endpoint.get("port", 802 if kind == "modbus-tls" else 502))
        if kind == "modbus-udp":
            client = AsyncModbusUdpClient(host, port=port, **usual)
        elif kind == "modbus-tls":
            client = AsyncModbusTlsClient(host, port=port, sslctx=tls_context(endpoint), **usual)
        else:
            client = AsyncModbusTcpClient(host, port=port, **usual)
    framer = FRAMERS[kind](DecodePDU(False))
    guard = client.ctx = Guard(client.comm_params, framer, 0, False, None, None, None)
    guard.max_buffer_size = BUFFER_MAX
    guard.max_until_disconnect = NEVER
    return client


def tls_context(endpoint: Mapping[str, Any]) -> ssl.SSLContext:
    """Modbus/TCP Security v21: TLS 1.2 or later; the device's certificate is always checked.

    ``ca_file`` holds who may sign it (the system's list if not given), ``cert_file`` and
    ``key_file`` are our own, ``password_file`` opens the key.
    """
    context = ssl.create_default_context(cafile=endpoint.get("ca_file"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if "cert_file" in endpoint:
        password = None
        if "password_file" in endpoint:
            password = Path(str(endpoint["password_file"])).read_text(encoding="utf-8").strip()
        context.load_cert_chain(str(endpoint["cert_file"]), endpoint.get("key_file"), password)
    return context
