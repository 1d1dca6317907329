"""Refusals of telemetry in Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["TELEMETRY"]

TELEMETRY: Final[dict[str, str]] = {
    "your party has no telemetry on this server: run a collector with `ingest run`": (
        "贵方在本服务器没有遥测数据：请用 `ingest run` 启动采集"
    ),
    "there is no device {} of your party": "贵方没有设备 {}",
    "that is more than 20,000 values: take longer steps, a shorter span, or export a file": (
        "超过 20,000 个值：请加大步长、缩短时间段，或导出文件"
    ),
}
