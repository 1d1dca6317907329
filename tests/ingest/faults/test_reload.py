"""A plant that is read anew while readings wait: none is lost, each keeps what stood by it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from xinlian.ingest.adapters.drivers.registry import simulator
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.signals import Signals
from xinlian.services.cli.ingest import load
from xinlian.services.workers.collecting import Collecting

PLANT = """party: 1
groups:
  - {{id: stays, window_s: 60, segment_ms: 60000}}
  - {{id: goes, window_s: 60, segment_ms: 60000}}
devices:
  - {{id: m1, group: stays, driver: modbus-tcp, calibration: {calibration},
     endpoint: {{host: 127.0.0.1, port: {port}, unit: 1}},
     tags: [{{name: a, address: "holding:0", period_ms: 20}}]}}
"""
GOES = """  - {{id: m2, group: goes, driver: modbus-tcp,
     endpoint: {{host: 127.0.0.1, port: {port}, unit: 2}},
     tags: [{{name: a, address: "holding:0", period_ms: 20}}]}}
"""


async def reached(collecting: Collecting, rows: dict[str, int]) -> None:
    for _ in range(500):
        await asyncio.sleep(0.02)
        links = collecting.collector.links
        if all(sum(b.received for b in links[name].buffers) >= n for name, n in rows.items()):
            return
    raise AssertionError(collecting.status())


def write(file: Path, text: str, port: int, calibration: str) -> None:
    file.write_text(text.format(port=port, calibration=calibration))


async def reloaded(file: Path, folder: Path, port: int) -> Collecting:
    write(file, PLANT + GOES, port, "CAL-OLD")
    async with simulator("modbus-tcp", load(file).devices, Signals()):
        collecting = Collecting(load(file), folder, "c")
        collecting.file = file
        running = asyncio.create_task(collecting.collector.run())
        await reached(collecting, {"m1": 3, "m2": 3})
        gone = "  - {{id: goes, window_s: 60, segment_ms: 60000}}\n"
        write(file, PLANT.replace(gone, ""), port, "CAL-NEW")
        assert await collecting.reload() == {"kept": 0, "dropped": 2, "added": 1}
        await reached(collecting, {"m1": 3})
        collecting.collector.stop()
        await running
    await asyncio.to_thread(collecting.close)
    return collecting


def test_what_was_read_before_keeps_its_group_and_its_calibration(
    tmp_path: Path, free_tcp_port: int
) -> None:
    asyncio.run(reloaded(tmp_path / "plant.yaml", tmp_path / "t", free_tcp_port))
    segments = LogReader(tmp_path / "t" / "log" / "c").segments(0).segments
    blocks = [block for _, segment in segments for block in segment.blocks]
    rows = {(block.frame.device, block.calibration): len(block.frame) >= 3 for block in blocks}
    assert rows == {("m1", "CAL-OLD"): True, ("m2", ""): True, ("m1", "CAL-NEW"): True}
