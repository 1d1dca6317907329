"""Refusals of telemetry in Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["TELEMETRY"]

TELEMETRY: Final[dict[str, str]] = {
    "your party has no telemetry on this server: run a collector with `ingest run`": (
        "贵方在本服务器没有遥测数据：请用 `ingest run` 启动采集"
    ),
    "no readings of the device {} were recorded in this time": "该时段没有设备 {} 的存证读数",
    "a proof holds at most {} windows: ask for a shorter time": (
        "一份证明至多含 {} 个窗口：请缩短时间段"
    ),
    "the readings themselves are not kept any more or damaged: {}": (
        "原始读数已不再保留或已损坏：{}"
    ),
    "too many windows: ask for a shorter time": "窗口过多：请缩短时间段",
    "a proof claims something of a span of time": "证明须就某一时间段提出主张",
    "no readings of the group {} were recorded in this time": "该时段没有设备组 {} 的存证读数",
    "the newest of these readings are not on the chain yet: try again later": (
        "其中最新的读数尚未上链：请稍后重试"
    ),
    "there is no device {} of your party": "贵方没有设备 {}",
    "that is more than 20,000 values: take longer steps, a shorter span, or export a file": (
        "超过 20,000 个值：请加大步长、缩短时间段，或导出文件"
    ),
}
