"""Writes to devices: only where a tag and its device allow them, and never without a record.

1. The device and the tag are known, the device is writable, the tag is ``rw``.
2. The value lies in the tag's range and is exactly representable as a raw value.
3. What is about to be done is durable in the log.
4. The value goes out.
5. What came of it is durable in the log.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from concurrent.futures import Future
from decimal import Decimal
from typing import Any, Final, Protocol

from xinlian.ingest.model.lanes import type_limits
from xinlian.ingest.model.tags import Access, Tag, TagError, ValueType
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.links import LinkState
from xinlian.ingest.usecases.log_ports import LogError
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["Auditor", "DeviceWriter", "raw_of"]

_AUDIT_S: Final = 30.0
_WHO_MAX: Final = 200


class Auditor(Protocol):
    """Keeps records of what was done to devices: the recorder."""

    def audit(self, members: Mapping[str, Any]) -> Future[None]:
        """Done when the record is durable; fails when it cannot be kept."""


def raw_of(tag: Tag, value: Decimal) -> int | float:
    """The raw value of an engineering value; ``TagError`` out of range, or between two steps."""

    def refuse(message: str, zh: str) -> TagError:
        return TagError(f"tag {tag.name!r}: {message}", f"点位 {tag.name!r}：{zh}", tag.name)

    if not value.is_finite():
        raise refuse("a value is a finite number", "值须为有限数")
    if (tag.low is not None and value < tag.low) or (tag.high is not None and value > tag.high):
        low, high = tag.low, tag.high
        raise refuse(
            f"{value} is not within {low if low is not None else '-'} to"
            f" {high if high is not None else '-'} {tag.unit}".rstrip(),
            f"{value} 超出量程 {low} 至 {high} {tag.unit}".rstrip(),
        )
    raw = (value - tag.offset) / tag.scale
    if tag.type.is_float:
        limit = Decimal("3.4028234e38") if tag.type is ValueType.FLOAT32 else Decimal("1.79e308")
        if abs(raw) > limit:
            raise refuse(f"{value} does not fit {tag.type.value}", f"{value} 超出 {tag.type.value}")
        return float(raw)
    low_raw, high_raw = type_limits(tag.type)
    if not low_raw <= raw <= high_raw:
        raise refuse(f"{value} does not fit {tag.type.value}", f"{value} 超出 {tag.type.value}")
    if raw != raw.to_integral_value():
        raise refuse(
            f"{value} lies between two steps of {abs(tag.scale)}",
            f"{value} 不是步长 {abs(tag.scale)} 的整数倍",
        )
    return int(raw)


class DeviceWriter:
    """Writes to the devices of a running collector."""

    def __init__(self, collector: Collector, auditor: Auditor) -> None:
        self._collector, self._auditor = collector, auditor

    async def write(self, device: str, tag_name: str, value: Decimal, who: str) -> dict[str, Any]:
        """Write an engineering value. ``TagError`` if it may not be written or could not be
        recorded: then nothing went out. ``DriverError`` if the device did not take it, or nobody
        knows. The record's members."""
        link = self._collector.links.get(device)
        if link is None:
            raise TagError(f"there is no device {device!r:.80}", f"没有设备 {device!r:.80}")
        tag = next((tag for tag in link.device.table.tags if tag.name == tag_name), None)
        if tag is None:
            raise TagError(
                f"device {device!r} has no tag {tag_name!r:.80}",
                f"设备 {device!r} 没有点位 {tag_name!r:.80}",
                tag_name,
            )
        if not link.device.writable:
            raise TagError(
                f"device {device!r} may not be written: set 'writable: true' in the plant",
                f"设备 {device!r} 不可写：请在配置中设置 writable: true",
            )
        if tag.access is not Access.READ_WRITE:
            raise TagError(
                f"tag {tag_name!r} of {device!r} may only be read",
                f"设备 {device!r} 的点位 {tag_name!r} 只读",
                tag_name,
            )
        raw = raw_of(tag, value)
        session = link.session
        if session is None or link.state not in (LinkState.UP, LinkState.SILENT):
            raise TagError(
                f"device {device!r} is not connected: {link.fault or link.state.value}",
                f"设备 {device!r} 未连接：{link.fault or link.state.value}",
            )
        members: dict[str, Any] = {
            "what": "write", "id": secrets.token_hex(8), "device": device, "tag": tag_name,
            "table": link.device.table.digest, "value": str(value), "raw": str(raw),
            "who": who[:_WHO_MAX],
        }  # fmt: skip
        await self._record({**members, "state": "asked"})
        timeout_s = link.device.timeout_ms / 1_000
        state, fault = "unknown", ""
        try:
            # Other requests under way on the same link may come first.
            await asyncio.wait_for(session.write(tag, raw), timeout_s * (len(link.buffers) + 2))
            state = "done"
        except TimeoutError:
            fault = "no answer in time: it may or may not have been written"
        except DriverError as exc:
            state, fault = "failed", str(exc)
        except OSError as exc:
            fault = str(exc)
        finally:
            done = {**members, "state": state, **({"fault": fault[:500]} if fault else {})}
            await asyncio.shield(self._record(done))
        if fault:
            raise DriverError(f"device {device!r}: {fault}")
        return done

    async def _record(self, members: Mapping[str, Any]) -> None:
        stamped = {**members, "time_us": self._collector.clock.now_us()}
        try:
            kept = asyncio.wrap_future(self._auditor.audit(stamped))
            await asyncio.wait_for(kept, _AUDIT_S)
        except (TimeoutError, RuntimeError, OSError, LogError) as exc:
            told = str(exc) or type(exc).__name__
            state = members["state"]
            raise TagError(
                f"the write ({state}) could not be recorded: {told}",
                f"写入（{state}）无法留下审计记录：{told}",
            ) from exc
