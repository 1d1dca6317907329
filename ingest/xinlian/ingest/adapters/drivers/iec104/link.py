"""The link of IEC 60870-5-104: sequence numbers, windows and timers, for either end.

Source: IEC 60870-5-104:2006 clause 5: 5.1 to 5.5 (numbers, test, start and stop), 9.6 (timers t0 to
t3 and windows k, w with their usual values).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from xinlian.ingest.adapters.drivers.iec104.codec import (
    Asdu,
    ProtocolError,
    Unnumbered,
    i_frame,
    parse_asdu,
    s_frame,
    split,
    u_frame,
)
from xinlian.ingest.adapters.drivers.iec104.receipts import Receipt, Receipts

__all__ = ["Link", "Timing"]

MODULO: Final = 1 << 15
WAITING_MAX: Final = 1_024
BUFFER_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds and windows; what the standard proposes."""

    t1: float = 15.0
    """How long an answer to a sent frame may take."""
    t2: float = 10.0
    """After which received frames are acknowledged at the latest."""
    t3: float = 20.0
    """Silence after which the link is tested."""
    k: int = 12
    """Unacknowledged frames that may be under way."""
    w: int = 8
    """Received frames after which an acknowledgement is due at the latest."""


class Link(asyncio.Protocol):
    """One connection. ``told`` gets each ASDU and what to do once it is safe, ``lost`` the reason
    once, when the link is gone.

    Acknowledged is what is safe: as soon as ``w`` frames are, or the last of those that wait; after
    t2 at the latest what was taken at least, since the station would end the link.

    The controlling end (``controlling``) starts data transfer; the controlled one answers.
    """

    def __init__(
        self,
        told: Callable[[Asdu, Receipt], None],
        lost: Callable[[str], None],
        timing: Timing,
        *,
        controlling: bool = True,
    ) -> None:
        self.told = told
        self.lost = lost
        self.timing = timing
        self.controlling = controlling
        self.started = asyncio.Event()
        self.transport: asyncio.Transport | None = None
        self.next_sent = 0
        self.next_received = 0
        self.acknowledged = 0
        self.told_back = 0
        """The N(R) that the other end knows."""
        self.receipts = Receipts(self._safe)
        self.waiting: deque[bytes] = deque()
        self.buffer = bytearray()
        self.reason = ""
        self.testing: float | None = None
        """When a test or start was sent that has no answer yet."""
        self.heard_at = 0.0
        self.unacknowledged_at: float | None = None
        self.owing_at: float | None = None
        self.timer: asyncio.TimerHandle | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with all numbers at 0."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=1 << 20)
        self.heard_at = self._now()
        if self.controlling:
            self._unnumbered(Unnumbered.STARTDT_ACT)
            self.testing = self._now()
        self._tick()

    def data_received(self, data: bytes) -> None:
        """Any bytes; what breaks the protocol closes the link."""
        self.buffer += data
        self.heard_at = self._now()
        try:
            while self.transport is not None and (frame := split(self.buffer)) is not None:
                self._frame(frame)
        except ProtocolError as exc:
            self.abort(str(exc))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell it once."""
        self._end(self.reason or (str(exc) if exc else "closed by the station"))

    # What sessions and stations call.

    def send(self, asdu: bytes) -> None:
        """Send, or queue while the window is full; a queue that is full closes the link. Nothing
        is sent on a link that is gone."""
        if self.transport is None:
            return
        if len(self.waiting) >= WAITING_MAX:
            self.abort(f"{WAITING_MAX} frames wait for an acknowledgement")
            return
        self.waiting.append(asdu)
        self._pump()

    def abort(self, reason: str) -> None:
        """Close at once, for a reason."""
        if self.transport is not None:
            self.reason = self.reason or reason
            self.transport.abort()
            self._end(self.reason)

    def close(self) -> None:
        """Let go without a word: the standard has the connection simply closed."""
        self.reason = self.reason or "closed"
        if self.transport is not None:
            self.transport.close()
        self._end(self.reason)

    @property
    def unanswered_s(self) -> float:
        """For how long a test of the link has had no answer."""
        return 0.0 if self.testing is None else self._now() - self.testing

    # Inside.

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _end(self, reason: str) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.transport is not None:
            self.transport = None
            self.waiting.clear()
            self.receipts.clear()
            self.lost(reason)

    def _write(self, data: bytes) -> None:
        if self.transport is None:
            return
        if self.transport.get_write_buffer_size() > BUFFER_MAX:
            self.abort("the other end does not read")
            return
        self.transport.write(data)

    def _unnumbered(self, function: Unnumbered) -> None:
        self._write(u_frame(function))

    def _frame(self, frame: bytes) -> None:
        first = frame[0]
        if not first & 1:
            self._information(frame)
        elif len(frame) != 4:
            raise ProtocolError(f"a frame without information has {len(frame)} bytes, not 4")
        elif first & 3 == 1:
            if first != 1 or frame[1] != 0 or frame[2] & 1:
                raise ProtocolError("an S frame with bits that shall be 0")
            self._acknowledge(int.from_bytes(frame[2:4], "little") >> 1)
        else:
            self._control(frame)

    def _information(self, frame: bytes) -> None:
        if frame[2] & 1:
            raise ProtocolError("an I frame whose receive number has its lowest bit set")
        sent = int.from_bytes(frame[0:2], "little") >> 1
        if not self.started.is_set():
            raise ProtocolError("information before data transfer was started")
        if sent != self.next_received:
            raise ProtocolError(f"frame {sent} came where {self.next_received} was due")
        self._acknowledge(int.from_bytes(frame[2:4], "little") >> 1)
        asdu = parse_asdu(frame[4:])
        self.next_received = (self.next_received + 1) % MODULO
        if self.owing_at is None:
            self.owing_at = self._now()
        self.receipts.tell(partial(self.told, asdu))
        if self._unacknowledged >= self.timing.w:
            self._acknowledge_now()

    @property
    def _may_acknowledge(self) -> int:
        """The N(R) up to which all is safe."""
        return (self.next_received - len(self.receipts)) % MODULO

    @property
    def _unacknowledged(self) -> int:
        """Frames that are safe, and the other end does not know."""
        return (self._may_acknowledge - self.told_back) % MODULO

    def _safe(self) -> None:
        """The other end has waited for the disk: tell it if that was the last, or enough."""
        due = self._unacknowledged
        if due >= self.timing.w or (due and not self.receipts):
            self._acknowledge_now()

    def _acknowledge_now(self) -> None:
        self._write(s_frame(self._may_acknowledge))
        self._told_back()

    def _control(self, frame: bytes) -> None:
        if frame[1:] != b"\0\0\0":
            raise ProtocolError("a U frame with bits that shall be 0")
        match frame[0]:
            case Unnumbered.TESTFR_ACT:
                self._unnumbered(Unnumbered.TESTFR_CON)
            case Unnumbered.TESTFR_CON:
                self.testing = None
            case Unnumbered.STARTDT_CON if self.controlling:
                self.testing = None
                self.started.set()
                self._pump()
            case Unnumbered.STARTDT_ACT if not self.controlling:
                self._unnumbered(Unnumbered.STARTDT_CON)
                self.started.set()
                self._pump()
            case Unnumbered.STOPDT_ACT if not self.controlling:
                self.started.clear()
                self._unnumbered(Unnumbered.STOPDT_CON)
            case _:
                raise ProtocolError(f"U frame 0x{frame[0]:02x} was not due")

    def _acknowledge(self, number: int) -> None:
        outstanding = (self.next_sent - self.acknowledged) % MODULO
        step = (number - self.acknowledged) % MODULO
        if step > outstanding:
            raise ProtocolError(f"frame {number} is acknowledged, and was never sent")
        if step:
            self.acknowledged = number
            self.unacknowledged_at = None if step == outstanding else self._now()
            self._pump()

    def _told_back(self) -> None:
        self.told_back = self._may_acknowledge
        self.owing_at = self._now() if self.receipts else None

    def _pump(self) -> None:
        while (
            self.waiting
            and self.transport is not None
            and self.started.is_set()
            and (self.next_sent - self.acknowledged) % MODULO < self.timing.k
        ):
            self._write(i_frame(self.next_sent, self._may_acknowledge, self.waiting.popleft()))
            self.next_sent = (self.next_sent + 1) % MODULO
            self._told_back()
            if self.unacknowledged_at is None:
                self.unacknowledged_at = self._now()

    def _tick(self) -> None:
        """Look at all timers, some times within the shortest."""
        loop = asyncio.get_running_loop()
        now, timing = loop.time(), self.timing
        if self.testing is not None and now - self.testing >= timing.t1:
            self.abort(f"no answer to a start or test within {timing.t1:g} s")
            return
        if self.unacknowledged_at is not None and now - self.unacknowledged_at >= timing.t1:
            self.abort(f"no acknowledgement within {timing.t1:g} s")
            return
        if self.owing_at is not None and now - self.owing_at >= timing.t2:
            self.receipts.sort(taken=True)
            if self._unacknowledged:
                self._acknowledge_now()
        if self.testing is None and now - self.heard_at >= timing.t3:
            self.testing = now
            self._unnumbered(Unnumbered.TESTFR_ACT)
        if self.transport is not None:
            shortest = min(timing.t1, timing.t2, timing.t3)
            self.timer = loop.call_later(max(shortest / 4, 0.01), self._tick)
