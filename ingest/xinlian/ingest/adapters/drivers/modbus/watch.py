"""Time limits of many sessions with one timer, so that a poll need not arm one."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol
from weakref import WeakKeyDictionary

__all__ = ["NEVER", "Watch", "watch"]

NEVER: Final = float("inf")
STEP_S_MIN: Final = 0.005
STEP_S_MAX: Final = 0.05


class Watched(Protocol):
    """A session with a limit in the loop's time."""

    deadline: float

    def late(self) -> None:
        """The limit is over."""


class Watch:
    """Looks at its sessions some times in the shortest of their timeouts."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._sessions: dict[Watched, float] = {}
        self._step_s = STEP_S_MAX
        self._timer: asyncio.TimerHandle | None = None

    def add(self, session: Watched, timeout_s: float) -> None:
        """Look at a session from now on."""
        self._sessions[session] = timeout_s
        self._step_s = max(STEP_S_MIN, min(self._step_s, timeout_s / 8))
        if self._timer is None:
            self._timer = self._loop.call_later(self._step_s, self._look)

    def remove(self, session: Watched) -> None:
        """Look no longer; nothing if it is not looked at."""
        self._sessions.pop(session, None)
        if not self._sessions and self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._step_s = STEP_S_MAX

    def _look(self) -> None:
        now = self._loop.time()
        try:
            for session in [each for each in self._sessions if each.deadline <= now]:
                session.late()
        finally:  # one session that fails oddly must not take the limits from all others
            again = self._loop.call_later(self._step_s, self._look) if self._sessions else None
            self._timer = again


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, Watch] = WeakKeyDictionary()


def watch(loop: asyncio.AbstractEventLoop) -> Watch:
    """The watch of a loop."""
    if (found := _watches.get(loop)) is None:
        found = _watches[loop] = Watch(loop)
    return found
