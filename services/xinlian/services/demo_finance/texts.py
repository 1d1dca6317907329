"""What the demo of finance says, English and Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["Texts"]

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "intro": (
        "A small economy lives through the real contracts and services on this machine: three "
        "core enterprises, their suppliers in four tiers, three funders, two banks. Seed {seed}.",
        "一个小型经济体在本机的真实合约与服务上运行：三家核心企业、四级供应商、三家资金方、两家银行。"
        "编号 {seed}。",
    ),
    "network": ("node, contracts, application", "节点、合约、应用"),
    "parties": ("keys and parties", "密钥与参与方"),
    "cast": ("who takes part", "参与方"),
    "part": ("part", "角色"),
    "names": ("names", "名称"),
    "cores": ("core enterprises", "核心企业"),
    "tier": ("suppliers, tier {tier}", "{tier} 级供应商"),
    "funders": ("funders", "资金方"),
    "banks": ("paying banks", "付款银行"),
    "more": (" and {count} more", "等，另有 {count} 家"),
    "days": ("the days", "逐日运行"),
    "orders": ("orders", "条指令"),
    "issued": (
        "{day}  {issuer} promises {payee} CNY {amount} on {due}, for an invoice that matched its "
        "order and its delivery",
        "{day}  {issuer} 承诺于 {due} 向 {payee} 付款 {amount} 元；发票与订单、收货三方匹配",
    ),
    "quotes": (
        "{day}  {seller} asks for money on CNY {amount} due {due}: what each funder offers",
        "{day}  {seller} 就 {due} 到期的 {amount} 元询价：各资金方报价",
    ),
    "funder": ("funder", "资金方"),
    "kind": ("kind", "方式"),
    "recourse": ("recourse", "追索"),
    "rate": ("rate", "利率"),
    "arrives": ("arrives (CNY)", "到账（元）"),
    "cost": ("all-in cost a year", "综合年化成本"),
    "taken": ("taken", "选定"),
    "sale": ("sale", "转让"),
    "pledge": ("pledge", "质押"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "why_best": (
        "the lowest all-in cost wins: fees and the days of interest are in it",
        "按综合年化成本最低者成交，已含费用与计息天数",
    ),
    "halted": (
        "{day}  money for {seller} is stopped before it flows: {why}",
        "{day}  {seller} 的放款在付出前被拦下：{why}",
    ),
    "ring": ("a ring of invoices that comes back to where it began", "发票首尾相接形成循环"),
    "double": ("the same invoice was shown before, a little changed", "同一发票稍作改动后再次提交"),
    "inflated": ("more was billed than was made", "开票数量超过实际产量"),
    "red_letter": ("the invoice was reversed", "发票已红冲"),
    "seller": ("seller", "卖方"),
    "buyer": ("buyer", "买方"),
    "amount": ("amount (CNY)", "金额（元）"),
    "invoice_day": ("invoice of", "开票日"),
    "owes": (
        "{day}  who owes what and why, the largest of what is open",
        "{day}  谁欠谁、因何而欠（未付款项中最大的几笔）",
    ),
    "debtor": ("owes", "债务人"),
    "creditor": ("is owed", "债权人"),
    "due": ("due", "到期日"),
    "why": ("why", "原因"),
    "why_bought": ("bought from {name}, {kind}", "自 {name} 受让，{kind}"),
    "why_pledged": ("pledged by {name} for a loan", "{name} 质押借款"),
    "why_passed": ("goods, passed on through {hops} hands", "货款，经 {hops} 手流转"),
    "why_goods": ("goods delivered", "已交付货物"),
    "with_recourse": ("with recourse", "有追索"),
    "without_recourse": ("without recourse", "无追索"),
    "default": (
        "{name} stopped paying: {count} vouchers over CNY {amount} were dishonoured. Who bears it",
        "{name} 停止付款：{count} 张凭证共 {amount} 元未获兑付。损失由谁承担",
    ),
    "party": ("party", "参与方"),
    "paid_back": ("paid back to a funder", "追索付还资金方"),
    "lost": ("lost", "损失"),
    "how": ("how it came", "缘由"),
    "how_recourse": ("sold with recourse or borrowed", "有追索转让或借款"),
    "how_holder": ("held the promise itself", "自行持有凭证"),
    "how_funder": (
        "bought without recourse, or the seller could not pay",
        "无追索受让，或卖方无力偿还",
    ),
    "tree": ("the longest way of one voucher ({root})", "流转最远的一张凭证（{root}）"),
    "verify": ("rebuild from block 0 and compare", "自创世块重建并比对"),
    "sums": ("how it ends (CNY)", "结果（元）"),
    "sum_issued": ("promised", "承诺"),
    "sum_redeemed": ("paid by issuers", "签发方已付"),
    "sum_written": ("written off", "核销"),
    "sum_open": ("still open", "未结"),
    "sum_financed": ("financed before the day", "提前融资"),
    "sum_stopped": ("not paid out because of a finding", "因预警未放款"),
    "checks": ("checks", "核验"),
    "check_conservation": (
        "promised = paid + written off + open, for every issuer; pieces cover every face",
        "各签发方：承诺 = 已付 + 核销 + 未结；凭证段恰好覆盖面额",
    ),
    "check_rebuild": ("the books rebuilt from block 0 are the same", "自创世块重建的账簿一致"),
    "check_orders": ("every one of {orders} orders took effect", "{orders} 条指令全部生效"),
    "next": (
        "larger: ./xl simulate --scale full · other seeds: ./xl demo finance --seed 2",
        "更大规模：./xl simulate --scale full · 其他编号：./xl demo finance --seed 2",
    ),
}


class Texts:
    """The texts in one language, ``en`` or ``zh``."""

    def __init__(self, lang: str) -> None:
        self.lang = "zh" if lang == "zh" else "en"

    def __call__(self, key: str, /, **values: object) -> str:
        """The text under a key with its values filled in."""
        return _TEXTS[key][self.lang == "zh"].format(**values)
