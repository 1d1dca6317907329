"""What documents say, in both languages; kept apart from where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from xinlian.trace.model.dossier import CertificateStatus, ProofState, Verdict, Words
from xinlian.trace.model.event_words import EVENT_WORDS
from xinlian.trace.model.facts import ClaimKind, GapKind, Result
from xinlian.trace.model.items import ItemType
from xinlian.trace.model.links import Certainty, LinkKind
from xinlian.trace.model.tree import Direction, Truncation

__all__ = ["ENUM_WORDS", "TEXT", "words_of"]

ENUM_WORDS: Final[Mapping[StrEnum, Words]] = {
    Verdict.AFFECTED: Words("Affected", "受影响"),
    Verdict.SUSPECT: Words("Possibly affected", "可能受影响"),
    Verdict.INCOMPLETE: Words("Incomplete", "资料不全"),
    Verdict.CONFORMING: Words("Conforming", "合格"),
    ProofState.FIXED: Words("fixed on the chain", "已上链固定"),
    ProofState.WAITING: Words("waiting for its head", "等待树头上链"),
    ProofState.MISSED: Words("promised time missed", "逾期未上链"),
    ProofState.ERASED: Words("content erased", "内容已删除"),
    ProofState.NONE: Words("no evidence record", "无存证记录"),
    CertificateStatus.PENDING: Words("waiting for review", "待审核"),
    CertificateStatus.APPROVED: Words("approved", "已通过"),
    CertificateStatus.REJECTED: Words("rejected", "已退回"),
    Result.PASSED: Words("passed", "合格"),
    Result.FAILED: Words("FAILED", "不合格"),
    Result.NOT_MEASURED: Words("not measured", "未测"),
    ItemType.SERIAL: Words("part", "序列件"),
    ItemType.BATCH: Words("batch", "批次"),
    ItemType.VEHICLE: Words("vehicle", "整车"),
    ItemType.PACKAGE: Words("package", "包装"),
    LinkKind.ASSEMBLED: Words("fitted", "装配"),
    LinkKind.CONSUMED: Words("material", "投料"),
    LinkKind.PACKED: Words("packed", "装箱"),
    Certainty.KNOWN: Words("known", "确定"),
    Certainty.CANDIDATE: Words("one of several", "候选之一"),
    ClaimKind.FIELD: Words("field failure", "售后故障"),
    ClaimKind.ZERO_KM: Words("0-km failure", "0 公里故障"),
    ClaimKind.RETURNED: Words("finding on a returned part", "返件分析"),
    **EVENT_WORDS,
    GapKind.MISSING_CHILD: Words("part missing", "缺少下级件"),
    GapKind.MISSING_CERTIFICATE: Words("certificate missing", "缺少检验证书"),
    GapKind.MISSING_ITEM: Words("never described", "仅被引用，无说明"),
    GapKind.UNKNOWN_ASPECT: Words("kept, but not understood", "已保存但未识别"),
    Direction.DOWN: Words("what is in it", "由什么组成"),
    Direction.UP: Words("what it is in", "用到了哪里"),
    Truncation.DEPTH: Words("deeper levels are not listed", "更深层级未列出"),
    Truncation.NODES: Words("further parts are not listed", "更多件未列出"),
    Truncation.CYCLE: Words("a part inside itself: cut here", "自身包含自身：在此截断"),
    Truncation.RIGHTS: Words("its owner does not show more", "所有者未授权查看"),
}

TEXT: Final[Mapping[str, Words]] = {
    "dossier": Words("Traceability dossier", "追溯档案"),
    "verdict": Words("Verdict", "结论"),
    "reasons": Words("Reasons", "依据"),
    "contents": Words("What it holds", "内容一览"),
    "tree": Words("Tree", "追溯树"),
    "gaps": Words("Gaps", "缺口"),
    "inspections": Words("Inspections", "检验"),
    "charts": Words("Charts", "控制图与趋势图"),
    "process": Words("Process records", "过程记录"),
    "telemetry": Words("Telemetry windows", "遥测窗口"),
    "certificates": Words("Certificates", "检验证书"),
    "events": Words("Events, claims and corrections", "事件、索赔与更正"),
    "proof": Words("Proof state of every record", "每条记录的存证状态"),
    "appendix": Words("Appendix: further parts", "附录：其余件"),
    "notes": Words("Notes on this document", "本文件说明"),
    "scan": Words("Scan for the living page", "扫码查看实时页面"),
    "made": Words("Made", "生成时间"),
    "made_by": Words("by", "生成方"),
    "as_of": Words("State as of", "所示时点"),
    "as_built": Words("as built", "按制造时"),
    "recalls": Words("Named by recalls", "涉及的召回"),
    "parts": Words("places in the tree", "树中节点"),
    "failed": Words("failed", "不合格"),
    "not_measured": Words("not measured", "未测"),
    "none": Words("Nothing is recorded.", "无记录。"),
    "no_gaps": Words("No gap is known.", "未发现缺口。"),
    "number": Words("No.", "序号"),
    "part": Words("Part", "件"),
    "id": Words("Id", "编码"),
    "name": Words("Name", "名称"),
    "maker": Words("Maker", "制造商"),
    "link": Words("Link", "关系"),
    "kind": Words("Kind", "类别"),
    "what": Words("What", "说明"),
    "since": Words("Since", "自"),
    "characteristic": Words("Characteristic", "特性"),
    "value": Words("Value", "实测值"),
    "limits": Words("Limits", "公差"),
    "result": Words("Result", "结果"),
    "gauge": Words("Gauge", "量具"),
    "station": Words("Station", "工位"),
    "machine": Words("Machine", "设备"),
    "time": Words("Time", "时间"),
    "parameters": Words("Parameters", "参数"),
    "window": Words("Telemetry", "遥测"),
    "title": Words("Title", "标题"),
    "issuer": Words("Issuer", "出具单位"),
    "issued": Words("Issued", "出具日期"),
    "review": Words("Review", "审核"),
    "certificate": Words("No.", "编号"),
    "mark": Words("Proof", "存证"),
    "record": Words("Record", "记录"),
    "state": Words("State", "状态"),
    "stated_by": Words("Stated by", "提供方"),
    "log": Words("Log", "日志"),
    "leaf": Words("Leaf", "叶序号"),
    "head": Words("Head", "树头"),
    "block": Words("Block", "区块"),
    "fixed": Words("Fixed at", "固定时间"),
    "suspect": Words("◀ cause", "◀ 起因"),
    "removed": Words("removed {when}", "{when} 拆出"),
    "withdrawn": Words("withdrawn", "已撤回"),
    "more": Words("{count} more, in the appendix", "另有 {count} 个，见附录"),
    "more_below": Words("{count} below, in the appendix", "下级 {count} 个，见附录"),
    "left_rows": Words(
        "{count} more rows are not printed; the page behind the code has them all.",
        "另有 {count} 行未印出，扫码页面上可查看全部。",
    ),
    "left_nodes": Words(
        "{count} places of the tree are not printed; the page behind the code has them all.",
        "树中另有 {count} 个节点未印出，扫码页面上可查看全部。",
    ),
    "missing": Words(
        "The font lacks these characters; they stand as their Unicode numbers: {chars}",
        "字库缺少以下字符，文中以其 Unicode 编号表示：{chars}",
    ),
    "zone": Words("Times are Beijing time (UTC+8).", "时间均为北京时间（UTC+8）。"),
    "how": Words(
        "A record is proved when its commitment lies under a tree head on the chain. This paper is "
        "a picture of the records, not the proof: download the proof file from the page and check "
        "it without the network with “./xl verify FILE” or docs/verify.html.",
        "记录的承诺值进入链上树头之下，即为已固定。本文件仅展示记录，并非证明："
        "请从页面下载证明文件，用“./xl verify 文件”或 docs/verify.html 离线核验。",
    ),
    "page": Words("page {page} of {pages}", "第 {page} 页，共 {pages} 页"),
    "upper_limit": Words("UCL", "上控制限"),
    "lower_limit": Words("LCL", "下控制限"),
    "center": Words("CL", "中心线"),
    "upper_tolerance": Words("USL", "规格上限"),
    "lower_tolerance": Words("LSL", "规格下限"),
    "own": Words("this item", "本件"),
    "signal": Words("out of control", "异常点"),
    "thinned": Words("{count} points, thinned for drawing", "共 {count} 点，绘图时抽稀"),
    "no_values": Words("no values", "无数值"),
    "left_rows_files": Words(
        "{count} more vehicles are not printed; the CSV and XLSX files have them all.",
        "另有 {count} 辆未印出，CSV 与 XLSX 文件中完整列出。",
    ),
    "spc": Words("Control charts", "控制图"),
    "signals": Words("Signals", "异常信号"),
    "no_signals": Words("No rule is broken.", "未触发任何判异规则。"),
    "capability": Words("Process capability", "过程能力"),
    "left_values": Words(
        "{count} values were not measured or not used.", "{count} 个值未测或未采用。"
    ),
    "rule": Words("Rule", "规则"),
    "concerned": Words("Concerned", "涉及件"),
    "cp": Words("Cp", "Cp"),
    "cpk": Words("Cpk", "Cpk"),
    "pp": Words("Pp", "Pp"),
    "ppk": Words("Ppk", "Ppk"),
    "mean": Words("Mean", "均值"),
    "sigma": Words("σ within", "组内 σ"),
    "ppm": Words("outside, ppm", "超差 ppm"),
    "vehicle": Words("Vehicle", "车辆"),
    "finding": Words("Finding", "结论"),
    "where": Words("Whereabouts", "位置"),
    "why": Words("Reason and path from the cause", "原因与路径"),
    "change": Words("Change", "变化"),
}


def words_of(value: StrEnum) -> Words:
    """The words of an enumeration's value; its own text where none are known."""
    return ENUM_WORDS.get(value, Words(value.value, value.value))
