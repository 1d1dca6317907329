"""Refusals of the evidence logs in Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["EVIDENCE"]

EVIDENCE: Final[dict[str, str]] = {
    # logs and proofs
    "there is no evidence log {} of yours": "没有您的存证日志 {}",
    "there is no evidence log {} here": "此处没有存证日志 {}",
    "the evidence log has no record {}": "存证日志中没有第 {} 条记录",
    "there is no head of that size on chain": "链上没有该大小的树头",
    "a log is named once in a request": "一次请求中每个日志只能出现一次",
    "the key of the log's writer is not kept on this server": "本服务器未保管该日志写入账户的密钥",
    "there is a log {} of party {}": "参与方 {1} 已有日志 {0}",
    "there is no log {}": "没有日志 {}",
    "the log has no record {}": "日志中没有第 {} 条记录",
    "the log {} has no head yet": "日志 {} 尚无树头",
    "the newest head covers {} records of the log {}": "最新树头覆盖日志 {1} 的 {0} 条记录",
    "no head covers {} records": "没有覆盖 {} 条记录的树头",
    "no head of {} records was cut": "没有大小为 {} 的树头",
    "the log has {} records, not {}": "日志有 {} 条记录，而非 {} 条",
    "the values of record {} were erased": "第 {} 条记录的内容已删除",
    "{} leaves wait for a head": "有 {} 条记录等待上链：请稍后重试",
    "a bundle holds at most {} records of a log": "每个日志在证明文件中至多 {} 条记录",
    "a bundle proves something of one log at least": "证明文件至少涉及一个日志",
    "a receipt is for 1 to {} records": "一份回执包含 1 至 {} 条记录",
    "this is no receipt": "这不是回执",
    "a head is on its way to the chain: try again in a moment": "树头正在上链：请稍后重试",
    "there is no receipt: nothing was recorded, or nobody here signs for it": (
        "没有回执：未记录任何内容，或此处无法为该日志签名"
    ),
    "the log's writer of its time did not sign this receipt": (
        "本回执并非由该日志当时的写入账户签名"
    ),
    "the deadline of this receipt is before it was given": "本回执的期限早于其出具时间",
    # records
    "a stream has 1 to 32 characters of a-z 0-9 . _ -, not {}": (
        "数据流名称为 1 至 32 位 a-z 0-9 . _ -，而非 {}"
    ),
    "at most {} records at once, not {}": "一次至多 {} 条记录，而非 {} 条",
    "a record has at most {} levels": "记录至多 {} 层",
    "a record has at most {} fields": "记录至多 {} 个字段",
    "the path of a field has at most {} characters": "字段路径至多 {} 个字符",
    "a bundle has at most {} bytes, not {}": "证明文件至多 {} 字节，而非 {} 字节",
    "at most {} bytes of records at once": "一次至多 {} 字节的记录",
    "a record has at most {} bytes, not {}": "记录至多 {} 字节，而非 {} 字节",
    "a number with a fraction is written as text": "小数须写成文本",
    "a whole number is below 2^53; write it as text": "整数须小于 2^53；否则请写成文本",
    "the name of a member is text": "字段名须为文本",
    "event_time is YYYY-MM-DDTHH:MM:SS.sssZ, not {}": (
        "event_time 格式为 YYYY-MM-DDTHH:MM:SS.sssZ，而非 {}"
    ),
    "event_time is before 1970: {}": "event_time 早于 1970 年：{}",
    "there is no time {}": "没有时间 {}",
    "text holds half of a character: {}": "文本含不完整字符：{}",
    "text is not in normal form C: {}": "文本不是 NFC 规范形式：{}",
    "the text {} is missing": "缺少文本字段 {}",
    "this is no JSON: {}": "不是有效的 JSON：{}",
    "{} is no JSON value": "{} 不是 JSON 值",
}
