"""The engine for every transport: pymodbus carries the requests of the same plans.

One request is under way on a link at a time. Devices on one serial line share its link: a line has
one master (MODBUS over Serial Line V1.02, 2.1).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU
from xinlian.ingest.adapters.drivers.modbus.clients import Guard, client_of
from xinlian.ingest.adapters.drivers.modbus.codec import RowDecoder
from xinlian.ingest.adapters.drivers.modbus.frames import ILLEGAL_ADDRESS
from xinlian.ingest.adapters.drivers.modbus.layout import Ask, Plan
from xinlian.ingest.adapters.drivers.modbus.polls import STRIKES_MAX, Poll, share_s, struck
from xinlian.ingest.adapters.drivers.modbus.writes import pdus_of, refusal
from xinlian.ingest.model.plan import Space
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag
from xinlian.ingest.usecases.ports import DriverError, Sink

__all__ = ["EngineSession", "Line"]


@dataclass(eq=False)
class Line:
    """A link through pymodbus, and how many sessions use it."""

    client: ModbusBaseClient
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0

    @property
    def guard(self) -> Guard:
        """The client's transactions."""
        guard = self.client.ctx
        if not isinstance(guard, Guard):
            raise TypeError("the client is not guarded")
        return guard

    def lost(self) -> bool:
        """Whether nothing can be asked."""
        return not self.client.connected

    async def ask(
        self, call: Callable[[], Awaitable[ModbusPDU]], limit_s: float
    ) -> ModbusPDU | Quality:
        """One request and its answer, or why there is none. The lock is held by the caller."""
        if self.lost():
            return Quality.NO_CONNECTION
        guard = self.guard
        guard.heard = False
        guard.comm_params.timeout_connect = limit_s
        try:
            answer = await call()
        except (ModbusException, OSError):
            if self.lost():
                return Quality.NO_CONNECTION
            return Quality.MALFORMED if guard.heard else Quality.TIMEOUT
        if answer.isError():
            illegal = answer.exception_code == ILLEGAL_ADDRESS
            return Quality.UNKNOWN_TAG if illegal else Quality.DEVICE_ERROR
        return answer


_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Line]] = WeakKeyDictionary()


class EngineSession:
    """One device over pymodbus."""

    def __init__(
        self,
        kind: str,
        endpoint: Mapping[str, Any],
        plans: Sequence[tuple[Plan, RowDecoder]],
        sinks: Sequence[Sink],
        *,
        timeout_s: float,
    ) -> None:
        self._kind = kind
        self._endpoint = endpoint
        self._unit = int(endpoint.get("unit", 1))
        self._plans = plans
        self._sinks = sinks
        self._timeout_s = timeout_s
        self._multiple = bool(endpoint.get("write_multiple", False))
        self._line: Line | None = None
        self._due: asyncio.Queue[int] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._strikes = 0

    async def open(self) -> None:
        """Connect, or join the serial line that is open already; ``DriverError``."""
        line = self._find()
        line.users += 1
        self._line = line
        try:
            async with line.lock:
                if line.lost():
                    line.guard.comm_params.timeout_connect = self._timeout_s
                    if not await line.client.connect():
                        raise DriverError(f"{self._where()} cannot be reached")
        except BaseException:
            await self.close()
            raise
        self._worker = asyncio.create_task(self._work(line), name=f"modbus {self._where()}")

    async def close(self) -> None:
        """Let go of the link, or of one's part of it."""
        worker, self._worker = self._worker, None
        if worker is not None and worker is not asyncio.current_task():
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
        line, self._line = self._line, None
        if line is not None:
            line.users -= 1
            if not line.users:
                line.client.close()
                shared = _lines.get(asyncio.get_running_loop(), {})
                if shared.get(self._key()) is line:
                    del shared[self._key()]
        self._drain()

    def poll(self, group: int) -> None:
        """Put a rate group in the line's queue."""
        if self._worker is None or self._line is None or self._line.lost():
            self._sinks[group].failed(Quality.NO_CONNECTION)
        else:
            self._due.put_nowait(group)

    async def write(self, tag: Tag, raw: int | float | bool) -> None:
        """Write a raw value; ``DriverError``."""
        pdu, echo = pdus_of(tag, raw, multiple=self._multiple)
        line = self._line
        if line is None:
            raise refusal(tag, Quality.NO_CONNECTION)
        async with line.lock:
            answer = await line.ask(lambda: _writing(line.client, self._unit, pdu), self._timeout_s)
        if isinstance(answer, Quality):
            raise refusal(tag, answer)
        if bytes((answer.function_code,)) + answer.encode() != echo:
            raise refusal(tag, Quality.MALFORMED)

    async def _work(self, line: Line) -> None:
        while True:
            group = await self._due.get()
            plan, decoder = self._plans[group]
            poll = Poll(plan, decoder, self._sinks[group])
            try:
                await self._read(line, plan, poll)
            finally:
                poll.tell()

    async def _read(self, line: Line, plan: Plan, poll: Poll) -> None:
        async with line.lock:
            loop = asyncio.get_running_loop()
            end = loop.time() + self._timeout_s
            for index, ask in enumerate(plan.asks):
                left = len(plan.asks) - index
                limit_s = share_s(end - loop.time(), left, self._timeout_s)
                answer = await line.ask(
                    lambda ask=ask: _reading(line.client, self._unit, ask),  # type: ignore[misc]
                    limit_s,
                )
                outcome = answer if isinstance(answer, Quality) else _data(line, answer, ask)
                poll.put(index, outcome)
                if self._struck(outcome, line):
                    for rest in range(index + 1, len(plan.asks)):
                        poll.put(rest, outcome)
                    return

    def _struck(self, outcome: bytes | Quality, line: Line) -> bool:
        """Count failures; whether the link was given up."""
        self._strikes = struck(self._strikes, outcome)
        if self._strikes < STRIKES_MAX or "serial" in self._endpoint:
            return False  # a serial line stays open for the others on it
        line.client.close()
        return True

    def _drain(self) -> None:
        while not self._due.empty():
            self._sinks[self._due.get_nowait()].failed(Quality.NO_CONNECTION)

    def _find(self) -> Line:
        if "serial" not in self._endpoint:
            return Line(client_of(self._kind, self._endpoint, self._timeout_s))
        shared = _lines.setdefault(asyncio.get_running_loop(), {})
        if self._key() not in shared:
            shared[self._key()] = Line(client_of(self._kind, self._endpoint, self._timeout_s))
        return shared[self._key()]

    def _key(self) -> str:
        return f"{self._kind} {self._endpoint.get('serial', '')}"

    def _where(self) -> str:
        if "serial" in self._endpoint:
            return str(self._endpoint["serial"])
        return f"{self._endpoint['host']}:{self._endpoint.get('port', '')}"


def _reading(client: ModbusBaseClient, unit: int, ask: Ask) -> Awaitable[ModbusPDU]:
    read = {
        Space.COIL: client.read_coils,
        Space.DISCRETE: client.read_discrete_inputs,
        Space.HOLDING: client.read_holding_registers,
        Space.INPUT: client.read_input_registers,
    }[ask.space]
    return read(ask.start, count=ask.count, device_id=unit)


def _data(line: Line, answer: ModbusPDU, ask: Ask) -> bytes | Quality:
    """The data of an answer as it came, if it is of the length that was asked for."""
    data, pdu = answer.encode(), line.guard.pdu
    lengths = len(pdu) == ask.size + 2 and pdu[1] == ask.size and len(data) == ask.size + 1
    if answer.function_code != ask.space or not lengths:
        return Quality.MALFORMED
    return data[1:]


ADDRESS: Final = slice(1, 3)


def _writing(client: ModbusBaseClient, unit: int, pdu: bytes) -> Awaitable[ModbusPDU]:
    """The write that a PDU stands for, through pymodbus' own calls."""
    start = int.from_bytes(pdu[ADDRESS], "big")
    words = [int.from_bytes(pdu[at : at + 2], "big") for at in range(3, len(pdu) - 1, 2)]
    if pdu[0] == 5:
        return client.write_coil(start, bool(words[0]), device_id=unit)
    if pdu[0] == 15:
        return client.write_coils(start, [bool(pdu[-1])], device_id=unit)
    if pdu[0] == 6:
        return client.write_register(start, words[0], device_id=unit)
    if pdu[0] == 22:
        return client.mask_write_register(
            address=start, and_mask=words[0], or_mask=words[1], device_id=unit
        )
    registers = [int.from_bytes(pdu[at : at + 2], "big") for at in range(6, len(pdu), 2)]
    return client.write_registers(start, registers, device_id=unit)
