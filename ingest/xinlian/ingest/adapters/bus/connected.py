"""Connections to the bus, one after the other, until stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from xinlian.ingest.usecases.log_ports import LogError

__all__ = ["BusLimits", "keep_connected", "pause"]

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BusLimits:
    """Bounds and times."""

    in_flight: int = 32
    """Messages that wait for the server's acknowledgement."""
    stream_bytes: int = 4 << 30
    """What the server holds of a stream; beyond that it waits in the collector's log."""
    answer_s: float = 5.0
    pause_s: float = 1.0
    """Between attempts while the server is away, and between looks at an idle log."""


class _End(Protocol):
    """A sender or a writer."""

    limits: BusLimits
    fault: str


async def keep_connected(
    end: _End, stop: asyncio.Event, connected: Callable[[], Awaitable[None]], words: str
) -> None:
    """``connected`` again and again, through every absence of the server: it returns when ``stop``
    is set. ``end.fault`` says what ended it last; it is logged when it changes."""
    from nats.errors import Error

    expected = OSError, asyncio.TimeoutError, LogError, Error
    while not stop.is_set():
        try:
            await connected()
        except Exception as exc:  # noqa: BLE001  (who sends readings must not end unnoticed)
            told = f"{exc}" or type(exc).__name__
            if end.fault != told:
                unexpected = not isinstance(exc, expected)
                level = logging.ERROR if unexpected else logging.WARNING
                _LOG.log(level, "%s: %s", words, told, exc_info=unexpected)
            end.fault = told
            await pause(stop, end.limits.pause_s)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not beyond ``stop``."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
