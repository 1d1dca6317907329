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
    "none of these readings is on the chain yet: try again in a minute": (
        "这些读数均未上链：请一分钟后重试"
    ),
    "of these readings those until {} are on the chain: end there, or try again in a minute": (
        "其中 {} 之前的读数已上链：请以此为终点，或一分钟后重试"
    ),
    "too many streams of live values are open: try again in {} s": (
        "实时数据流过多：请 {} 秒后重试"
    ),
    "{} tags of {} rows are more than 20,000 values: name tags, take at most {} rows, or export "
    "a file": "{} 个点位各 {} 行超过 20,000 个值：请指定点位、至多取 {} 行，或导出文件",
    "a proof covers at most {} days: ask for a shorter time": "证明至多覆盖 {} 天：请缩短时段",
    "that is more than 20,000 tags: name devices and tags": "超过 20,000 个点位：请指定设备与点位",
    "there is no device {} of your party": "贵方没有设备 {}",
    "other files are being written: try again in a moment": "正在写其他文件：请稍后再试",
    "a file holds fewer than {} rows of so many tags: take a shorter span or fewer tags": (
        "按此点位数，文件须少于 {} 行：请缩短时间段或减少点位"
    ),
    "none of these devices has a tag {}": "这些设备均无点位 {}",
    "that is more than 20,000 values: take longer steps, a shorter span, or export a file": (
        "超过 20,000 个值：请加大步长、缩短时间段，或导出文件"
    ),
    # energy
    "the metering tree that a collector left is not usable: {}": "采集器留下的计量树不可用：{}",
    "the load cannot be told: {}": "无法给出负荷：{}",
    "the device {} has no counter of energy": "设备 {} 不计量电能",
    "more than {} meters have others below them": "有下级的电表超过 {} 块",
    "no quarter hour of that time is over yet": "该时段尚无已结束的 15 分钟",
    "that time is not over yet": "该时段尚未结束",
    "direct energy has one bearer": "直接用能只能有一个承担对象",
    "this energy cannot be shared out: {}": "这部分电量无法分摊：{}",
    "there is no posting {} of your party": "贵方没有分摊凭证 {}",
    "names that end in .reversed are of postings that were taken back": (
        "以 .reversed 结尾的编号仅用于冲销凭证"
    ),
    "what takes a posting back is not taken back itself": "冲销凭证本身不能再冲销",
    "the metering tree has no meter below {}: nothing rests": (
        "计量树中 {} 没有下级电表：没有剩余电量可言"
    ),
    "the meters below {} counted more than it did: look at its flags first": (
        "{} 的下级电表合计多于本表：请先查看其异常标记"
    ),
    "the posting {} shared out energy of {} in this time already: take it back first": (
        "凭证 {} 已分摊该时段 {} 的电量：请先冲销"
    ),
    "the posting {} exists with another {}: choose another id, or take it back first": (
        "凭证 {} 已存在，但 {} 不同：请换一个编号，或先冲销"
    ),
}
