"""Every word on the pages, English and Chinese: one row a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

__all__ = ["TEXTS", "Lang", "language_of", "translator"]

Lang = Literal["en", "zh"]

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "brand": ("Xinlian", "信链"),
    "footer": (
        "Nothing on this page was loaded from elsewhere. Times are Beijing time (UTC+8).",
        "本页未加载任何外部资源。时间均为北京时间（UTC+8）。",
    ),
    "failed": ("this could not be loaded", "加载失败"),
    # reading codes
    "scan": ("Scan", "扫码"),
    "scan_title": ("Scan a label", "扫描标签"),
    "scan_help": (
        "QR code or Data Matrix. Pictures are read on this device and go nowhere.",
        "支持二维码与 Data Matrix。图像仅在本设备上识别，不会上传。",
    ),
    "camera": ("Open the camera", "打开相机"),
    "stop": ("Stop", "停止"),
    "photo": ("From a photo", "从照片识别"),
    "type_code": (
        "or type a VIN, batch, serial number or link",
        "或输入 VIN、批次号、序列号、链接",
    ),
    "find": ("Find", "查找"),
    "which": ("Which one?", "请选择"),
    "looking": ("Looking for a code …", "正在寻找条码……"),
    "reading": ("Reading the photo …", "正在识别照片……"),
    "found": ("Found:", "已识别："),
    "nothing_found": ("No code was found on this photo.", "照片中未找到条码。"),
    "bad_photo": ("This file is no photo that can be read.", "该文件不是可读取的照片。"),
    "no_camera": (
        "The camera cannot be used: allow it, or use a photo",
        "无法使用相机：请授权，或改用照片",
    ),
    "no_reader": ("The reader of codes did not start", "识别组件未能启动"),
    "unknown_code": (
        "Nothing that you may see is known under this code.",
        "没有与此代码对应且您可查看的内容。",
    ),
    "empty_code": ("Enter a code.", "请输入代码。"),
    # who
    "login": ("Sign in", "登录"),
    "logout": ("Sign out", "退出"),
    "login_help": (
        "Paste a token of your party (it begins with xlt_). It is kept on this server, not in the "
        "page's address.",
        "粘贴贵方的访问令牌（以 xlt_ 开头）。令牌不会出现在网址中。",
    ),
    "token": ("Token", "令牌"),
    "bad_token": ("This token is not valid.", "令牌无效。"),
    "other_site": ("This form came from another site.", "该请求来自其他网站。"),
    "operator_login": (
        "This is for parties: the operator's token opens no page.",
        "仅限参与方：运营方令牌不可用于查看页面。",
    ),
    "wait": ("Too many requests: try again in a moment.", "请求过多：请稍后再试。"),
    "not_found": ("Nothing here", "未找到"),
    "not_found_why": (
        "This label is not known here, or its owner shows it to partners only.",
        "此处没有该标签的内容，或其所有方仅向合作方公开。",
    ),
    # who and what it is
    "kind": ("Kind", "类别"),
    "maker": ("Maker", "制造方"),
    "part_number": ("Part number", "零件号"),
    "made_at": ("Made", "制造时间"),
    "scheme": ("Kind of code", "编码体系"),
    "scanned": ("As on the part", "实物标识"),
    "name": ("Name", "名称"),
    "owner": ("Recorded by", "记录方"),
    "stranger": (
        "You see what this label's owner shows to everyone.",
        "您看到的是标签所有方对公众开放的内容。",
    ),
    # verdict
    "verdict_affected": ("Affected: do not use", "受影响：请勿使用"),
    "verdict_suspect": ("May be affected", "可能受影响"),
    "verdict_incomplete": (
        "Nothing speaks against it, but records are missing",
        "无异常，但记录不全",
    ),
    "verdict_conforming": ("Conforming", "合格"),
    "recall": ("Named by recall", "涉及召回"),
    # tree
    "tree": ("What is in it", "组成"),
    "tree_up": ("What it is in", "用于"),
    "as_built": ("as built", "制造时"),
    "at_date": ("on the day", "指定日期"),
    "no_children": ("No part is recorded.", "没有组成记录。"),
    "no_parents": ("It is in nothing that is recorded.", "没有上级记录。"),
    "open_page": ("open", "查看"),
    "candidate": ("one of several", "候选之一"),
    "quantity": ("Quantity", "数量"),
    "since": ("since", "自"),
    "until": ("until", "至"),
    "cut_depth": ("deeper levels are left out", "更深层级已省略"),
    "cut_nodes": ("more parts are left out here", "此处还有更多零件，已省略"),
    "cut_cycle": (
        "this part contains itself: the records contradict each other",
        "循环引用：记录自相矛盾",
    ),
    "cut_rights": ("belongs to a party that does not show it to you", "所属方未向您公开"),
    "loading": ("loading …", "加载中……"),
    "show_date": ("Show", "查看"),
    # inspections
    "inspections": ("Inspections", "检验"),
    "no_inspections": ("No inspection is recorded.", "没有检验记录。"),
    "characteristic": ("Characteristic", "特性"),
    "value": ("Value", "数值"),
    "limits": ("Limits", "公差"),
    "result": ("Result", "结果"),
    "when": ("Time", "时间"),
    "gauge": ("Gauge", "量具"),
    "station": ("Station", "工位"),
    "key_char": ("key", "关键"),
    "passed": ("passed", "合格"),
    "failed_result": ("failed", "不合格"),
    "not_measured": ("not measured", "未测量"),
    "chart_of": ("Earlier and later parts of the same characteristic", "同一特性的前后各件"),
    "this_part": ("this part", "本件"),
    # process
    "process": ("Process and telemetry", "工艺与遥测"),
    "no_process": ("No process record.", "没有工艺记录。"),
    "machine": ("Machine", "设备"),
    "recipe": ("Recipe", "配方"),
    "shift": ("Shift", "班次"),
    "window": ("Window", "时间窗口"),
    "telemetry": ("Telemetry", "遥测"),
    "curves": (
        "Readings of the device group {}: from the least to the greatest of each step",
        "设备组 {} 的读数：每一步长内自最小值至最大值",
    ),
    "parameters": ("Parameters", "参数"),
    # the rest
    "certificates": ("Certificates", "证书"),
    "no_certificates": ("No certificate is attached.", "没有证书。"),
    "claims": ("Failures reported", "失效报告"),
    "gaps": ("Gaps", "缺口"),
    "no_gaps": ("Nothing that should be known is missing.", "没有缺失项。"),
    "events": ("Events", "事件"),
    "step": ("Step", "业务步骤"),
    "place": ("Place", "地点"),
    "withdrawn": ("withdrawn", "已撤销"),
    "more_rows": ("{} more are not shown here", "另有 {} 条未在此显示"),
    # proof
    "proof": ("Proof", "存证"),
    "proof_help": (
        "{} records that this page shows are in evidence logs; {} of them are fixed on the chain. "
        "The proof file holds these and every other record about the same parts, so it has more. "
        "The check runs in this browser: it shows that nothing was altered and nothing left out.",
        "本页所示记录中 {} 条已进入存证日志，其中 {} 条已锚定上链。证明文件除此之外还包含"
        "这些零件的其余全部记录，因此条数更多。核验在本浏览器内进行：可知内容未被更改、无遗漏。",
    ),
    "own_head": (
        "With a head that you pinned earlier (*.xlhead) you need to trust nobody:",
        "使用您事先固定的树头（*.xlhead），无需信任任何人：",
    ),
    "PASS": ("passed", "通过"),
    "FAIL": ("FAILED", "失败"),
    "NOT CHECKED": ("not checked", "未核验"),
    "GAP STATED": ("gap stated", "有缺口"),
    "result_0": ("All steps passed", "全部步骤通过"),
    "result_1": ("The proof does NOT hold", "证明不成立"),
    "result_2": (
        "Nothing failed; what needs a pinned head was not checked",
        "无一失败；需要已固定树头的步骤未核验",
    ),
    "result_3": (
        "All steps passed, but readings are missing where the file says so",
        "全部步骤通过，但在文件所声明处缺少读数",
    ),
    "record_pass": ("checked here", "已在此核验"),
    "record_fail": ("FAILED", "核验失败"),
    "records": ("The {} records shown here", "本页所示 {} 条记录"),
    "stated_by": ("stated by {}", "{} 提供"),
    "suspect": ("cause", "起因"),
    "holds_suspect": ("cause inside", "内含起因"),
    "check_now": ("Check the proof here", "在此核验"),
    "download_proof": ("Proof file", "下载证明文件"),
    "no_proof": ("No record of it is in an evidence log yet.", "尚无记录进入存证日志。"),
    "working": ("Checking …", "核验中……"),
    "broken": ("The check could not run", "核验未能进行"),
    "state_fixed": ("on chain", "已上链"),
    "state_waiting": ("waiting for its head", "待上链"),
    "state_none": ("no evidence", "无存证"),
    "state_missed": ("promised head missed", "逾期未上链"),
    "state_erased": ("content erased", "内容已删除"),
    "record": ("Record", "记录"),
    "log": ("Log", "日志"),
    "dossier": ("Dossier (PDF)", "档案（PDF）"),
}

WORDS: Final[dict[str, tuple[str, str]]] = {
    "serial": ("part", "零件"),
    "batch": ("batch", "批次"),
    "vehicle": ("vehicle", "车辆"),
    "package": ("package", "包装"),
    "assembled": ("fitted", "装配"),
    "consumed": ("made from", "投料"),
    "packed": ("packed", "包装"),
    "vin": ("VIN", "车辆识别代号"),
    "vehicle-id": ("vehicle id (no VIN)", "车辆编号（非 VIN）"),
    "maker": ("maker's code", "厂内编码"),
    "gb34014": ("GB/T 34014", "GB/T 34014"),
    "missing-child": ("missing part", "缺少零件"),
    "missing-certificate": ("missing certificate", "缺少证书"),
    "missing-item": ("undescribed part", "未描述的零件"),
    "unknown-aspect": ("kept, not understood", "已保存，未识别"),
    "C62": ("pcs", "件"),
    "KGM": ("kg", "千克"),
    "MTR": ("m", "米"),
    "certificate-pending": ("in review", "待审核"),
    "certificate-approved": ("approved", "已通过"),
    "certificate-rejected": ("rejected", "已驳回"),
    "field": ("in the field", "售后"),
    "zero-km": ("0 km", "零公里"),
    "returned-part": ("returned part", "旧件返回"),
}


def language_of(query: str | None, accept: str) -> Lang:
    """``zh`` or ``en``: the one asked for, or else the browser's first of the two."""
    if query in ("zh", "en"):
        return "zh" if query == "zh" else "en"
    for part in accept.lower().split(","):
        tag = part.split(";")[0].strip()
        if tag.startswith("zh"):
            return "zh"
        if tag.startswith("en"):
            return "en"
    return "zh"


def translator(lang: Lang) -> Callable[..., str]:
    """The function that gives a text of the table by its key, with values for ``{}``."""
    at = 1 if lang == "zh" else 0

    def text(key: str, *values: object) -> str:
        return TEXTS[key][at].format(*values)

    return text


def word(lang: Lang, key: str) -> str:
    """A word of the model (kind, scheme, …); one without a translation stays as it is."""
    pair = WORDS.get(key)
    return key if pair is None else pair[1 if lang == "zh" else 0]
