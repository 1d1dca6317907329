"""What the demo of traceability says, English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["TEXTS", "say"]

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "network": ("a chain node, its contracts, a database", "链节点、合约、数据库"),
    "parties": ("companies registered", "企业登记"),
    "capture": ("captured by {}: {}", "{} 采集：{}"),
    "certificates": ("certificates handed in with deliveries", "随货提交检验证书"),
    "reviewed": ("{} papers, {} approved, the rest waits", "{} 份，通过 {} 份，其余待审核"),
    "anchor": ("evidence fixed on the chain", "存证上链"),
    "anchored": ("{} records under {} heads on the chain", "{} 条记录，{} 个树头已上链"),
    "serve": ("pages and API", "页面与接口"),
    "tree": ("trace down: {}", "向下追溯：{}"),
    "tree_done": ("{} parts in {} ms", "{} 个零件，{} 毫秒"),
    "recall": ("recall from {}", "召回，起因 {}"),
    "recall_done": (
        "certain {}, possible {}, excluded {} of {} vehicles; in the field {}, stoppable {}; {} ms",
        "确定 {}、可能 {}、排除 {}，共 {} 辆；已交付 {}、可拦截 {}；{} 毫秒",
    ),
    "recall_title": ("bad electrode coil", "不良极片卷"),
    "published": ("published as recall {} {}", "已发布：召回 {} {}"),
    "expected": ("as it should be: {}", "与标准答案一致：{}"),
    "verify": ("proof file checked by {} with pinned heads", "用 {} 与已固定树头核验证明文件"),
    "verified": ("{} records, exit status {}", "{} 条记录，退出码 {}"),
    "tampered": ("one byte changed: exit status {}", "改动一个字节：退出码 {}"),
    "paper": ("dossier, recall lists, labels, proof files", "档案、召回清单、标签、证明文件"),
    "drill": ("timed drill, recorded: {} ms", "计时演练并留存：{} 毫秒"),
    "signals": ("signals raised while capturing: {}", "采集时发出的信号：{}"),
    "page": ("page behind the label: {}", "标签对应页面：{}"),
    "page_seen": ("a stranger sees: {}", "公众可见：{}"),
    "files": ("files: {}", "文件：{}"),
    "stay": (
        "open the page now (token of the pack plant: {}); end with Ctrl-C",
        "可打开页面（电池包厂令牌：{}）；按 Ctrl-C 结束",
    ),
    "look": (
        "to open the page in a browser: ./xl demo trace --stay",
        "在浏览器中打开页面：./xl demo trace --stay",
    ),
    "rows": ("{} rows accepted", "接受 {} 行"),
    "bad_rows": ("NOT taken in: {}", "未接收：{}"),
    "aspects": ("kept, not understood: {}", "已保存、未识别：{}"),
    "gaps": ("gaps listed: {}", "列出缺口：{}"),
    "yes": ("yes", "是"),
    "no": ("NO", "否"),
    "verdict": ("verdict: {}", "结论：{}"),
}


def say(lang: str, key: str, *values: object) -> str:
    """A text in a language with its values."""
    return TEXTS[key][lang == "zh"].format(*values)
