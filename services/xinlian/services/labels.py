"""What fields and words of the API are called in Chinese: the one table of them.

``FIELDS`` has every field of the OpenAPI document, of effects and of what the command line reads
on this machine; ``WORDS`` every enumeration value. A field whose values need another word than
elsewhere has them in ``WORDS_OF``. Tests hold the tables complete.
"""

from __future__ import annotations

from typing import Final

from xinlian.services.labels_energy import ENERGY_FIELDS, ENERGY_WORDS
from xinlian.services.labels_telemetry import (
    TELEMETRY_FIELDS,
    TELEMETRY_WORDS,
    TELEMETRY_WORDS_OF,
)
from xinlian.services.labels_trace import TRACE_FIELDS, TRACE_WORDS, TRACE_WORDS_OF

__all__ = ["FIELDS", "WORDS", "WORDS_OF", "field_zh", "word_zh"]

FIELDS: Final[dict[str, str]] = {
    # parties
    "party": "参与方", "name": "名称", "roles": "角色", "role": "角色", "status": "状态",
    "threshold": "所需签名数", "accounts": "签名账户", "account": "账户", "id_hash": "标识哈希",
    "social_credit_code": "统一社会信用代码", "bank_account": "银行账号", "bank_code": "联行号",
    "custody_keys": "托管密钥数", "active": "有效", "scopes": "权限", "token": "令牌",
    "evidence": "证据哈希", "limit": "额度", "limit_fen": "额度", "changed": "已变更",
    "shortfall": "缺口", "previous_account": "原账号", "previous_code": "原联行号",
    "reference": "调用编号",
    # documents
    "document": "单据", "kind": "类型", "buyer": "买方", "seller": "卖方", "usable_fen": "可用额",
    "used_fen": "已用额", "shortfall_fen": "缺口", "note": "红字单据", "number": "号码",
    "buyer_code": "买方代码", "buyer_name": "买方名称", "seller_code": "卖方代码",
    "seller_name": "卖方名称", "gross_fen": "价税合计", "document_kind": "单据类型",
    "document_sources": "单据来源", "registrant": "登记方",
    # vouchers and pieces
    "voucher": "凭证", "vouchers": "凭证", "root": "凭证", "state": "状态", "issuer": "签发方",
    "payee": "收款方", "paying_bank": "付款行", "bank": "付款行", "face": "面额",
    "face_fen": "面额", "unpaid_fen": "未付金额", "due_day": "到期日", "issued_day": "签发日",
    "pieces": "凭证段数", "policy": "规则编号", "terms": "条款哈希", "block": "区块",
    "piece": "凭证段", "holder": "持有方", "offeree": "受让方", "start_fen": "起点",
    "end_fen": "终点", "start": "起点", "end": "终点", "amount": "金额", "amount_fen": "金额",
    "expiry": "失效时间", "depth": "层级", "parent": "来源段", "hops": "经手次数",
    "since_block": "起始区块", "offer_seconds": "要约有效期", "other": "另一段", "to": "受让方",
    "purpose": "用途", "back": "从末端切分", "receipt": "回单哈希", "reason": "原因",
    "relation": "与你的关系", "direction": "方向", "steps": "经过", "sender": "发起方",
    "sources": "来源", "source": "来源", "target": "目标", "time": "时间", "log_index": "序号",
    "args": "参数", "from": "转出方", "by": "操作方", "cut": "切分点", "front": "前段",
    "into": "并入段", "remaining_fen": "剩余金额", "remaining": "剩余金额", "fee_fen": "费用",
    # orders
    "digest": "指令摘要", "nonce": "序号", "deadline": "截止时间", "content": "内容",
    "items": "明细", "signatures": "签名", "signatures_needed": "所需签名数",
    "typed_data": "待签数据", "order": "指令", "tx_hash": "交易哈希", "effects": "结果",
    "effect": "结果", "failure": "失败原因", "dead": "已永久失效", "code": "代码",
    "message": "说明", "message_zh": "中文说明", "fields": "相关数据", "exists": "此前已存在",
    # quotes and financing
    "request": "询价", "request_id": "询价编号", "quote_id": "报价编号", "supplier": "供应商",
    "requested_at": "询价时间", "closes_at": "询价截止", "withdrawn": "已撤回",
    "accepted": "已接受", "recourse": "有追索", "rate_ppm": "年利率", "basis": "计息基准",
    "disburse_day": "放款日", "fees": "费用", "advance_ppm": "融资比例",
    "tenor_reason": "长期限理由", "quoted_at": "报价时间", "expires_at": "失效时间",
    "interest_fen": "利息", "price_fen": "融资款", "price": "融资款", "owed_fen": "应还金额",
    "start_day": "起息日", "maturity_day": "融资到期日", "days": "天数", "all_in": "年化综合成本",
    "rules_version": "规则版本", "when": "收取时点", "financing": "融资", "financings": "融资",
    "financing_id": "融资编号（链下）", "funder": "资金方", "sale": "转让",
    "registration": "登记号哈希", "registration_number": "登记号",
    # files that come in
    "import_id": "导入编号", "file": "文件", "file_name": "文件名", "file_sha256": "文件哈希",
    "mapping": "映射", "imported_at": "导入时间", "rows": "行数", "conflict": "冲突",
    "invalid": "无效", "repeated": "重复导入", "line": "行", "outcome": "处理结果", "field": "字段",
    # payments and bank messages
    "id": "编号", "created_at": "创建时间", "payment": "付款", "payments": "付款",
    "pay_on": "付款日", "subject": "对象", "previous": "此前",
    # reports
    "outstanding_fen": "未兑付", "blocked": "停止签发", "receivable_fen": "应收",
    "payable_fen": "应付", "offered": "已发要约", "declined": "拒收", "expired": "过期",
    "declined_ppm": "拒收率",
    # the network
    "chain_id": "链号", "height": "高度", "hash": "区块哈希", "checked_height": "已核验高度",
    "halted": "停止原因", "contracts": "合约", "address": "地址", "valid_from": "生效日",
    "tenor_months_soft": "期限提示（月）", "tenor_months_hard": "期限上限（月）",
    "max_depth": "层级上限", "max_pieces": "段数上限", "offer_seconds_max": "要约最长有效期",
    "grace_days": "宽限天数", "at": "时间", "method": "方法", "path": "路径", "operation": "操作",
    "key": "幂等键", "detail": "详情", "node_height": "节点高度", "lag_blocks": "落后区块数",
    "telemetry_waiting": "等待中的遥测任务数",
    "workers": "后台任务",
    # evidence
    "log": "存证日志", "logs": "存证日志", "stream": "数据流", "opened": "已开立",
    "writer": "写入账户", "key_commitment": "密钥承诺", "sm3": "国密摘要", "records": "记录数",
    "covered": "已封装", "anchored": "已上链", "waiting_since": "等待自", "gap": "补录时差",
    "trouble": "故障", "count": "数量", "future": "晚于上链", "p50_ms": "中位时差",
    "p95_ms": "95% 时差", "max_ms": "最大时差", "late": "超限数", "alarm_ms": "警戒时差",
    "alarm": "告警", "size": "大小", "index_root": "索引根", "sm3_root": "国密根",
    "index": "位置", "standing": "进度", "head": "树头", "promise": "承诺",
    "subjects": "对象", "indices": "位置", "show": "显示字段", "reveal_key": "附对象密钥",
    "erased_now": "本次清除", "confirm": "确认",
    "hide_ids": "隐去对象", "since": "起始树头", "format": "格式", "leaves": "记录",
    "leaf_hash": "记录哈希", "accepted_at": "受理时间", "signer": "签名账户", "signature": "签名",
    # lists, waiting and problems
    "cursor": "游标", "next": "下一页", "as_of": "截至区块", "wait": "等待", "timeout": "等待秒数",
    "type": "问题类型", "title": "标题", "title_zh": "中文标题", "instance": "请求编号",
    "detail_zh": "中文详情",
    # tokens
    "label": "标签", "revoked_at": "吊销时间", "last_used_at": "最近使用",
    # the node and the check of the books
    "block_hash": "区块哈希", "block_time": "区块时间", "clock": "时钟", "clock_now": "节点时间",
    "clock_behind_s": "时钟落后", "last_seal": "最近出块", "last_seal_ms": "最近出块耗时",
    "transactions": "交易数", "pending": "待处理", "lag_s": "延迟", "journal_bytes": "日志大小",
    "snapshot_height": "快照高度", "snapshotting": "正在快照",
    "replayed_transactions": "重放交易数", "replayed_seconds": "重放耗时",
    "engine_restarts": "引擎重启次数", "engine_pid": "引擎进程号", "engine_isolated": "引擎已隔离",
    "storage_full": "磁盘已满", "empty_blocks": "空区块数", "pid": "进程号", "started": "启动时间",
    "data_dir": "数据文件夹", "ok": "一致", "rebuild_identical": "重建相同", "conservation": "守恒",
    "events": "事件数", "child": "子段", "child_start": "子段起点", "child_end": "子段终点",
    "burned": "并入的段", "how": "方式", "offer": "要约", "roots": "凭证数", "seconds": "耗时",
    "differences": "差异", "breaks": "不平项",
    **TELEMETRY_FIELDS,
    **ENERGY_FIELDS,
    **TRACE_FIELDS,
}  # fmt: skip

WORDS: Final[dict[str, str]] = {
    # roles, scopes, states of parties
    "issuer": "签发方", "supplier": "供应商", "funder": "资金方", "paying_bank": "付款行",
    "inspector": "质检方", "auditor": "审计方", "operator": "运营方", "regulator": "监管方",
    "read": "读取", "write": "写入", "sign": "签名", "admin": "管理", "active": "有效",
    "suspended": "已停用", "registered": "已登记",
    # pieces, vouchers, financings
    "issued": "已签发", "held": "持有", "offered": "待接受", "locked": "已锁定",
    "financed": "已融资", "redeemed": "已兑付", "cancelled": "已注销", "merged": "已合并",
    "matured": "已到期", "dishonoured": "已拒付", "settled": "已结清", "written_off": "已核销",
    "disbursed": "已放款", "released": "已解除", "repaid": "已还款",
    # documents
    "contract": "合同", "order": "订单", "delivery": "交付", "invoice": "发票",
    "bundle": "组合单据",
    # relations and directions
    "any": "不限", "former_holder": "曾持有", "holder": "持有方", "offeree": "受让方",
    "incoming": "收到", "outgoing": "发出", "in": "收到", "out": "发出",
    # orders
    "submitted": "已提交", "included": "已入块", "final": "已最终确认", "failed": "失败",
    "Accept": "接受", "AddAccount": "增加账户", "BlockIssuer": "停止签发", "Combine": "合并单据",
    "CreditNote": "红冲", "Decline": "拒收", "Disburse": "放款", "Dishonour": "拒付",
    "Issue": "签发", "Merge": "合并", "OpenFinancing": "发起融资", "Redeem": "兑付",
    "RegisterDocument": "登记单据", "RegisterFinancing": "登记融资", "ReleaseFinancing": "解除融资",
    "RemoveAccount": "移除账户", "Repay": "还款", "SetThreshold": "设置签名数", "Transfer": "转让",
    "UnblockIssuer": "恢复签发", "Withdraw": "撤回", "WriteOff": "核销",
    # words of quotes, of payments and of rows that came in
    "sale": "转让", "pledge": "质押", "upfront": "放款时", "maturity": "到期时",
    "ACT/360": "实际/360", "ACT/365": "实际/365", "disbursement": "放款", "redemption": "兑付",
    "repayment": "还款", "ordered": "已指示", "booked": "已入账", "returned": "已退回",
    "returned_late": "事后退回", "amount_differs": "金额不符", "unmatched": "未匹配",
    "unfit": "无法入账", "accepted": "已接受", "exists": "已存在", "conflict": "冲突",
    "invalid": "无效",
    # evidence
    "OpenLog": "开立存证日志", "SetWriter": "更换写入账户", "waiting": "等待封装",
    "sent": "上链中", "anchored": "已上链", "pending": "待兑现", "missed": "已逾期",
    "LogOpened": "存证日志已开立", "WriterSet": "写入账户已更换", "HeadAppended": "树头已上链",
    # events
    "AccountAdded": "账户已增加", "AccountRemoved": "账户已移除", "AccountsRecovered": "账户已恢复",
    "CreditNoteApplied": "已红冲", "DocumentRegistered": "单据已登记",
    "DocumentRestored": "单据额度恢复", "DocumentUsed": "单据额度占用",
    "DocumentsCombined": "单据已合并", "FinancingDisbursed": "已放款",
    "FinancingOpened": "融资已发起", "FinancingRegistered": "融资已登记",
    "FinancingReleased": "融资已解除", "FinancingRepaid": "融资已还款",
    "IssuerBlocked": "已停止签发", "IssuerLimitSet": "额度已设置", "IssuerUnblocked": "已恢复签发",
    "NonceCancelled": "序号已作废", "OfferAccepted": "要约已接受", "OfferEnded": "要约已终止",
    "OrderExecuted": "指令已执行", "OrderFailed": "指令失败", "PartyRegistered": "参与方已登记",
    "PartyRolesSet": "角色已设置", "PartyStatusSet": "状态已设置",
    "PartyThresholdSet": "签名数已设置", "Paused": "已暂停", "PieceFinanced": "凭证段已融资",
    "PieceLocked": "凭证段已锁定", "PieceOffered": "凭证段已要约", "PieceRedeemed": "凭证段已兑付",
    "PieceReleased": "凭证段已释放", "PieceSplit": "凭证段已切分", "PieceUnlocked": "凭证段已解锁",
    "PieceWrittenOff": "凭证段已核销", "PiecesMerged": "凭证段已合并", "PolicyAdded": "规则已增加",
    "Unpaused": "已恢复", "VoucherDishonoured": "凭证已拒付", "VoucherOffered": "凭证已要约",
    # the node
    "system": "系统", "controlled": "受控", "fee": "费用",
    **TELEMETRY_WORDS,
    **ENERGY_WORDS,
    **TRACE_WORDS,
}  # fmt: skip

WORDS_OF: Final[dict[str, dict[str, str]]] = {
    "effect": {"repeated": "重复"},
    "kind": {"Transfer": "转让"},
    "promise": {"included": "已兑现"},
    **TELEMETRY_WORDS_OF,
    **TRACE_WORDS_OF,
}


def field_zh(name: str) -> str | None:
    """The Chinese name of a field; ``None`` where there is none."""
    return FIELDS.get(name)


def word_zh(field: str, word: str) -> str:
    """A word of an enumeration in Chinese; other texts stay what they are."""
    return WORDS_OF.get(field, {}).get(word) or WORDS.get(word, word)
