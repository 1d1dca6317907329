"""What the tests of Modbus share: devices, a sink that remembers, a scheduler of one poll."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xinlian.ingest.adapters.drivers.modbus import driver
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagTable
from xinlian.ingest.usecases.ports import Decoder

WAIT_S = 10.0


@dataclass
class Remembering:
    """A sink that keeps rows as (values, quality) and decodes raw ones."""

    decoder: Decoder
    count: int
    rows: list[tuple[list[Any], list[Quality]]] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def raw(self, payload: bytes | memoryview, received_us: int | None = None) -> None:
        row = np.frombuffer(payload, np.uint8)
        assert row.size == self.decoder.row_bytes
        columns = self.decoder.columns(row.reshape(1, -1))
        self._put([column[0].item() for column in columns], [Quality.GOOD] * self.count)

    def row(
        self,
        values: Sequence[Any],
        quality: Sequence[int] | None = None,
        *,
        received_us: int | None = None,
        source_us: int | None = None,
        durable: Callable[[], None] | None = None,
        held: bool = False,
    ) -> bool:
        given = [Quality(each) for each in quality or [0] * self.count]
        self._put(list(values), given)
        return True

    def shed(self, rows: int) -> None:
        raise AssertionError("nothing is held")

    def failed(self, quality: Quality, *, received_us: int | None = None) -> None:
        self._put([None] * self.count, [quality] * self.count)

    def _put(self, values: list[Any], quality: list[Quality]) -> None:
        assert len(values) == len(quality) == self.count
        self.rows.append((values, quality))
        self.told.set()

    async def next(self) -> tuple[list[Any], list[Quality]]:
        async with asyncio.timeout(WAIT_S):
            while not self.rows:
                self.told.clear()
                await self.told.wait()
        return self.rows.pop(0)


def device(
    tags: Sequence[Tag],
    endpoint: Mapping[str, Any],
    *,
    kind: str = "modbus-tcp",
    name: str = "d1",
    timeout_ms: int = 1_000,
) -> Device:
    return Device(
        id=name,
        group="g",
        table=TagTable("t", tuple(tags)),
        driver=kind,
        endpoint=endpoint,
        timeout_ms=timeout_ms,
        writable=True,
    )


def sinks_of(made: Device) -> list[Remembering]:
    return [
        Remembering(driver().decoder(made, group), len(tags))
        for group, tags in enumerate(made.table.groups)
    ]


class Constant:
    """Signals that never change: a number from the tag's name."""

    def raw(self, device_id: str, tag: Tag, t_us: int) -> int | float:
        number = sum(tag.name.encode()) * 37 + len(device_id)
        if tag.type.value == "bool":
            return number & 1
        return number / 8 if tag.type.is_float else number & 0x7F
