"""A plant that is read anew while readings wait: none is lost, each keeps what stood by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from xinlian.ingest.adapters.drivers.registry import simulator
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import TagError
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


async def kept(file: Path, folder: Path, port: int) -> None:
    good = (PLANT + GOES).format(port=port, calibration="CAL-1").encode()
    restored(file, good)
    async with simulator("modbus-tcp", load(file).devices, Signals()):
        collecting = Collecting(load(file), folder, "c")
        collecting.file = file
        running = asyncio.create_task(collecting.collector.run())
        await reached(collecting, {"m1": 1, "m2": 1})
        links = dict(collecting.collector.links)
        for spoil in SPOILT:
            spoil(file, good)
            with pytest.raises(TagError):
                await collecting.reload()
            assert collecting.collector.links == links
        restored(file, good)
        assert await collecting.reload() == {"kept": 2, "dropped": 0, "added": 0}
        seen = {name: sum(b.received for b in link.buffers) for name, link in links.items()}
        await reached(collecting, {name: rows + 2 for name, rows in seen.items()})
        collecting.collector.stop()
        await running
    await asyncio.to_thread(collecting.close)
    assert collecting.recorder.status.fault == ""


def restored(file: Path, good: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(good)


SPOILT: tuple[Callable[[Path, bytes], object], ...] = (
    lambda file, good: file.write_bytes(bytes(range(256)) * 9),
    lambda file, good: file.write_bytes(good[: len(good) // 2]),
    lambda file, good: file.write_bytes(b""),
    lambda file, good: file.write_bytes(b"[" * 100_000),
    lambda file, good: file.write_bytes(good.replace(b"party: 1", b"party: 2")),
    lambda file, good: file.write_bytes(good.replace(b"unit: 2", b"unit: 999")),
    lambda file, good: file.write_bytes(good.replace(b"holding:0", b"nowhere:0")),
    lambda file, good: file.unlink(),
)
"""What befalls the file of a plant while it is collected."""


def test_a_plant_that_cannot_be_read_changes_nothing(tmp_path: Path, free_tcp_port: int) -> None:
    asyncio.run(kept(tmp_path / "plant.yaml", tmp_path / "t", free_tcp_port))
