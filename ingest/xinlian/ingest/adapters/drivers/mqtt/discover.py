"""Metrics of a Sparkplug edge node, from its births."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from xinlian.ingest.adapters.drivers.found import FOUND_MAX, Found
from xinlian.ingest.adapters.drivers.mqtt.edge import EdgeNode, enter, leave
from xinlian.ingest.adapters.drivers.mqtt.link import give_back, take
from xinlian.ingest.adapters.drivers.mqtt.sparkplug import TYPES, options
from xinlian.ingest.adapters.drivers.mqtt.sparkplug_codec import Metric
from xinlian.ingest.adapters.drivers.reported import Put
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["births"]

_OF: Final = {int(datatype): kind for kind, datatype in TYPES.items()}


class _Births:
    """Takes births, and makes no rows."""

    def __init__(self) -> None:
        self.metrics: dict[str, Metric] = {}
        self.came = asyncio.Event()

    def born(self, metrics: Sequence[tuple[str, Metric]], time_ms: int | None) -> list[Put]:  # noqa: ARG002
        for name, metric in metrics:
            if len(self.metrics) < FOUND_MAX:
                self.metrics[name] = metric
        self.came.set()
        return []

    def told(self, metrics: Sequence[tuple[str, Metric]], time_ms: int | None) -> list[Put]:  # noqa: ARG002
        return []

    def died(self, time_us: int | None) -> list[Put]:  # noqa: ARG002
        return []

    def doubt(self) -> None: ...

    def gone(self) -> None: ...


async def births(device: Device, seconds: float = 10) -> list[Found]:
    """Ask the endpoint's edge node for its births; the metrics of the endpoint's device, or of the
    node itself. ``DriverError``."""
    wanted = options(device)
    link = await take(wanted.broker, device.timeout_ms / 1_000)
    taker = _Births()
    node: EdgeNode | None = None
    try:
        async with asyncio.timeout(seconds):
            node = await enter(link, wanted.group, wanted.edge, wanted.device, taker)
            await node.rebirth()
            await taker.came.wait()
    except TimeoutError as exc:
        raise DriverError(
            f"no birth of {wanted.group}/{wanted.edge} {wanted.device}".rstrip(), Quality.TIMEOUT
        ) from exc
    finally:
        if node is not None:
            leave(node, wanted.device, taker)
        give_back(link)
    return [
        Found(name, name, _OF.get(metric.datatype))
        for name, metric in taker.metrics.items()
        if name
    ]
