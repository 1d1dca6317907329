"""What devices with the same place share: a listening port, a serial line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

__all__ = ["Shared"]


class _Closing(Protocol):
    users: int

    def close(self) -> None: ...


P = TypeVar("P", bound=Hashable)
T = TypeVar("T", bound=_Closing)


class Shared(Generic[P, T]):
    """One thing for each place and event loop, as long as somebody uses it."""

    def __init__(self, make: Callable[[P], T]) -> None:
        self._make = make
        self._all: dict[tuple[asyncio.AbstractEventLoop, P], T] = {}

    def take(self, place: P) -> T:
        """The thing of a place; to be given back."""
        key = (asyncio.get_running_loop(), place)
        found = self._all.get(key)
        if found is None:
            found = self._all[key] = self._make(place)
        found.users += 1
        return found

    def give_back(self, thing: T) -> None:
        """The last user closes it."""
        thing.users -= 1
        if thing.users == 0:
            thing.close()
            self._all = {key: each for key, each in self._all.items() if each is not thing}
