"""What the demo of telemetry says, English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["TEXTS", "say"]

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "network": ("a chain node, its contracts, a database", "链节点、合约、数据库"),
    "parties": ("a press shop and its auditor registered", "冲压厂与审计方登记"),
    "play": ("simulators: {}", "模拟器：{}"),
    "collect": ("collecting from {} devices for {} s", "采集 {} 台设备，{} 秒"),
    "collected": (
        "{} cycles, {} missed, {} values on disk before they counted",
        "采集 {} 次，漏采 {} 次，{} 个值先落盘后计数",
    ),
    "serve": ("API, as long as this runs:", "接口（演示期间可用）："),
    "stored": ("in the store: {} devices, the newest reading {} ms old; some newest values:",
               "已入库：{} 台设备，最新读数 {} 毫秒前；部分最新值："),
    "latest": ("{}  {}  {} {}", "{}  {}  {} {}"),
    "service": (
        "availability {}, loss {}, latency p99 {} ms, jitter p99 {} ms",
        "可用率 {}，丢失率 {}，时延 p99 {} 毫秒，抖动 p99 {} 毫秒",
    ),
    "anchor": ("windows of readings fixed on the chain", "读数窗口存证上链"),
    "anchored": ("windows: {}, heads on the chain: {}", "窗口 {} 个，上链树头 {} 个"),
    "prove": ("proof of {} of {}", "{1} 的 {0} 证明"),
    "proved": ("{} kB: {} from {} readings", "{} kB：{}，依据 {} 个读数"),
    "verify": ("proof file checked by {} with pinned heads", "用 {} 与已固定树头核验证明文件"),
    "verified": ("exit status {}: {}", "退出码 {}：{}"),
    "verdict_0": (
        "unaltered, whole, fixed on the chain, the kWh reckoned again from the readings",
        "未被改动、无遗漏、已上链，电量由读数重新算得",
    ),
    "verdict_1": ("refused", "不通过"),
    "verdict_2": ("not all could be checked", "有未核验项"),
    "verdict_3": ("right, but readings are missing", "正确，但缺少读数"),
    "tampered": ("the same file with one byte changed: exit status {}: {}",
                 "同一文件改动一个字节：退出码 {}：{}"),
    "again": ("check it yourself: python3 {} {} --head {}", "自行核验：python3 {} {} --head {}"),
    "energy": ("a year's energy report of a plant, as PDF", "某厂年度能耗报告（PDF）"),
    "energy_done": ("{} MWh, {} yuan, {} t CO2, {} pages", "{} MWh，{} 元，{} 吨 CO2，{} 页"),
    "files": ("files: {}", "文件：{}"),
    "look": ("the command line has more: ./xl ingest --help, ./xl telemetry --help",
             "更多命令：./xl ingest --help、./xl telemetry --help"),
    "no": ("NOT as it should be", "与预期不符"),
}  # fmt: skip


def say(lang: str, key: str, *values: object) -> str:
    """A text with its values."""
    return TEXTS[key][lang == "zh"].format(*values)
