"""The plant of the demo: the bundled sample on free ports of this machine, played in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from xinlian.ingest.adapters.drivers.registry import simulator
from xinlian.ingest.adapters.files.plant import read_plant
from xinlian.ingest.model.devices import Plant
from xinlian.ingest.model.signals import Signals
from xinlian.services.demo.failure import DemoError

__all__ = ["SAMPLE", "playing", "sample_plant"]

SAMPLE: Final = Path(__file__).resolve().parents[4] / "ingest" / "samples" / "press-shop"
_START_SECONDS: Final = 30.0


def sample_plant(party: int) -> Plant:
    """The sample, for a party, with its devices on free ports."""
    plant = read_plant(SAMPLE / "plant.yaml")
    ports = iter(_free_ports(len(plant.devices)))
    devices = tuple(
        replace(device, endpoint={**device.endpoint, "port": next(ports)})
        for device in plant.devices
    )
    return replace(plant, party=party, devices=devices)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@contextlib.contextmanager
def playing(plant: Plant) -> Iterator[None]:
    """The plant's devices, simulated until the end of the block."""
    ready, stop = threading.Event(), threading.Event()
    faults: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(_play(plant, ready, stop))
        except BaseException as exc:  # noqa: BLE001 - told by whoever waits
            faults.append(exc)
            ready.set()

    thread = threading.Thread(target=work, name="simulators", daemon=True)
    thread.start()
    if not ready.wait(_START_SECONDS) or faults:
        raise DemoError(f"the simulators did not start: {faults[0] if faults else 'too slow'}")
    try:
        yield
    finally:
        stop.set()
        thread.join(_START_SECONDS)


async def _play(plant: Plant, ready: threading.Event, stop: threading.Event) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for kind in sorted({device.driver for device in plant.devices}):
            devices = [device for device in plant.devices if device.driver == kind]
            await stack.enter_async_context(simulator(kind, devices, Signals()))
        ready.set()
        await asyncio.get_running_loop().run_in_executor(None, stop.wait)
