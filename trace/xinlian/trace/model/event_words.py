"""Words of EPCIS events and of GS1's Core Business Vocabulary 2.0 as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from xinlian.trace.model.dossier import Words
from xinlian.trace.model.facts import EventType

__all__ = ["ACTION_WORDS", "EVENT_WORDS", "cbv_words", "last_word"]

EVENT_WORDS: Final[Mapping[StrEnum, Words]] = {
    EventType.OBJECT: Words("object", "对象事件"),
    EventType.AGGREGATION: Words("aggregation", "聚合事件"),
    EventType.TRANSACTION: Words("transaction", "交易事件"),
    EventType.TRANSFORMATION: Words("transformation", "转化事件"),
    EventType.ASSOCIATION: Words("association", "关联事件"),
}
ACTION_WORDS: Final[Mapping[str, Words]] = {
    "ADD": Words("add", "新增"),
    "OBSERVE": Words("observe", "观察"),
    "DELETE": Words("delete", "终止"),
}

# The words that goods on their way through plants and trade meet; others show as they are.
_CHINESE: Final[Mapping[str, str]] = {
    "accepting": "验收",
    "arriving": "到达",
    "assembling": "装配",
    "collecting": "收集",
    "commissioning": "投产赋码",
    "consigning": "委托",
    "creating_class_instance": "建立批次",
    "decommissioning": "停用编码",
    "departing": "离开",
    "destroying": "销毁",
    "disassembling": "拆解",
    "dispensing": "分发",
    "encoding": "编码",
    "entering_exiting": "进出",
    "holding": "暂扣",
    "inspecting": "检验",
    "installing": "安装",
    "killing": "失效处理",
    "loading": "装车",
    "other": "其他",
    "packing": "包装",
    "picking": "拣货",
    "receiving": "收货",
    "removing": "拆除",
    "repackaging": "重新包装",
    "repairing": "维修",
    "replacing": "更换",
    "reserving": "预留",
    "retail_selling": "零售交付",
    "sampling": "抽样",
    "sensor_reporting": "传感器上报",
    "shipping": "发运",
    "staging_outbound": "出库待发",
    "stock_taking": "盘点",
    "stocking": "上架",
    "storing": "入库",
    "transporting": "运输",
    "unloading": "卸车",
    "unpacking": "拆包",
    "void_shipping": "取消发运",
    "active": "有效",
    "available": "可用",
    "conformant": "合格",
    "container_closed": "容器已封",
    "damaged": "损坏",
    "destroyed": "已销毁",
    "disposed": "已处置",
    "encoded": "已编码",
    "expired": "过期",
    "in_progress": "进行中",
    "in_transit": "在途",
    "inactive": "停用",
    "needs_replacement": "待更换",
    "non_conformant": "不合格",
    "non_sellable_other": "不可销售",
    "partially_dispensed": "部分分发",
    "recalled": "已召回",
    "reserved": "已预留",
    "retail_sold": "已售出",
    "returned": "已退回",
    "sellable_accessible": "可售",
    "sellable_not_accessible": "待售",
    "stolen": "被盗",
    "unavailable": "不可用",
    "unknown": "未知",
}


def last_word(uri: str) -> str:
    """The last word of a URI, without the vocabulary's mark in front."""
    word = uri.rstrip("/").replace(":", "/").replace("#", "/").rsplit("/", 1)[-1]
    return word.removeprefix("BizStep-").removeprefix("Disp-")


def cbv_words(uri: str) -> Words:
    """A business step or disposition in words; empty for none."""
    word = last_word(uri)
    return Words(word.replace("_", " "), _CHINESE.get(word, word))
