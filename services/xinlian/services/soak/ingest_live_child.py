"""A collector of simulated Modbus devices, for ``./xl soak ingest``, until it is killed.

    python -m xinlian.services.soak.ingest_live_child FOLDER PORT PARTY [alone]

``alone``: others bring its log into a store. Each frame that is durable is told on the standard
output: ``device first_us last_us rows``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from xinlian.ingest.adapters.drivers.registry import driver
from xinlian.ingest.adapters.log.log import LogLimits
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.model.devices import Device, DeviceGroup, Plant
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.tags import Tag, TagTable
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.recorder import Recorder
from xinlian.ingest.usecases.recording import DeviceFacts
from xinlian.services.soak.ingest_child import PARTY, STREAM, pump_for_ever

__all__ = ["GROUP", "LIVE_TABLE", "plant"]

_DEVICES: Final = 12
_FILE_BYTES: Final = 256 << 10
LIVE_TABLE: Final = TagTable(
    "soak-live",
    tuple(Tag(name=f"r{n}", address=f"holding:{n}", period_ms=50) for n in range(20)),
    fixed=True,
)


GROUP: Final = DeviceGroup(id="live", window_s=2, segment_ms=100)


def plant(port: int, party: int = PARTY) -> Plant:
    """Devices behind one port of this machine, told apart by their unit."""
    devices = tuple(
        Device(
            id=f"live-m{unit}",
            group=GROUP.id,
            table=LIVE_TABLE,
            driver="modbus-tcp",
            endpoint={"host": "127.0.0.1", "port": port, "unit": unit},
        )
        for unit in range(1, _DEVICES + 1)
    )
    return Plant(party=party, groups=(GROUP,), devices=devices)


class _Telling:
    """Tells what became durable."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def put(
        self, group: str, frames: Sequence[Frame], on_durable: Callable[[], None] | None = None
    ) -> bool:
        """As the recorder takes them."""
        lines = "".join(
            f"{frame.device} {frame.received_us[0]} {frame.received_us[-1]} {len(frame)}\n"
            for frame in frames
            if len(frame)
        ).encode()

        def durable() -> None:
            os.write(1, lines)
            if on_durable is not None:
                on_durable()

        return self._recorder.put(group, frames, durable)


def main(arguments: list[str]) -> int:
    """Collect until killed."""
    folder, port, party = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    log = folder / "log" / STREAM
    known = plant(port, party)
    facts = {device.id: DeviceFacts("soak/1") for device in known.devices}
    limits = LogLimits(file_bytes=_FILE_BYTES)
    recorder = open_recorder(log, party, known.groups, facts, log_limits=limits)
    if "alone" not in arguments[3:]:
        threading.Thread(target=pump_for_ever, args=(folder, log), daemon=True).start()
    collector = Collector(known, driver, _Telling(recorder))
    os.write(1, b"ready\n")
    asyncio.run(collector.run())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
