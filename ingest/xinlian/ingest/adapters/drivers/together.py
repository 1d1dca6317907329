"""Simulators of several ports as one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import AsyncExitStack
from typing import Any, Protocol, Self, TypeVar

from xinlian.ingest.model.devices import Device

__all__ = ["Together", "by_port"]

K = TypeVar("K", bound=Hashable)


class _Part(Protocol):
    port: int

    async def __aenter__(self) -> Any: ...
    async def __aexit__(self, *error: object) -> None: ...


class Together:
    """Opens its parts one after another, and closes them all. ``port`` is that of the first."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        self.parts = tuple(parts)
        self.port = self.parts[0].port
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for part in self.parts:
                await part.__aenter__()
                stack.push_async_exit(part.__aexit__)
            self._stack = stack.pop_all()
        self.port = self.parts[0].port
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


def by_port(devices: Sequence[Device], key: Callable[[Device], K]) -> dict[K, list[Device]]:
    """The devices of each port, in their order."""
    found: dict[K, list[Device]] = {}
    for device in devices:
        found.setdefault(key(device), []).append(device)
    return found
