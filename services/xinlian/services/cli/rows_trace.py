"""Commands about parts: taking in, trees, labels, recalls, quality."""

from __future__ import annotations

from typing import Final

from xinlian.services.cli import rows_items, rows_recall
from xinlian.services.cli.rows_items import Moment
from xinlian.services.cli.verbs import EXISTING_FILE, Arg, In, Verb

__all__ = ["ROWS"]

_CAPTURE: Final = Arg("capture", "id of the capture", "采集编号", In.PATH)

_CAPTURES: Final = (
    Verb("capture", "file", "capture_file", "POST", "/trace/captures",
         "Take a file in: EPCIS 2.0, Catena-X, CSV or Excel with a mapping.",
         "采集文件：EPCIS 2.0、Catena-X、CSV 或 Excel（附映射）。",
         (Arg("file", "file", "文件", In.FILE, EXISTING_FILE, positional=True),
          Arg("mapping", "mapping of a table's columns (YAML)", "列映射（YAML）", In.FILE,
              EXISTING_FILE, required=False)),
         view="show_capture", keeps_receipt=True),
    Verb("capture", "facts", "capture_facts", "POST", "/trace/facts",
         "Take in facts from a JSON file.", "采集 JSON 文件中的事实。",
         (Arg("file", "JSON file with facts", "事实 JSON 文件", In.DOCUMENT, EXISTING_FILE,
              positional=True),),
         view="show_capture", keeps_receipt=True),
    Verb("capture", "point", "capture_point", "POST", "/trace/control-point-data",
         "Take in a part of a control point's stream from a JSON file.",
         "采集控制点数据流的一段（JSON 文件）。",
         (Arg("file", "JSON file with control_point and rows", "含 control_point 与 rows 的 JSON",
              In.DOCUMENT, EXISTING_FILE, positional=True),),
         view="show_capture", keeps_receipt=True),
    Verb("capture", "list", "list_captures", "GET", "/trace/captures",
         "Captures, newest first.", "采集记录，最新在前。",
         (Arg("limit", "rows at most", "最多行数", In.QUERY, int, required=False),),
         ("capture", "key", "made_ms", "taken", "counts")),
    Verb("capture", "show", "get_capture", "GET", "/trace/captures/{capture}",
         "What became of a capture.", "再次查看采集结果。", (_CAPTURE,), view="show_capture",
         keeps_receipt=True),
    Verb("capture", "receipt", "get_capture_receipt", "GET", "/trace/captures/{capture}/receipt",
         "Write the signed receipt of a capture's records to a file, 10,000 records each.",
         "导出采集记录的签名回执，每份 10,000 条。",
         (_CAPTURE, Arg("after", "place of the last record of the receipt before",
                        "上一份回执末记录的位置", In.QUERY, int, required=False)), file=True),
    Verb("capture", "rows", "list_capture_rows", "GET", "/trace/captures/{capture}/rows",
         "How every row ended.", "逐行结果。",
         (_CAPTURE, Arg("limit", "rows at most", "最多行数", In.QUERY, int, required=False),
          Arg("after", "number of the last row before", "上一页末行号", In.QUERY, int,
              required=False)),
         ("number", "place", "status", "field", "why", "record_hash")),
)  # fmt: skip

_SIGNALS: Final = (
    Verb("trace", "signals", "list_signals", "GET", "/trace/signals",
         "Show signals as they are raised, until Ctrl-C.", "实时显示信号，按 Ctrl-C 结束。",
         (Arg("after", "begin beyond this signal; 0: with all", "从此信号之后开始，0 为全部",
              In.QUERY, int, required=False),
          Arg("seconds", "end after so long", "持续秒数", In.QUERY, int, required=False)),
         stream=True),
)  # fmt: skip

_FILTERS: Final = tuple(
    Arg(name, english, chinese, In.QUERY, required=False, field=field)
    for name, field, english, chinese in (
        ("type", "eventType", "type of event", "事件类型"),
        ("id", "EQ_eventID", "id of the event", "事件编号"),
        ("since", "GE_eventTime", "not before this time", "不早于"),
        ("until", "LT_eventTime", "before this time", "早于"),
        ("action", "EQ_action", "ADD, OBSERVE or DELETE", "ADD、OBSERVE、DELETE"),
        ("step", "EQ_bizStep", "business step", "业务步骤"),
        ("disposition", "EQ_disposition", "disposition", "处置状态"),
        ("read_point", "EQ_readPoint", "read point", "读取点"),
        ("location", "EQ_bizLocation", "business location", "业务地点"),
        ("epc", "MATCH_anyEPC", "with this code", "含此编码"),
        ("epc_class", "MATCH_anyEPCClass", "with this class or batch", "含此批次"),
        ("error", "EXISTS_errorDeclaration", "true: error declarations", "true：错误声明"),
    )
)

_EPCIS: Final = (
    Verb("epcis", "capture", "epcis_capture", "POST", "/epcis/capture",
         "Take in an EPCIS 2.0 document in JSON-LD (XML: `capture file`).",
         "采集 EPCIS 2.0 文档（JSON-LD；XML 请用 `capture file`）。",
         (Arg("document", "EPCIS document", "EPCIS 文档", In.DOCUMENT, EXISTING_FILE,
              positional=True),)),
    Verb("epcis", "jobs", "list_capture_jobs", "GET", "/epcis/capture",
         "Capture jobs, newest first.", "采集任务，最新在前。",
         (Arg("per_page", "rows at most", "最多行数", In.QUERY, int, required=False,
              field="perPage"),)),
    Verb("epcis", "job", "get_capture_job", "GET", "/epcis/capture/{capture}",
         "One capture job.", "查看采集任务。", (_CAPTURE,)),
    Verb("epcis", "events", "query_events", "GET", "/epcis/events",
         "Events by the simple event query.", "按简单事件查询查找事件。",
         (*_FILTERS,
          Arg("page", "token of the page", "页令牌", In.QUERY, required=False,
              field="nextPageToken"),
          Arg("per_page", "events at most", "最多事件数", In.QUERY, required=False,
              field="perPage")),
         view="show_json"),
    Verb("epcis", "event", "get_event", "GET", "/epcis/events/{event}",
         "One event and what corrects it.", "查看事件及其更正。",
         (Arg("event", "id of the event", "事件编号", In.PATH),), view="show_json"),
)  # fmt: skip

_CHART: Final = (
    Arg("characteristic", "the characteristic", "特性", In.QUERY, positional=True),
    Arg("machine", "of this machine alone", "仅此设备", In.QUERY, required=False),
    Arg("chart", "kind of chart", "控制图类型", In.QUERY, required=False),
    Arg("size", "measurements of a subgroup", "子组大小", In.QUERY, int, required=False),
    Arg("rules", "nelson or western-electric", "尼尔逊 nelson、西电 western-electric", In.QUERY,
        required=False),
    Arg("learn", "points of phase I", "阶段一点数", In.QUERY, int, required=False),
)  # fmt: skip
_STATISTICS: Final = (
    Verb("spc", "sampling", "get_sampling_plan", "GET", "/trace/spc/sampling",
         "The sampling plan of GB/T 2828.1 for a lot.", "GB/T 2828.1 抽样方案。",
         (Arg("lot", "items in the lot", "批量", In.QUERY, int),
          Arg("aql", "acceptance quality limit", "接收质量限", In.QUERY),
          Arg("level", "inspection level", "检验水平", In.QUERY, required=False),
          Arg("severity", "normal, tightened or reduced",
              "正常 normal、加严 tightened、放宽 reduced",
              In.QUERY, required=False))),
    Verb("spc", "gauge", "make_gauge_study", "POST", "/trace/spc/gauge-studies",
         "Gauge repeatability and reproducibility from a JSON file.",
         "由 JSON 文件计算量具重复性与再现性。",
         (Arg("file", "JSON file with measurements", "测量 JSON 文件", In.DOCUMENT, EXISTING_FILE,
              positional=True),)),
    Verb("spc", "chart", "get_chart", "GET", "/trace/spc/chart",
         "The control chart of a characteristic.", "特性的控制图。", _CHART, view="show_chart"),
    Verb("spc", "paper", "get_chart_paper", "GET", "/trace/spc/chart.pdf",
         "The control chart of a characteristic as PDF.", "特性的控制图 PDF。",
         (*_CHART, Arg("paper_lang", "zh or en; else that of the command",
                       "文档语言 zh、en；默认同命令", In.QUERY, required=False, field="lang")),
         file=True),
    Verb("spc", "causes", "find_causes", "GET", "/trace/spc/causes",
         "What is over-represented among failures.", "故障车辆中过度出现的因素。",
         (Arg("code", "failures of this code alone", "仅此故障代码", In.QUERY, required=False),
          Arg("fdr", "false discoveries allowed", "允许的错误发现率", In.QUERY, float,
              required=False)),
         view="show_factors"),
    Verb("spc", "yields", "get_yields", "GET", "/trace/spc/yields",
         "First-pass yield, rework and failures of stations.", "工位一次合格率、返工率与不合格率。",
         (Arg("station", "this station alone", "仅此工位", In.QUERY, required=False),
          Arg("since", "from this day or time on", "自此日期或时间", In.QUERY,
              Moment(begins=True), required=False, field="since_ms"),
          Arg("until", "up to this day (with it) or time", "至此日期（含当日）或时间", In.QUERY,
              Moment(), required=False, field="until_ms")),
         view="show_yields"),
    Verb("spc", "gauge-impact", "get_gauge_impact", "GET", "/trace/spc/gauge-impact",
         "What a gauge found out of calibration measured.", "失准量具所测的对象与车辆。",
         (Arg("gauge", "the gauge", "量具", In.QUERY, positional=True),
          Arg("last_good", "last good check: a day (from its beginning) or a time",
              "上次检定合格日期（自当日起）或时间", In.QUERY, Moment(begins=True),
              field="last_good_ms"),
          Arg("found_bad", "found wrong: a day (to its end) or a time",
              "发现失准日期（至当日止）或时间", In.QUERY, Moment(), field="found_bad_ms"))),
)  # fmt: skip

_STEP: Final = (
    Arg("file", "JSON file with the step", "步骤 JSON 文件", In.DOCUMENT, EXISTING_FILE,
        positional=True),
)  # fmt: skip

_POINTS: Final = (
    Verb("control", "list", "list_control_points", "GET", "/trace/control-points",
         "Control points of your party.", "贵方的控制点。",
         (Arg("recognition", "proposed, trial, recognised or suspended",
              "已提出 proposed、试行 trial、已互认 recognised、已中止 suspended", In.QUERY,
              required=False),)),
    Verb("control", "steps", "get_control_steps", "GET", "/trace/control-points/steps",
         "Every step of a control point.", "控制点的全部步骤。",
         (Arg("supplier", "number of the supplier", "供应商编号", In.QUERY, int),
          Arg("customer", "number of the customer", "客户编号", In.QUERY, int),
          Arg("point", "id of the point", "控制点编号", In.QUERY)),
         view="show_json"),
    Verb("control", "draft", "draft_control_step", "POST", "/trace/control-points/drafts",
         "Make a step to be signed with your own keys.", "生成待外部签名的步骤。", _STEP,
         view="show_json"),
    Verb("control", "sign", "sign_control_step", "POST", "/trace/control-points/signatures",
         "Sign a step for your party.", "代表贵方签署步骤。", _STEP, view="show_json"),
    Verb("control", "take", "take_control_step", "POST", "/trace/control-points/steps",
         "Take a signed step.", "执行已签署的步骤。", _STEP),
)  # fmt: skip

ROWS: Final[tuple[Verb, ...]] = (
    *rows_items.ROWS,
    *rows_recall.ROWS,
    *_CAPTURES,
    *_SIGNALS,
    *_EPCIS,
    *_STATISTICS,
    *_POINTS,
)
