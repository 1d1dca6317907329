"""What fields and words of traceability are called in Chinese."""

from __future__ import annotations

from typing import Final

__all__ = ["TRACE_FIELDS", "TRACE_WORDS", "TRACE_WORDS_OF"]

TRACE_FIELDS: Final[dict[str, str]] = {
    # items
    "item": "对象", "owner": "编码所属方", "scheme": "编码体系", "scanned": "实物标识",
    "maker": "制造方", "part_number": "零件号", "made_at_ms": "制造时间", "made_at": "制造时间",
    "attributes": "属性", "link": "链接", "zh": "中文", "en": "英文",
    # trees
    "nodes": "节点", "gaps": "缺口", "truncations": "省略", "link_kind": "方式",
    "certainty": "确定性", "quantity": "数量", "unit": "单位", "valid_from_ms": "装入时间",
    "valid_to_ms": "拆出时间", "valid_to": "拆出时间", "candidate_group": "候选组",
    "cut": "省略原因", "at_ms": "时间点", "what": "内容", "since_ms": "自",
    # facts
    "facts": "事实", "control_point": "控制点",
    "stated_by": "提供方", "made_by": "生成方", "suspects": "起因件",
    "inspection_id": "检验编号", "characteristic": "特性", "result": "结果",
    "time_ms": "时间", "value": "数值", "nominal": "标称值", "lower": "下限", "upper": "上限",
    "limits": "公差", "gauge": "量具", "operator": "操作员", "station": "工位", "machine": "设备",
    "shift": "班次", "sample_size": "样本量", "defects": "缺陷数", "record_id": "记录编号",
    "start_ms": "开始时间", "end_ms": "结束时间", "recipe": "配方", "parameters": "参数",
    "telemetry": "遥测窗口", "claim_id": "失效编号", "finding": "结论", "event_id": "事件编号",
    "action": "动作", "step": "业务步骤", "place": "位置",
    # proofs and dossiers
    "proof": "存证", "log_id": "存证日志", "leaf_hash": "叶哈希", "head_size": "树头大小",
    "transaction": "交易", "block_number": "区块", "fixed_ms": "上链时间", "verdict": "结论",
    "reasons": "理由", "tree": "组成", "inspections": "检验",
    "processes": "工艺", "claims": "失效报告", "certificates": "证书", "affected_by": "涉及召回",
    "certificate": "证书", "issued_ms": "出具时间", "media_type": "文件类型", "sha256": "哈希",
    # certificates under review
    "delivery": "送货单", "review": "审核状态", "decision": "决定", "header": "表头",
    "taken_by": "受理人", "taken_ms": "受理时间", "decided_by": "审核人", "decided_ms": "审核时间",
    "submitted_by": "提交人", "submitted_ms": "提交时间", "to_party": "收货方", "note": "备注",
    "decision_leaf_hash": "决定的叶哈希", "title": "标题", "issuer": "出具方",
    "file_name": "文件名",
    # captures
    "capture": "采集", "taken": "已接收", "counts": "计数", "why": "原因", "why_zh": "中文原因",
    "record_hash": "存证叶哈希", "included_by_ms": "承诺上链时间", "made_ms": "时间",
    "not_taken": "未接收", "after": "起始位置", "event": "事件",
    "signed_receipt": "签名回执", "receipt_after": "后续回执起点",
    # pages, labels, sharing
    "direction": "方向", "whole_tree": "含全部零件", "lang": "语言", "strangers": "公众可见",
    "guessable": "可凭编码查看", "reader": "查看方", "readers": "查看方", "open": "公开",
    "codes": "代码", "layout": "版式", "symbology": "码制", "surface": "表面", "shape": "格式",
    "width_mm": "宽度", "height_mm": "高度", "skip": "首张已用位置",
    "move_right_um": "右移（微米）", "move_down_um": "下移（微米）",
    # recalls
    "recall": "召回", "causes": "起因", "names": "名称", "from_ms": "自", "to_ms": "至",
    "earlier": "对比召回", "population": "车辆总数", "certain": "确定", "possible": "可能",
    "excluded": "排除", "at_most": "至多", "hidden": "不可见", "in_field": "已交付",
    "stoppable": "可拦截", "gap_count": "途中缺口",
    "stock": "库存零件", "diff": "变化", "added": "新增", "removed": "移除", "changes": "变更",
    "before": "此前", "now": "现在", "whereabouts": "去向", "trail": "路径", "notified": "已通知",
    "channel": "通知方式", "told": "新通知数", "drill": "演练", "took_us": "用时（微秒）",
    "steps_us": "分步用时", "findings": "结果计数",
    # sharing
    "offered_to": "已提供待接受", "owners": "可查看的参与方", "keys": "附对象密钥",
    "keys_to": "可附对象密钥的参与方", "offers": "待接受的提供",
    # signals
    "signal": "信号", "raised_ms": "发出时间",
    # EPCIS
    "perPage": "每页数量", "nextPageToken": "页令牌", "eventType": "事件类型",
    "EQ_eventID": "事件编号", "GE_eventTime": "不早于", "LT_eventTime": "早于",
    "EQ_action": "动作", "EQ_bizStep": "业务步骤", "EQ_disposition": "处置状态",
    "EQ_readPoint": "读取点", "EQ_bizLocation": "业务地点", "MATCH_anyEPC": "含此编码",
    "MATCH_anyEPCClass": "含此批次", "EXISTS_errorDeclaration": "错误声明",
    # statistics
    "lot": "批量", "aql": "接收质量限", "level": "检验水平", "severity": "严格度",
    "letter": "样本量字码", "sample": "样本量", "accept": "接收", "reject": "拒收数",
    "every": "全检", "measurements": "测量值", "appraiser": "评价人", "part": "零件",
    "tolerance": "公差", "parts": "零件数", "appraisers": "评价人数", "trials": "重复次数",
    "repeatability": "重复性", "reproducibility": "再现性", "interaction": "交互作用",
    "grr": "量具变差", "total": "总变差", "grr_percent": "量具变差占比",
    "tolerance_percent": "占公差比", "categories": "可区分类别数", "gauge_verdict": "结论",
    "fit": "可用", "pooled": "交互合并", "anova": "方差分析", "freedom": "自由度",
    "squares": "平方和", "mean_square": "均方", "f": "统计量", "p": "显著性",
    # control points
    "supplier": "供应商", "customer": "客户", "point": "控制点", "recognition": "互认状态",
    "sequence": "步骤序号", "terms": "互认条件", "records": "记录", "digest": "摘要",
    "record_json": "记录", "preimage": "待签数据", "signature": "签名", "signatures": "签名",
    "standing": "现状",
    "cpk_min": "最低 Cpk", "measurements_min": "最少测量数", "grr_percent_max": "量具变差上限",
    "categories_min": "最少可区分类别数", "calibration_days_max": "校准有效天数",
    "lots_min": "最少批次数", "lots_rejected_max": "最多拒收批次", "data_days_max": "数据最长天数",
    "measured_at_ms": "最近测量时间", "cpk": "过程能力指数", "measurement_count": "测量数",
    "grr_figure": "量具变差占比", "calibrated_at_ms": "校准时间", "lots": "批次数",
    "lots_rejected": "拒收批次",
    # control charts and causes
    "chart": "控制图", "charts": "控制图", "points": "点", "rules": "判异准则",
    "center": "中心线", "lower_limit": "下控制限", "upper_limit": "上控制限",
    "lower_tolerance": "下公差", "upper_tolerance": "上公差", "index": "指数", "low": "下界",
    "high": "上界", "rule": "判异准则", "panel": "图", "statistic": "统计值", "z": "偏离（σ）",
    "text": "说明", "measured": "所测对象", "phase_one": "阶段一点数",
    "process_mean": "过程均值", "process_sigma": "过程标准差", "left_out": "未计入",
    "signals": "信号", "capability": "过程能力", "size": "子组大小", "learn": "阶段一点数",
    "cause": "原因组", "exposed": "涉及车辆", "failed": "故障数", "relative_risk": "相对风险",
    "q": "校正后显著性", "failures": "故障车辆", "tested": "检验因素数", "fdr": "错误发现率",
    "units": "件数", "first_pass": "一次合格率", "rework": "返工率", "failed_ppm": "不合格率",
    "rolled": "滚动直通率", "final_yield": "最终合格率",
    "sentences": "说明", "measured_count": "测量数", "passed_count": "判合格数",
    "truncated": "已截断", "vehicles": "车辆", "until_ms": "至",
    "last_good_ms": "上次检定合格", "found_bad_ms": "发现失准", "share": "占比",
}  # fmt: skip

TRACE_WORDS: Final[dict[str, str]] = {
    # kinds of things, of codes, of links
    "serial": "零件", "batch": "批次", "vehicle": "车辆", "package": "包装", "vin": "车辆识别代号",
    "vehicle-id": "车辆编号", "sgtin": "序列化贸易项目", "lgtin": "批次贸易项目",
    "sscc": "物流单元", "gln": "位置码", "cpi": "部件标识", "catena-x": "卡特纳编号",
    "gb34014": "动力电池编码", "maker": "厂内编码", "uri": "统一标识", "assembled": "装配",
    "consumed": "投料", "packed": "包装", "known": "确定", "candidate": "候选", "down": "向下",
    "up": "向上",
    # why a tree ends
    "depth": "层级过深", "nodes": "节点过多", "cycle": "循环引用", "rights": "无查看权限",
    # facts
    "item": "对象", "link": "关系", "event": "事件", "inspection": "检验", "process": "工艺",
    "processrecord": "工艺", "claim": "失效", "gap": "缺口", "correction": "更正",
    "passed": "合格", "not-measured": "未测量", "field": "售后", "zero-km": "零公里",
    "returned-part": "旧件返回", "missing-child": "缺少零件", "missing-certificate": "缺少证书",
    "missing-item": "未描述零件", "unknown-aspect": "未识别内容", "ObjectEvent": "对象事件",
    "AggregationEvent": "聚合事件", "TransactionEvent": "交易事件",
    "TransformationEvent": "转化事件", "AssociationEvent": "关联事件",
    # proofs and dossiers
    "fixed": "已上链", "erased": "已删除", "none": "无", "affected": "受影响",
    "suspect": "可能受影响", "incomplete": "记录不全", "conforming": "合格", "approved": "已通过",
    "submitted": "待受理", "under-review": "审核中", "approve": "通过", "reject": "驳回",
    "rejected": "已驳回",
    # statistics
    "normal": "正常", "tightened": "加严", "reduced": "放宽", "anova": "方差分析法",
    "range": "极差法", "acceptable": "可接受", "marginal": "有条件接受",
    "unacceptable": "不可接受", "true": "是", "false": "否",
    "proposed": "已提出", "trial": "试行", "recognised": "已互认", "suspended": "已中止",
    "propose": "提出", "begin-trial": "开始试行", "recognise": "互认", "suspend": "中止",
    "resume": "恢复试行",
    "xbar-r": "均值-极差图", "xbar-s": "均值-标准差图", "i-mr": "单值-移动极差图",
    "np": "不合格品数图", "ewma": "指数加权移动平均图", "cusum": "累积和图", "p": "不合格品率图",
    "c": "缺陷数图", "u": "单位缺陷数图", "nelson": "尼尔逊准则",
    "western-electric": "西电准则",
    # recalls
    "certain": "确定", "possible": "可能", "excluded": "排除", "stoppable": "可拦截",
    "unknown": "未知", "items": "零件或批次", "machine": "设备", "shift": "班次",
    "gauge": "量具", "station": "工位", "csv": "表格文本", "xlsx": "电子表格",
    "xlproof": "证明文件", "draft": "草稿", "published": "已发布", "closed": "已关闭",
    "withdrawn": "已撤回", "recall-published": "召回已发布",
    "recall-closed": "召回已关闭", "recall-withdrawn": "召回已撤回",
    # captures and signals
    "not-taken": "未接收", "double-fitted": "重复装配", "implausible-readings": "读数存疑",
    "control-chart": "控制图", "failed-key": "关键特性不合格", "gauge-overdue": "量具超期",
    # labels
    "qr": "二维码", "data-matrix": "数据矩阵码", "gs1-data-matrix": "国际物品编码数据矩阵码",
    "clean": "洁净纸面", "paper": "纸面",
    "dirty": "油污表面", "network": "网络链接", "gs1": "国际物品编码链接", "id": "仅编码",
    "zip": "压缩包", "png": "位图", "svg": "矢量图", "pdf": "文档", "zh": "中文", "en": "英文",
    **{f"a4-{count}": f"每页 {count} 张" for count in (8, 14, 21, 24, 40, 65)},
    # strangers' view
    "nothing": "不公开", "identity": "仅标识", "tree": "含组成", "all": "全部",
}  # fmt: skip

TRACE_WORDS_OF: Final[dict[str, dict[str, str]]] = {
    "result": {"failed": "不合格"},
    "state": {"waiting": "待上链", "missed": "逾期未上链"},
    "verdict": {"affected": "受影响"},
    "whereabouts": {"field": "已交付"},
}
