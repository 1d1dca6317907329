"""Refusals of finance in Chinese: quotes, financings, payments, bank files, codes."""

from __future__ import annotations

from typing import Final

__all__ = ["FINANCE"]

FINANCE: Final[dict[str, str]] = {
    # codes
    "a social credit code has {} characters, this has {}": "统一社会信用代码为 {} 位，此处为 {} 位",
    "characters 3 to 8 are the registration region and must be digits": (
        "第 3 至 8 位为登记机关行政区划，须为数字"
    ),
    "the check character does not fit the other 17 characters": "校验位与前 17 位不符：请核对代码",
    "character {} ({}) is outside the GB 32100 alphabet": "第 {} 位（{}）不在 GB 32100 字符集内",
    "a bank code has 12 digits, this is {}": "联行号为 12 位数字，此处为 {}",
    "a bank account has 5 to 34 letters, digits and hyphens": (
        "银行账号为 5 至 34 位字母、数字、连字符"
    ),
    # rates and quotes
    "a rate of {} ppm lies outside 0 to {}": "利率 {} ppm 不在 0 至 {} 之间",
    "quotes are asked for on an amount above zero": "询价金额须大于零",
    "the voucher is due: there is nothing left to finance": "凭证已到期：无可融资",
    "quoting closes after it opens": "询价截止须晚于开始",
    "a fee has a name of at most 40 characters and is not negative": (
        "费用名称至多 40 字，金额不为负"
    ),
    "the advance is a share above zero and at most the whole face": "融资比例须大于零且不超过全额",
    "a sale pays for the whole face: an advance belongs to a pledge": (
        "转让按全额付款：融资比例仅适用于质押"
    ),
    "at most {} fees": "费用至多 {} 项",
    "money on {} and maturity on {} leave no days": "放款日 {} 与到期日 {} 之间没有计息天数",
    "interest and fees leave the supplier nothing ({} yuan)": "扣除利息与费用后供应商所得为 {} 元",
    # steps of a financing
    "a registration number has 8 to 40 digits, capital letters and hyphens": (
        "登记号为 8 至 40 位数字、大写字母、连字符"
    ),
    "{} is the registration of another financing": "登记号 {} 已用于另一笔融资",
    "nothing is paid out before the financing is registered in the national registry": (
        "融资在中登网登记前不得放款"
    ),
    "registry and documents must be found in order right before paying": (
        "放款前须确认登记与单据均无异常"
    ),
    "the lock of {} ends before {} does": "融资 {} 的锁定在 {} 结束前到期",
    "the bank paid {}, agreed were {}": "银行支付 {} 元，约定 {} 元",
    "{} to be repaid, {} are owed": "拟还款 {} 元，尚欠 {} 元",
    "{} repaid, {} are owed": "已还 {} 元，尚欠 {} 元",
    "a payment for {} is under way": "对 {} 的付款正在办理中",
    "payment {} of {} is at the bank: wait for its answer": (
        "融资 {1} 的付款 {0} 已在银行：请等待银行答复"
    ),
    "piece {} was paid; its receipt is on its way to the chain": (
        "凭证段 {} 已付款，回单正在上链"
    ),
    "the money was agreed for {}, not before": "约定放款日为 {}，不得提前",
    "{} is past; today is {}": "{} 已过，今日为 {}",
    "there is no financing {}": "没有融资 {}",
    "can't {} a financing that is {}; it would have to be {}": (
        "融资状态为 {1}，不能执行 {0}；须为 {2}"
    ),
    "this step was made with another {}": "该步骤此前已用不同的 {} 完成",
    # bank files
    "the message is no XML: {}": "报文不是 XML：{}",
    "the message is no {}: root {}": "报文不是 {}：根元素为 {}",
    "the message declares entities or a document type": "报文含实体或文档类型声明，不予受理",
    "the message has {} bytes; at most {} are read": "报文 {} 字节，上限 {}",
    "{} is missing": "缺少 {}",
    "{} stands there {} times": "{} 出现 {} 次",
    "{}/CdtDbtInd is neither CRDT nor DBIT: {}": "{}/CdtDbtInd 既非 CRDT 也非 DBIT：{}",
    "{} {}: its transactions don't add up to its amount": "{} {}：明细合计与金额不符",
    "more than {} entries in one notification": "一个通知超过 {} 笔",
    "another payment order was sent under the id {}": "编号 {} 已用于另一付款指令",
}  # fmt: skip
