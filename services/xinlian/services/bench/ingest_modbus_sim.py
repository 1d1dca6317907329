"""Simulated Modbus devices in a process of their own, for the bench of ingestion.

    python -m xinlian.services.bench.ingest_modbus_sim '{"devices": 1000, "tags": 60}'

Prints the ports of the devices, in their order, as one line of JSON; ends when its input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from xinlian.ingest.adapters.drivers.modbus import simulator
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import Tag, TagTable, ValueType

__all__ = ["device_list"]

UNITS: Final = 240
"""Devices behind one port."""


def device_list(
    count: int, tags: int, period_ms: int, *, prefix: str = "m", ports: Sequence[int] = ()
) -> tuple[Device, ...]:
    """Meters of ``tags`` floats, two registers each, in one row of holding registers."""
    table = TagTable(
        f"bench-{tags}-{period_ms}",
        tuple(
            Tag(
                name=f"v{index:03}",
                address=f"holding:{index * 2}",
                type=ValueType.FLOAT32,
                unit="kW",
                low=Decimal(0),
                high=Decimal(100_000),
                period_ms=period_ms,
            )
            for index in range(tags)
        ),
        fixed=True,
    )
    return tuple(
        Device(
            id=f"{prefix}{number:05}",
            group=f"g{number % 10}",
            table=table,
            driver="modbus-tcp",
            endpoint={
                "unit": number % UNITS + 1,
                **({"host": "127.0.0.1", "port": ports[number]} if ports else {}),
            },
            timeout_ms=2_000,
        )
        for number in range(count)
    )


async def _serve(options: Mapping[str, Any]) -> None:
    devices = device_list(int(options["devices"]), int(options["tags"]), 1_000)
    async with simulator(devices, Signals()) as served:
        served.refresh_s = 5.0
        ports = [served.endpoint(device.id)["port"] for device in devices]
        sys.stdout.write(json.dumps(ports) + "\n")
        sys.stdout.flush()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    import uvloop

    uvloop.run(_serve(json.loads(sys.argv[1])))
