"""Every line that a simulation shows, in English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["Texts"]

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "phase_make": ("the economy", "生成经济体"),
    "made": (
        "{companies} companies, {invoices} invoices, {cases} planted frauds",
        "{companies} 家企业，{invoices} 张发票，预设欺诈 {cases} 起",
    ),
    "phase_network": ("node, contracts, application", "节点、合约、应用"),
    "phase_parties": ("keys and parties", "密钥与参与方"),
    "phase_days": ("days", "天"),
    "unit_orders": ("orders", "条指令"),
    "phase_verify": ("rebuild and compare", "重建并比对"),
    "verified": ("{events} events, {blocks} blocks", "{events} 个事件，{blocks} 个区块"),
}


class Texts:
    """The texts in one language, ``en`` or ``zh``."""

    def __init__(self, lang: str) -> None:
        self.lang = "zh" if lang == "zh" else "en"

    def __call__(self, key: str, /, **values: object) -> str:
        """The text under a key with its values filled in."""
        return _TEXTS[key][self.lang == "zh"].format(**values)
