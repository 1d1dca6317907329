"""Devices that push: they post to the collector that their endpoints name."""

from __future__ import annotations

import asyncio
import ssl
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Self

import httpx
from xinlian.ingest.adapters.drivers.endpoint import SignalSource, secret
from xinlian.ingest.adapters.drivers.http.driver import options
from xinlian.ingest.adapters.drivers.reported import TIME_UNITS
from xinlian.ingest.model.devices import Device

__all__ = ["Simulator", "simulator"]

TRIES_S: Final = 0.5


class Simulator:
    """One client per device."""

    def __init__(self, devices: Sequence[Device], signals: SignalSource) -> None:
        self.devices, self.signals = tuple(devices), signals
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.tasks = [asyncio.create_task(self._play(device)) for device in self.devices]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _play(self, device: Device) -> None:
        wanted = options(device)
        if not wanted.device_token_file:
            return  # a simulator has no other way to know it
        place = wanted.place
        verify: ssl.SSLContext | bool = True
        if place.cert_file:
            verify = ssl.create_default_context(cafile=place.cert_file)
        scheme = "https" if place.cert_file else "http"
        url = f"{scheme}://{place.host}:{place.port}/v1/devices/{device.id}/readings"
        token = await asyncio.to_thread(secret, wanted.device_token_file)
        period_s = device.table.periods[0] / 1_000
        async with httpx.AsyncClient(verify=verify, trust_env=False, timeout=30) as client:
            while True:
                now_us = time.time_ns() // 1_000
                values = {
                    tag.address: self.signals.raw(device.id, tag, now_us)
                    for tag in device.table.tags
                }
                reading = {"time": _time(wanted.time_unit, now_us), "values": values}
                headers = {
                    "Authorization": f"Bearer {token}",
                    "Idempotency-Key": uuid.uuid4().hex,
                }
                await self._send(client, url, headers, {"readings": [reading]})
                await asyncio.sleep(period_s)

    async def _send(
        self, client: httpx.AsyncClient, url: str, headers: dict[str, str], body: dict[str, Any]
    ) -> None:
        """Until it is answered as durable, as devices shall."""
        while True:
            with suppress(httpx.HTTPError):
                answer = await client.post(url, headers=headers, json=body)
                if answer.status_code == 200:
                    return
            await asyncio.sleep(TRIES_S)


def _time(unit: str, now_us: int) -> object:
    if unit == "iso":
        return datetime.fromtimestamp(now_us / 1e6, UTC).isoformat()
    return now_us // TIME_UNITS[unit]


def simulator(devices: Sequence[Device], signals: SignalSource) -> Simulator:
    """Simulate devices that push to loopback."""
    return Simulator(devices, signals)
