"""What fields and words of energy are called in Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["ENERGY_FIELDS", "ENERGY_WORDS"]

ENERGY_FIELDS: Final[dict[str, str]] = {
    "multiplier": "倍率", "rollover_kwh": "翻转值 kWh",
    "contract_kw": "合同需量 kW", "factor_least": "功率因数下限", "steps_wh": "15 分钟电量 Wh",
    "known": "有数据", "gaps_wh": "缺口电量 Wh", "rollovers": "翻转次数", "resets": "回退次数",
    "reactive": "无功", "measured_wh": "计量电量 Wh",
    "children_wh": "下级合计 Wh", "unaccounted_wh": "未计量 Wh", "quarters": "15 分钟数",
    "common": "共同有数", "posting": "分摊凭证", "rest": "仅剩余部分", "bearer": "承担对象",
    "weight": "权重", "share_wh": "分摊 Wh", "energy_wh": "电量 Wh", "reverses": "冲销",
    "reversed_by": "冲销凭证", "counted": "计数读数", "first_reading": "起始读数",
    "last_reading": "终止读数", "first_us": "起始（微秒）", "last_us": "终止（微秒）",
    "shares": "分摊",
}  # fmt: skip

ENERGY_WORDS: Final[dict[str, str]] = {
    "demand-near-contract": "需量接近合同值", "low-power-factor": "功率因数偏低",
    "direct": "直接计量", "pieces": "按件数", "mass": "按质量", "machine_time": "按机时",
    "direct_energy": "按直接用电", "area": "按面积",
}  # fmt: skip
