"""The link to one device: opened, lost, opened again with back-off, demoted to a slow probe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.schedule import Backoff, phase
from xinlian.ingest.usecases.buffers import GroupBuffer
from xinlian.ingest.usecases.clock import Clock
from xinlian.ingest.usecases.figures import Figures
from xinlian.ingest.usecases.limits import Limits
from xinlian.ingest.usecases.ports import Driver, DriverError, Session
from xinlian.ingest.usecases.repeats import Repeats

__all__ = ["Link", "LinkState", "driver_version"]

_LOG: Final = logging.getLogger(__name__)


_STOP_STEP_S: Final = 0.02
_STOP_TRIES: Final = 50


def driver_version(driver: Driver, device: Device) -> str:
    """Name and version of what reads a device; with the engine, where a driver has several."""
    version_of = getattr(driver, "version_of", None)
    return str(version_of(device) if version_of is not None else driver.version)


class LinkState(StrEnum):
    """How a device stands."""

    WAITING = "waiting"
    """Not connected; the next attempt is set."""
    OPENING = "opening"
    UP = "up"
    SILENT = "silent"
    """Connected, but it does not answer: polled slowly."""
    STOPPED = "stopped"


class Link:
    """One device's session and buffers. ``poll_next`` (monotonic) holds polls of a silent one back.

    ``wake`` is called with a time when ``step`` should be called again.
    """

    __slots__ = (
        "_backoff", "_breaking", "_demotion", "_limits", "_monotonic", "_task", "_wake", "begun",
        "buffers", "device", "driver", "fault", "figures", "poll_next", "quality", "session",
        "state", "unasked", "up_since",
    )  # fmt: skip

    def __init__(
        self,
        device: Device,
        driver: Driver,
        clock: Clock,
        limits: Limits,
        held_s: float,
        wake: Callable[[Link, float], None],
        repeats: Repeats | None = None,
    ) -> None:
        self.device, self.driver = device, driver
        self._limits, self._wake, self._monotonic = limits, wake, clock.monotonic
        share = phase(device.id)
        self._backoff = Backoff(limits.retry_s, limits.retry_most_s, share)
        self._demotion = Backoff(limits.probe_s, limits.retry_most_s, share)
        self.state = LinkState.WAITING
        self.quality = Quality.NO_CONNECTION
        self.fault = ""
        self.session: Session | None = None
        self.unasked = False
        self.up_since: float | None = None
        self.poll_next = float("inf")
        self.figures = Figures(clock.monotonic())
        self._task: asyncio.Task[None] | None = None
        self._breaking = False
        again = repeats if getattr(driver, "resends", False) else None
        self.begun = False
        """Whether a first attempt to connect is over: cycles count from then on."""
        groups = range(len(device.table.periods))
        self.buffers = tuple(
            GroupBuffer(
                device, group, driver.decoder(device, group), clock, self._failing, held_s, again
            )
            for group in groups
        )  # fmt: skip

    @property
    def driver_version(self) -> str:
        """As evidence has it."""
        return driver_version(self.driver, self.device)

    def _failing(self, quality: Quality) -> None:
        """A driver told of a failure: the link may be gone, or the device silent."""
        if quality is Quality.NO_CONNECTION:
            self.break_off("the link was lost")
            return
        # The fastest group speaks for the device: one address that stays silent does not.
        if (
            self.state is LinkState.UP
            and quality is Quality.TIMEOUT
            and self.buffers[0].fails >= self._limits.silent_after
        ):
            self.state, self.quality = LinkState.SILENT, Quality.TIMEOUT
            self._demotion.succeeded()
            for buffer in self.buffers:
                buffer.fails = max(1, buffer.fails)
        if self.state is LinkState.SILENT:
            self.poll_next = self._monotonic() + self._demotion.failed()

    def look(self, now: float) -> None:
        """Once a second: a silent device that spoke is up; polls without an outcome end it all."""
        if self.state is LinkState.SILENT and not all(buffer.fails for buffer in self.buffers):
            self.state, self.poll_next = LinkState.UP, 0.0
        if self.state in (LinkState.UP, LinkState.SILENT):
            patience = self.device.timeout_ms / 1_000 * (len(self.buffers) + 1)
            before = now - patience - self._limits.answer_s
            if any(buffer.busy and buffer.started < before for buffer in self.buffers):
                self.break_off("a poll had no outcome")

    def break_off(self, why: str) -> None:
        """Close the session soon, and open it again later."""
        if self.state in (LinkState.UP, LinkState.SILENT) and not self._breaking:
            self._breaking = True
            self.poll_next, self.quality = float("inf"), Quality.NO_CONNECTION
            self.fault = why
            self._task = asyncio.get_running_loop().create_task(self._reopen_later())

    async def _reopen_later(self) -> None:
        await self._let_go()
        self._breaking = False
        if not self._stopped():
            self._wait()

    def _stopped(self) -> bool:
        """Asked anew after every wait: somebody may have stopped it meanwhile."""
        return self.state is LinkState.STOPPED

    def _wait(self) -> None:
        self.state, self.quality = LinkState.WAITING, Quality.NO_CONNECTION
        wait = self._backoff.failed()
        if self._backoff.failures > self._limits.dead_after:
            wait = max(wait, self._limits.probe_s)
        self._wake(self, self._monotonic() + wait)

    async def _let_go(self) -> None:
        now = self._monotonic()
        if self.up_since is not None:
            self.figures.up_s += now - self.up_since
            self.up_since = None
        self.poll_next = float("inf")
        session, self.session = self.session, None
        if session is None:
            return
        try:
            await asyncio.wait_for(session.close(), self._limits.close_s)
        except Exception as exc:  # noqa: BLE001 - a driver's fault ends no other device
            _LOG.warning("%s: closing failed", self.device.id, exc_info=exc)
        for buffer in self.buffers:
            if buffer.busy:
                buffer.miss(Quality.NO_CONNECTION)

    async def open(self) -> None:
        """One attempt to connect; afterwards the link is up, or waits for the next attempt."""
        self.state = LinkState.OPENING
        self.figures.attempts += 1
        session = self.driver.session(self.device, self.buffers)
        self.session = session
        try:
            await asyncio.wait_for(
                session.open(), self.device.timeout_ms / 1_000 + self._limits.open_s
            )
        except asyncio.CancelledError:
            await self._let_go()
            raise
        except Exception as exc:  # noqa: BLE001 - a driver's fault ends no other device
            if not isinstance(exc, DriverError | OSError):
                _LOG.warning("%s: opening failed oddly", self.device.id, exc_info=exc)
            self.fault = str(exc) or type(exc).__name__
            self.begun = True
            await self._let_go()
            if not self._stopped():
                self._wait()
            return
        if self._stopped():
            await self._let_go()
            return
        self.figures.connected += 1
        self._backoff.succeeded()
        self.unasked = bool(getattr(session, "unasked", False))
        for buffer in self.buffers:
            buffer.fails = 0
        self.up_since = self._monotonic()
        self.state, self.fault, self.poll_next = LinkState.UP, "", 0.0
        self.begun = True

    async def stop(self) -> None:
        """Let go for good; polls under way may end before, for a moment."""
        self.state, self.poll_next = LinkState.STOPPED, float("inf")
        for _ in range(_STOP_TRIES):
            if not any(buffer.busy for buffer in self.buffers):
                break
            await asyncio.sleep(_STOP_STEP_S)
        if self._task is not None and self._task is not asyncio.current_task():
            await asyncio.wait({self._task}, timeout=self._limits.close_s)
        await self._let_go()
