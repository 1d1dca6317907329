"""Refusals in Chinese, by their English sentence: ``{}`` stands where a value stands in it.

The sentences are written where something is refused; here each has its translation, so that the
rules stay in one language. A test holds that every sentence of the services has one. What is not
here (a parser's words about a file, say) is passed on as it is.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from xinlian.services.api.chinese_evidence import EVIDENCE
from xinlian.services.api.chinese_finance import FINANCE
from xinlian.services.api.chinese_telemetry import TELEMETRY
from xinlian.services.api.chinese_trace import TRACE
from xinlian.services.labels import field_zh

__all__ = ["SENTENCES", "in_chinese", "template_of"]

SENTENCES: Final[dict[str, str]] = {
    # who may
    "send the header 'Authorization: Bearer xlt_…' with a token that is known, not revoked and not "
    "expired": "请在请求头 Authorization: Bearer xlt_… 中提供有效、未吊销、未过期的令牌",
    "too many requests with this token: try again in {} s": "该令牌请求过多：请在 {} 秒后重试",
    "too many requests with no good token: try again in {} s": (
        "无有效令牌的请求过多：请在 {} 秒后重试"
    ),
    "this needs a token with the scope {}": "需要具有权限 {} 的令牌",
    "this needs a party with the role {}": "需要角色 {} 的参与方",
    "this is for parties: the platform's operator holds and signs nothing": (
        "仅限参与方：平台运营方不持有、不签署任何凭证"
    ),
    "this is for the platform's operator": "仅限平台运营方",
    "this is for the platform's operator, auditors and regulators": (
        "仅限平台运营方、审计方、监管方"
    ),
    "your party is suspended: it can sign nothing": "本方已被停用，不能签署",
    # the request
    "every write needs the header {}: a name of your own for this operation, the same again when "
    "you try it again": "写操作须带请求头 {}：为本次操作自定的名称，重试时用同一个",
    "the header {} has 1 to 64 characters of A-Z a-z 0-9 . _ : -": (
        "请求头 {} 为 1 至 64 位 A-Z a-z 0-9 . _ : -"
    ),
    "an idempotency key has 1 to 64 characters of A-Z a-z 0-9 . _ : -": (
        "幂等键为 1 至 64 位 A-Z a-z 0-9 . _ : -"
    ),
    "the idempotency key {} was used before with another {}: use a new key for a new operation": (
        "幂等键 {} 此前用于不同的 {}：新操作请用新键"
    ),
    "the key {} was just given back: try again": "幂等键 {} 刚被释放：请重试",
    "the body has to be {}, not {}": "请求内容须为 {}，而非 {}",
    "the body is nested more than {} deep": "请求内容嵌套超过 {} 层",
    "the body cannot be read as JSON: {}": "请求内容不是有效的 JSON：{}",
    "the body has more than {} bytes: divide it": "请求内容超过 {} 字节：请拆分",
    "the body has more than {} values: divide it": "请求内容超过 {} 个值：请拆分",
    "there is no query parameter {} here": "此处没有查询参数 {}",
    "the query parameter {} is repeated": "查询参数 {} 重复",
    "there is nothing at this path; see /api/v1/openapi.json": (
        "该路径不存在，参见 /api/v1/openapi.json"
    ),
    "this path does not take that method; see the header Allow": (
        "该路径不支持此方法，参见 Allow 头"
    ),
    "the cursor was not given out for this list with these filters: start again without one": (
        "该游标不属于此列表与筛选条件：请不带游标重新开始"
    ),
    "the {} needs a name of 1 to {} characters": "{} 需要 1 至 {} 个字符的名称",
    # what is there
    "there is no party {}": "没有参与方 {}",
    "there is no party {} whose books you may read": "没有您可查阅账目的参与方 {}",
    "there is no registration {}": "没有登记 {}",
    "there is no call {}": "没有调用 {}",
    "there is no order {} of yours": "没有您的指令 {}",
    "there is no order 0x{} of yours": "没有您的指令 0x{}",
    "there is no {} {} that concerns you": "没有与您相关的{} {}",
    "there is no financing {} that concerns you": "没有与您相关的融资 {}",
    "there is no request {} for you": "没有您可见的询价 {}",
    "there is no quote {} for you": "没有您可见的报价 {}",
    "there is no bank message {} of yours": "没有您的银行报文 {}",
    "there is no import {} of yours": "没有您的导入 {}",
    "there is no financing {} of yours to pay back": "没有须由您还款的融资 {}",
    "there is no financing {} of yours to pay out": "没有须由您放款的融资 {}",
    "there is no voucher {} of yours to pay": "没有须由您兑付的凭证 {}",
    "block {} is not in the books yet, which end at block {}": "区块 {} 尚未入账，账至区块 {}",
    # parties
    "name either the party's accounts or a number of keys to be kept here": (
        "请在签名账户与托管密钥数中二选一"
    ),
    "1 to {} parties at a time": "一次 1 至 {} 个参与方",
    "the code {} is enrolled with another {}: nothing was changed (a bank account is set at "
    "/bank-account)": "代码 {} 已登记，但 {} 不同：未作变更（银行账户请用 bank-account 设置）",
    "the company is registered as party {} with other {}: nothing was changed": (
        "该企业已登记为参与方 {}，但 {} 不同：未作变更"
    ),
    # orders
    "the order is of party {}, the token of party {}": "指令属于参与方 {}，令牌属于参与方 {}",
    "an order of party {} needs {} signature(s), keys for {} are kept here: prepare the order and "
    "sign it with your own keys": (
        "参与方 {} 的指令需 {} 个签名，本机托管 {} 个密钥："
        "请先生成指令（order prepare），再用自有密钥签名"
    ),
    "an order of party {} needs {} signatures of two people: prepare the order, let each sign it "
    "with a key of their own, and submit it": (
        "参与方 {} 的指令需 {} 个签名，由两人分别签署：请先生成指令（order prepare），"
        "各用自有密钥签名后提交（order submit）"
    ),
    "a party whose orders need two signatures keeps its own keys, in two people's hands": (
        "需两个签名的参与方须由两人各自保管密钥，不能托管"
    ),
    # quotes
    "others change this at the same moment: try again": "正被他人同时修改：请重试",
    "piece {} is not free in your hands": "凭证段 {} 不在您手中或不可动用",
    "piece {} has {} fen": "凭证段 {} 仅有 {} 分",
    # files that come in
    "your social credit code is not known here: ask the operator": (
        "此处没有您的统一社会信用代码：请联系运营方"
    ),
    "an import of yours is at work: try again when it has ended": (
        "本方有导入正在进行：请待其结束后重试"
    ),
    "other imports are at work: try again in a moment": "其他导入正在进行：请稍后重试",
    "the same documents are being imported elsewhere: try again": "相同单据正在别处导入：请重试",
    # payments
    "payment {} is not paid through you: nothing of the message was taken": (
        "付款 {} 不经由您支付：整个报文未受理"
    ),
    "these {} are paid through different banks: instruct each bank on its own": (
        "所列{}由不同银行支付：请分别向各银行指示"
    ),
    "party {} has no bank account on record: ask the operator": (
        "参与方 {} 没有登记银行账户与联行号：请运营方用 party bank-account 设置"
    ),
    "voucher {} is not due on that day": "凭证 {} 在该日尚未到期",
    "voucher {} can still change hands: instruct from its due day on": (
        "凭证 {} 仍可流转：请自到期日起再指示付款"
    ),
    "nothing of these vouchers is left to be paid": "所列凭证已无待付金额",
    # this server
    "the database cannot be used at the moment: see that it runs and its disk has room, then try "
    "again with the same idempotency key": (
        "数据库暂不可用：请检查其运行与磁盘空间，然后用同一幂等键重试"
    ),
    "a disk of this server has no room: nothing was taken in; make room, then try again with the "
    "same idempotency key": ("服务器磁盘已满，未接收任何内容：请腾出空间，然后用同一幂等键重试"),
    "the chain's node does not answer at the moment: try again with the same idempotency key": (
        "链节点暂无应答：请用同一幂等键重试"
    ),
    "an error of this server; its log has more under the request's id": (
        "服务器内部错误；日志中按请求编号可查"
    ),
    "an unforeseen answer; see the server's log": "未预料的应答；请查看服务器日志",
}  # fmt: skip


_TABLES: Final = (SENTENCES, FINANCE, EVIDENCE, TELEMETRY, TRACE)


def in_chinese(sentence: str) -> str:
    """The sentence in Chinese with its values, or as it is where no translation is known."""
    for pattern, chinese in _patterns():
        match = pattern.fullmatch(sentence)
        if match is not None:
            values = (field_zh(value) or value for value in match.groups())
            return chinese.format(*values)
    return sentence


def template_of(sentence: str) -> bool:
    """Whether a sentence with ``{}`` for its values has its translation."""
    return any(sentence in table for table in _TABLES)


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """One pattern a sentence; those with more fixed text first, so that the closest one fits."""
    merged = {english: chinese for table in _TABLES for english, chinese in table.items()}
    return [
        (re.compile("(.*?)".join(map(re.escape, english.split("{}"))), re.DOTALL), chinese)
        for english, chinese in sorted(merged.items(), key=lambda pair: -len(pair[0]))
    ]
