"""Refusals of traceability in Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["TRACE"]

TRACE: Final[dict[str, str]] = {
    "this step cannot be taken: {}": "无法执行该步骤：{}",
    "there is no control point {} of yours": "没有您的控制点 {}",
    "a step of party {} needs {} signature(s) by keys that are not kept here: draft the step, sign "
    "it with your own keys, and take it": (
        "参与方 {} 的步骤需要 {} 个签名，且密钥未托管于此：请先生成待签步骤，用自有密钥签名后执行"
    ),
    "too many streams of signals are open: try again in {} s": "打开的信号流过多：请在 {} 秒后重试",
    "there is no item {} that you may see": "没有您可查看的对象 {}",
    "the code {} means {} items: take one of {}, or name its type or its owner too": (
        "代码 {} 对应 {} 个对象：请改用 {} 之一，或同时指定类型、编码所属方"
    ),
    "a proof file holds at most {} records: ask for less": "证明文件至多 {} 条记录：请缩小范围",
    "no record of this is under a head on the chain yet: try again later": (
        "相关记录尚未上链：请稍后重试"
    ),
    "{} is no GS1 key: take the network's own link": "{} 不是 GS1 标识：请使用网络自有链接",
    "this label cannot be made: {}": "无法生成标签：{}",
    "there is no recall {} of yours": "没有您的召回 {}",
    "no machine {} is on record that you may see; names like it: {}": (
        "您可查看的记录中没有设备 {}；相近名称：{}"
    ),
    "no station {} is on record that you may see; names like it: {}": (
        "您可查看的记录中没有工位 {}；相近名称：{}"
    ),
    "no shift {} is on record that you may see; names like it: {}": (
        "您可查看的记录中没有班次 {}；相近名称：{}"
    ),
    "no gauge {} is on record that you may see; names like it: {}": (
        "您可查看的记录中没有量具 {}；相近名称：{}"
    ),
    "no supplier {} is on record that you may see; names like it: {}": (
        "您可查看的记录中没有供应商 {}；相近名称：{}"
    ),
    "the time window of the recall ends before it begins": "召回的时间窗结束早于开始",
    "recall {} is a draft: publish it first": "召回 {} 仍是草稿：请先发布",
    "recall {} is published already": "召回 {} 已发布",
    "recall {} is closed: make a new one": "召回 {} 已关闭：请新建召回",
    "recall {} was withdrawn: make a new one": "召回 {} 已撤回：请新建召回",
    "nobody can be told so: {}": "无法记录通知：{}",
    "some records of this are not under a head on the chain yet: try again later": (
        "部分相关记录尚未上链：请稍后重试"
    ),
    "your own records are open to you": "贵方自己的记录本已可见",
    "party {} offers you no records": "参与方 {} 没有向您提供记录",
    "there is no event {} that you may see": "没有您可查看的事件 {}",
    "the query cannot be answered: {}: {}": "无法执行查询：{}：{}",
    "more than {} events match the query": "匹配的事件超过 {} 个",
    "this token of a page was not given out here": "该页令牌不是此处给出的",
    "this cannot be reckoned from these data: {}": "无法由这些数据计算：{}",
    "the certificate cannot be taken: {}: {}": "证书无法受理：{}：{}",
    "this cannot be done with the certificate: {}": "无法对证书执行此操作：{}",
    "there is no capture {} of yours": "没有您的采集 {}",
    "the file cannot be taken in: {}: {}": "文件无法采集：{}：{}",
    "a table needs a mapping that names its columns: send it beside the file": (
        "表格需要列映射文件：请与文件一并提交"
    ),
}
