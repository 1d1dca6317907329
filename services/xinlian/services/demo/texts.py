"""What the demo says, in English and Chinese."""

from __future__ import annotations

from typing import Final

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "title": (
        "Xinlian demo: {name}, {rows} rows, mapping {mapping}",
        "信链演示：{name}，{rows} 行，映射 {mapping}",
    ),
    "folder": ("data folder: {folder}", "数据文件夹：{folder}"),
    "folder_gone": (
        "data folder: a temporary one, removed at the end (--keep FOLDER keeps it)",
        "数据文件夹：临时文件夹，结束时删除（加 --keep 文件夹 可保留）",
    ),
    "cheap_keys": (
        "keys of this run are throw-away: their files use a weak key derivation on purpose",
        "本次运行的密钥为一次性密钥：密钥文件有意使用弱派生算法",
    ),
    "phase_network": ("start a node, deploy the contracts", "启动节点，部署合约"),
    "phase_parties": ("create parties and their keys", "创建参与方及密钥"),
    "phase_import": ("import receivables", "导入应收账款"),
    "phase_days": ("live through the days", "逐日推进"),
    "verified": ("{events} events of {blocks} blocks", "{blocks} 个区块，{events} 个事件"),
    "phase_verify": ("rebuild from block 0 and compare", "自创世块重建并比对"),
    "unit_orders": ("orders", "条指令"),
    "imported": (
        "rows: {accepted} accepted, {exists} exist already, {conflict} in conflict, "
        "{invalid} invalid",
        "行：接受 {accepted}，已存在 {exists}，冲突 {conflict}，无效 {invalid}",
    ),
    "by_issuer": ("by issuer (yuan)", "按签发方（元）"),
    "issuer": ("issuer", "签发方"),
    "vouchers": ("vouchers", "凭证"),
    "face": ("face", "面额"),
    "financed": ("financed", "已融资"),
    "redeemed": ("redeemed", "已兑付"),
    "open": ("open", "未兑付"),
    "late": ("dishonoured", "拒付"),
    "declined": ("declined", "被拒收"),
    "total": ("total", "合计"),
    "others": ("{count} others", "其余 {count} 家"),
    "went_through": ("what went through the chain", "链上发生的业务"),
    "line_passing": (
        "{offered} parts offered down the tiers: {accepted} accepted, {declined} declined, "
        "{withdrawn} withdrawn, {expired} expired; {merged} rejoined",
        "向下级转让 {offered} 笔：接受 {accepted}，拒收 {declined}，撤回 {withdrawn}，"
        "过期 {expired}；合并 {merged}",
    ),
    "line_hops": ("pieces by hands they went through: {hops}", "凭证段按经手次数：{hops}"),
    "line_financing": (
        "{count} financings of {quotes} quotes: {sale} sold, {pledge} pledged, {released} ended "
        "before money flowed; {face} yuan of face ({share} of what was issued) for {price} yuan",
        "融资 {count} 笔（报价 {quotes} 个）：转让 {sale}，质押 {pledge}，放款前终止 {released}；"
        "融资面额 {face} 元（占签发 {share}），融资款 {price} 元",
    ),
    "line_repaid": (
        "{repaid} financings paid back, {recourse} of them by recourse",
        "还款 {repaid} 笔，其中追索 {recourse} 笔",
    ),
    "line_late": (
        "{late} buyers' payments came after the due date in the file, {holiday} of them by the "
        "next business day: {dishonoured} vouchers were dishonoured, then paid",
        "文件中逾期付款 {late} 笔，其中 {holiday} 笔在下一工作日前到账："
        "拒付凭证 {dishonoured} 张，随后付清",
    ),
    "line_deferred": (
        "{deferred} invoices waited for a blocked issuer; {cleared} clearings by the regulator, "
        "{security} of them on security",
        "{deferred} 张发票等待签发方解除停签；监管解除 {cleared} 次，其中凭担保 {security} 次",
    ),
    "line_refused": ("without a voucher: {reasons}", "未签发凭证：{reasons}"),
    "line_orders": (
        "{orders} signed orders ({failed} failed) in {blocks} blocks",
        "签名指令 {orders} 条（失败 {failed}），区块 {blocks} 个",
    ),
    "lineage": (
        "longest lineage: voucher {root}, invoice {number}",
        "最长流转路径：凭证 {root}，发票 {number}",
    ),
    "sold_to": ("sold to {name}", "转让给 {name}"),
    "pledged_to": ("pledged to {name}", "质押给 {name}"),
    "state_redeemed": ("redeemed", "已兑付"),
    "state_merged": ("rejoined", "已合并"),
    "state_cancelled": ("cancelled", "已注销"),
    "state_open": ("open", "未兑付"),
    "checks": ("checks", "核验"),
    "check_invoices": (
        "every invoice accounted for: {invoices} = {vouchers} vouchers + {refused} without",
        "发票全部有着落：{invoices} = 凭证 {vouchers} + 未签发 {refused}",
    ),
    "check_conservation": (
        "conservation: pieces cover every face exactly; face = redeemed + written off + open; "
        "equal to the chain's own digests",
        "守恒：凭证段恰好覆盖面额；面额 = 已兑付 + 核销 + 未兑付；与链上摘要一致",
    ),
    "check_rebuild": (
        "rebuild from block 0 gives the same tables, byte for byte",
        "自创世块重建的表逐字节一致",
    ),
    "check_orders": (
        "every order took effect exactly as planned",
        "每条指令均按计划生效",
    ),
    "yes": ("yes", "通过"),
    "no": ("NO", "未通过"),
    "where_next": ("where to look next", "接下来可以看"),
    "next_keep": (
        "keep the books of a run and look into them: ./xl demo --keep FOLDER",
        "保留账簿以便查看：./xl demo --keep 文件夹",
    ),
    "next_kept": (
        "the books are kept, with their own clock: XINLIAN_DATA={folder} ./xl up",
        "账簿及其时钟已保留：XINLIAN_DATA={folder} ./xl up",
    ),
    "next_own": (
        "your own file: ./xl demo --receivables FILE --mapping MAP (start from finance/mappings)",
        "用自己的文件：./xl demo --receivables 文件 --mapping 映射（可从 finance/mappings 开始）",
    ),
    "next_api": (
        "the REST API and its document: ./xl up, then the address it prints with /docs",
        "REST 接口及文档：./xl up，然后打开其显示的 /docs 地址",
    ),
    "interrupted": ("interrupted; nothing is left running", "已中断；没有遗留进程"),
    "seconds": ("{seconds} s", "{seconds} 秒"),
}


class Texts:
    """The texts in one language, ``en`` or ``zh``."""

    def __init__(self, lang: str) -> None:
        self.lang = "zh" if lang == "zh" else "en"

    def __call__(self, key: str, /, **values: object) -> str:
        """The text under a key with its values filled in."""
        return _TEXTS[key][self.lang == "zh"].format(**values)
