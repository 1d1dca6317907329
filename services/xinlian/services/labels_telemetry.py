"""What fields and words of telemetry are called in Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["TELEMETRY_FIELDS", "TELEMETRY_WORDS", "TELEMETRY_WORDS_OF"]

TELEMETRY_FIELDS: Final[dict[str, str]] = {
    "short": "简短形式",
    "device": "设备", "devices": "设备", "table": "点表", "first_ms": "最早", "last_ms": "最近",
    "tag": "点位", "tags": "点位", "period_ms": "周期", "role": "用途", "label": "名称",
    "label_zh": "中文名称", "reading": "读数", "quality": "质量", "amended": "已修正",
    "time_us": "时间", "aggregates": "聚合", "aggregate": "聚合", "step_ms": "步长",
    "reason_zh": "中文原因",
    "numbers": "数值", "record": "记录位置", "group": "设备组", "root": "根哈希",
    "device_count": "设备数",
    "claims": "主张", "claim": "主张", "hold_ms": "保持时长", "windows": "窗口数",
    "expected": "应采",
    "received": "实采",
    "missed": "漏采", "suppressed": "死区抑制", "bad": "坏值", "figures": "服务指标",
    "figure": "指标", "measured": "实测", "target": "目标", "kept": "达标",
    "form": "格式", "seconds": "秒数",
}  # fmt: skip

TELEMETRY_WORDS: Final[dict[str, str]] = {
    "energy-balance": "电量不平衡", "output-against-energy": "产量与能耗不符",
    "run-time-against-output": "运行时间与产量不符", "counter-backwards": "计数倒退",
    "impossible-power": "功率不可能", "frozen-value": "读数冻结", "notice": "提示",
    "warning": "警告", "critical": "严重",
    "delta": "差值", "sum": "合计", "mean": "均值", "integral": "时间积分",
    "min": "最小", "max": "最大", "avg": "平均", "first": "首值", "last": "末值", "count": "个数",
    "parquet": "列式文件", "csv": "逗号分隔文件",
}  # fmt: skip

TELEMETRY_WORDS_OF: Final[dict[str, dict[str, str]]] = {
    "quality": {
        "good": "良好", "uncertain": "可疑", "out_of_range": "超量程", "bad": "坏值",
        "no_connection": "无连接", "timeout": "超时", "device_error": "设备报错",
        "malformed": "报文错误", "not_a_number": "非数值", "unknown_tag": "无此地址",
        "sensor": "传感器故障", "clock": "时钟异常", "shed": "未采集",
    },
}  # fmt: skip
