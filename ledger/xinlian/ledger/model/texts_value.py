"""What the failures of documents, vouchers and financings say, in English and Chinese."""

from __future__ import annotations

from typing import Final, TypeAlias

from xinlian.ledger.model.failures import Failure

F: TypeAlias = Failure

VALUE_TEXTS: Final[dict[F, tuple[str, str]]] = {
    F.DOCUMENTS_EXISTS: (
        "the trade document {document} is already registered",
        "贸易单据 {document} 已登记",
    ),
    F.DOCUMENTS_UNKNOWN: (
        "the trade document {document} is not registered",
        "贸易单据 {document} 未登记",
    ),
    F.DOCUMENTS_KIND: ("there is no kind {kind} of trade document", "没有种类为 {kind} 的贸易单据"),
    F.DOCUMENTS_AMOUNT: (
        "{amount:yuan} yuan is no amount that this document takes",
        "金额 {amount:yuan} 元不适用于该单据",
    ),
    F.DOCUMENTS_NOT_PARTY: (
        "party {party} is neither buyer nor seller of the document {document}",
        "参与方 {party} 不是单据 {document} 的买方或卖方",
    ),
    F.DOCUMENTS_NOT_SELLER: (
        "party {party} is not the seller of the document {document}, party {seller} is",
        "参与方 {party} 不是单据 {document} 的卖方，卖方为 {seller}",
    ),
    F.DOCUMENTS_INSUFFICIENT: (
        "{wanted:yuan} yuan wanted, but only {free:yuan} yuan of the document {document} are free",
        "需要 {wanted:yuan} 元，但单据 {document} 仅余 {free:yuan} 元可用",
    ),
    F.DOCUMENTS_NOTE_APPLIED: (
        "the credit note {note} was applied before",
        "红字单据 {note} 已处理过",
    ),
    F.DOCUMENTS_SELF: ("buyer and seller are the same party {party}", "买卖双方同为参与方 {party}"),
    F.DOCUMENTS_VOUCHERS_ONLY: (
        "{caller} is not the vouchers contract",
        "{caller} 不是凭证合约",
    ),
    F.VOUCHERS_UNKNOWN_PIECE: ("there is no piece {piece}", "凭证份额 {piece} 不存在"),
    F.VOUCHERS_PIECE_STATE: (
        "the state ({state:piece}) of piece {piece} does not allow this",
        "份额 {piece} 当前状态（{state:piece}）不允许此操作",
    ),
    F.VOUCHERS_NOT_HOLDER: (
        "party {party} does not hold piece {piece}",
        "参与方 {party} 不是份额 {piece} 的持有人",
    ),
    F.VOUCHERS_NOT_OFFEREE: (
        "piece {piece} is not offered to party {party}",
        "份额 {piece} 未向参与方 {party} 要约",
    ),
    F.VOUCHERS_OFFER_EXPIRED: (
        "the offer of piece {piece} ended at {expiry:time}",
        "份额 {piece} 的要约已于 {expiry:time} 失效",
    ),
    F.VOUCHERS_OFFER_RUNS: (
        "the offer of piece {piece} still runs until {expiry:time}",
        "份额 {piece} 的要约在 {expiry:time} 前仍有效",
    ),
    F.VOUCHERS_EXPIRY: (
        "the offer's end {expiry:time} is not between now ({time:time}) and {most:time}",
        "要约截止时间 {expiry:time} 不在当前（{time:time}）与 {most:time} 之间",
    ),
    F.VOUCHERS_AMOUNT: (
        "{amount:yuan} yuan is not between 0.01 and {most:yuan} yuan",
        "金额 {amount:yuan} 元不在 0.01 至 {most:yuan} 元之间",
    ),
    F.VOUCHERS_SELF: ("party {party} cannot offer to itself", "参与方 {party} 不能向自己要约"),
    F.VOUCHERS_PURPOSE: (
        "the transfer of piece {piece} needs a purpose",
        "份额 {piece} 的转让须注明用途",
    ),
    F.VOUCHERS_DUE: (
        "the due day {due_day:day} is not between today ({today:day}) and the last day allowed "
        "({last:day})",
        "到期日 {due_day:day} 不在今日（{today:day}）与允许的最晚日（{last:day}）之间",
    ),
    F.VOUCHERS_ISSUER_BLOCKED: (
        "issuer {issuer} is blocked from issuing until evidence clears it",
        "签发人 {issuer} 已被停止签发，须凭证据解除",
    ),
    F.VOUCHERS_ISSUER_NOT_BLOCKED: (
        "issuer {issuer} is not blocked",
        "签发人 {issuer} 未被停止签发",
    ),
    F.VOUCHERS_LIMIT: (
        "issuer {issuer} wants {wanted:yuan} yuan, but only {free:yuan} yuan of its limit are free",
        "签发人 {issuer} 需要 {wanted:yuan} 元，额度仅余 {free:yuan} 元",
    ),
    F.VOUCHERS_NO_POLICY: (
        "no market rules are in force on {day:day}",
        "{day:day} 没有生效的市场规则",
    ),
    F.VOUCHERS_POLICY: (
        "the market rules from {valid_from:day} do not fit those before",
        "自第 {valid_from:day} 日起的市场规则与既有规则冲突",
    ),
    F.VOUCHERS_DEPTH: (
        "piece {piece} cannot be split further: at most {most} layers",
        "份额 {piece} 不能再拆分：最多 {most} 层",
    ),
    F.VOUCHERS_PIECES: (
        "voucher {root} cannot be split further: at most {most} pieces",
        "凭证 {root} 不能再拆分：最多 {most} 份",
    ),
    F.VOUCHERS_NOT_ADJACENT: (
        "the pieces {piece} and {other} do not adjoin",
        "份额 {piece} 与 {other} 不相邻",
    ),
    F.VOUCHERS_NOT_PAYING_BANK: (
        "party {party} is not the paying bank of voucher {root}",
        "参与方 {party} 不是凭证 {root} 的付款行",
    ),
    F.VOUCHERS_ROOT_STATE: (
        "the state ({state:root}) of voucher {root} does not allow this",
        "凭证 {root} 当前状态（{state:root}）不允许此操作",
    ),
    F.VOUCHERS_NOT_DUE: (
        "voucher {root} allows this from {day:day}; today is {today:day}",
        "凭证 {root} 自 {day:day} 起方可如此操作，今日为 {today:day}",
    ),
    F.VOUCHERS_NOT_DISHONOURED: ("voucher {root} is not dishonoured", "凭证 {root} 未被拒付"),
    F.VOUCHERS_RECEIPT: ("the bank receipt is missing", "缺少银行回单"),
    F.VOUCHERS_EVIDENCE: ("the evidence is missing", "缺少证据"),
    F.VOUCHERS_DESK_ONLY: ("{caller} is not the financing desk", "{caller} 不是融资合约"),
    F.DESK_UNKNOWN: ("there is no financing {financing}", "融资 {financing} 不存在"),
    F.DESK_STATE: (
        "the state ({state:financing}) of financing {financing} does not allow this",
        "融资 {financing} 当前状态（{state:financing}）不允许此操作",
    ),
    F.DESK_NOT_FUNDER: (
        "party {party} is not the funder of financing {financing}",
        "参与方 {party} 不是融资 {financing} 的资金方",
    ),
    F.DESK_NOT_BANK: (
        "party {party} is not the bank of financing {financing}",
        "参与方 {party} 不是融资 {financing} 的银行",
    ),
    F.DESK_NOT_PARTY: (
        "party {party} has no part in financing {financing}",
        "参与方 {party} 与融资 {financing} 无关",
    ),
    F.DESK_LOCK_RUNS: (
        "the lock of financing {financing} still runs until {expiry:time}",
        "融资 {financing} 的锁定在 {expiry:time} 前仍有效",
    ),
    F.DESK_LOCK_EXPIRED: (
        "the lock of financing {financing} ended at {expiry:time}",
        "融资 {financing} 的锁定已于 {expiry:time} 到期",
    ),
    F.DESK_REGISTRATION_USED: (
        "the registration {registration} belongs to financing {financing}",
        "登记 {registration} 已用于融资 {financing}",
    ),
    F.DESK_NEEDS_TENOR_REASON: (
        "financing {financing} runs to {due_day:day}, above six months; "
        "the funder has to confirm that it looked at the reason",
        "融资 {financing} 期限至 {due_day:day}，超过六个月；资金方须确认已审查理由",
    ),
    F.DESK_AMOUNT: (
        "financing {financing} expects {expected:yuan} yuan, not {amount:yuan} yuan",
        "融资 {financing} 应为 {expected:yuan} 元，而非 {amount:yuan} 元",
    ),
    F.DESK_PRICE: (
        "the price {price:yuan} yuan does not fit the amount {amount:yuan} yuan",
        "价款 {price:yuan} 元与金额 {amount:yuan} 元不符",
    ),
    F.DESK_MATURITY: (
        "the maturity day {maturity_day:day} is not after today ({today:day})",
        "融资到期日 {maturity_day:day} 不晚于今日（{today:day}）",
    ),
    F.DESK_NO_RECOURSE: (
        "financing {financing} was made without recourse",
        "融资 {financing} 为无追索权",
    ),
    F.DESK_NOT_DISHONOURED: (
        "the voucher of financing {financing} has not been dishonoured",
        "融资 {financing} 所涉凭证尚未被拒付",
    ),
    F.DESK_REGISTRATION: ("the registration number is missing", "缺少登记编号"),
    F.DESK_SELF: (
        "party {party} cannot finance its own voucher",
        "当事方 {party} 不能为自己的凭证融资",
    ),
    F.DESK_RECEIPT: ("the bank receipt is missing", "缺少银行回单"),
    F.DESK_TERMS: ("the hash of the terms is missing", "缺少条款哈希"),
    F.EVIDENCE_STREAM: (
        "{stream} is no name of a stream: 1 to 32 characters of a-z, 0-9, dot, low line, hyphen",
        "{stream} 不是有效的数据流名称：须为 1 至 32 个字符，仅限 a-z、0-9、点、下划线、连字符",
    ),
    F.EVIDENCE_ZERO: (
        "the log's writer or its key commitment is zero",
        "日志的写入账户或密钥承诺为零",
    ),
    F.EVIDENCE_EXISTS: ("the evidence log {log} is already open", "存证日志 {log} 已开立"),
    F.EVIDENCE_UNKNOWN: ("the evidence log {log} is not open", "存证日志 {log} 尚未开立"),
    F.EVIDENCE_NOT_OWNER: (
        "the evidence log {log} does not belong to party {party}",
        "存证日志 {log} 不属于参与方 {party}",
    ),
    F.EVIDENCE_NOT_WRITER: (
        "{account} may not write heads of the evidence log {log}",
        "账户 {account} 无权写入存证日志 {log} 的树头",
    ),
    F.EVIDENCE_SM3: (
        "a head of the evidence log {log} has a root under SM3 exactly if the log was opened so",
        "存证日志 {log} 的树头是否带 SM3 根，须与开立时一致",
    ),
    F.EVIDENCE_SIZE: (
        "a head of {size} records does not go on from {current} in the evidence log {log}",
        "存证日志 {log} 已有 {current} 条记录，大小为 {size} 的树头不是其延续",
    ),
    F.EVIDENCE_INCONSISTENT: (
        "the head of {size} records contradicts the {current} records of the evidence log {log} "
        "on chain: its history was rewritten",
        "大小为 {size} 的树头与存证日志 {log} 链上已有的 {current} 条记录不一致：历史被改写",
    ),
}
