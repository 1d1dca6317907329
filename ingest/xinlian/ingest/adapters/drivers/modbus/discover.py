"""Discovery: which units answer at an endpoint, what they say they are, which addresses they have.

Reads alone, one at a time, each bounded by the timeout, so that a plant's bus is not flooded.
Device identification is function 43/14, basic category (MODBUS Application Protocol V1.1b3, 6.21).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pymodbus.client.base import ModbusBaseClient
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.mei_message import ReadDeviceInformationResponse
from xinlian.ingest.adapters.drivers.found import Found as Value
from xinlian.ingest.adapters.drivers.modbus.clients import client_of
from xinlian.ingest.adapters.drivers.modbus.engine import Line
from xinlian.ingest.model.plan import BITS_MAX, REGISTERS_MAX, Space
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import ValueType
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["Found", "discover", "registers"]

OBJECTS: Final = {0: "vendor", 1: "product", 2: "revision"}
TEXT_MAX: Final = 128
READS_MAX: Final = 20_000
"""Most requests of one discovery."""


@dataclass(frozen=True, slots=True)
class Found:
    """A unit that answers."""

    unit: int
    identity: Mapping[str, str]
    """``vendor``, ``product``, ``revision`` as the device tells them; empty if it does not."""
    ranges: Mapping[Space, tuple[tuple[int, int], ...]]
    """First and last address of each readable range, within the bounds that were looked at."""


async def discover(
    kind: str,
    endpoint: Mapping[str, Any],
    *,
    units: Iterable[int] = (1,),
    spaces: Iterable[Space] = tuple(Space),
    low: int = 0,
    high: int = 999,
    timeout_ms: int = 300,
) -> tuple[Found, ...]:
    """Ask the units for their identity and for addresses ``low`` to ``high``; ``DriverError`` if
    nothing can be reached. A unit that answers nothing at all, or only that its gateway cannot
    reach it, is left out."""
    line = Line(client_of(kind, endpoint, timeout_ms / 1_000))
    scan = _Scan(line, timeout_ms / 1_000)
    try:
        if not await line.client.connect():
            raise DriverError(f"{endpoint.get('serial') or endpoint.get('host')} cannot be reached")
        found = []
        for unit in units:
            if await scan.present(unit):
                identity = await scan.identity(unit)
                ranges = {space: await scan.ranges(unit, space, low, high) for space in spaces}
                found.append(Found(unit, identity, {key: at for key, at in ranges.items() if at}))
        return tuple(found)
    finally:
        line.client.close()
        await asyncio.sleep(0)


def registers(unit: Found) -> list[Value]:
    """Every readable register and bit of a unit as a value of its own, since nobody tells where
    longer ones begin."""
    return [
        Value(
            f"{space.name.lower()}:{at}",
            f"{space.name.lower()}/{space.name.lower()}_{at}",
            ValueType.BOOL if space.bits else ValueType.UINT16,
        )
        for space, ranges in unit.ranges.items()
        for first, last in ranges
        for at in range(first, last + 1)
    ]


class _Scan:
    def __init__(self, line: Line, timeout_s: float) -> None:
        self._line = line
        self._timeout_s = timeout_s
        self._left = READS_MAX

    async def present(self, unit: int) -> bool:
        """Whether a unit answers a read of anything; an exception is an answer, but not that of a
        gateway about its device (codes 10 and 11)."""
        for space in (Space.HOLDING, Space.INPUT, Space.COIL):
            answer = await self._ask(lambda s=space: _read(self._line.client, unit, s, 0, 1))  # type: ignore[misc]
            if not isinstance(answer, Quality) or answer is Quality.UNKNOWN_TAG:
                return True
            if answer in (Quality.TIMEOUT, Quality.NO_CONNECTION):
                return False
        code = self._line.guard.pdu[1:2]
        return answer is Quality.DEVICE_ERROR and code not in (b"\x0a", b"\x0b")

    async def identity(self, unit: int) -> dict[str, str]:
        """Basic identification; empty if the device has none."""
        client = self._line.client
        answer = await self._ask(lambda: client.read_device_information(device_id=unit))
        if not isinstance(answer, ReadDeviceInformationResponse):
            return {}
        return {
            name: bytes(answer.information[key])[:TEXT_MAX].decode("utf-8", "replace")
            for key, name in OBJECTS.items()
            if isinstance(answer.information.get(key), (bytes, bytearray))
        }

    async def ranges(
        self, unit: int, space: Space, low: int, high: int
    ) -> tuple[tuple[int, int], ...]:
        """Readable addresses: blocks that are refused are halved until what is left is known."""
        step = BITS_MAX if space.bits else REGISTERS_MAX
        blocks = [(at, min(at + step, high + 1)) for at in range(low, high + 1, step)][::-1]
        made: list[tuple[int, int]] = []
        while blocks:
            start, end = blocks.pop()
            answer = await self._ask(
                lambda a=start, b=end: _read(self._line.client, unit, space, a, b - a)  # type: ignore[misc]
            )
            if not isinstance(answer, Quality):
                if made and made[-1][1] == start - 1:
                    made[-1] = (made[-1][0], end - 1)
                else:
                    made.append((start, end - 1))
            elif answer in (Quality.UNKNOWN_TAG, Quality.DEVICE_ERROR) and end - start > 1:
                if answer is Quality.DEVICE_ERROR and self._line.guard.pdu[1:2] == b"\x01":
                    return ()  # the device has no such function
                middle = (start + end) // 2
                blocks += [(middle, end), (start, middle)]
        return tuple(made)

    async def _ask(self, call: Callable[[], Awaitable[ModbusPDU]]) -> ModbusPDU | Quality:
        if self._left <= 0:
            raise DriverError(f"discovery stopped after {READS_MAX} requests; narrow its bounds")
        self._left -= 1
        async with self._line.lock:
            return await self._line.ask(call, self._timeout_s)


def _read(
    client: ModbusBaseClient, unit: int, space: Space, start: int, count: int
) -> Awaitable[ModbusPDU]:
    read = {
        Space.COIL: client.read_coils,
        Space.DISCRETE: client.read_discrete_inputs,
        Space.HOLDING: client.read_holding_registers,
        Space.INPUT: client.read_input_registers,
    }[space]
    return read(start, count=count, device_id=unit)
