"""Who may hold a connection: places for those who have shown a token, few for those who have not.

Everybody comes from this machine, so a peer is told by its token, not by its address. A stranger
more makes the oldest stranger go; a connection more of one token makes an idle one of its go. So
whoever has a token gets through, however many connections others keep open.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Bounds:
    """Numbers of connections (of all strangers, of one token), and times in seconds.

    ``request``: from the first byte to the last; for strangers from the connection on. ``idle``:
    between two requests. ``send``: for fetching an answer.
    """

    strangers_max: int = 64
    token_max: int = 200
    request_seconds: float = 20.0
    idle_seconds: float = 120.0
    send_seconds: float = 60.0


class Connection(Protocol):
    """What holds a place."""

    idle: bool
    """Whether no request is under way."""
    closed: asyncio.Event

    def end(self) -> None:
        """Close at once."""

    def close(self) -> None:
        """Close once the request being answered, if any, is answered."""


class Places:
    """All connections of one server, each in one place."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._strangers: dict[Connection, None] = {}
        self._known: dict[str, dict[Connection, None]] = {}

    def all(self) -> list[Connection]:
        """Every connection there is."""
        known = [each for mine in self._known.values() for each in mine]
        return [*self._strangers, *known]

    def enter(self, connection: Connection) -> None:
        """A new connection, of nobody yet."""
        self._strangers[connection] = None
        if len(self._strangers) > self.bounds.strangers_max:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            oldest.end()

    def know(self, connection: Connection, token: str) -> bool:
        """It has shown a valid token; False if there is no place for it."""
        mine = self._known.get(token, {})
        if len(mine) >= self.bounds.token_max:
            idle = next((each for each in mine if each.idle), None)
            if idle is None:
                return False
            self.leave(idle)
            idle.end()
        self.leave(connection)
        self._known.setdefault(token, {})[connection] = None
        return True

    def leave(self, connection: Connection) -> None:
        """It is gone, or about to go."""
        self._strangers.pop(connection, None)
        for token, mine in list(self._known.items()):
            mine.pop(connection, None)
            if not mine:
                del self._known[token]
